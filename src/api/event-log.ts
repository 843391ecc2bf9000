import type { CallChange, CallView } from '#call'
import { shape } from './handlers/calls.ts'

/** One change of a call, with whom it concerns. */
export interface LoggedChange {
  /** `{"change":…,"call":…}` as it is sent; made once for all readers. */
  readonly text: string
  /** People who may see the call now. */
  readonly people: ReadonlySet<string>
  /** People who could see it before and no longer can, and what they are told. */
  readonly gone: ReadonlySet<string>
  readonly goneText: string
}

/** What was told under one cursor. */
export interface LoggedBatch {
  readonly cursor: number
  readonly at: number
  readonly changes: readonly LoggedChange[]
  /** Changed presence as it is sent; such a batch has no changes of calls. */
  readonly people?: string
}

const nobody: ReadonlySet<string> = new Set()

export function loggedChange(
  view: CallView,
  change: CallChange,
  people: ReadonlySet<string>,
  before: ReadonlySet<string> | undefined,
): LoggedChange {
  const gone = before ? before.difference(people) : nobody
  const call = JSON.stringify(shape(view))
  return {
    text: `{"change":"${change}","call":${call}}`,
    people,
    gone,
    goneText: gone.size > 0 ? `{"change":"gone","call":${call}}` : '',
  }
}

/** The latest changes, for readers who lost their connection. Bounded: the oldest go first. */
export class EventLog {
  readonly #mostChanges: number
  #batches: LoggedBatch[] = []
  #start = 0
  #changes = 0
  /** Everything after this cursor is here. */
  #completeAfter = 0

  constructor(mostChanges: number) {
    this.#mostChanges = mostChanges
  }

  add(batch: LoggedBatch): void {
    this.#batches.push(batch)
    this.#changes += weight(batch)
    while (this.#changes > this.#mostChanges && this.#batches.length - this.#start > 1) {
      const dropped = this.#batches[this.#start] as LoggedBatch
      this.#start++
      this.#changes -= weight(dropped)
      this.#completeAfter = dropped.cursor
    }
    // Moving the rest down now and then keeps dropping cheap.
    if (this.#start > 1_000 && this.#start * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#start)
      this.#start = 0
    }
  }

  /** Forgets everything: nothing is known of what happens until `cursor`. */
  clear(cursor: number): void {
    this.#batches = []
    this.#start = 0
    this.#changes = 0
    this.#completeAfter = cursor
  }

  /** What was told after a cursor; undefined when that is too long ago. */
  after(cursor: number): readonly LoggedBatch[] | undefined {
    if (cursor < this.#completeAfter) return undefined
    let low = this.#start
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#batches[middle] as LoggedBatch).cursor <= cursor) low = middle + 1
      else high = middle
    }
    return this.#batches.slice(low)
  }
}

function weight({ changes, people }: LoggedBatch): number {
  return changes.length + (people === undefined ? 0 : 1)
}
