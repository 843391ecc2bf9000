import type { Clock } from '#lib'
import type { Engine, Unit } from './engine.ts'
import { namesPerson, withoutPerson } from './people-in-json.ts'
import { eraseRequests, exportRequests } from './person-callbacks.ts'
import type { ChargeRow, RecordRow, Storage } from './port.ts'
import type { Reads } from './reads.ts'
import { createRetention, STEP } from './retention.ts'
import { pushRow } from './rows.ts'
import {
  anonymiseCharge,
  anonymiseNotes,
  anonymiseRecord,
  anonymiseVoicemail,
  dropBinding,
  dropContact,
  dropContactNumbers,
  dropDevicesOf,
  dropDirectory,
  dropNotes,
  dropNumbersOf,
  dropParticipant,
  dropPassword,
  dropQueueCallersOf,
  dropSessionsOf,
  dropTokensOf,
  dropVoicemailOf,
  putDirectory,
} from './statements.ts'
import { directoryTables } from './tables.ts'
import type { TraceQueue } from './trace-queue.ts'
import type { WriteQueue } from './write-queue.ts'

/** What is too old, one person's data, backup. */
export function createMaintenance(
  engine: Engine,
  queue: WriteQueue,
  traces: TraceQueue,
  reads: Reads,
  clock: Clock,
): Storage['maintenance'] {
  /** Charges, records and traces. @returns how many records */
  const anonymiseHistory = async (personId: string): Promise<number> => {
    for (const { id, rangMs } of await allChargesOf(reads, personId))
      await queue.add([anonymiseCharge, personId, id, withoutPerson(rangMs, personId)])

    await traces.flush()
    let erased = 0
    for (;;) {
      const page = await recordsOf(reads, personId, '')
      if (page.length === 0) return erased
      await engine.dropTraces(page.map((record) => record.id))
      await queue.add(
        page.flatMap((record) => [
          ...[anonymiseRecord, personId, record.id, withoutPerson(record.branches, personId)],
          ...[dropParticipant, record.id, personId],
        ]),
      )
      erased += page.length
    }
  }
  return {
    retain: createRetention(engine, queue, traces, reads),

    exportPerson: (personId) => exportPerson(reads, personId),

    async erasePerson(personId, toldOf = async () => []) {
      // Nobody is rung for them any more. They are found by what the directory knows of them, which goes last: after a crash it is done again.
      const requests = await eraseRequests(reads, queue, personId, clock.now(), toldOf)
      const voicemail = await reads.selectFrom('voicemail').select('id').where('ownerId', '=', personId).execute()
      const files = { callbacks: requests.recordings, voicemail: voicemail.map(({ id }) => id) }
      const records = await anonymiseHistory(personId)
      const directory: Unit = []
      const bindings = await reads
        .selectFrom('bindings')
        .select('id')
        .where('deviceId', 'in', (eb) => eb.selectFrom('devices').select('id').where('personId', '=', personId))
        .execute()
      for (const { id } of bindings) directory.push(dropBinding, id)
      directory.push(dropDevicesOf, personId, dropNumbersOf, 'person', personId, dropDirectory.people, personId)
      directory.push(dropPassword, personId, dropSessionsOf, personId, dropTokensOf, personId, anonymiseNotes, personId)
      directory.push(dropQueueCallersOf, personId)
      directory.push(dropVoicemailOf, personId, anonymiseVoicemail, personId)
      // Shared contacts belong to everybody, so they stay.
      const contacts = await reads
        .selectFrom('contacts')
        .select('id')
        .where('ownerId', '=', personId)
        .where('shared', '=', 0)
        .execute()
      for (const { id } of contacts) directory.push(dropNotes, id, dropContactNumbers, id, dropContact, id)
      for (const group of await reads.selectFrom('groups').selectAll().execute()) {
        const members = membersOf(group.members)
        if (!members.includes(personId)) continue
        const left = JSON.stringify(members.filter((member) => member !== personId))
        pushRow(directory, putDirectory.groups, directoryTables.groups, { ...group, members: left })
      }
      await queue.add(directory)
      return { records, callbacks: requests.callbacks, files }
    },

    async backup(file) {
      await queue.drain()
      await engine.backup(file)
    },
  }
}

