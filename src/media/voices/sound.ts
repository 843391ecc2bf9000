import { keyCuts } from './keys.ts'
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

/** Keys that the server presses: telephone events (RFC 4733) where the peer takes them, else tones. */
export interface Keys {
  /** Of `0` to `9`, `*`, `#` and `A` to `D`. */
  readonly keys: string
  /** How long each is held. Default 120. */
  readonly ms?: number
  /** The silence behind each. Default 80. */
  readonly gapMs?: number
}

/**
 * What can be played to a leg: a tone, keys, silence of so many ms, samples (16 bits, 8 kHz, one channel), or several in a row.
 */
export type Sound = ToneSound | Keys | Silence | Int16Array | readonly Sound[]

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
  if (isRow(sound)) return sound.flatMap(inRow)
  if ('keys' in sound) return keyCuts(sound.keys, sound.ms, sound.gapMs)
  const length = lengthOf(sound.silence)
  return length > 0 ? [{ samples: quiet, length }] : []
}

function isRow(sound: Sound): sound is readonly Sound[] {
  return Array.isArray(sound)
}

function isTone(sound: Sound): sound is ToneSound {
  return 'tone' in sound
}

function lengthOf(ms: number): number {
  if (!(ms >= 0 && ms <= longestMs)) throw new RangeError(`a sound lasts 0 to ${longestMs} ms, not ${ms}`)
  return Math.round((ms * sampleRate) / 1000)
}

const quiet = shared(new Int16Array(160))
