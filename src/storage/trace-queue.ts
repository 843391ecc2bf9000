import type { Clock, Log, Timer } from '#lib'
import type { Engine } from './engine.ts'
import type { Storage } from './port.ts'
import { reason } from './storage-error.ts'

/** How long chunks are collected before they leave, in ms, and how many bytes leave at once at the latest. */
const FLUSH_MS = 200
const BATCH_BYTES = 1 << 18
/** Bytes that may be under way before chunks are dropped: a trace must never fill the memory. */
const UNDER_WAY_BYTES = 64 << 20

/** Collects trace chunks: each is copied at once, so that nobody's buffer is kept. */
export class TraceQueue implements Pick<Storage['traces'], 'append' | 'flush'> {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #log: Log
  #index: (string | number)[] = []
  #bytes = Buffer.alloc(0)
  #used = 0
  #size = 16_384
  #timer: Timer | undefined
  #scheduled = false
  #underWay = 0
  #dropped = 0
  #sent: Promise<void> = Promise.resolve()

  constructor(engine: Engine, clock: Clock, log: Log) {
    this.#engine = engine
    this.#clock = clock
    this.#log = log
  }

  append(callId: string, at: number, chunk: Buffer): void {
    if (this.#underWay > UNDER_WAY_BYTES) {
      if (this.#dropped++ === 0) this.#log.warn({}, 'traces come faster than they can be stored: some are left out')
      return
    }
    this.#reserve(chunk.length)
    chunk.copy(this.#bytes, this.#used)
    this.#used += chunk.length
    this.#index.push(callId, at, chunk.length)
    if (this.#used >= BATCH_BYTES) this.#send()
    else if (!this.#scheduled) this.#schedule()
  }

  flush(): Promise<void> {
    this.#send()
    return this.#sent
  }

  #schedule(): void {
    this.#scheduled = true
    if (this.#engine.grouped) this.#timer = this.#clock.setTimeout(this.#send, FLUSH_MS)
    else queueMicrotask(this.#send)
  }

  #reserve(more: number): void {
    if (this.#used + more <= this.#bytes.length) return
    while (this.#size < this.#used + more) this.#size *= 2
    // Not from Node's pool: the memory moves to another thread with the batch.
    const larger = Buffer.allocUnsafeSlow(this.#size)
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }

  readonly #send = (): void => {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#scheduled = false
    if (this.#index.length === 0) return
    const batch = { index: this.#index, bytes: this.#bytes }
    const length = this.#used
    // The next batch will be about as large as this one.
    while (this.#size > 16_384 && this.#size > 2 * length) this.#size /= 2
    this.#index = []
    this.#bytes = Buffer.alloc(0)
    this.#used = 0
    this.#underWay += length
    const stored = this.#engine.appendTraces(batch).then(
      () => this.#arrived(length),
      (error) => {
        this.#arrived(length)
        this.#log.warn({ error: reason(error) }, 'traces could not be stored')
      },
    )
    this.#sent = this.#sent.then(() => stored)
  }

  #arrived(length: number): void {
    this.#underWay -= length
    if (this.#dropped > 0 && this.#underWay === 0) {
      this.#log.warn({ dropped: this.#dropped }, 'traces are stored again; that many chunks were left out')
      this.#dropped = 0
    }
  }
}
