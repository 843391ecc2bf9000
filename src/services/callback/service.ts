import type { Calls } from '#call'
import type { CallbackRow, OutboxRow } from '#storage'
import type { QueueLines } from '../types.ts'
import { CentreRecordings, type RecordingSettings } from './recordings.ts'
import { defaultRetryPolicy } from './retry.ts'
import { Scheduler } from './scheduler.ts'
import type {
  Announcer,
  CallbackChanges,
  CallbackSettings,
  CallbackTold,
  CallbackView,
  ExpectedAtCentre,
  Notices,
} from './types.ts'

/** An attempt rings both sides, tells them what it is about and asks for keys in less. */
const longestSeconds = 120

export const defaultCallbackSettings: CallbackSettings = {
  ringMs: 25_000,
  keyMs: 10_000,
  centreMs: 20 * 60_000,
  account: '',
  atOnce: 10 * longestSeconds,
  perSecond: 10,
  retry: defaultRetryPolicy,
}

/** What calls that a message asks for are made with. */
export interface CallbackParts {
  readonly calls: Calls
  /** Speaks prompts and numbers. */
  readonly announcer: Announcer
  /** Makes the messages that the asker gets; none when left out. */
  readonly notices?: Notices
  readonly settings?: Partial<CallbackSettings>
  /** Where and how long what centres say is recorded; not at all where it is left out. */
  readonly recordings?: RecordingSettings
  /** Queues of ours: without them none can be called. */
  readonly lines?: QueueLines
  /** What the centre with this number says of its wait; `undefined` where it is none. Never rejects. */
  readonly centreWait?: (number: string) => Promise<ExpectedAtCentre | undefined>
}

/**
 * Calls that a message asks for: rings the called party, then the caller, and joins them.
 *
 * A request is durable from {@link accept} on. It is in one of the states of `CallbackState`; only this class and its scheduler move it
 * from one to another:
 *
 *   accept -> asking -> scheduled -> ringing -> connected
 *                \          \  ^---------+ (another attempt follows)
 *                 +----------+-----------+--> cancelled | failed
 *
 * A question that nobody has answered for 7 days ends as `failed` with outcome `unanswered`, without a word.
 */
export class CallbackService {
  /** What centres said; `undefined` where that is never recorded. */
  readonly recordings: CentreRecordings | undefined
  /** Queues of ours. */
  readonly lines: QueueLines | undefined
  readonly #calls: Calls
  readonly #notices: Notices
  readonly #scheduler: Scheduler
  readonly #watchers = new Set<(view: CallbackView) => void>()

