import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  concatenate,
  longestGap,
  makeTone,
  powerAt,
  readWav,
  type Sound,
  secondsOf,
  tonesIn,
  writeWav,
} from './tone.ts'

const silence = (seconds: number): Sound => ({ rate: 8_000, samples: new Float32Array(seconds * 8_000) })
const mix = (a: Sound, b: Sound): Sound => ({
  rate: a.rate,
  samples: a.samples.map((sample, i) => sample + b.samples[i]!),
})

describe('WAV files', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-tone-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('are read as they were written', () => {
    const path = join(folder, 'a.wav')
    const tone = makeTone(440, 0.5)
    writeWav(path, tone)
    const read = readWav(path)
    expect(read.rate).toBe(8_000)
    expect(read.samples.length).toBe(4_000)
    expect(read.samples[100]).toBeCloseTo(tone.samples[100]!, 3)
  })

  test('are read to their end while they are still being written', () => {
    const path = join(folder, 'b.wav')
    writeWav(path, makeTone(440, 1))
    truncateSync(path, 44 + 4_000)
    expect(readWav(path).samples.length).toBe(2_000)
  })

  test('of another kind are refused', () => {
    const path = join(folder, 'c.wav')
    writeFileSync(path, 'no sound')
    expect(() => readWav(path)).toThrow('c.wav is no WAV file')
  })
})

describe('tones', () => {
  test('a sine has its mean square as power at its frequency, and none elsewhere', () => {
    const tone = makeTone(440, 0.05, { level: -10 })
    expect(10 * Math.log10(powerAt(440, tone))).toBeCloseTo(-10, 1)
    expect(10 * Math.log10(powerAt(660, tone))).toBeLessThan(-60)
  })

  test('are told apart, with their times and levels', () => {
    const sound = concatenate([silence(0.5), makeTone(440, 1), makeTone(660, 0.5, { level: -20 })])
    expect(tonesIn(sound)).toEqual([
      { frequency: 440, from: 0.5, to: 1.5, level: -10 },
      { frequency: 660, from: 1.5, to: expect.closeTo(2, 5), level: -20 },
    ])
  })

  test('are both found when they sound at once', () => {
    const tones = tonesIn(mix(makeTone(440, 1), makeTone(660, 1)))
    expect(tones.map(({ frequency }) => frequency)).toEqual([440, 660])
  })

  test('between the grid of 20 Hz are found at a neighbour', () => {
    expect(secondsOf(450, tonesIn(makeTone(450, 1)))).toBe(1)
  })

  test('of silence and of noise are none', () => {
    let seed = 1
    const noise = silence(1).samples.map(() => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647 - 0.5
    })
    expect(tonesIn(silence(1))).toEqual([])
    expect(secondsOf(440, tonesIn({ rate: 8_000, samples: noise }))).toBeLessThan(0.2)
  })

  test('a pause shows as a gap', () => {
    const tones = tonesIn(concatenate([makeTone(440, 1), silence(0.4), makeTone(440, 1)]))
    expect(longestGap(440, tones)).toBeCloseTo(0.4)
    expect(longestGap(660, tones)).toBe(0)
    expect(secondsOf(440, tones)).toBeCloseTo(2)
  })
})
