import type { Unit } from './engine.ts'
import type { RecordRow } from './port.ts'
import { addParticipant, type Param, putRecord } from './statements.ts'
import { recordsTable, type Table } from './tables.ts'

/** Adds a statement that puts a whole row. */
export function pushRow<Row>(unit: Unit, statement: number, table: Table<Row>, row: Row): void {
  unit.push(statement)
  for (const column of table.columns) unit.push(row[column] as Param)
}

/** Adds the statements that put a record and note who had a part in it. */
export function pushRecord(unit: Unit, record: RecordRow): void {
  pushRow(unit, putRecord, recordsTable, record)
  const { id, callerId, calleeId, answeredById } = record
  if (callerId) unit.push(addParticipant, callerId, id)
  if (calleeId && calleeId !== callerId) unit.push(addParticipant, calleeId, id)
  if (answeredById && answeredById !== callerId && answeredById !== calleeId)
    unit.push(addParticipant, answeredById, id)
  pushBranchPeople(unit, id, record.branches, [callerId, calleeId, answeredById])
}

/** Adds the people of the branches, save those who are noted already. */
export function pushBranchPeople(unit: Unit, recordId: string, branches: string, noted: readonly string[]): void {
  const seen = [...noted]
  for (const { personId } of parseBranches(branches)) {
    if (typeof personId !== 'string' || personId === '' || seen.includes(personId)) continue
    seen.push(personId)
    unit.push(addParticipant, personId, recordId)
  }
}

/** A record's branches; what is no array of objects has none. */
export function parseBranches(branches: string): readonly Record<string, unknown>[] {
  if (branches.length <= 2) return []
  try {
    const list: unknown = JSON.parse(branches)
    return Array.isArray(list) ? list.filter((branch) => typeof branch === 'object' && branch !== null) : []
  } catch {
    return []
  }
}
