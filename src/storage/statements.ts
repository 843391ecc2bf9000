import {
  askerKeysTable,
  askersTable,
  callbackAttemptsTable,
  callbackRecordingsTable,
  callbacksTable,
  outboxTable,
} from './callback-tables.ts'
import { queueCallersTable, queuesTable } from './queue-tables.ts'
import {
  bindingsTable,
  chargesTable,
  columnName,
  contactsTable,
  contextsTable,
  dialogsTable,
  directoryTables,
  nodesTable,
  notesTable,
  passwordsTable,
  recordsTable,
  sessionsTable,
  type Table,
  tokensTable,
  valuesTable,
  voicemailTable,
} from './tables.ts'

/** What a write carries besides statement numbers. */
export type Param = string | number | null

/**
 * One prepared write, in both databases' words. SQLite runs it once per row with its parameters in order; PostgreSQL runs it once for
 * many rows, which come as one JSON array of arrays.
 */
export interface Statement {
  readonly sqlite: string
  readonly postgres: string
  /** Number of parameters. */
  readonly width: number
  /** Parameter that names what is written: in PostgreSQL, rows with different keys may change places within a batch. */
  readonly key: number
  /** Which rows one statement may not write together: 1 = those of the same key, more = those with the same first parameters, 0 = none. */
  readonly identity: number
  /** Keeps its place among all other statements, whatever their keys. */
  readonly barrier: boolean
}

const list: Statement[] = []

function add(statement: Statement): number {
  return list.push(statement) - 1
}

/** The rows that come as JSON, as a table `v` with columns p0, p1, … */
function jsonRows(types: readonly string[]): string {
  const columns = types.map((type, i) => (type === 'bigint' ? `(e->>${i})::bigint AS p${i}` : `e->>${i} AS p${i}`))
  return `(SELECT ${columns.join(', ')} FROM jsonb_array_elements($1::jsonb) AS e) AS v`
}

/** @param keeps a row that is there stays as it is, and is replaced otherwise */
function put<Row>(table: Table<Row>, barrier = false, keeps = false): number {
  const { keys } = table
  const columns = table.columns.map((property) => `"${columnName(property)}"`)
  const target = `INSERT INTO "${table.name}" (${columns.join(', ')})`
  const replaced = columns.slice(keys).map((column) => `${column} = excluded.${column}`)
  const found = keeps ? 'NOTHING' : `UPDATE SET ${replaced.join(', ')}`
  const conflict = `ON CONFLICT (${columns.slice(0, keys).join(', ')}) DO ${found}`
  const types = table.columns.map((property) => (table.integers.includes(property) ? 'bigint' : 'text'))
  const values = columns.map((_, i) => `p${i}`)
  return add({
    sqlite: `${target} VALUES (${columns.map(() => '?').join(', ')}) ${conflict}`,
    postgres: `${target} SELECT ${values.join(', ')} FROM ${jsonRows(types)} ${conflict}`,
    width: columns.length,
    key: 0,
    identity: keys,
    barrier,
  })
}

/** Deletes where the columns have the given values. */
function drop(table: string, columns: readonly string[], barrier = false): number {
  const names = columns.map((column) => `"${column}"`)
  const rows = columns.map((_, i) => `p${i}`).join(', ')
  return add({
    sqlite: `DELETE FROM "${table}" WHERE ${names.map((name) => `${name} = ?`).join(' AND ')}`,
    postgres: `DELETE FROM "${table}" WHERE (${names.join(', ')}) IN (SELECT ${rows} FROM ${jsonRows(columns.map(() => 'text'))})`,
    width: columns.length,
    key: 0,
    identity: 0,
    barrier,
  })
}

/** A statement of its own, told where its values come from: a table `v` with columns p0, p1, … in PostgreSQL. */
function own(
  sqlite: string,
  types: readonly string[],
  key: number,
  postgres: (rows: string) => string,
  barrier = false,
  identity = 1,
): number {
  return add({ sqlite, postgres: postgres(jsonRows(types)), width: types.length, key, identity, barrier })
}

/** An update that reads the same in both. */
function update(types: readonly string[], key: number, sql: (rows: string) => string, barrier = false): number {
  return own(sql(`(SELECT ${types.map((_, i) => `? AS p${i}`).join(', ')}) AS v`), types, key, sql, barrier)
}

export const putContext = put(contextsTable)
export const dropContext = drop('call_contexts', ['call_id'])
export const putRecord = put(recordsTable)
export const putDialog = put(dialogsTable)
export const dropDialog = drop('dialogs', ['call_id', 'role'])
export const dropDialogs = drop('dialogs', ['call_id'])
export const putBinding = put(bindingsTable)
export const dropBinding = drop('bindings', ['id'])
export const putValue = put(valuesTable)

