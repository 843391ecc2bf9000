import { type CallId, isMarker, type TraceEntry } from '#call'
import type { Clock, Log, Timer } from '#lib'

/** How often the messages of a watched call are looked at while it lives, and after its end until its tail is in. */
const traceMs = 400
const looksAfterEnd = 7

export interface TraceWatchParts {
  readonly clock: Clock
  readonly log: Log
  isLive(id: CallId): boolean
  read(id: CallId): Promise<readonly TraceEntry[]>
  /** Entries from number `from` on are new. */
  send(id: CallId, from: number, entries: readonly TraceEntry[]): void
}

/** Follows the messages of the call that one reader looks at. */
export class TraceWatch {
  readonly #parts: TraceWatchParts
  #watched: CallId | undefined
  /** Entries that were sent; below 0 before the first look. */
  #sent = -1
  #looking = false
  #looksLeft = 0
  #timer: Timer | undefined
  #closed = false

  constructor(parts: TraceWatchParts) {
    this.#parts = parts
  }

  get watched(): CallId | undefined {
    return this.#watched
  }

  /** Looks at this call from now on, or at none. */
  watch(id: CallId | undefined): void {
    this.#parts.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#watched = id
    this.#sent = -1
    this.#looksLeft = looksAfterEnd
    if (id) this.#look()
  }

  /** Something happened to the call. */
  happened(ended: boolean): void {
    if (ended) this.#looksLeft = looksAfterEnd
    this.#look()
  }

  close(): void {
    this.#closed = true
    this.#parts.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Sends the new messages of the watched call, and comes back while there may be more. */
  #look(): void {
    const id = this.#watched
    if (!id || this.#looking || this.#closed) return
    const { clock, log, read, isLive } = this.#parts
    clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#looking = true
    read(id)
      .then((entries) => {
        if (this.#watched === id && !this.#closed) this.#tell(id, entries)
      })
      .catch((error: unknown) => log.warn({ err: error, call: id }, 'The trace of a call could not be read.'))
      .finally(() => {
        this.#looking = false
        if (this.#closed || !this.#watched) return
        if (this.#watched !== id) {
          this.#look()
          return
        }
        if (isLive(id)) this.#looksLeft = looksAfterEnd
        else if (--this.#looksLeft < 0) return
        this.#timer = clock.setTimeout(() => this.#look(), traceMs)
      })
  }

  #tell(id: CallId, entries: readonly TraceEntry[]): void {
    const last = entries.at(-1)
    const grows = last !== undefined && isMarker(last)
    if (entries.length === this.#sent && !grows) return
    // A marker at the end grows in place, so it is sent again.
    const from = Math.max(0, Math.min(this.#sent, grows ? entries.length - 1 : entries.length))
    this.#sent = entries.length
    this.#parts.send(id, from, entries)
  }
}
