/** Samples per second of everything that is played and recorded. */
export const sampleRate = 8000

/** Samples that are repeated until `length` of them have been played; `Infinity` for ever. */
export interface Cut {
  readonly samples: Int16Array
  readonly length: number
  /** Number of the telephone event (RFC 4733) that stands for the samples where the peer takes events. */
  readonly key?: number
}

const copies = new WeakMap<Int16Array, Int16Array>()

/** The samples in memory that threads share, so that playing them copies nothing; copied once. */
export function shared(samples: Int16Array): Int16Array {
  if (samples.buffer instanceof SharedArrayBuffer) return samples
  const known = copies.get(samples)
  if (known) return known
  const copy = new Int16Array(new SharedArrayBuffer(2 * samples.length))
  copy.set(samples)
  copies.set(samples, copy)
  return copy
}