/** Person id, record id. The record must have been put before. */
export const addParticipant = own(
  'INSERT INTO record_people (person_id, started_at, record_id) SELECT ?, started_at, id FROM records WHERE id = ? ON CONFLICT DO NOTHING',
  ['text', 'text'],
  1,
  (rows) =>
    `INSERT INTO record_people (person_id, started_at, record_id) SELECT v.p0, r.started_at, r.id FROM ${rows} JOIN records r ON r.id = v.p1 ON CONFLICT DO NOTHING`,
  false,
  0,
)

/** Ended at, cause, ended by, quality, branches, answered by, station, id; the three before the id may be null: unchanged. */
export const closeRecord = own(
  `UPDATE records SET state = 'ended', ended_at = ?, cause = ?, ended_by = ?, quality = ?, branches = coalesce(?, branches),
    answered_by_id = coalesce(?, answered_by_id), answered_station = coalesce(?, answered_station) WHERE id = ? AND state = 'live'`,
  ['bigint', 'text', 'text', 'text', 'text', 'text', 'text', 'text'],
  7,
  (rows) =>
    `UPDATE records SET state = 'ended', ended_at = v.p0, cause = v.p1, ended_by = v.p2, quality = v.p3, branches = coalesce(v.p4, branches),
      answered_by_id = coalesce(v.p5, answered_by_id), answered_station = coalesce(v.p6, answered_station) FROM ${rows} WHERE records.id = v.p7 AND state = 'live'`,
)

/** Now, node: what the node left live when it died. */
export const interruptNode = update(
  ['bigint', 'text'],
  1,
  (rows) =>
    `UPDATE records SET state = 'interrupted', cause = 'interrupted', ended_by = 'server', ended_at = v.p0 FROM ${rows} WHERE state = 'live' AND records.node = v.p1`,
  true,
)

/**
 * A new charge; one that is there stays as it is, so that a batch that is written again opens nothing twice. It keeps its place, because the
 * end of its call is written under another key.
 */
export const openCharge = put(chargesTable, true, true)

/** Ended at, answered at, reason, id. */
export const closeCharge = update(
  ['bigint', 'bigint', 'text', 'text'],
  3,
  (rows) =>
    `UPDATE charges SET state = 'closed', ended_at = v.p0, answered_at = v.p1, reason = v.p2 FROM ${rows} WHERE charges.id = v.p3 AND state = 'open'`,
  true,
)

/** Ended at, reason, id. */
export const voidCharge = update(
  ['bigint', 'text', 'text'],
  2,
  (rows) =>
    `UPDATE charges SET state = 'void', ended_at = v.p0, reason = v.p1 FROM ${rows} WHERE charges.id = v.p2 AND state = 'open'`,
  true,
)

/** Who picked the call up is who answered its record; other people's charges of the same call are for nothing. */
const answeredOnRecord =
  '(SELECT r.answered_at FROM records r WHERE r.id = charges.call_id AND r.answered_by_id = charges.account)'

/** Ended at, reason, call id: ends the open charges of a call. Runs before the record is closed, which may name another answerer. */
export const endCharges = update(
  ['bigint', 'text', 'text'],
  2,
  (rows) =>
    `UPDATE charges SET state = CASE WHEN ${answeredOnRecord} IS NULL THEN 'void' ELSE 'closed' END,
      answered_at = ${answeredOnRecord}, ended_at = v.p0, reason = v.p1 FROM ${rows} WHERE charges.call_id = v.p2 AND charges.state = 'open'`,
)

/** Now, node: ends the open charges that the node left when it died. Runs after its records are marked. */
export const interruptCharges = update(
  ['bigint', 'text'],
  1,
  (rows) =>
    `UPDATE charges SET state = CASE WHEN ${answeredOnRecord} IS NULL THEN 'void' ELSE 'closed' END,
      answered_at = ${answeredOnRecord}, ended_at = v.p0, reason = 'interrupted' FROM ${rows} WHERE charges.node = v.p1 AND charges.state = 'open'`,
  true,
)

