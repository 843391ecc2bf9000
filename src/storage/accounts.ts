import type { Storage } from './port.ts'
import type { Reads } from './reads.ts'
import { pushRow } from './rows.ts'
import {
  dropPassword,
  dropSession,
  dropSessionsOf,
  dropToken,
  dropTokensOf,
  putPassword,
  putSession,
  putToken,
} from './statements.ts'
import { passwordsTable, sessionsTable, type Table, tokensTable } from './tables.ts'
import type { WriteQueue } from './write-queue.ts'

/** Passwords, sessions and API tokens. */
export function createAccounts(queue: WriteQueue, reads: Reads): Storage['accounts'] {
  const put = <Row>(statement: number, table: Table<Row>, row: Row): Promise<void> => {
    const unit: (string | number | null)[] = []
    pushRow(unit, statement, table, row)
    return queue.add(unit)
  }
  return {
    async load() {
      const [passwords, sessions, tokens] = await Promise.all([
        reads.selectFrom('passwords').selectAll().execute(),
        reads.selectFrom('sessions').selectAll().execute(),
        reads.selectFrom('tokens').selectAll().orderBy('createdAt').orderBy('id').execute(),
      ])
      return { passwords, sessions, tokens }
    },
    putPassword: (row) => put(putPassword, passwordsTable, row),
    putSession: (row) => put(putSession, sessionsTable, row),
    dropSession: (hash) => queue.add([dropSession, hash]),
    putToken: (row) => put(putToken, tokensTable, row),
    dropToken: (id) => queue.add([dropToken, id]),
    dropPerson: (personId) => queue.add([dropPassword, personId, dropSessionsOf, personId, dropTokensOf, personId]),
  }
}
