import { type Cut, sampleRate, shared } from './samples.ts'
import { amplitude } from './tones.ts'

const names = '0123456789*#ABCD'
const low = [941, 697, 697, 697, 770, 770, 770, 852, 852, 852, 941, 941, 697, 770, 852, 941]
const high = [1336, 1209, 1336, 1477, 1209, 1336, 1477, 1209, 1336, 1477, 1209, 1477, 1633, 1633, 1633, 1633]
/** Levels in dBm0; the upper tone is a little louder, because lines damp it more (ITU-T Q.23). */
const levels = [-11, -9] as const
const shortestMs = 40
const longestMs = 5000

/**
 * Key presses as pieces of a sound: each with its tone, and with the event that is sent instead where the peer takes events.
 * @throws RangeError with what is allowed
 */
export function keyCuts(keys: string, ms = 120, gapMs = 80): readonly Cut[] {
  for (const time of [ms, gapMs])
    if (!(time >= shortestMs && time <= longestMs))
      throw new RangeError(`a key and the gap behind it last ${shortestMs} to ${longestMs} ms each, not ${time}`)
  const cuts: Cut[] = []
  for (const name of keys.toUpperCase()) {
    const key = names.indexOf(name)
    if (key < 0) throw new RangeError(`'${name}' is no key; keys are ${names}`)
    const samples = shared(tone(key, frames(ms)))
    cuts.push({ samples, length: samples.length, key }, { samples: quiet, length: frames(gapMs) })
  }
  return cuts
}

/** Whole packets: events are counted in them. */
function frames(ms: number): number {
  return 160 * Math.ceil(ms / 20)
}

function tone(key: number, length: number): Int16Array {
  const [below, above] = levels.map(amplitude) as [number, number]
  return Int16Array.from({ length }, (_, i) => {
    const time = (2 * Math.PI * i) / sampleRate
    return Math.round(below * Math.sin(time * (low[key] as number)) + above * Math.sin(time * (high[key] as number)))
  })
}

const quiet = shared(new Int16Array(160))
