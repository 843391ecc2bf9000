import type { CallbackRow, CallbackStorage, OutboxRow } from './callback-port.ts'
import type { QueueStorage } from './queue-port.ts'
import type { VoicemailStorage } from './voicemail-port.ts'

/**
 * The storage port. SQLite (embedded) and PostgreSQL stand behind it and pass the same suite. Times are milliseconds since 1970.
 * Every write resolves once it is committed to disk; writes made close together share one transaction.
 */

/** A call that rings: written as ringing starts, completed with its branches, gone once the call is answered or over. */
export interface CallContextRow {
  readonly callId: string
  /** The process that owns the call. */
  readonly node: string
  readonly callerNumber: string
  readonly callerName: string
  readonly dialled: string
  /** Whom the call is for: a person's or group's id, '' for an outside number. */
  readonly calleeId: string
  /** JSON: branches with station, state and dialog identifiers. */
  readonly branches: string
  /** JSON: the caller's dialog identifiers, so that a crash can be followed by an ending. */
  readonly callerDialog: string
  readonly ringingSince: number
  /** What the record of the call is to say should the process die while it rings; '' when left out. */
  readonly direction?: RecordRow['direction'] | ''
  readonly callerId?: string
  readonly calleeName?: string
  readonly trunk?: string
}

/** How a call ended; the field's causes in our words. */
export type RecordState = 'live' | 'ended' | 'interrupted'

/** One call, from its first INVITE to its end: what history, reports and billing read. */
export interface RecordRow {
  readonly id: string
  readonly node: string
  readonly state: RecordState
  readonly direction: 'in' | 'out' | 'internal'
  /** E.164 for outside callers, extension for our own people. */
  readonly callerNumber: string
  readonly callerName: string
  /** Person ids, '' when it is nobody of ours. */
  readonly callerId: string
  /** What was dialled, normalised. */
  readonly dialled: string
  readonly calleeName: string
  readonly calleeId: string
  /** Name of the trunk the call came or went by, '' otherwise. */
  readonly trunk: string
  readonly startedAt: number
  readonly answeredAt: number | null
  readonly endedAt: number | null
  /** Who answered: person id or '', and the station's name (device or outside number). */
  readonly answeredById: string
  readonly answeredStation: string
  /** A stable word: answered, busy, no-answer, cancelled, declined, unreachable, not-found, media-silent, interrupted, error … */
  readonly cause: string
  /** SIP status that went to the caller, 0 when none. */
  readonly status: number
  readonly endedBy: '' | 'caller' | 'callee' | 'server'
  /** JSON array of branches: {station, personId, outcome, by?, ringMs}. */
  readonly branches: string
  /** JSON {caller?: LegStatistics, callee?: LegStatistics}. */
  readonly quality: string
}

/** What closing a record sets. */
export interface RecordClose {
  readonly id: string
  readonly endedAt: number
  readonly cause: string
  readonly endedBy: RecordRow['endedBy']
  readonly quality: string
  readonly branches?: string
  readonly answeredById?: string
  readonly answeredStation?: string
}

/** The state of one dialog of an answered call (JSON of the stack's DialogState): a crashed process's calls are ended from it. */
export interface DialogRow {
  readonly callId: string
  readonly role: 'caller' | 'callee'
  readonly node: string
  /** The device whose binding the dialog runs over, '' for trunks. */
  readonly deviceId: string
  readonly state: string
}

/** One station that rang before the call was picked up. */
export interface RangStation {
  readonly station: string
  readonly personId: string
  readonly ms: number
}

export type ChargeState = 'open' | 'closed' | 'void'

/** An entry on the account of a person who asked to take a colleague's call: opened at the indication, closed at hang-up, void when the pickup failed. */
export interface ChargeRow {
  readonly id: string
  readonly callId: string
  /** The process that owns the call. */
  readonly node: string
  /** The picker: a person's id. */
  readonly account: string
  readonly kind: 'pickup'
  /** Whom the call was for: a person's or group's id, '' for an outside number. */
  readonly calledId: string
  readonly calledNumber: string
  readonly calledName: string
  /** A person's id, '' for an outside caller. */
  readonly callerId: string
  readonly callerNumber: string
  readonly callerName: string
  /** The station that took the call. */
  readonly pickedUpBy: string
  /** JSON array of {@link RangStation}: how long it rang where until the indication came. */
  readonly rangMs: string
  /** When the indication came. */
  readonly openedAt: number
  readonly answeredAt: number | null
  readonly endedAt: number | null
  readonly state: ChargeState
  /** Why it is void, or the cause with which the call ended; '' while it is open. */
  readonly reason: string
}

