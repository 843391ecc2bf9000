import { type Cut, sampleRate, shared } from './samples.ts'
import { type Country, type ToneName, toneCuts } from './tones.ts'

/** A tone of the telephone network. Without `ms`: a `beep` once; others until stopped, in a row for one turn of their cadence. */
export interface ToneSound {
  readonly tone: ToneName
  /** Whose tone; default `de`. */
  readonly country?: Country
  readonly ms?: number
}

export interface Silence {
  readonly silence: number
}

/**
 * What can be played to a leg: a tone, silence of so many ms, samples (16 bits, 8 kHz, one channel), or several in a row.
 */
export type Sound = ToneSound | Silence | Int16Array | readonly Sound[]

/** No sound is longer than this without being looped: a day. */
const longestMs = 86_400_000

/**
 * The pieces that a sound is played from.
 * @throws RangeError with a sentence that says what is allowed, for an unknown tone or country or a length that is no number of ms
 */
export function cutsOf(sound: Sound): readonly Cut[] {
  return isTone(sound) ? toneCuts(sound, sound.ms === undefined ? 'alone' : lengthOf(sound.ms)) : inRow(sound)
}

function inRow(sound: Sound): readonly Cut[] {
  if (sound instanceof Int16Array) return sound.length > 0 ? [{ samples: shared(sound), length: sound.length }] : []
  if (isTone(sound)) return toneCuts(sound, sound.ms === undefined ? 'in a row' : lengthOf(sound.ms))
  if ('silence' in sound)
    return lengthOf(sound.silence) > 0 ? [{ samples: quiet, length: lengthOf(sound.silence) }] : []
  return sound.flatMap(inRow)
}

function isTone(sound: Sound): sound is ToneSound {
  return 'tone' in sound
}

function lengthOf(ms: number): number {
  if (!(ms >= 0 && ms <= longestMs)) throw new RangeError(`a sound lasts 0 to ${longestMs} ms, not ${ms}`)
  return Math.round((ms * sampleRate) / 1000)
}

const quiet = shared(new Int16Array(160))
