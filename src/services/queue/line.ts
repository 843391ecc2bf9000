import type { Person } from '#directory'
import type { QueueCallerRow } from '#storage'

/** Somebody who waits. */
export interface Waiting {
  readonly row: QueueCallerRow
  /** Agents who did not answer them: others are asked first. */
  readonly tried: Set<string>
  /** Being connected: agents ring for them. */
  busy: boolean
  /** A person who is not rung for them: they wait themselves. */
  readonly except?: string
  /** These agents are theirs: they are rung. */
  turn(agents: readonly Person[]): void
  /** There is no such queue any more. */
  gone?(): void
  /** The queue's settings were changed. */
  changed?(): void
}

/** Who waits, the longest first: the original time counts, however they wait now. */
export class Line {
  readonly #waiting: Waiting[] = []

  get size(): number {
    return this.#waiting.length
  }

  get all(): readonly Waiting[] {
    return this.#waiting
  }

  enter(waiting: Waiting): void {
    const at = this.#waiting.findIndex(({ row }) => row.enqueuedAt > waiting.row.enqueuedAt)
    if (at < 0) this.#waiting.push(waiting)
    else this.#waiting.splice(at, 0, waiting)
  }

  leave(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting)
    if (at >= 0) this.#waiting.splice(at, 1)
  }

  /** 1 = the next. */
  placeOf(waiting: Waiting): number {
    return this.#waiting.indexOf(waiting) + 1
  }
}
