import type { Clock, Log } from '#lib'
import type { Failures, Unit } from '../engine.ts'
import { type Statement, statements } from '../statements.ts'
import { reason, StorageError } from '../storage-error.ts'
import { type Connection, isCollision, isOutage } from './connection.ts'
import { groupSteps, rowsAsJson } from './groups.ts'

/** How long writes wait for a database that is away, in ms, and how often it is tried. */
const OUTAGE_MS = 30_000
const RETRY_MS = 100
const RETRY_MOST_MS = 2_000
const COLLISIONS = 5

/** Commits batches over one pipelined connection: a batch is sent at once and takes one round trip. */
export class Writer {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #log: Log
  #awaySince: number | undefined
  #closed = false

  constructor(connection: Connection, clock: Clock, log: Log) {
    this.#connection = connection
    this.#clock = clock
    this.#log = log
  }

  /** Whether the last attempt reached the database. */
  get away(): boolean {
    return this.#awaySince !== undefined || !this.#connection.connected
  }

  /** Writes wait no longer for a database that is away. */
  close(): void {
    this.#closed = true
  }

  /**
   * Commits the units; if one is refused, halves are tried until it is alone. A batch whose commit was cut off is written again: every
   * statement may run twice.
   */
  async write(units: readonly Unit[]): Promise<Failures> {
    let collisions = 0
    for (let pause = RETRY_MS; ; ) {
      try {
        await this.#transaction(units)
        this.#returned()
        return undefined
      } catch (error) {
        if (isCollision(error) && ++collisions < COLLISIONS) continue
        if (!isOutage(error)) return units.length === 1 ? new Map([[0, reason(error)]]) : this.#halves(units)
        this.#connection.drop()
        this.#awaySince ??= this.#clock.now()
        if (this.#clock.now() - this.#awaySince >= OUTAGE_MS || this.#closed)
          throw new StorageError('unavailable', `PostgreSQL does not answer: ${reason(error)}`)
        if (pause === RETRY_MS) this.#log.warn({ error: reason(error) }, 'PostgreSQL does not answer: writes wait')
        await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, pause))
        pause = Math.min(2 * pause, RETRY_MOST_MS)
      }
    }
  }

  async #halves(units: readonly Unit[]): Promise<Failures> {
    const middle = units.length >> 1
    const failures = new Map(await this.write(units.slice(0, middle)))
    for (const [at, why] of (await this.write(units.slice(middle))) ?? []) failures.set(middle + at, why)
    return failures
  }

  async #transaction(units: readonly Unit[]): Promise<void> {
    const client = await this.#connection.client()
    const sent: Promise<unknown>[] = [client.query('BEGIN')]
    for (const { statement, rows } of groupSteps(units)) {
      const { postgres } = statements[statement] as Statement
      sent.push(client.query({ name: `w${statement}`, text: postgres, values: [rowsAsJson(rows)] }))
    }
    sent.push(client.query('COMMIT'))
    // After the first error the server refuses what follows and COMMIT rolls back: the first error is the one that tells.
    const failed = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  #returned(): void {
    if (this.#awaySince === undefined) return
    this.#log.info({ awayMs: this.#clock.now() - this.#awaySince }, 'PostgreSQL answers again')
    this.#awaySince = undefined
  }
}
