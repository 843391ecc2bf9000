import type { RecordedOutcome, Recording, RecordOptions } from '../port.ts'
import type { EmbeddedLeg } from './leg.ts'
import type { Command } from './protocol.ts'

/** The recordings that are being made, as the main thread knows them. */
export class Recordings {
  readonly #send: (command: Command) => void
  readonly #ends = new Map<number, (outcome: RecordedOutcome) => void>()
  #last = 0

  constructor(send: (command: Command) => void) {
    this.#send = send
  }

  /** @param leg a live leg of this engine */
  record(leg: EmbeddedLeg, path: string, { both = false, law = 'pcm', mostMs = 600_000 }: RecordOptions): Recording {
    if (!(mostMs > 0 && mostMs <= 86_400_000))
      throw new RangeError(`a recording lasts at most 1 to 86400000 ms, not ${mostMs}`)
    const recording = ++this.#last
    const { promise, resolve } = Promise.withResolvers<RecordedOutcome>()
    this.#ends.set(recording, resolve)
    this.#send({ op: 'record', leg: leg.number, recording, path, both, law, mostMs })
    return {
      ended: promise,
      stop: () => {
        if (this.#ends.has(recording)) this.#send({ op: 'endRecord', recording })
        return promise
      },
    }
  }

  recorded(recording: number, outcome: RecordedOutcome): void {
    this.#ends.get(recording)?.(outcome)
    this.#ends.delete(recording)
  }

  /** The relay is gone with whatever it recorded. */
  lost(): void {
    for (const recording of [...this.#ends.keys()])
      this.recorded(recording, { how: 'failed', ms: 0, reason: 'the media engine is gone' })
  }
}
