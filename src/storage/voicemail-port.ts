/** The storage port's part for messages that callers leave. Times are milliseconds since 1970; every write resolves once it is committed. */

/** A message. Its sound is a WAV file beside the database, named by the id. */
export interface VoicemailRow {
  readonly id: string
  /** Whose it is: a person's or group's id. */
  readonly ownerId: string
  /** `recording`: the file grows; found after a crash, it is repaired and kept. */
  readonly state: 'recording' | 'kept'
  /** The process whose data folder has the file. */
  readonly node: string
  readonly callId: string
  /** A person's id, '' for an outside caller. */
  readonly callerId: string
  /** E.164 or an extension; `anonymous` for who hides it. */
  readonly callerNumber: string
  readonly callerName: string
  readonly at: number
  readonly ms: number
  /** 1: the server died while it was recorded, so its end is missing. */
  readonly partial: 0 | 1
  readonly heardAt: number | null
  /** Whether the message still has to go out by e-mail. */
  readonly mail: '' | 'due' | 'sent'
}

export interface VoicemailQuery {
  /** Messages of these people and groups. */
  readonly owners: readonly string[]
  /** Newest first, from this cursor (as returned in `next`). */
  readonly cursor?: string
  readonly limit: number
}

export interface VoicemailStorage {
  /** A message begins; one with this id that exists stays as it is. */
  begin(row: VoicemailRow): Promise<void>
  /** The message is whole, or as whole as it will be: state, length and whether it is mailed. One that was removed stays away. */
  keep(row: VoicemailRow): Promise<void>
  /** Heard at this time; `null`: as new. */
  heard(id: string, at: number | null): Promise<void>
  /** Went out by e-mail, or need not. */
  mailed(id: string, mail: VoicemailRow['mail']): Promise<void>
  remove(id: string): Promise<void>
  /**
   * Deletes at most `limit` messages that were left and heard before a time, or left before it to somebody who is gone. Those that nobody has
   * heard stay. @returns those that were deleted, and how many were found: with fewer than `limit` there are no more
   */
  removeBefore(
    before: number,
    limit: number,
  ): Promise<{ readonly removed: readonly Pick<VoicemailRow, 'id' | 'ownerId'>[]; readonly found: number }>
  /** Those of these messages that exist. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>
  get(id: string): Promise<VoicemailRow | undefined>
  /** Kept messages. @throws StorageError `bad-query` for a cursor that `list` did not give or a limit outside 1 … 1000 */
  list(query: VoicemailQuery): Promise<{ messages: readonly VoicemailRow[]; next?: string }>
  /** How many kept messages somebody has, heard and not. */
  counts(ownerId: string): Promise<{ readonly fresh: number; readonly heard: number }>
  /** The same for everybody who has messages. */
  allCounts(): Promise<readonly { readonly ownerId: string; readonly fresh: number; readonly heard: number }[]>
  /** What this process was recording when it died. */
  recording(node: string): Promise<readonly VoicemailRow[]>
  /** Messages of this process that have to go out by e-mail, the oldest first. */
  toMail(node: string): Promise<readonly VoicemailRow[]>
  /** Kept messages that were left in these calls. */
  ofCalls(callIds: readonly string[]): Promise<readonly VoicemailRow[]>
}