/** Person id, charge id, where it rang: removes what names this person. */
export const anonymiseCharge = update(
  ['text', 'text', 'text'],
  1,
  (rows) => `UPDATE charges SET
    picked_up_by = CASE WHEN account = v.p0 THEN '' ELSE picked_up_by END,
    account = CASE WHEN account = v.p0 THEN '' ELSE account END,
    called_number = CASE WHEN called_id = v.p0 THEN '' ELSE called_number END,
    called_name = CASE WHEN called_id = v.p0 THEN '' ELSE called_name END,
    called_id = CASE WHEN called_id = v.p0 THEN '' ELSE called_id END,
    caller_number = CASE WHEN caller_id = v.p0 THEN '' ELSE caller_number END,
    caller_name = CASE WHEN caller_id = v.p0 THEN '' ELSE caller_name END,
    caller_id = CASE WHEN caller_id = v.p0 THEN '' ELSE caller_id END,
    rang_ms = v.p2
    FROM ${rows} WHERE charges.id = v.p1`,
  true,
)
export const dropCharge = drop('charges', ['id'])
export const putNode = put(nodesTable)
export const keepValue = put(valuesTable, false, true)

export const dropRecord = drop('records', ['id'])
export const dropParticipants = drop('record_people', ['record_id'])

/** Person id, record id, branches: removes what names this person. */
export const anonymiseRecord = update(
  ['text', 'text', 'text'],
  1,
  (rows) => `UPDATE records SET
    caller_number = CASE WHEN caller_id = v.p0 THEN '' ELSE caller_number END,
    caller_name = CASE WHEN caller_id = v.p0 THEN '' ELSE caller_name END,
    caller_id = CASE WHEN caller_id = v.p0 THEN '' ELSE caller_id END,
    dialled = CASE WHEN callee_id = v.p0 THEN '' ELSE dialled END,
    callee_name = CASE WHEN callee_id = v.p0 THEN '' ELSE callee_name END,
    callee_id = CASE WHEN callee_id = v.p0 THEN '' ELSE callee_id END,
    answered_station = CASE WHEN answered_by_id = v.p0 THEN '' ELSE answered_station END,
    answered_by_id = CASE WHEN answered_by_id = v.p0 THEN '' ELSE answered_by_id END,
    branches = v.p2
    FROM ${rows} WHERE records.id = v.p1`,
  true,
)
export const dropParticipant = drop('record_people', ['record_id', 'person_id'], true)
export const dropDevicesOf = drop('devices', ['person_id'], true)
export const dropNumbersOf = drop('numbers', ['target_kind', 'target_id'], true)

/** Directory rows keep the order in which they were written: their unique columns depend on one another. */
export const putDirectory = {
  people: put(directoryTables.people, true),
  devices: put(directoryTables.devices, true),
  groups: put(directoryTables.groups, true),
  numbers: put(directoryTables.numbers, true),
  trunks: put(directoryTables.trunks, true),
}
export const dropDirectory = {
  people: drop('people', ['id'], true),
  devices: drop('devices', ['id'], true),
  groups: drop('groups', ['id'], true),
  numbers: drop('numbers', ['number'], true),
  trunks: drop('trunks', ['id'], true),
}

export const putPassword = put(passwordsTable)
export const dropPassword = drop('passwords', ['person_id'])
export const putSession = put(sessionsTable)
export const dropSession = drop('sessions', ['hash'])
export const dropSessionsOf = drop('sessions', ['person_id'], true)
export const putToken = put(tokensTable)
export const dropToken = drop('tokens', ['id'])
export const dropTokensOf = drop('tokens', ['person_id'], true)
export const putContact = put(contactsTable)
export const dropContact = drop('contacts', ['id'])
export const putContactNumber = own(
  'INSERT INTO contact_numbers (contact_id, number) VALUES (?, ?) ON CONFLICT DO NOTHING',
  ['text', 'text'],
  0,
  (rows) => `INSERT INTO contact_numbers (contact_id, number) SELECT v.p0, v.p1 FROM ${rows} ON CONFLICT DO NOTHING`,
  false,
  0,
)
export const dropContactNumbers = drop('contact_numbers', ['contact_id'])
export const putNote = put(notesTable)
export const dropNote = drop('contact_notes', ['id'])
export const dropNotes = drop('contact_notes', ['contact_id'], true)
/** Person id: their notes stay with the contact, without their name. */
export const anonymiseNotes = update(
  ['text'],
  0,
  (rows) => `UPDATE contact_notes SET author_id = '' FROM ${rows} WHERE contact_notes.author_id = v.p0`,
  true,
)

export const putQueue = put(queuesTable)
export const dropQueue = drop('queues', ['id'])
export const putQueueCaller = put(queueCallersTable)
export const dropQueueCaller = drop('queue_callers', ['id'])
export const dropQueueCallersIn = drop('queue_callers', ['queue_id'], true)
export const dropQueueCallersOf = drop('queue_callers', ['person_id'], true)

