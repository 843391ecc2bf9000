import type { Clock, Timer } from '#lib'
import type { Failures, Unit } from './engine.ts'
import { reason, StorageError } from './storage-error.ts'

interface Waiting {
  readonly unit: Unit
  readonly resolve: () => void
  readonly reject: (error: StorageError) => void
}

/** Writes that may wait at once; more are refused, because a database that far behind would only fill the memory. */
const WAITING_LIMIT = 50_000

/** From so many writes per ms on, batches keep their full distance; below, sharing a commit saves less than the waiting costs. */
const BUSY_PER_MS = 4
/** How long the pace of the past counts, in ms. */
const PACE_MS = 200

/**
 * Groups writes into batches: the first write after a pause goes out at the end of the running task, later ones wait until the last batch
 * has left long enough ago (up to `flushMs`, the longer the more is written), or until the running commit is done. One batch is under way at a
 * time, so writes are committed in the order in which they were made.
 */
export class WriteQueue {
  readonly #commit: (units: readonly Unit[]) => Promise<Failures>
  readonly #clock: Clock
  readonly #flushMs: number
  #waiting: Waiting[] = []
  #timer: Timer | undefined
  #scheduled = false
  #running = false
  #closed = false
  #left = Number.NEGATIVE_INFINITY
  /** Writes per ms, smoothed. */
  #pace = 0
  #idle: (() => void)[] = []

  /** @param flushMs least time between two batches of a busy database, in ms; 0 = none, and then the clock is never asked for a timer */
  constructor(commit: (units: readonly Unit[]) => Promise<Failures>, clock: Clock, flushMs: number) {
    this.#commit = commit
    this.#clock = clock
    this.#flushMs = flushMs
  }

  /** Adds a write; resolves once it is committed, rejects with a {@link StorageError} when it was refused. */
  add(unit: Unit): Promise<void> {
    if (this.#closed) return Promise.reject(new StorageError('unavailable', 'the storage is closed'))
    if (this.#waiting.length >= WAITING_LIMIT)
      return Promise.reject(
        new StorageError('unavailable', `the database does not keep up: ${WAITING_LIMIT} writes wait already`),
      )
    const promise = new Promise<void>((resolve, reject) => this.#waiting.push({ unit, resolve, reject }))
    this.#schedule()
    return promise
  }

  /** Writes all that waits, without delay; resolves when it is committed or refused. */
  async drain(): Promise<void> {
    if (this.#timer) {
      this.#clock.clearTimeout(this.#timer)
      this.#timer = undefined
      this.#scheduled = false
    }
    if (!this.#running) this.#flush()
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Refuses further writes and writes those that wait. */
  async close(): Promise<void> {
    this.#closed = true
    await this.drain()
  }

  #schedule(): void {
    if (this.#scheduled || this.#running) return
    this.#scheduled = true
    const rest = this.#flushMs === 0 || this.#closed ? 0 : this.#left + this.#distance - this.#clock.now()
    if (rest >= 1) this.#timer = this.#clock.setTimeout(this.#flushOnTimer, rest)
    else queueMicrotask(this.#flush)
  }

  get #distance(): number {
    return this.#flushMs * Math.min(1, this.#pace / BUSY_PER_MS)
  }

  #measure(writes: number): void {
    const now = this.#clock.now()
    const elapsed = Math.min(PACE_MS, Math.max(1, now - this.#left))
    this.#pace += (writes / elapsed - this.#pace) * (elapsed / PACE_MS)
    this.#left = now
  }

  readonly #flushOnTimer = (): void => {
    this.#timer = undefined
    this.#flush()
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#running || this.#waiting.length === 0) return
    const batch = this.#waiting
    this.#waiting = []
    this.#running = true
    if (this.#flushMs > 0) this.#measure(batch.length)
    this.#commit(batch.map((waiting) => waiting.unit)).then(
      (failures) => this.#settle(batch, failures),
      (error) => this.#fail(batch, reason(error)),
    )
  }

  #settle(batch: readonly Waiting[], failures: Failures): void {
    for (let i = 0; i < batch.length; i++) {
      const waiting = batch[i] as Waiting
      const failure = failures?.get(i)
      if (failure === undefined) waiting.resolve()
      else waiting.reject(new StorageError('row', `the database refused a row: ${failure}`))
    }
    this.#next()
  }

  #fail(batch: readonly Waiting[], why: string): void {
    for (const waiting of batch) waiting.reject(new StorageError('unavailable', `the database could not write: ${why}`))
    this.#next()
  }

  #next(): void {
    this.#running = false
    if (this.#waiting.length > 0) {
      if (this.#idle.length > 0) this.#flush()
      else this.#schedule()
      return
    }
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}