/** What closing a charge sets. */
export interface ChargeClose {
  readonly id: string
  readonly answeredAt: number
  readonly endedAt: number
  /** The cause with which the call ended. */
  readonly reason: string
}

export interface ChargeQuery {
  /** Only entries on this person's account. */
  readonly account?: string
  readonly state?: ChargeState
  /** Opened at or after this time. */
  readonly from?: number
  /** Opened before this time. */
  readonly to?: number
  /** Newest first, from this cursor (as returned in `next`). */
  readonly cursor?: string
  readonly limit: number
}

/** A process that works on this database. */
export interface NodeRow {
  readonly node: string
  /** Where the other nodes reach its SIP listener: `udp 127.0.0.1:5060`. */
  readonly address: string
  /** Its last sign of life. */
  readonly seenAt: number
}

/** A registered contact (RFC 3261 §10). */
export interface BindingRow {
  readonly id: string
  readonly deviceId: string
  readonly aor: string
  /** Contact URI as received. */
  readonly contact: string
  /** `+sip.instance`, '' when none; with regId it identifies a binding across addresses (RFC 5626). */
  readonly instance: string
  readonly regId: number
  /** 0 … 1000 (thousandths of q). */
  readonly q: number
  readonly callIdHeader: string
  readonly cseq: number
  /** JSON array of Path values (RFC 3327). */
  readonly path: string
  readonly protocol: string
  readonly remoteAddress: string
  readonly remotePort: number
  /** The transport's name of the flow that the registration came over: the way back to the station. A dead connection's name never matches again. */
  readonly flowId: string
  readonly userAgent: string
  /** JSON of RFC 8599 push parameters, '' when none. */
  readonly push: string
  readonly registeredAt: number
  readonly expiresAt: number
}

export interface PersonRow {
  readonly id: string
  /** Log-in and user part of the person's AoR, e.g. `alice`. */
  readonly login: string
  readonly name: string
  readonly extension: string
  readonly email: string
  readonly role: 'person' | 'supervisor' | 'administrator'
  /** JSON, checked by the directory: do not disturb, forwards, ring plan, caller-ID privacy, caps, time zone, language. */
  readonly settings: string
}

export interface DeviceRow {
  readonly id: string
  readonly personId: string
  readonly name: string
  /** Digest user name and user part of the AoR that the device registers. */
  readonly username: string
  /** HA1 values; each is as good as the password. */
  readonly ha1Md5: string
  readonly ha1Sha256: string
  /** JSON: direct media, auto-answer, kind (phone, desk, softphone). */
  readonly settings: string
}

export interface GroupRow {
  readonly id: string
  readonly name: string
  readonly extension: string
  /** JSON array of person ids. */
  readonly members: string
  /** JSON: ring plan, pickup rights. */
  readonly settings: string
}

/** A telephone number of ours and whom it rings. */
export interface NumberRow {
  readonly number: string
  readonly targetKind: 'person' | 'group'
  readonly targetId: string
}

export interface TrunkRow {
  readonly id: string
  readonly name: string
  /** JSON, checked by the directory: addresses, registration, credentials, direct media, numbers, health, order. */
  readonly settings: string
}

/** A person's password for the desk, as argon2id text. */
export interface PasswordRow {
  readonly personId: string
  readonly hash: string
  readonly changedAt: number
}

