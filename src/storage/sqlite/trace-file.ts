import type Database from 'better-sqlite3'
import type { TraceBatch } from '../engine.ts'

/** The traces' own database; runs in the reading thread, or on the spot for tests. */
export class TraceFile {
  readonly #database: Database.Database
  readonly #insert: Database.Statement
  readonly #select: Database.Statement
  readonly #drop: Database.Statement
  readonly #dropBefore: Database.Statement

  constructor(database: Database.Database) {
    this.#database = database
    this.#insert = database.prepare('INSERT INTO traces (call_id, at, chunk) VALUES (?, ?, ?)')
    this.#select = database.prepare('SELECT chunk FROM traces WHERE call_id = ? ORDER BY seq').pluck()
    this.#drop = database.prepare('DELETE FROM traces WHERE call_id = ?')
    this.#dropBefore = database.prepare(
      'DELETE FROM traces WHERE seq IN (SELECT seq FROM traces WHERE at < ? ORDER BY at LIMIT ?)',
    )
  }

  append({ index, bytes }: TraceBatch): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      let from = 0
      for (let i = 0; i < index.length; i += 3) {
        const to = from + (index[i + 2] as number)
        this.#insert.run(index[i], index[i + 1], bytes.subarray(from, to))
        from = to
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  get(callId: string): Buffer[] {
    return this.#select.all(callId) as Buffer[]
  }

  drop(callIds: readonly string[]): number {
    this.#database.exec('BEGIN IMMEDIATE')
    let dropped = 0
    try {
      for (const callId of callIds) dropped += this.#drop.run(callId).changes
    } finally {
      this.#database.exec('COMMIT')
    }
    return dropped
  }

  dropBefore(before: number, limit: number): number {
    return this.#dropBefore.run(before, limit).changes
  }
}
