import { type Expression, type SqlBool, sql } from 'kysely'
import { parseBranches } from './rows.ts'

/** Whether a JSON array of branches or stations, as it is stored, names this person. */
export function namesPerson(column: Expression<string>, personId: string): Expression<SqlBool> {
  const part = `"personId":${JSON.stringify(personId)}`
  return sql<SqlBool>`${column} LIKE ${`%${part.replace(/[\\%_]/g, '\\$&')}%`} ESCAPE '\\'`
}

/** The array without what names this person; other people's entries stay as they are. */
export function withoutPerson(json: string, personId: string): string {
  const list = parseBranches(json)
  if (!list.some((entry) => entry.personId === personId)) return json
  return JSON.stringify(
    list.map((entry) => (entry.personId === personId ? { ...entry, personId: '', station: '' } : entry)),
  )
}
