import { existsSync, renameSync } from 'node:fs'
import Database from 'better-sqlite3'
import { type Migration, migrationsAfter, migrationsTable, sqliteDialect } from '../migrations/index.ts'
import { reason, StorageError } from '../storage-error.ts'

export type { Database } from 'better-sqlite3'

/** Opens the main database for writing: every commit is on the disk before it is told. @throws StorageError `open` */
export function openMain(path: string): Database.Database {
  const pragmas = ['journal_mode = WAL', 'synchronous = FULL', 'wal_autocheckpoint = 2000']
  return open(path, pragmas, (migration) => migration.main(sqliteDialect))
}

/**
 * Opens the trace file. It survives a crash of the process; it is not synced, so a power cut may damage it, and a damaged one is put aside:
 * no trace is worth a start. A rollback journal and large pages: half the CPU of a write-ahead log here, as nothing is written twice.
 */
export function openTraces(path: string, damaged: (path: string) => void): Database.Database {
  const pragmas = ['page_size = 16384', 'journal_mode = PERSIST', 'synchronous = OFF']
  const traces = (): Database.Database => open(path, pragmas, (migration) => migration.traces(sqliteDialect))
  try {
    return traces()
  } catch (error) {
    if (!isDamaged(error) || !existsSync(path)) throw error
    for (const end of ['', '-journal']) if (existsSync(path + end)) renameSync(path + end, `${path}.damaged${end}`)
    damaged(`${path}.damaged`)
    return traces()
  }
}

/** Opens a database for reading only. */
export function openReadOnly(path: string): Database.Database {
  return new Database(path, { readonly: true, timeout: 5_000 })
}

function isDamaged(error: unknown): boolean {
  const text = reason(error)
  return text.includes('malformed') || text.includes('not a database')
}

function open(
  path: string,
  pragmas: readonly string[],
  statementsOf: (migration: Migration) => readonly string[],
): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { timeout: 5_000 })
    for (const pragma of pragmas) database.pragma(pragma)
    migrate(database, path, statementsOf)
    return database
  } catch (error) {
    database?.close()
    if (error instanceof StorageError) throw error
    const advice = isDamaged(error)
      ? '; restore a backup, or move the file away to start with an empty database'
      : '; check the disk and the rights of the data folder (BATON_DATA)'
    throw new StorageError('open', `the database ${path} cannot be opened: ${reason(error)}${advice}`)
  }
}

function migrate(
  database: Database.Database,
  path: string,
  statementsOf: (migration: Migration) => readonly string[],
): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(migrationsTable)
    for (const migration of migrationsAfter(schemaVersion(database), `the database ${path}`)) {
      for (const statement of statementsOf(migration)) database.exec(statement)
      database
        .prepare('INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, unixepoch() * 1000)')
        .run(migration.version, migration.name)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** The newest migration that a database has had. */
export function schemaVersion(database: Database.Database): number {
  const row = database.prepare('SELECT max(version) AS version FROM schema_migrations').get() as {
    version: number | null
  }
  return row.version ?? 0
}
