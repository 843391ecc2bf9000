import type Database from 'better-sqlite3'
import type { Failures, Unit } from '../engine.ts'
import { type Param, statements } from '../statements.ts'
import { reason } from '../storage-error.ts'

/** Writes batches into the main database; runs in the writer thread, or on the spot for tests. */
export class Writer {
  readonly #database: Database.Database
  readonly #prepared: (Database.Statement | undefined)[] = []
  readonly #begin: Database.Statement
  readonly #commit: Database.Statement
  readonly #rollback: Database.Statement

  constructor(database: Database.Database) {
    this.#database = database
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#rollback = database.prepare('ROLLBACK')
  }

  /** One transaction for all units; if one is refused, each is tried under its own savepoint. Throws when nothing was committed. */
  write(units: readonly Unit[]): Failures {
    this.#begin.run()
    try {
      for (const unit of units) this.#run(unit)
      this.#commit.run()
      return undefined
    } catch (error) {
      this.#undo()
      if (isFault(error)) throw error
      return units.length === 1 ? new Map([[0, reason(error)]]) : this.#writeEach(units)
    }
  }

  #writeEach(units: readonly Unit[]): Failures {
    const failures = new Map<number, string>()
    this.#begin.run()
    try {
      for (let i = 0; i < units.length; i++) {
        this.#database.exec('SAVEPOINT unit')
        try {
          this.#run(units[i] as Unit)
        } catch (error) {
          if (isFault(error)) throw error
          this.#database.exec('ROLLBACK TO unit')
          failures.set(i, reason(error))
        }
        this.#database.exec('RELEASE unit')
      }
      this.#commit.run()
      return failures
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  #run(unit: Unit): void {
    for (let at = 0; at < unit.length; ) {
      const number = unit[at] as number
      const { width } = statements[number] as (typeof statements)[number]
      this.#statement(number).run(unit.slice(at + 1, at + 1 + width) as Param[])
      at += 1 + width
    }
  }

  #statement(number: number): Database.Statement {
    let statement = this.#prepared[number]
    if (!statement) {
      statement = this.#database.prepare((statements[number] as (typeof statements)[number]).sqlite)
      this.#prepared[number] = statement
    }
    return statement
  }

  #undo(): void {
    if (this.#database.inTransaction) this.#rollback.run()
  }
}

/** The disk's fault and not the row's: full, read-only, broken or locked. */
function isFault(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string') return false
  return [
    'SQLITE_FULL',
    'SQLITE_IOERR',
    'SQLITE_READONLY',
    'SQLITE_CORRUPT',
    'SQLITE_NOTADB',
    'SQLITE_BUSY',
    'SQLITE_CANTOPEN',
  ].some((fault) => code.startsWith(fault))
}
