import { type Cut, sampleRate, shared } from './samples.ts'
import type { ToneSound } from './sound.ts'

/**
 * Tones of the telephone networks (ITU-T E.180 supplement 2), and some of our own that are alike everywhere.
 *
 * `comfort` is heard by someone who waits within a call: a short soft note each three seconds, told apart from ringing by its level.
 */

export type Country = 'at' | 'ch' | 'de' | 'fr' | 'gb' | 'us'
export type ToneName =
  | 'dial'
  | 'ringback'
  | 'busy'
  | 'congestion'
  | 'waiting'
  | 'information'
  | 'comfort'
  | 'beep'
  | 'confirm'
  | 'refused'

/** One part of a cadence: frequencies in Hz that sound together (none: silence) for so many ms; 0 ms: all the time. */
interface Part {
  readonly hertz: readonly number[]
  readonly ms: number
}

interface Tone {
  readonly cadence: readonly Part[]
  /** Power of all frequencies together in dBm0. */
  readonly level: number
  /** Played through once, not until stopped. */
  readonly once?: boolean
}

/** Cadences as `425/1000 0/4000`: frequencies joined by `+`, then ms; a frequency alone is continuous. */
const networks: Readonly<
  Record<Country, Readonly<Record<'dial' | 'ringback' | 'busy' | 'congestion' | 'waiting', string>>>
> = {
  at: {
    dial: '420',
    ringback: '420/1000 0/5000',
    busy: '420/400 0/400',
    congestion: '420/200 0/200',
    waiting: '420/40 0/1950',
  },
  ch: {
    dial: '425',
    ringback: '425/1000 0/4000',
    busy: '425/500 0/500',
    congestion: '425/200 0/200',
    waiting: '425/200 0/200 425/200 0/4000',
  },
  de: {
    dial: '425',
    ringback: '425/1000 0/4000',
    busy: '425/480 0/480',
    congestion: '425/240 0/240',
    waiting: '425/200 0/200 425/200 0/5000',
  },
  fr: {
    dial: '440',
    ringback: '440/1500 0/3500',
    busy: '440/500 0/500',
    congestion: '440/250 0/250',
    waiting: '440/300 0/10000',
  },
  gb: {
    dial: '350+440',
    ringback: '400+450/400 0/200 400+450/400 0/2000',
    busy: '400/375 0/375',
    congestion: '400/400 0/350 400/225 0/525',
    waiting: '400/100 0/4000',
  },
  us: {
    dial: '350+440',
    ringback: '440+480/2000 0/4000',
    busy: '480+620/500 0/500',
    congestion: '480+620/250 0/250',
    waiting: '440/300 0/10000',
  },
}

const levels = { dial: -15, ringback: -15, busy: -18, congestion: -18, waiting: -18 } as const

const everywhere: Readonly<Record<Exclude<ToneName, keyof typeof levels>, Tone>> = {
  // The special information tone (E.180 §7).
  information: { cadence: parsed('950/330 1400/330 1800/330 0/1000'), level: -18 },
  comfort: { cadence: parsed('0/200 425/250 0/2550'), level: -28 },
  beep: { cadence: parsed('1000/250'), level: -15, once: true },
  confirm: { cadence: parsed('660/120 0/40 880/160'), level: -18, once: true },
  refused: { cadence: parsed('440/160 0/60 330/260'), level: -18, once: true },
}

export const countries = Object.keys(networks) as Country[]
export const toneNames = [...Object.keys(levels), ...Object.keys(everywhere)] as ToneName[]

function parsed(cadence: string): Part[] {
  return cadence.split(' ').map((part) => {
    const [hertz = '', ms = '0'] = part.split('/')
    return { hertz: hertz.split('+').map(Number).filter(Boolean), ms: Number(ms) }
  })
}

const rendered = new Map<string, Int16Array>()

/** The pieces of a tone. @param length in samples; or as {@link ToneSound} says for a tone without a length @throws RangeError */
export function toneCuts({ tone, country = 'de' }: ToneSound, length: number | 'alone' | 'in a row'): readonly Cut[] {
  const known = toneOf(tone, country)
  const key = `${tone} ${country}`
  const samples = rendered.get(key) ?? shared(render(known))
  rendered.set(key, samples)
  const natural = known.once || length === 'in a row' ? samples.length : Number.POSITIVE_INFINITY
  return length === 0 ? [] : [{ samples, length: typeof length === 'number' ? length : natural }]
}

function toneOf(name: ToneName, country: Country): Tone {
  if (!Object.hasOwn(networks, country))
    throw new RangeError(`there are no tones of '${country}'; there are those of ${countries.join(', ')}`)
  if (Object.hasOwn(everywhere, name)) return everywhere[name as keyof typeof everywhere]
  if (!Object.hasOwn(levels, name))
    throw new RangeError(`there is no tone '${name}'; there are ${toneNames.join(', ')}`)
  const network = name as keyof typeof levels
  return { cadence: parsed(networks[country][network]), level: levels[network] }
}

/** Ramps at the ends of each part keep it from clicking. */
const rampSamples = 40

/** One turn of the cadence. Continuous tones: a second, in which every whole number of Hz returns to where it began. */
function render({ cadence, level }: Tone): Int16Array {
  const lengths = cadence.map(({ ms }) => (ms === 0 ? sampleRate : Math.round((ms * sampleRate) / 1000)))
  const samples = new Int16Array(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  cadence.forEach(({ hertz, ms }, index) => {
    const length = lengths[index] as number
    const peak = amplitude(level - 10 * Math.log10(hertz.length || 1))
    for (let i = 0; i < length; i++) {
      const edge = ms === 0 ? 1 : Math.min(1, (i + 1) / rampSamples, (length - i) / rampSamples)
      let value = 0
      for (const frequency of hertz) value += Math.sin((2 * Math.PI * frequency * i) / sampleRate)
      samples[at + i] = Math.round(peak * edge * value)
    }
    at += length
  })
  return samples
}

/** The peak of a sine of so many dBm0: 0 dBm0 is 3.17 dB below the overload of G.711. */
export function amplitude(level: number): number {
  return 32_124 * 10 ** ((level - 3.17) / 20)
}
