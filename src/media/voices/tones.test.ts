import { describe, expect, it } from 'vitest'
import { powerAt, secondsOf, tonesIn } from '../../../test/support/tone.ts'
import { cutsOf, type Sound } from './sound.ts'
import { countries, type ToneName, toneNames } from './tones.ts'

/** What is heard of a sound within so many seconds. */
function heard(sound: Sound, seconds: number): { rate: number; samples: Float32Array } {
  const samples = new Float32Array(8000 * seconds)
  let at = 0
  for (const cut of cutsOf(sound))
    for (let i = 0; i < cut.length && at < samples.length; i++)
      samples[at++] = cut.samples[i % cut.samples.length]! / 32_768
  return { rate: 8000, samples }
}

function secondsIn(sound: Sound): number {
  return cutsOf(sound).reduce((sum, { length }) => sum + length / 8000, 0)
}

describe('tones', () => {
  it.each([
    ['de', 'ringback', 10, 425, 2],
    ['de', 'busy', 9.6, 425, 4.8],
    ['at', 'ringback', 12, 420, 2],
    ['fr', 'ringback', 10, 440, 3],
    ['gb', 'busy', 7.5, 400, 3.75],
    ['ch', 'congestion', 4, 425, 2],
    ['us', 'ringback', 12, 440, 4],
    ['us', 'ringback', 12, 480, 4],
    ['gb', 'dial', 3, 350, 3],
    ['gb', 'dial', 3, 440, 3],
  ] as const)('%s %s: in %d s %d Hz for %d s', (country, tone, seconds, hertz, expected) => {
    const tones = tonesIn(heard({ tone, country }, seconds))
    expect(secondsOf(hertz, tones)).toBeGreaterThan(expected - 0.6)
    expect(secondsOf(hertz, tones)).toBeLessThan(expected + 0.6)
  })

  it('are at their level, never clipped and seamless', () => {
    for (const country of countries) {
      for (const tone of toneNames) {
        const { samples } = heard({ tone, country, ms: 20_000 }, 20)
        let steepest = 0
        let loudest = 0
        for (let i = 1; i < samples.length; i++) {
          steepest = Math.max(steepest, Math.abs(samples[i]! - samples[i - 1]!))
          loudest = Math.max(loudest, Math.abs(samples[i]!))
        }
        expect(loudest, tone).toBeLessThan(0.3)
        // A click is a step; the steepest of these sines falls well below.
        expect(steepest, `${country} ${tone}`).toBeLessThan(0.22)
      }
    }
    // -15 dBm0 is 18.17 dB below a full sine, whose power is a half.
    const power = powerAt(425, heard({ tone: 'dial', country: 'de' }, 1))
    expect(10 * Math.log10(power / 0.5)).toBeCloseTo(-18.3, 0)
  })

  it('last until stopped, for their time, or once', () => {
    expect(secondsIn({ tone: 'busy' })).toBe(Number.POSITIVE_INFINITY)
    expect(secondsIn({ tone: 'busy', ms: 2500 })).toBe(2.5)
    expect(secondsIn([{ tone: 'busy' }])).toBeCloseTo(0.96)
    expect(secondsIn({ tone: 'beep' })).toBe(0.25)
    expect(secondsIn([{ silence: 300 }, { tone: 'beep' }, [new Int16Array(800)], new Int16Array(0)])).toBeCloseTo(0.65)
  })

  it('refuse what they do not know with what there is', () => {
    expect(() => cutsOf({ tone: 'toString' as ToneName })).toThrow(/no tone 'toString'; there are dial, ringback/)
    expect(() => cutsOf({ tone: 'busy', country: 'xx' as 'de' })).toThrow(/no tones of 'xx'; there are those of at, ch/)
    for (const ms of [-1, Number.NaN, 1e9])
      expect(() => cutsOf({ tone: 'busy', ms })).toThrow(`a sound lasts 0 to 86400000 ms, not ${ms}`)
  })
})
