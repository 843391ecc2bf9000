import { sql } from 'kysely'
import { checkLimit, pageOf, parseCursor } from './pages.ts'
import type { RecordQuery, RecordRow, Storage } from './port.ts'
import type { Reads } from './reads.ts'
import { StorageError } from './storage-error.ts'

/** History and reports: read away from the signalling thread. */
export function createRecords(reads: Reads): Storage['records'] {
  return {
    get: (id) => reads.selectFrom('records').selectAll().where('id', '=', id).executeTakeFirst(),
    async list(query) {
      checkLimit(query.limit)
      const found = await (query.personId === undefined ? ofAll(reads, query) : ofPerson(reads, query, query.personId))
      const { rows, ...more } = pageOf(found, query.limit, (row) => row.startedAt)
      return { records: rows, ...more }
    },
  }
}

function ofAll(reads: Reads, { cursor, limit, state, number }: RecordQuery): Promise<RecordRow[]> {
  let select = reads
    .selectFrom('records')
    .selectAll()
    .orderBy('startedAt', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (number !== undefined)
    select = select.where((eb) => eb.or([eb('callerNumber', '=', number), eb('dialled', '=', number)]))
  // As a literal, so that the index of this state alone can be used.
  if (state) select = select.where('state', '=', sql.lit(checkedState(state)))
  if (cursor !== undefined) {
    const { at, id } = parseCursor(cursor)
    select = select.where((eb) => eb(eb.refTuple('startedAt', 'id'), '<', eb.tuple(at, id)))
  }
  return select.execute()
}

function ofPerson(reads: Reads, { cursor, limit, state, number }: RecordQuery, personId: string): Promise<RecordRow[]> {
  let select = reads
    .selectFrom('recordPeople')
    .innerJoin('records', 'records.id', 'recordPeople.recordId')
    .selectAll('records')
    .where('recordPeople.personId', '=', personId)
    .orderBy('recordPeople.startedAt', 'desc')
    .orderBy('recordPeople.recordId', 'desc')
    .limit(limit + 1)
  if (number !== undefined)
    select = select.where((eb) => eb.or([eb('records.callerNumber', '=', number), eb('records.dialled', '=', number)]))
  if (state) select = select.where('records.state', '=', checkedState(state))
  if (cursor !== undefined) {
    const { at, id } = parseCursor(cursor)
    select = select.where((eb) =>
      eb(eb.refTuple('recordPeople.startedAt', 'recordPeople.recordId'), '<', eb.tuple(at, id)),
    )
  }
  return select.execute()
}

function checkedState(state: RecordRow['state']): RecordRow['state'] {
  if (state === 'live' || state === 'ended' || state === 'interrupted') return state
  throw new StorageError('bad-query', `state ${String(state)} is not known: live, ended or interrupted`)
}
