import { describe, expect, it } from 'vitest'
import { seededRandom } from '#lib'
import { needs } from '../../../test/support/needs.ts'
import { Prompts } from '../voices/prompts.ts'
import { cutsOf } from '../voices/sound.ts'
import { commandSpeech } from '../voices/speech.ts'
import { promptLanguages, promptTexts } from '../voices/texts.ts'
import { decodePcmu, pcmuOf } from './g711.ts'
import { InbandKeys } from './inband.ts'

const rows = [697, 770, 852, 941]
const columns = [1209, 1336, 1477, 1633]
const keypad = '123A456B789C*0#D'
const random = seededRandom(7)

interface Line {
  /** Level of the weaker and of the upper tone against it, in dB. */
  readonly level?: number
  readonly twist?: number
  readonly ms?: number
  readonly gapMs?: number
  /** Detuning, 0.01 for one per cent. */
  readonly off?: number
  /** Noise against the two tones, in dB; default none. */
  readonly snr?: number
}

function noise(): number {
  let sum = 0
  for (let i = 0; i < 12; i++) sum += random.integer(0x1_0000) / 0x1_0000
  return sum - 6
}

function dialled(keys: string, { level = -12, twist = 0, ms = 80, gapMs = 80, off = 0, snr }: Line = {}): Int16Array {
  const parts: number[] = []
  const low = 32_768 * 10 ** ((level - Math.max(0, twist)) / 20)
  const high = low * 10 ** (twist / 20)
  const power = (low ** 2 + high ** 2) / 2
  const hiss = snr === undefined ? 0 : Math.sqrt(power * 10 ** (-snr / 10))
  for (const key of keys) {
    const place = keypad.indexOf(key)
    const [row, column] = [rows[place >> 2]! * (1 + off), columns[place & 3]! * (1 + off)]
    const begins = random.integer(1000)
    for (let i = 0; i < 8 * (ms + gapMs); i++) {
      const time = (2 * Math.PI * (i + begins)) / 8000
      const tone = i < 8 * ms ? low * Math.sin(time * row) + high * Math.sin(time * column) : 0
      parts.push(tone + hiss * noise())
    }
  }
  return Int16Array.from(parts, (value) => Math.round(value / 2))
}

/** The keys found in what µ-law leaves of a sound, in packets of 20 ms, with their lengths. */
function found(samples: Int16Array): { keys: string; lengths: number[] } {
  let keys = ''
  const lengths: number[] = []
  const listener = new InbandKeys((digit, ms) => {
    keys += digit
    lengths.push(ms)
  })
  const heard = Int16Array.from(samples, (value) => decodePcmu(pcmuOf[value & 0xffff]!))
  for (let at = 0; at < heard.length; at += 160) listener.hear(heard.subarray(at, at + 160))
  listener.hear(new Int16Array(800))
  return { keys, lengths }
}

const everyKey = keypad.repeat(4)

describe('keys as tones', () => {
  it.each<[string, Line]>([
    ['as phones send them', {}],
    ['of 40 ms with gaps of 40 ms', { ms: 40, gapMs: 40 }],
    ['of a second', { ms: 1000 }],
    ['at -26 dB', { level: -26 }],
    ['at full level', { level: -3 }],
    ['1.5 % too high', { off: 0.015 }],
    ['1.5 % too low', { off: -0.015 }],
    ['with the upper tone 4 dB stronger', { twist: 4 }],
    ['with the upper tone 8 dB weaker', { twist: -8 }],
    ['in noise 15 dB below', { snr: 15 }],
  ])('are all found, each once: %s', (_, line) => {
    const keys = line.ms === 1000 ? keypad : everyKey
    const { keys: heard, lengths } = found(dialled(keys, line))
    expect(heard).toBe(keys)
    for (const length of lengths) expect(Math.abs(length - (line.ms ?? 80))).toBeLessThanOrEqual(14)
  })

  it.each<[string, Line]>([
    ['too short', { ms: 23 }],
    ['too quiet', { level: -45 }],
    ['with too strong an upper tone', { twist: 9 }],
    ['with too weak an upper tone', { twist: -14 }],
    ['drowned in noise', { snr: -3 }],
  ])('are none: %s', (_, line) => expect(found(dialled(everyKey, line)).keys).toBe(''))

  it('survive a drop-out of 8 ms as one press', () => {
    const samples = dialled('5', { ms: 200 })
    samples.fill(0, 800, 864)
    expect(found(samples).keys).toBe('5')
  })

  it('are not heard in single tones, noise, ringing or our music', async () => {
    for (const hertz of [...rows, ...columns])
      expect(
        found(Int16Array.from({ length: 8000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * hertz * i) / 8000))).keys,
      ).toBe('')
    expect(found(Int16Array.from({ length: 80_000 }, () => 4000 * noise())).keys).toBe('')
    for (const tone of ['dial', 'ringback', 'busy', 'information'] as const)
      for (const country of ['de', 'us', 'gb'] as const)
        for (const { samples } of cutsOf({ tone, country })) expect(found(samples).keys, tone).toBe('')
    expect(found(await new Prompts({ folder: '/nowhere' }).music()).keys).toBe('')
  })

  it('are found in what we press ourselves', () => {
    const samples = cutsOf({ keys: '0123456789*#ABCD' }).flatMap(({ samples, length }) =>
      Array.from({ length }, (_, i) => samples[i % samples.length]!),
    )
    expect(found(Int16Array.from(samples)).keys).toBe('0123456789*#ABCD')
  })

  it('are not heard in any prompt', async () => {
    const prompts = new Prompts({ folder: '/nowhere' })
    for (const language of promptLanguages)
      for (const name of Object.keys(promptTexts[language]))
        expect(found(await prompts.prompt(language, name)).keys, name).toBe('')
  })

  needs('espeak-ng')('in speech', () => {
    it('are not heard, in many voices', { timeout: 60_000 }, async () => {
      const text =
        'The quick brown fox jumps over the lazy dog. Please come in at eleven, even if he means to leave us in the evening. ' +
        'Who would do such a thing? We were seeing eels in the sea, fifteen or sixteen of them, and a tune was played.'
      const heard: string[] = []
      let seconds = 0
      for (const voice of ['en-gb', 'en-us', 'de', 'fr'])
        for (const pitch of ['20', '50', '99']) {
          const speech = commandSpeech({ args: ['-p', pitch] })
          const samples = (await speech.say(text, voice))!
          seconds += samples.length / 8000
          heard.push(found(samples).keys)
        }
      expect(seconds).toBeGreaterThan(120)
      expect(heard.join('')).toBe('')
    })
  })
})
