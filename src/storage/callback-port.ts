/**
 * The storage port's part for calls that a message asks for. Times are milliseconds since 1970; every write resolves once it is committed.
 */

/**
 * `asking`: a question or confirmation is open. `scheduled`: waits for its time. `ringing`: an attempt is under way. The other three are
 * final.
 */
export type CallbackState = 'asking' | 'scheduled' | 'ringing' | 'connected' | 'failed' | 'cancelled'

/** A request for a call. */
export interface CallbackRow {
  readonly id: string
  readonly state: CallbackState
  /** The attempt under way or last made; '' before the first. */
  readonly attemptId: string
  /** The process that rings, '' while none does. */
  readonly node: string
  /** When the next attempt begins; `null` where none will. */
  readonly dueAt: number | null
  readonly createdAt: number
  readonly changedAt: number
  readonly askerId: string
  /** Whose desk shows it besides the supervisors': the person of ours who asked, '' for an outsider. */
  readonly personId: string
  /** `mail`, `xmpp`, `web`, `api`. */
  readonly channel: string
  /** JSON: where answers go and in which thread. */
  readonly thread: string
  /** What a later message of the same thread is found by. */
  readonly threadKey: string
  readonly language: string
  readonly timeZone: string
  /** JSON: the party to ring first. */
  readonly called: string
  /** JSON: the party to ring when the called has answered. */
  readonly caller: string
  /** Dial string for a centre's menu: digits, `,` = 2 s, `w` = wait for a pause in speech. */
  readonly keys: string
  readonly note: string
  /** The time that was asked for, `null` for now. */
  readonly askedAt: number | null
  readonly attempts: number
  /** How the last attempt ended, or why there was none: a stable word. */
  readonly outcome: string
  /** JSON: questions that are open. */
  readonly questions: string
  /** SHA-256 of the cancel link's code, hex. */
  readonly cancelHash: string
  /** Who asked, as caps count it. */
  readonly source: string
  /** Who is bothered, as caps count it: the E.164 number or person that does not belong to the asker. */
  readonly target: string
}

/** One attempt: rings the called, then the caller. */
export interface CallbackAttemptRow {
  readonly id: string
  readonly callbackId: string
  /** 1, 2, … */
  readonly number: number
  readonly node: string
  /** The call's id, under which its context row and record are. */
  readonly callId: string
  readonly startedAt: number
  /** When the called, the caller answered; when they were joined. */
  readonly calledAt: number | null
  readonly callerAt: number | null
  readonly joinedAt: number | null
  readonly endedAt: number | null
  /** '' while it goes on. */
  readonly outcome: string
  /** JSON: what each leg said (station or gateway, status). */
  readonly detail: string
}

/** What a centre said in an attempt once its keys were pressed. Its sound is a WAV file beside the database, named by the id. */
export interface CallbackRecordingRow {
  /** The attempt's. */
  readonly id: string
  readonly callbackId: string
  /** The attempt's: 1, 2, … */
  readonly number: number
  /** `recording`: the file grows; found after a crash, it is repaired and kept. */
  readonly state: 'recording' | 'kept'
  /** The process whose data folder has the file. */
  readonly node: string
  readonly at: number
  readonly ms: number
  /** 1: the server died while it was recorded, so its end is missing. */
  readonly partial: 0 | 1
}

/** Somebody who asked before: what they need not say again. */
export interface AskerRow {
  readonly id: string
  /** The person of ours, '' for an outsider. */
  readonly personId: string
  readonly name: string
  /** JSON array of {number, label, verified}. */
  readonly numbers: string
  readonly email: string
  readonly language: string
  readonly timeZone: string
  readonly createdAt: number
  readonly seenAt: number
}

/** A message that has to go out. */
export interface OutboxRow {
  readonly id: string
  readonly callbackId: string
  readonly channel: string
  /** JSON for the channel. */
  readonly body: string
  readonly createdAt: number
  /** Not before; while a process sends it, until when it is that process's. */
  readonly dueAt: number
  readonly tries: number
  readonly node: string
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly error: string
}

export interface CallbackQuery {
  /** Only those asked for by this person. */
  readonly personId?: string
  readonly states?: readonly CallbackState[]
  /** Newest first, from this cursor (as returned in `next`). */
  readonly cursor?: string
  readonly limit: number
}

