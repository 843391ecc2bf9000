import type { AskerRow, CallbackRow, OutboxRow } from './callback-port.ts'
import { attemptsOf, noticesOf } from './callback-reads.ts'
import { callbackAttemptsTable, callbacksTable, outboxTable } from './callback-tables.ts'
import type { Unit } from './engine.ts'
import type { Reads } from './reads.ts'
import { STEP } from './retention.ts'
import { pushRow } from './rows.ts'
import {
  addNoticeOf,
  changeCallback,
  dropAsker,
  dropAttemptsOf,
  dropCallback,
  dropKeysOf,
  dropNotice,
  dropNoticesOf,
  dropRecordingsOf,
  putAttempt,
  releasePlaceOf,
} from './statements.ts'
import type { WriteQueue } from './write-queue.ts'

/** What requests for calls know a person by. */
export interface KnownBy {
  readonly id: string
  readonly login: string
  /** Log-in, extension, numbers of ours and telephones that they confirmed: how they are dialled. */
  readonly dialled: ReadonlySet<string>
  /** Askers who are this person. */
  readonly askers: readonly AskerRow[]
  readonly keys: readonly { readonly key: string; readonly askerId: string }[]
}

/** Requests that have to do with a person. */
export interface RequestsOf {
  /** They asked for it: it is theirs. */
  readonly own: readonly CallbackRow[]
  /** Somebody else asked for it: they were to be called, or to be connected. */
  readonly others: readonly CallbackRow[]
}

const open = new Set<CallbackRow['state']>(['asking', 'scheduled', 'ringing'])

/** @returns `undefined` where there is no such person */
export async function knownBy(reads: Reads, personId: string): Promise<KnownBy | undefined> {
  const person = await reads.selectFrom('people').selectAll().where('id', '=', personId).executeTakeFirst()
  if (!person) return undefined
  const numbers = await reads
    .selectFrom('numbers')
    .select('number')
    .where('targetKind', '=', 'person')
    .where('targetId', '=', personId)
    .execute()
  const ours = numbers.map(({ number }) => number)
  const email = person.email.toLowerCase()
  // An address that several people have tells of none of them.
  const sameEmail = (await reads.selectFrom('people').select(['id', 'email']).execute()).filter(
    (one) => one.email.toLowerCase() === email,
  )
  const addresses = email !== '' && sameEmail.length === 1 ? [`mail:${email}`, `xmpp:${email}`] : []
  const names = [`person:${personId}`, ...addresses, ...ours.map((number) => `number:${number}`)]
  const askers = await reads
    .selectFrom('askers')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('personId', '=', personId),
        // Who was recognised as somebody else is somebody else.
        eb.and([
          eb('personId', '=', ''),
          eb('id', 'in', eb.selectFrom('askerKeys').select('askerKeys.askerId').where('askerKeys.key', 'in', names)),
        ]),
      ]),
    )
    .orderBy('id')
    .execute()
  const ids = askers.map(({ id }) => id)
  const keys =
    ids.length === 0
      ? []
      : await reads.selectFrom('askerKeys').selectAll().where('askerId', 'in', ids).orderBy('key').execute()
  const theirs = askers.flatMap(({ numbers: list }) => verifiedIn(list))
  const dialled = new Set([person.login, person.extension, ...ours, ...theirs].filter((dial) => dial !== ''))
  return { id: personId, login: person.login, dialled, askers, keys }
}

/** Looks through all requests: parties are JSON, and there is no index for them. */
export async function requestsOf(reads: Reads, known: KnownBy): Promise<RequestsOf> {
  const own: CallbackRow[] = []
  const others: CallbackRow[] = []
  const askers = new Set(known.askers.map(({ id }) => id))
  for (let after = ''; ; ) {
    const page = await reads
      .selectFrom('callbacks')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(STEP)
      .execute()
    for (const row of page) {
      if (row.personId === known.id || askers.has(row.askerId)) own.push(row)
      else if (concerns(row, known)) others.push(row)
    }
    if (page.length < STEP) return { own, others }
    after = (page.at(-1) as CallbackRow).id
  }
}

/** What is held about a person as one who asks for calls, is called, or is connected. Codes of links and browsers are left out. */
export async function exportRequests(reads: Reads, personId: string): Promise<object> {
  const known = await knownBy(reads, personId)
  if (!known) return { callbacks: [], askers: [] }
  const { own, others } = await requestsOf(reads, known)
  const callbacks: object[] = []
  for (const row of [...own, ...others]) {
    const { cancelHash: _code, ...request } = row
    const of = row.id
    callbacks.push({
      ...request,
      attemptsMade: await attemptsOf(reads, of),
      // What was said to somebody else, and for them, is theirs.
      ...(own.includes(row)
        ? {
            recordings: await reads
              .selectFrom('callbackRecordings')
              .selectAll()
              .where('callbackId', '=', of)
              .orderBy('number')
              .execute(),
            messages: await noticesOf(reads, of),
          }
        : {}),
    })
  }
  const askers = known.askers.map((asker) => ({
    ...asker,
    keys: known.keys
      .filter(({ askerId }) => askerId === asker.id)
      .map(({ key }) => (/^(?:cookie|session):/.test(key) ? key.slice(0, key.indexOf(':')) : key)),
  }))
  return { callbacks, askers }
}

