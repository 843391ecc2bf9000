import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { migrationsAfter } from '../migrations/index.ts'
import { reason, StorageError } from '../storage-error.ts'
import { schemaVersion } from './database.ts'
import { lockFolder, mainFile, prepareFolder } from './files.ts'

/**
 * Puts a backup in the place of a data folder's database. The database that was there stays beside it as `baton.db.before-restore` (or -2, -3, …).
 * @returns the path under which the old database was kept, undefined when there was none
 * @throws StorageError when a server runs on the folder, or the file is no backup that this version can read
 */
export function restoreBackup(file: string, folder: string): { kept: string | undefined } {
  checkBackup(file)
  const target = join(folder, mainFile)
  const existed = existsSync(target)
  prepareFolder(folder)
  const release = lockFolder(folder)
  try {
    const restoring = `${target}.restoring`
    copyFileSync(file, restoring)
    chmodSync(restoring, 0o600)
    sync(restoring)
    const kept = existed ? keepOld(target) : undefined
    // One step: there is no moment without a database.
    renameSync(restoring, target)
    // Windows opens no folders; elsewhere the new name has to reach the disk too.
    if (process.platform !== 'win32') sync(folder, 'r')
    return { kept }
  } finally {
    release()
  }
}

function checkBackup(file: string): void {
  if (!existsSync(file)) throw new StorageError('refused', `the backup ${file} does not exist`)
  let backup: Database.Database | undefined
  try {
    backup = new Database(file, { readonly: true })
    const verdict = backup.pragma('quick_check', { simple: true })
    if (verdict !== 'ok') throw new Error(String(verdict))
    migrationsAfter(schemaVersion(backup), `the backup ${file}`)
  } catch (error) {
    if (error instanceof StorageError) throw error
    throw new StorageError('refused', `${file} is not a backup of Baton: ${reason(error)}`)
  } finally {
    backup?.close()
  }
}

/** Copies the old database, its log folded in, and leaves no log behind that would be played into the new one. */
function keepOld(target: string): string {
  let kept = `${target}.before-restore`
  for (let n = 2; existsSync(kept); n++) kept = `${target}.before-restore-${n}`
  try {
    const old = new Database(target)
    old.pragma('wal_checkpoint(TRUNCATE)')
    old.close()
  } catch {
    // Damaged: that may be why a backup is restored. It is kept as it is, with its log.
  }
  copyFileSync(target, kept)
  chmodSync(kept, 0o600)
  if (existsSync(`${target}-wal`)) renameSync(`${target}-wal`, `${kept}-wal`)
  rmSync(`${target}-shm`, { force: true })
  sync(kept)
  return kept
}

function sync(path: string, flags = 'r+'): void {
  const handle = openSync(path, flags)
  fsyncSync(handle)
  closeSync(handle)
}