export interface CallbackStorage {
  /**
   * A new request with the messages that answer it, in one transaction. A request whose id is
   * known changes nothing, so that a message that comes twice is one request; ids of messages that belong to it are to be made from its id.
   * @returns the row as it is stored
   */
  accept(row: CallbackRow, notices: readonly OutboxRow[]): Promise<CallbackRow>
  /**
   * Replaces the row if it is still in the state expected, with the messages that tell of it, in one transaction.
   * @returns whether it was
   */
  change(row: CallbackRow, expected: CallbackState, notices: readonly OutboxRow[]): Promise<boolean>
  /**
   * One process takes a scheduled request for an attempt: both are written before anybody is rung. @returns false where another took it, or
   * it is scheduled no more
   */
  begin(attempt: CallbackAttemptRow, now: number): Promise<boolean>
  /** Progress of an attempt. */
  attempt(row: CallbackAttemptRow): Promise<void>
  /** An attempt is over: what follows for the request and who is told, in one transaction. Nothing changes when that attempt is not the one under way. */
  ended(attempt: CallbackAttemptRow, row: CallbackRow, notices: readonly OutboxRow[]): Promise<boolean>
  get(id: string): Promise<CallbackRow | undefined>
  attemptsOf(id: string): Promise<readonly CallbackAttemptRow[]>
  byCancelHash(hash: string): Promise<CallbackRow | undefined>
  /** The newest request of a thread. */
  byThread(threadKey: string): Promise<CallbackRow | undefined>
  /** What somebody asked for by a channel and is not over yet, newest first; at most 100. */
  waitingOf(askerId: string, channel: string): Promise<readonly CallbackRow[]>
  /** Scheduled requests that are due at `before` or earlier, the earliest first. */
  due(before: number, limit: number): Promise<readonly CallbackRow[]>
  /** When the earliest scheduled request is due. */
  nextDue(): Promise<number | undefined>
  /** Requests in state `asking` that have not changed after `before`, the oldest first. */
  unanswered(before: number, limit: number): Promise<readonly CallbackRow[]>
  /** What this process was ringing when it died. */
  ringing(node: string): Promise<readonly CallbackRow[]>
  /** @throws StorageError `bad-query` for a cursor that `list` did not give or a limit outside 1 … 1000 */
  list(query: CallbackQuery): Promise<{ callbacks: readonly CallbackRow[]; next?: string }>
  /** Requests made since `since`, by who asked or whom they bother; over all without either. */
  count(of: { readonly source?: string; readonly target?: string }, since: number): Promise<number>
  readonly recordings: {
    /** A recording begins; one with this id that exists stays as it is. */
    begin(row: CallbackRecordingRow): Promise<void>
    /** It is whole, or as whole as it will be, with the messages that offer it, in one transaction. One that was removed stays away. */
    keep(row: CallbackRecordingRow, notices: readonly OutboxRow[]): Promise<void>
    remove(id: string): Promise<void>
    get(id: string): Promise<CallbackRecordingRow | undefined>
    /** Kept ones of a request, by number of the attempt. */
    of(callbackId: string): Promise<readonly CallbackRecordingRow[]>
    /** What this process was recording when it died. */
    recording(node: string): Promise<readonly CallbackRecordingRow[]>
    /** Kept ones that began before a time, and those whose request is gone. */
    over(before: number, limit: number): Promise<readonly CallbackRecordingRow[]>
  }
  readonly askers: {
    get(id: string): Promise<AskerRow | undefined>
    /** By `mail:…`, `xmpp:…`, `cookie:…`, `number:…` or `person:…`. */
    byKey(key: string): Promise<AskerRow | undefined>
    /** Inserts or replaces; the keys lead to this asker from now on. */
    put(row: AskerRow, keys: readonly string[]): Promise<void>
  }
  readonly outbox: {
    /** @param channels only messages of these; of all when left out */
    due(before: number, limit: number, channels?: readonly string[]): Promise<readonly OutboxRow[]>
    nextDue(channels?: readonly string[]): Promise<number | undefined>
    /** One process takes a message until `until`. @returns false where another has it */
    take(id: string, node: string, now: number, until: number): Promise<boolean>
    /** What a process had taken when it died is due now. */
    release(node: string, now: number): Promise<void>
    put(row: OutboxRow): Promise<void>
    of(callbackId: string): Promise<readonly OutboxRow[]>
  }
}
