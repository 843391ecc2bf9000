import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { reason, StorageError } from '../storage-error.ts'

/** The databases in a data folder. */
export const mainFile = 'baton.db'
export const tracesFile = 'traces.db'
const lockFile = 'server.lock'
const pidFile = 'server.pid'

/**
 * Makes the data folder (mode 0700) and its database files (mode 0600). An existing folder keeps its mode, because it may not be ours alone.
 * @returns whether others on the machine may look into the folder
 * @throws StorageError `open` with the path and what to change
 */
export function prepareFolder(folder: string): { openToOthers: boolean } {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of [mainFile, tracesFile, lockFile]) {
      const path = join(folder, name)
      closeSync(openSync(path, 'a+', 0o600))
      chmodSync(path, 0o600)
    }
    return { openToOthers: (statSync(folder).mode & 0o077) !== 0 }
  } catch (error) {
    throw new StorageError(
      'open',
      `the data folder ${folder} cannot be written: ${reason(error)}; set BATON_DATA to a folder that the server may write`,
    )
  }
}

/**
 * Holds the data folder for this process until the returned function is called; the system lets go when the process dies.
 * @throws StorageError `open` with the pid of the server that has it
 */
export function lockFolder(folder: string): () => void {
  const lock = new Database(join(folder, lockFile), { timeout: 0 })
  const pid = join(folder, pidFile)
  try {
    lock.pragma('journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!String((error as { code?: string }).code).startsWith('SQLITE_BUSY')) throw error
    const holder = existsSync(pid) ? readFileSync(pid, 'utf8').trim() : 'unknown'
    throw new StorageError(
      'open',
      `the data folder ${folder} is in use by another server (pid ${holder}): stop that server, or set BATON_DATA to a folder of its own`,
    )
  }
  writeFileSync(pid, `${process.pid}\n`, { mode: 0o600 })
  return () => {
    rmSync(pid, { force: true })
    lock.close()
  }
}
