import { StorageError } from '../storage-error.ts'
import { callsAndDirectory } from './001-calls-and-directory.ts'
import { accountsAndContacts } from './002-accounts-and-contacts.ts'
import { chargesAndNodes } from './003-charges-and-nodes.ts'
import { callbacks } from './004-callbacks.ts'
import { voicemail } from './005-voicemail.ts'
import { queues } from './006-queues.ts'
import { callbackRecordings } from './007-callback-recordings.ts'
import { unansweredCallbacks } from './008-unanswered-callbacks.ts'
import type { Migration } from './dialect.ts'

export * from './dialect.ts'

/** Every migration, in the order of their versions. */
export const migrations: readonly Migration[] = [
  callsAndDirectory,
  accountsAndContacts,
  chargesAndNodes,
  callbacks,
  voicemail,
  queues,
  callbackRecordings,
  unansweredCallbacks,
]

/** Where a database keeps which migrations it has had. */
export const migrationsTable = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`

/** The migrations that a database at `version` still lacks. @throws StorageError when it was written by a newer server */
export function migrationsAfter(version: number, database: string): readonly Migration[] {
  const newest = migrations.at(-1)?.version ?? 0
  if (version > newest)
    throw new StorageError(
      'open',
      `${database} was written by a newer Baton (schema ${version}, this one knows ${newest}): start the newer version, or restore a backup made by this one`,
    )
  return migrations.filter((migration) => migration.version > version)
}
