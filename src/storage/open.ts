import { type Clock, type Log, silentLog, systemClock } from '#lib'
import type { Storage } from './port.ts'
import { openPostgres } from './postgres/engine.ts'
import { openInline, openThreads } from './sqlite/engine.ts'
import { createStorage } from './storage.ts'

export interface StorageOptions {
  /** `postgres://user:password@host:port/database` (BATON_DATABASE_URL); without it, SQLite in `folder`. */
  readonly url?: string
  /** The data folder (BATON_DATA); `:memory:` with `thread: false` keeps nothing. */
  readonly folder: string
  /** SQLite in threads of its own (the default). False: in the calling thread, without timers, for tests with virtual time. */
  readonly thread?: boolean
  readonly clock?: Clock
  readonly log?: Log
  /** Least time between two commits, in ms; see {@link FLUSH_MS}. */
  readonly flushMs?: number
}

/** Least time between two commits: rare writes never wait, frequent ones share a commit. */
export const FLUSH_MS = 16

/**
 * Opens the database, brings its tables up to date and returns the storage port.
 * @throws StorageError `open`, one line that says what to change
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { url, folder, thread = true, clock = systemClock, log = silentLog, flushMs = FLUSH_MS } = options
  const engine = url
    ? await openPostgres(url, clock, log)
    : thread
      ? await openThreads(folder, clock, log)
      : openInline(folder, log)
  return createStorage(engine, clock, log, flushMs)
}