  constructor({ calls, announcer, notices = () => [], settings = {}, recordings, lines, centreWait }: CallbackParts) {
    this.lines = lines
    this.#calls = calls
    this.#notices = notices
    const { perSecond } = { ...defaultCallbackSettings, ...settings }
    // The rate is what limits, unless something else is set.
    const all = { ...defaultCallbackSettings, atOnce: perSecond * longestSeconds, ...settings }
    const heard = (id: string): void => void this.#heard(id)
    this.recordings =
      recordings && new CentreRecordings({ core: calls.core, settings: recordings, notices, changed: heard })
    this.#scheduler = new Scheduler({
      ...{ calls, announcer, notices, settings: all, changed: (view: CallbackView) => this.#tell(view) },
      ...(this.recordings ? { recordings: this.recordings } : {}),
      ...(lines ? { lines } : {}),
      ...(centreWait ? { centreWait } : {}),
    })
  }

  /** Ends what a crashed run left behind and begins to make calls. */
  async start(): Promise<void> {
    await this.recordings?.start()
    await this.#scheduler.start()
  }

  /**
   * Takes a request, with the messages that answer it, in one transaction: in state `asking` where something is still to be said or
   * confirmed, in state `scheduled` with `dueAt` where it can be made. The same id once more changes nothing. Resolves once it is on disk.
   * @returns the request as it is stored
   * @throws RangeError for another state, or without `dueAt`
   */
  async accept(request: CallbackRow, notices: readonly OutboxRow[] = []): Promise<CallbackRow> {
    checkNew(request)
    const stored = await this.#storage.accept(request, notices)
    this.#changed(stored)
    return stored
  }

  /** Keeps a request that is refused, as one that has failed: people see why, and it counts. @returns the request as it is stored */
  async refuse(request: CallbackRow, notices: readonly OutboxRow[] = []): Promise<CallbackRow> {
    const stored = await this.#storage.accept({ ...request, state: 'failed', dueAt: null }, notices)
    this.#changed(stored)
    return stored
  }

  /**
   * What was open is said or confirmed: from `asking` to `scheduled`.
   * @param changes `dueAt` defaults to the time asked for, else to now
   * @returns the request as stored; `undefined` when there is none in state `asking`
   */
  async confirm(
    id: string,
    changes: CallbackChanges = {},
    notices: readonly OutboxRow[] = [],
  ): Promise<CallbackRow | undefined> {
    const request = await this.#storage.get(id)
    if (request?.state !== 'asking') return undefined
    const now = this.#calls.core.clock.now()
    const dueAt = changes.dueAt ?? changes.askedAt ?? request.askedAt ?? now
    return this.#change(request, { ...request, ...changes, state: 'scheduled', dueAt, questions: '[]' }, notices)
  }

  /**
   * Something about a request changes that is not being rung: another time, another line, one question answered and the next one open.
   * @returns the request as stored; `undefined` when there is none in state `asking` or `scheduled`
   */
  async revise(
    id: string,
    changes: CallbackChanges,
    notices: readonly OutboxRow[] = [],
  ): Promise<CallbackRow | undefined> {
    const request = await this.#storage.get(id)
    if (request?.state !== 'asking' && request?.state !== 'scheduled') return undefined
    return this.#change(request, { ...request, ...changes }, notices)
  }

  /**
   * Calls a request off, also while it rings: who rings is cancelled, who waits hears no more and is released.
   * @param notices messages in the place of those for `cancelled`
   * @returns the request as stored; `undefined` when it is over already
   */
  async cancel(id: string, notices?: readonly OutboxRow[]): Promise<CallbackRow | undefined> {
    // An attempt may begin or end between reading and writing: then once more.
    for (let tries = 0; tries < 5; tries++) {
      const request = await this.#storage.get(id)
      if (!request || isOver(request)) return undefined
      const row = {
        ...this.#stamped(request),
        state: 'cancelled' as const,
        dueAt: null,
        node: '',
        outcome: 'cancelled',
      }
      const told: CallbackTold = { what: 'cancelled', request: row, outcome: 'cancelled' }
      if (!(await this.#storage.change(row, request.state, notices ?? (await this.#notices(told))))) continue
      this.#scheduler.cancelled(id)
      this.#changed(row)
      return row
    }
    return undefined
  }

  /** The attempt that this process makes for a request now, and where it is. */
  underWay(id: string): Pick<CallbackView, 'attempt' | 'phase'> {
    return this.#scheduler.underWay(id)
  }

  get(id: string): Promise<CallbackRow | undefined> {
    return this.#storage.get(id)
  }

  /** The request that one of our calls is made for, until its two sides are joined. */
  requestOf(callId: string): CallbackRow | undefined {
    return this.#scheduler.requestOf(callId)
  }

  /** Called after every change of a request and every step of an attempt on this node. Returns an unsubscribe function. */
  watch(listener: (view: CallbackView) => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  /** Begins no more attempts; those under way go on, as calls do while the server drains. */
  async stop(): Promise<void> {
    await this.#scheduler.stop()
    await this.recordings?.stop()
  }

  get #storage() {
    return this.#calls.core.storage.callbacks
  }

  async #change(
    before: CallbackRow,
    after: CallbackRow,
    notices: readonly OutboxRow[],
  ): Promise<CallbackRow | undefined> {
    const row = this.#stamped(after)
    if (!(await this.#storage.change(row, before.state, notices))) return undefined
    this.#changed(row)
    return row
  }

  /** Each change has a time of its own: messages are written with the change that they tell of. */
  #stamped(row: CallbackRow): CallbackRow {
    return { ...row, changedAt: Math.max(this.#calls.core.clock.now(), row.changedAt + 1) }
  }

  #changed(request: CallbackRow): void {
    this.#tell({ request })
    if (request.state === 'scheduled') this.#scheduler.look()
  }

  /** There is something to listen to. */
  async #heard(id: string): Promise<void> {
    const request = await this.#storage.get(id).catch(() => undefined)
    const [recording] = (await this.#storage.recordings.of(id).catch(() => [])).slice(-1)
    if (request) this.#tell({ request, ...this.#scheduler.underWay(id), ...(recording ? { recording } : {}) })
  }

  #tell(view: CallbackView): void {
    for (const watcher of this.#watchers) watcher(view)
  }
}

function isOver({ state }: CallbackRow): boolean {
  return state === 'connected' || state === 'failed' || state === 'cancelled'
}

function checkNew({ state, dueAt }: CallbackRow): void {
  if (state !== 'asking' && state !== 'scheduled')
    throw new RangeError(`a new request is 'asking' or 'scheduled', not '${state}'`)
  if (state === 'scheduled' && dueAt === null) throw new RangeError('a scheduled request needs dueAt')
}