function typesOf<Row>({ columns, integers }: Table<Row>): readonly string[] {
  return columns.map((column) => (integers.includes(column) ? 'bigint' : 'text'))
}

/** `column = v.p1, …` for all but the key. */
function assignments<Row>({ columns, keys }: Table<Row>): string {
  return columns
    .slice(keys)
    .map((column, i) => `"${columnName(column)}" = v.p${i + keys}`)
    .join(', ')
}

/** A new request; one that is there stays as it is. */
export const keepCallback = put(callbacksTable, false, true)

/** A request's columns, the state in which it has to be. */
export const changeCallback = update(
  [...typesOf(callbacksTable), 'text'],
  0,
  (rows) =>
    `UPDATE callbacks SET ${assignments(callbacksTable)} FROM ${rows} WHERE callbacks.id = v.p0 AND callbacks.state = v.p${callbacksTable.columns.length}`,
)

/** Attempt id, node, number, now, request id: one process takes a scheduled request. */
export const beginAttempt = update(
  ['text', 'text', 'bigint', 'bigint', 'text'],
  4,
  (rows) =>
    `UPDATE callbacks SET state = 'ringing', attempt_id = v.p0, node = v.p1, attempts = v.p2, changed_at = v.p3, due_at = NULL FROM ${rows} WHERE callbacks.id = v.p4 AND callbacks.state = 'scheduled'`,
)

const attemptColumns = callbackAttemptsTable.columns.map((column) => `"${columnName(column)}"`)
const attemptValues = attemptColumns.map((_, i) => `v.p${i}`).join(', ')

/** An attempt's columns: written where {@link beginAttempt} took the request for it. */
export const noteAttempt = ((): number => {
  const types = typesOf(callbackAttemptsTable)
  const sql = (rows: string): string =>
    `INSERT INTO callback_attempts (${attemptColumns.join(', ')}) SELECT ${attemptValues} FROM ${rows} JOIN callbacks c ON c.id = v.p1 AND c.attempt_id = v.p0 AND c.state = 'ringing' ON CONFLICT DO NOTHING`
  return own(sql(`(SELECT ${types.map((_, i) => `? AS p${i}`).join(', ')}) AS v`), types, 1, sql)
})()

/** Progress of an attempt; of a request that is gone nothing is kept. */
export const putAttempt = ((): number => {
  const types = typesOf(callbackAttemptsTable)
  const { keys } = callbackAttemptsTable
  const replaced = attemptColumns.slice(keys).map((column) => `${column} = excluded.${column}`)
  const sql = (rows: string): string =>
    `INSERT INTO callback_attempts (${attemptColumns.join(', ')}) SELECT ${attemptValues} FROM ${rows} JOIN callbacks c ON c.id = v.p1 ON CONFLICT (id) DO UPDATE SET ${replaced.join(', ')}`
  return own(sql(`(SELECT ${types.map((_, i) => `? AS p${i}`).join(', ')}) AS v`), types, 1, sql)
})()

/** A request's columns: what follows an attempt, where it is the one under way. */
export const endAttempt = update(
  typesOf(callbacksTable),
  0,
  (rows) =>
    `UPDATE callbacks SET ${assignments(callbacksTable)} FROM ${rows} WHERE callbacks.id = v.p0 AND callbacks.state = 'ringing' AND callbacks.attempt_id = v.p${callbacksTable.columns.indexOf('attemptId')}`,
)

/** A new recording; one that is there stays as it is. */
export const putRecording = put(callbackRecordingsTable, false, true)
/** State, length, partial, id. */
export const keepRecording = update(
  ['text', 'bigint', 'bigint', 'text'],
  3,
  (rows) =>
    `UPDATE callback_recordings SET state = v.p0, ms = v.p1, partial = v.p2 FROM ${rows} WHERE callback_recordings.id = v.p3`,
)
/** Request id. */
export const dropCallback = drop('callbacks', ['id'])
export const dropAttemptsOf = drop('callback_attempts', ['callback_id'], true)
export const dropNoticesOf = drop('outbox', ['callback_id'], true)
/** Before, id: who has come back since stays. */
export const dropAskerBefore = update(
  ['bigint', 'text'],
  1,
  (rows) => `DELETE FROM askers WHERE EXISTS (SELECT 1 FROM ${rows} WHERE v.p1 = askers.id AND askers.seen_at < v.p0)`,
)
/** Asker id: the keys of one who is gone. */
export const dropKeysOfGoneAsker = update(
  ['text'],
  0,
  (rows) =>
    `DELETE FROM asker_keys WHERE asker_id IN (SELECT v.p0 FROM ${rows}) AND asker_id NOT IN (SELECT id FROM askers)`,
  true,
)
export const dropRecording = drop('callback_recordings', ['id'])
/** Request id. */
export const dropRecordingsOf = drop('callback_recordings', ['callback_id'], true)
export const dropNotice = drop('outbox', ['id'])
export const dropAsker = drop('askers', ['id'])
/** Asker id. */
export const dropKeysOf = drop('asker_keys', ['asker_id'], true)
/** Request id: the place that it was made for waits without it. */
export const releasePlaceOf = update(
  ['text'],
  0,
  (rows) => `UPDATE queue_callers SET request_id = '' FROM ${rows} WHERE queue_callers.request_id = v.p0`,
  true,
)