/**
 * Calls off what is open, then deletes what the person asked for and what was known of them as one who asks; requests of others stay
 * without them. Can be done again after a crash in between, as long as the person is there.
 * @param toldOf makes the messages that tell another asker of a request that is called off
 * @returns ids of the recordings whose files are to go
 */
export async function eraseRequests(
  reads: Reads,
  queue: WriteQueue,
  personId: string,
  now: number,
  toldOf: (row: CallbackRow) => Promise<readonly OutboxRow[]>,
): Promise<{ callbacks: number; recordings: readonly string[] }> {
  const known = await knownBy(reads, personId)
  if (!known) return { callbacks: 0, recordings: [] }
  const { own, others } = await requestsOf(reads, known)
  for (const row of own) if (open.has(row.state)) await callOff(queue, row, now, [])
  for (const row of others) {
    if (!open.has(row.state)) continue
    await callOff(queue, row, now, await toldOf(calledOff(row, now)))
  }

  const recordings: string[] = []
  for (const { id } of own) {
    const found = await reads.selectFrom('callbackRecordings').select('id').where('callbackId', '=', id).execute()
    recordings.push(...found.map((recording) => recording.id))
    await queue.add([dropAttemptsOf, id, dropNoticesOf, id, dropRecordingsOf, id, dropCallback, id])
  }
  // Read anew: they are called off now.
  for (const row of (await requestsOf(reads, known)).others) await anonymise(reads, queue, row, known)
  await queue.add(known.askers.flatMap(({ id }) => [dropKeysOf, id, dropAsker, id]))
  return { callbacks: own.length, recordings }
}

function calledOff(row: CallbackRow, now: number): CallbackRow {
  return { ...row, state: 'cancelled', dueAt: null, node: '', outcome: 'cancelled', changedAt: now }
}

/** Whichever process is about to begin an attempt finds that it may not. Whose place in a queue it was made for has it still. */
async function callOff(queue: WriteQueue, row: CallbackRow, now: number, notices: readonly OutboxRow[]): Promise<void> {
  const changed = calledOff(row, now)
  const unit: Unit = []
  // An attempt that begins at this moment is called off, too.
  for (const state of open) {
    pushRow(unit, changeCallback, callbacksTable, changed)
    unit.push(state)
  }
  for (const notice of notices) {
    pushRow(unit, addNoticeOf, outboxTable, notice)
    unit.push(changed.state, changed.changedAt)
  }
  unit.push(releasePlaceOf, row.id)
  await queue.add(unit)
}

/** The row, its attempts and what was said of it lose the person; messages that are still owed to who asked go out. */
async function anonymise(reads: Reads, queue: WriteQueue, row: CallbackRow, known: KnownBy): Promise<void> {
  const target = row.target === `person:${known.id}` || known.dialled.has(row.target) ? '' : row.target
  const [called, caller] = [withoutParty(row.called, known), withoutParty(row.caller, known)]
  const unit: Unit = []
  pushRow(unit, changeCallback, callbacksTable, { ...row, called, caller, target, questions: '[]' })
  unit.push(row.state)
  for (const attempt of await attemptsOf(reads, row.id))
    pushRow(unit, putAttempt, callbackAttemptsTable, { ...attempt, detail: withoutStations(attempt.detail, known) })
  for (const { id, state } of await noticesOf(reads, row.id)) if (state !== 'waiting') unit.push(dropNotice, id)
  await queue.add(unit)
}

function concerns({ called, caller, target, questions }: CallbackRow, known: KnownBy): boolean {
  return (
    names(called, known) ||
    names(caller, known) ||
    target === `person:${known.id}` ||
    known.dialled.has(target) ||
    // An open question: who is meant, or may be.
    questions.includes(JSON.stringify(known.id))
  )
}

function names(party: string, known: KnownBy): boolean {
  const { dial } = parsed(party)
  return typeof dial === 'string' && known.dialled.has(dial)
}

function withoutParty(party: string, known: KnownBy): string {
  return names(party, known) ? JSON.stringify({ ...parsed(party), dial: '', name: '' }) : party
}

/** Of an attempt: at which of their stations they answered. */
function withoutStations(detail: string, known: KnownBy): string {
  const all = parsed(detail)
  if (!Array.isArray(all.confirmations)) return detail
  const theirs = (station: unknown): boolean =>
    typeof station === 'string' && (station.startsWith(`${known.login}/`) || known.dialled.has(station))
  const confirmations = all.confirmations.map((one: Record<string, unknown>) =>
    theirs(one.station) ? { ...one, station: '' } : one,
  )
  return JSON.stringify({ ...all, confirmations })
}

function verifiedIn(numbers: string): string[] {
  const list: unknown = JSON.parse(numbers)
  if (!Array.isArray(list)) return []
  return list.flatMap(({ number, verified }) => (verified === true && typeof number === 'string' ? [number] : []))
}

function parsed(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