/** Everything held about one person, as plain JSON. */
export async function exportPerson(reads: Reads, personId: string): Promise<unknown> {
  const person = await reads.selectFrom('people').selectAll().where('id', '=', personId).executeTakeFirst()
  const devices = await reads
    .selectFrom('devices')
    .select(['id', 'personId', 'name', 'username', 'settings'])
    .where('personId', '=', personId)
    .orderBy('id')
    .execute()
  const numbers = await reads
    .selectFrom('numbers')
    .selectAll()
    .where('targetKind', '=', 'person')
    .where('targetId', '=', personId)
    .orderBy('number')
    .execute()
  const groups = (await reads.selectFrom('groups').selectAll().orderBy('id').execute()).filter((group) =>
    membersOf(group.members).includes(personId),
  )
  const bindings = await reads
    .selectFrom('bindings')
    .selectAll()
    .where('deviceId', 'in', (eb) => eb.selectFrom('devices').select('id').where('personId', '=', personId))
    .orderBy('id')
    .execute()
  const records: RecordRow[] = []
  for (let after = ''; ; ) {
    const page = await recordsOf(reads, personId, after)
    records.push(...page)
    if (page.length < STEP) break
    after = (page.at(-1) as RecordRow).id
  }
  const charges = await allChargesOf(reads, personId)
  const contacts = await reads
    .selectFrom('contacts')
    .selectAll()
    .where('ownerId', '=', personId)
    .orderBy('id')
    .execute()
  const notes = await reads
    .selectFrom('contactNotes')
    .selectAll()
    .where('authorId', '=', personId)
    .orderBy('id')
    .execute()
  const tokens = await reads
    .selectFrom('tokens')
    .select(['id', 'name', 'scopes', 'createdAt', 'expiresAt', 'lastUsedAt'])
    .where('personId', '=', personId)
    .orderBy('id')
    .execute()
  const voicemail = await reads
    .selectFrom('voicemail')
    .selectAll()
    .where((eb) => eb.or([eb('ownerId', '=', personId), eb('callerId', '=', personId)]))
    .orderBy('at')
    .orderBy('id')
    .execute()
  const requests = await exportRequests(reads, personId)
  return {
    person,
    devices,
    numbers,
    groups,
    bindings,
    records,
    charges,
    contacts,
    notes,
    tokens,
    voicemail,
    ...requests,
  }
}

async function allChargesOf(reads: Reads, personId: string): Promise<ChargeRow[]> {
  const charges: ChargeRow[] = []
  for (let after = ''; ; ) {
    const page = await chargesOf(reads, personId, after)
    charges.push(...page)
    if (page.length < STEP) return charges
    after = (page.at(-1) as ChargeRow).id
  }
}

/** A step's worth of the charges that name a person, by id. Looks through all of them: there is no index for who rang. */
function chargesOf(reads: Reads, personId: string, after: string): Promise<ChargeRow[]> {
  return reads
    .selectFrom('charges')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('account', '=', personId),
        eb('calledId', '=', personId),
        eb('callerId', '=', personId),
        namesPerson(eb.ref('rangMs'), personId),
      ]),
    )
    .where('id', '>', after)
    .orderBy('id')
    .limit(STEP)
    .execute()
}

/** A step's worth of the records in which a person had a part, by id. */
function recordsOf(reads: Reads, personId: string, after: string): Promise<RecordRow[]> {
  return reads
    .selectFrom('recordPeople')
    .innerJoin('records', 'records.id', 'recordPeople.recordId')
    .selectAll('records')
    .where('recordPeople.personId', '=', personId)
    .where('recordPeople.recordId', '>', after)
    .orderBy('recordPeople.recordId')
    .limit(STEP)
    .execute()
}

function membersOf(members: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(members)
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}
