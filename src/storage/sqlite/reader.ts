import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { reason, StorageError } from '../storage-error.ts'

/** Reads from the main database; runs in the reading thread, or on the spot for tests. */
export class Reader {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  query(sql: string, params: readonly unknown[]): Record<string, unknown>[] {
    return this.#database.prepare(sql).all(...params) as Record<string, unknown>[]
  }

  /** Writes a consistent copy to a new file. */
  async backup(file: string): Promise<void> {
    if (existsSync(file))
      throw new StorageError('refused', `the backup file ${file} exists already: name a new one, or remove it first`)
    const partial = `${file}.partial`
    try {
      closeSync(openSync(partial, 'w', 0o600))
      chmodSync(partial, 0o600)
      // All that is left goes in one step: a write in between would make the copy start again.
      await this.#database.backup(partial, { progress: () => 0x7fffffff })
      const copy = openSync(partial, 'r+')
      fsyncSync(copy)
      closeSync(copy)
      renameSync(partial, file)
    } catch (error) {
      rmSync(partial, { force: true })
      throw new StorageError('refused', `the backup ${file} cannot be written: ${reason(error)}`)
    }
  }
}
