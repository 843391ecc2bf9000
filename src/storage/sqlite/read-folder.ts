import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { exportPerson } from '../maintenance.ts'
import { migrationsAfter } from '../migrations/index.ts'
import { createReads } from '../reads.ts'
import { StorageError } from '../storage-error.ts'
import { openReadOnly, schemaVersion } from './database.ts'
import { mainFile } from './files.ts'
import { Reader } from './reader.ts'

/** What tools may do with a data folder beside the server that runs on it. */
export interface FolderReader {
  /** As `maintenance.backup`. */
  backup(file: string): Promise<void>
  /** As `maintenance.exportPerson`, by log-in; undefined when nobody has it. */
  exportPerson(login: string): Promise<unknown>
  close(): void
}

/**
 * Opens a data folder for reading only; a server may run on it.
 * @throws StorageError `open` when there is no database, or one of another version
 */
export function readFolder(folder: string): FolderReader {
  const path = join(folder, mainFile)
  if (!existsSync(path)) {
    throw new StorageError(
      'open',
      `the data folder ${folder} holds no database (${mainFile}): name the server's folder`,
    )
  }
  const database = openReadOnly(path)
  try {
    if (migrationsAfter(schemaVersion(database), `the database ${path}`).length > 0) {
      throw new StorageError(
        'open',
        `the database ${path} is of an older Baton: start this version once, it brings it up to date`,
      )
    }
  } catch (error) {
    database.close()
    if (error instanceof StorageError) throw error
    throw new StorageError('open', `${path} is no database of Baton: ${(error as Error).message}`)
  }
  const reader = new Reader(database)
  const reads = createReads({ dialect: 'sqlite', query: async (sql, params) => reader.query(sql, params) })
  return {
    backup: (file) => reader.backup(file),
    async exportPerson(login) {
      const person = await reads.selectFrom('people').select('id').where('login', '=', login).executeTakeFirst()
      return person && exportPerson(reads, person.id)
    },
    close: () => database.close(),
  }
}
