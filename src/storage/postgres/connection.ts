import pg from 'pg'
import { reason, StorageError } from '../storage-error.ts'

/** int8 comes as a number: times in milliseconds and counters fit. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
}

/** How one database is reached. */
export interface Target {
  readonly config: pg.ClientConfig
  /** Host, port and database for messages; never the password. */
  readonly name: string
}

/** @throws StorageError `open` when it is no PostgreSQL URL */
export function parseTarget(url: string): Target {
  let parsed: URL | undefined
  try {
    parsed = new URL(url)
  } catch {}
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol) || parsed.pathname.length < 2)
    throw new StorageError(
      'open',
      'BATON_DATABASE_URL is not a PostgreSQL address: write postgres://user:password@host:5432/database, or leave it out to use SQLite',
    )
  return {
    config: {
      connectionString: url,
      application_name: 'baton',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      types,
    },
    name: `PostgreSQL at ${parsed.host}${parsed.pathname}`,
  }
}

/** Statements that a pipelined connection waits for before it is given up, in ms. */
const QUERY_MS = 15_000

/** One connection that is made again when it was lost. */
export class Connection {
  readonly #target: Target
  readonly #setup: string
  #client: pg.Client | undefined

  /** @param setup a statement to run on every new connection */
  constructor(target: Target, setup: string) {
    this.#target = target
    this.#setup = setup
  }

  /** The connected client; connects if there is none. */
  async client(): Promise<pg.Client> {
    if (this.#client) return this.#client
    const client = new pg.Client({ ...this.#target.config, pipeline: true, query_timeout: QUERY_MS } as pg.ClientConfig)
    client.on('error', () => this.#forget(client))
    client.on('end', () => this.#forget(client))
    try {
      await client.connect()
      await client.query(this.#setup)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    this.#client = client
    return client
  }

  get connected(): boolean {
    return this.#client !== undefined
  }

  /** Gives the connection up; the next use makes a new one. */
  drop(): void {
    this.#client?.end().catch(() => {})
    this.#client = undefined
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  #forget(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined
  }
}

/** A pool for reads. */
export function createPool(target: Target): pg.Pool {
  const pool = new pg.Pool({ ...target.config, max: 4, statement_timeout: 60_000, allowExitOnIdle: true })
  // A connection lost while idle is replaced at the next use.
  pool.on('error', () => {})
  return pool
}

/** Whether the connection or the server failed, and not the statement: worth trying again. */
export function isOutage(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  // Without an SQLSTATE it came from the socket or the client.
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return true
  return (
    code.startsWith('08') || code.startsWith('57P') || code.startsWith('53') || code === '25006' || code === '58030'
  )
}

/** Deadlock or serialisation failure: the same transaction may pass the next time. */
export function isCollision(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '40001' || code === '40P01' || code === '55P03'
}

/** @returns the error of a failed start, saying what to change */
export function openError(target: Target, error: unknown): StorageError {
  const { code } = error as { code?: unknown }
  const advice =
    code === '28P01' || code === '28000'
      ? 'check user and password in BATON_DATABASE_URL'
      : code === '3D000'
        ? 'create the database, or name another one in BATON_DATABASE_URL'
        : code === '42501'
          ? 'the user needs the right to create tables in this database'
          : 'start the server, or correct BATON_DATABASE_URL'
  return new StorageError('open', `${target.name} cannot be used: ${reason(error)}; ${advice}`)
}
