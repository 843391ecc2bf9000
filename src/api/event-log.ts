import type { CallChange, CallView } from '#call'
import { type CallSight, shape } from './visibility.ts'

/** One change of a call, with what each person sees of it. Texts are made once for all readers, when the first needs them. */
export class LoggedChange {
  readonly #view: CallView
  readonly #change: CallChange
  readonly #sights: ReadonlyMap<string, CallSight>
  readonly #before: ReadonlyMap<string, CallSight> | undefined
  readonly #texts = new Map<CallSight | 'gone', string>()

  /** @param sights what people without further rights see of it now  @param before what they saw of it before */
  constructor(
    view: CallView,
    change: CallChange,
    sights: ReadonlyMap<string, CallSight>,
    before: ReadonlyMap<string, CallSight> | undefined,
  ) {
    this.#view = view
    this.#change = change
    this.#sights = sights
    this.#before = before
  }

  /** Whose call it is, where a person of ours calls; '' otherwise. */
  get callerId(): string {
    return this.#view.caller.personId
  }

  /** Everybody who is told something. */
  *people(): Generator<string> {
    yield* this.#sights.keys()
    if (this.#before) for (const id of this.#before.keys()) if (!this.#sights.has(id)) yield id
  }

  /** What one person without further rights is told: `{"change":…,"call":…}`. */
  textFor(personId: string): string | undefined {
    const sight = this.#sights.get(personId)
    if (sight) return this.#text(sight)
    return this.#before?.has(personId) ? this.#text('gone') : undefined
  }

  /** What those are told who see all calls. @param person who may pick up by right; '' for the board, which may not */
  textForAll(person: string): string {
    const { rings, caller } = this.#view
    return this.#text(person !== '' && rings.length > 0 && caller.personId !== person ? 'take' : 'all')
  }

  #text(sight: CallSight | 'gone'): string {
    let text = this.#texts.get(sight)
    if (text === undefined) {
      // Whoever no longer sees the call learns nothing more of it.
      const call = JSON.stringify(shape(this.#view, sight === 'gone' ? 'state' : sight))
      text = `{"change":"${sight === 'gone' ? 'gone' : this.#change}","call":${call}}`
      this.#texts.set(sight, text)
    }
    return text
  }
}

/** What was told under one cursor. */
export interface LoggedBatch {
  readonly cursor: number
  readonly at: number
  readonly changes: readonly LoggedChange[]
  /** Changed presence as it is sent; such a batch has no changes of calls. */
  readonly people?: string
  /** What happened to a requested call, as it is sent, and whose it is; such a batch has no changes of calls. */
  readonly callback?: { readonly personId: string; readonly text: string }
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

function weight({ changes, people, callback }: LoggedBatch): number {
  return changes.length + (people === undefined && callback === undefined ? 0 : 1)
}