/** A log-in session; the token itself is nowhere. */
export interface SessionRow {
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly personId: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** An API token; the token itself is nowhere. */
export interface TokenRow {
  readonly id: string
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly personId: string
  readonly name: string
  /** JSON array of scopes. */
  readonly scopes: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
}

export interface AccountRows {
  readonly passwords: readonly PasswordRow[]
  readonly sessions: readonly SessionRow[]
  readonly tokens: readonly TokenRow[]
}

export interface ContactRow {
  readonly id: string
  /** The person who made it. */
  readonly ownerId: string
  /** 1: everybody sees it. */
  readonly shared: 0 | 1
  readonly name: string
  readonly company: string
  readonly email: string
  readonly remark: string
  /** JSON array of {number, label}. */
  readonly numbers: string
  readonly createdAt: number
  readonly changedAt: number
}

export interface NoteRow {
  readonly id: string
  readonly contactId: string
  readonly authorId: string
  readonly at: number
  readonly text: string
  /** '' when the note is about no call. */
  readonly callId: string
}

export interface ContactQuery {
  /** Own contacts of this person and the shared ones. */
  readonly viewerId: string
  /** Part of a name, company, number or address, in any letter case. */
  readonly search?: string
  /** Exactly this number, as stored. */
  readonly number?: string
  readonly cursor?: string
  readonly limit: number
}

export interface DirectoryRows {
  readonly people: readonly PersonRow[]
  readonly devices: readonly DeviceRow[]
  readonly groups: readonly GroupRow[]
  readonly numbers: readonly NumberRow[]
  readonly trunks: readonly TrunkRow[]
}

export type DirectoryTable = keyof DirectoryRows

export interface RecordQuery {
  /** Only calls in which this person had a part (caller, callee, answerer, or one of the branches). */
  readonly personId?: string
  /** Newest first, from this cursor (as returned in `next`). */
  readonly cursor?: string
  readonly limit: number
  readonly state?: RecordState
  /** Only calls from or to this number, as stored. */
  readonly number?: string
}

/** From when on what is kept, in ms since 1970; what is left out is kept for ever. */
export interface RetainBefore {
  /** Records that ended before, with their traces, and charges. */
  readonly records?: number | undefined
  /** Chunks of traces that are older. */
  readonly traces?: number | undefined
  /** Requested calls that ended before, with attempts and messages, and askers who have not come back since. */
  readonly callbacks?: number | undefined
}

/** How many of each were deleted; traces in chunks. */
export interface Retained {
  readonly records: number
  readonly charges: number
  readonly traces: number
  readonly callbacks: number
  readonly askers: number
}

/** What became of a person's data. */
export interface Erased {
  readonly records: number
  readonly callbacks: number
  readonly files: { readonly callbacks: readonly string[]; readonly voicemail: readonly string[] }
}

export interface Storage {
  /** Hot writes: prepared, grouped, committed before they resolve. A call's writes keep their order. */
  readonly calls: {
    /** Inserts or replaces the context row. */
    ringing(row: CallContextRow): Promise<void>
    /** Answered: opens the record, stores the dialogs, drops the context row; all in one transaction. */
    answered(record: RecordRow, dialogs: readonly DialogRow[]): Promise<void>
    /** A dialog's target, route or peer changed (or a leg was replaced): replaces that role's row. */
    dialog(row: DialogRow): Promise<void>
    /**
     * Closes a live record, drops its dialogs and ends the call's open charges (closed for who had answered, void for the others); in one
     * transaction. A record that is not live stays as it is.
     */
    closed(close: RecordClose): Promise<void>
    /** A call that was never answered: writes its ended record, drops the context row and makes its open charges void; in one transaction. */
    unanswered(record: RecordRow): Promise<void>
    /**
     * Start-up sweep of one node: marks its live records `interrupted`, turns its context rows into interrupted records, ends its open charges
     * (closed at the interruption for who had answered, else void), returns the dialogs that still have to be ended (also those of earlier sweeps). Context rows are gone afterwards: read them with `contexts` before.
     */
    sweep(node: string, now: number): Promise<readonly DialogRow[]>
    /** The dialogs of an interrupted call were ended (or given up). */
    dialogEnded(callId: string, role: DialogRow['role']): Promise<void>
    contexts(): Promise<readonly CallContextRow[]>
    /** The context of one ringing call, whatever node it lives on; one whose write is still on its way is waited for. */
    context(callId: string): Promise<CallContextRow | undefined>
    /**
     * Calls that ring on these nodes and are for one of these people or groups, or ring a station of one of these people: the 500 that ring
     * longest, longest first. With more than 64 ids they are not narrowed by them.
     */
    contextsOf(nodes: readonly string[], ids: readonly string[]): Promise<readonly CallContextRow[]>
  }
  /** Who took whose calls. A call's end ends its charges too: see `calls.closed`, `calls.unanswered`, `calls.sweep`. */
  readonly charges: {
    /** Writes a new entry; one with this id that exists stays as it is. */
    open(row: ChargeRow): Promise<void>
    /** Closes an open entry by itself; one that is not open stays as it is. */
    close(close: ChargeClose): Promise<void>
    /** The pickup failed: makes an open entry void. One that is not open stays as it is. */
    void(id: string, reason: string, endedAt: number): Promise<void>
    get(id: string): Promise<ChargeRow | undefined>
    /** @throws StorageError `bad-query` for a cursor that `list` did not give or a limit outside 1 … 1000 */
    list(query: ChargeQuery): Promise<{ charges: readonly ChargeRow[]; next?: string }>
  }
  /** The processes that share this database. */
  readonly nodes: {
    /** A sign of life: inserts or replaces the node's row. */
    seen(row: NodeRow): Promise<void>
    list(): Promise<readonly NodeRow[]>
  }
  readonly records: {
    get(id: string): Promise<RecordRow | undefined>
    /** @throws StorageError `bad-query` for a cursor that `list` did not give or a limit outside 1 … 1000 */
    list(query: RecordQuery): Promise<{ records: readonly RecordRow[]; next?: string }>
  }
  readonly traces: {
    /** Appends a chunk of a call's trace; not synced to disk at once (a trace is no record). */
    append(callId: string, at: number, chunk: Buffer): void
    get(callId: string): Promise<readonly Buffer[]>
    /** Resolves once everything appended so far is readable. */
    flush(): Promise<void>
  }
  readonly bindings: {
    load(): Promise<readonly BindingRow[]>
    put(row: BindingRow): Promise<void>
    remove(id: string): Promise<void>
  }
  readonly directory: {
    load(): Promise<DirectoryRows>
    /** Inserts or replaces by primary key. */
    put<T extends DirectoryTable>(table: T, row: DirectoryRows[T][number]): Promise<void>
    remove(table: DirectoryTable, id: string): Promise<void>
  }
  /** Passwords, sessions and API tokens: read once at start, kept in memory by the directory. */
  readonly accounts: {
    load(): Promise<AccountRows>
    putPassword(row: PasswordRow): Promise<void>
    putSession(row: SessionRow): Promise<void>
    dropSession(hash: string): Promise<void>
    putToken(row: TokenRow): Promise<void>
    dropToken(id: string): Promise<void>
    /** Password, sessions and tokens of one person. */
    dropPerson(personId: string): Promise<void>
  }
  readonly contacts: {
    get(id: string): Promise<ContactRow | undefined>
    /** In the order of names. @throws StorageError `bad-query` for a cursor that `list` did not give or a limit outside 1 … 1000 */
    list(query: ContactQuery): Promise<{ contacts: readonly ContactRow[]; next?: string }>
    /** Inserts or replaces, with the numbers it is found by. */
    put(row: ContactRow): Promise<void>
    /** With its notes. */
    remove(id: string): Promise<void>
    /** Newest first. */
    notes(contactId: string, limit: number): Promise<readonly NoteRow[]>
    note(id: string): Promise<NoteRow | undefined>
    putNote(row: NoteRow): Promise<void>
    removeNote(id: string): Promise<void>
  }
  /** Calls that a message asks for. */
  readonly callbacks: CallbackStorage
  /** Messages that callers leave. */
  readonly voicemail: VoicemailStorage
  /** Centres of our own and who waits in them. */
  readonly queues: QueueStorage
  /** Small durable values: node id, HMAC keys, schema facts. */
  readonly values: {
    get(key: string): Promise<string | undefined>
    put(key: string, value: string): Promise<void>
    /** Stores the value unless the key has one already; returns what is stored, the same for every node. */
    keep(key: string, value: string): Promise<string>
  }
  readonly maintenance: {
    /** Deletes what is older than it may be, in small steps. Returns how many of each. */
    retain(before: RetainBefore): Promise<Retained>
    /**
     * Everything held about one person: the person's rows, records, charges, messages, bindings, requested calls and what is known of them as
     * one who asks, as plain JSON. HA1 values and codes of links are left out.
     */
    exportPerson(personId: string): Promise<unknown>
    /**
     * Deletes the person with devices, bindings, numbers, messages and group memberships, and makes their records and charges anonymous: this person's numbers, names
     * and stations are removed (the other party's stay, they are somebody else's history), traces are deleted. A live call is anonymised as
     * far as it is written. Requested calls in which they have a part are called off before anything else. Those that they asked for are
     * deleted with all that belongs to them, and so is what was known of them as one who asks; those of others stay without them. After a crash
     * in between it can be done again.
     * @param toldOf makes the messages for another asker, of a request that is called off
     * @returns how many records are anonymous, how many requests are deleted, and whose files (`ID.wav`) are to go
     */
    erasePerson(personId: string, toldOf?: (row: CallbackRow) => Promise<readonly OutboxRow[]>): Promise<Erased>
    /** A consistent copy while the server runs, without traces. SQLite: a new file, mode 0600; PostgreSQL: refused with the pg_dump command to run. */
    backup(file: string): Promise<void>
  }
  /** Whether the database answers: for /readyz. */
  healthy(): Promise<boolean>
  /** Commits what waits and closes. */
  close(): Promise<void>
}