export const putAsker = put(askersTable)
export const putAskerKey = put(askerKeysTable)
export const putNotice = put(outboxTable)
export const keepNotice = put(outboxTable, false, true)

const noticeColumns = outboxTable.columns.map((column) => `"${columnName(column)}"`)
const noticeValues = noticeColumns.map((_, i) => `v.p${i}`).join(', ')

/** A message's columns, state and time of the change that it tells of: written where that change took place. */
export const addNoticeOf = ((): number => {
  const types = [...typesOf(outboxTable), 'text', 'bigint']
  const { length } = noticeColumns
  const sql = (rows: string): string =>
    `INSERT INTO outbox (${noticeColumns.join(', ')}) SELECT ${noticeValues} FROM ${rows} JOIN callbacks c ON c.id = v.p1 AND c.state = v.p${length} AND c.changed_at = v.p${length + 1} ON CONFLICT DO NOTHING`
  return own(sql(`(SELECT ${types.map((_, i) => `? AS p${i}`).join(', ')}) AS v`), types, 1, sql)
})()

/** Until, node, now, id: one process takes a message that is due. */
export const takeNotice = update(
  ['bigint', 'text', 'bigint', 'text'],
  3,
  (rows) =>
    `UPDATE outbox SET due_at = v.p0, node = v.p1, tries = tries + 1 FROM ${rows} WHERE outbox.id = v.p3 AND outbox.state = 'waiting' AND outbox.due_at <= v.p2`,
)

/** Now, node: what it had taken and not sent is due. */
export const releaseNotices = update(
  ['bigint', 'text'],
  1,
  (rows) =>
    `UPDATE outbox SET due_at = v.p0, node = '' FROM ${rows} WHERE outbox.node = v.p1 AND outbox.state = 'waiting' AND outbox.due_at > v.p0`,
)

/** A new message; one that is there stays as it is. */
export const putVoicemail = put(voicemailTable, false, true)
/** State, length, partial, mail, id. */
export const keepVoicemail = update(
  ['text', 'bigint', 'bigint', 'text', 'text'],
  4,
  (rows) =>
    `UPDATE voicemail SET state = v.p0, ms = v.p1, partial = v.p2, mail = v.p3 FROM ${rows} WHERE voicemail.id = v.p4`,
)
/** When, id. */
export const hearVoicemail = update(
  ['bigint', 'text'],
  1,
  (rows) => `UPDATE voicemail SET heard_at = v.p0 FROM ${rows} WHERE voicemail.id = v.p1`,
)
/** Mail, id. */
export const mailVoicemail = update(
  ['text', 'text'],
  1,
  (rows) => `UPDATE voicemail SET mail = v.p0 FROM ${rows} WHERE voicemail.id = v.p1`,
)
export const dropVoicemail = drop('voicemail', ['id'])
/** Before, id: a message that was heard before, or whose owner is gone; one that was marked as new meanwhile stays. */
export const dropVoicemailBefore = update(
  ['bigint', 'text'],
  1,
  (rows) =>
    `DELETE FROM voicemail WHERE EXISTS (SELECT 1 FROM ${rows} WHERE v.p1 = voicemail.id AND voicemail.at < v.p0 AND (voicemail.heard_at < v.p0 OR (voicemail.owner_id NOT IN (SELECT id FROM people) AND voicemail.owner_id NOT IN (SELECT id FROM groups))))`,
)
/** Owner id. */
export const dropVoicemailOf = drop('voicemail', ['owner_id'], true)
/** Person id: messages that they left stay with whom they are for, without their name. */
export const anonymiseVoicemail = update(
  ['text'],
  0,
  (rows) =>
    `UPDATE voicemail SET caller_id = '', caller_number = '', caller_name = '' FROM ${rows} WHERE voicemail.caller_id = v.p0`,
  true,
)

/** Every prepared write; a write names its statement by the place in this list. */
export const statements: readonly Statement[] = list
