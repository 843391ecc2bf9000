/** What the rest of the house sees of calls. */

export type CallId = string & { readonly brand?: 'CallId' }

export type BranchState = 'calling' | 'ringing' | 'answered' | 'ended'

/** One station that a call rings or rang. */
export interface BranchView {
  /** The station's name: a device ("alice's phone") or an outside number. */
  readonly station: string
  readonly personId: string
  readonly state: BranchState
  /** Set once ended: answered, answered-elsewhere, declined, busy, no-answer, cancelled, unreachable, error. */
  readonly outcome?: string
  /** Who answered instead, where the outcome is answered-elsewhere. */
  readonly by?: string
  readonly ringMs: number
}

/** A snapshot of one live call. */
export interface CallView {
  readonly id: CallId
  readonly state: 'ringing' | 'answered' | 'ended'
  readonly held: boolean
  readonly direction: 'in' | 'out' | 'internal'
  readonly caller: { readonly number: string; readonly name: string; readonly personId: string }
  readonly callee: { readonly number: string; readonly name: string; readonly personId: string }
  /** Name of the trunk, '' when none. */
  readonly trunk: string
  readonly answeredBy: string
  readonly startedAt: number
  readonly answeredAt?: number
  readonly branches: readonly BranchView[]
  /** Whom it rings now, so that it can be picked up: people and the group that was called, by id. */
  readonly rings: readonly string[]
  /** Set in the last view of a call. */
  readonly cause?: string
}

export type CallChange = 'started' | 'changed' | 'ended'

/** The live calls of this process: read and watched by the board, by services and by metrics. */
export interface LiveCalls {
  list(): readonly CallView[]
  get(id: CallId): CallView | undefined
  /** Called after every change, in order. Returns an unsubscribe function. */
  watch(listener: (view: CallView, change: CallChange) => void): () => void
  /** The trace of a live or finished call, decoded. */
  trace(id: CallId): Promise<readonly TraceEntry[]>
  /** Numbers for metrics. */
  readonly counters: CallCounters
}

export interface CallCounters {
  readonly live: number
  readonly started: number
  readonly answered: number
  readonly failed: number
  /** Refusals by code. */
  readonly refused: ReadonlyMap<string, number>
}

/** One SIP message of a call's trace; secrets are masked before it is kept. */
export interface TraceEntry {
  /** ms since 1970 */
  readonly at: number
  readonly direction: 'in' | 'out'
  /** The far side: protocol, address and port, e.g. `udp 127.0.0.1:5070`. */
  readonly peer: string
  /** The message as text. */
  readonly text: string
}
