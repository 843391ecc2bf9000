import type pg from 'pg'
import type { Clock, Log } from '#lib'
import type { Engine, TraceBatch } from '../engine.ts'
import { StorageError } from '../storage-error.ts'
import { Connection, createPool, isOutage, openError, parseTarget } from './connection.ts'
import { migrate } from './migrate.ts'
import { Writer } from './writer.ts'

/** How long /readyz waits for an answer, in ms. */
const PING_MS = 2_000

/** PostgreSQL: one connection that commits, one for traces, a few for reads. @throws StorageError `open` */
export async function openPostgres(url: string, clock: Clock, log: Log): Promise<Engine> {
  const target = parseTarget(url)
  const commits = new Connection(target, 'SET synchronous_commit = on')
  const traces = new Connection(target, 'SET synchronous_commit = off')
  try {
    await migrate(await commits.client(), target.name)
    await traces.client()
  } catch (error) {
    await Promise.all([commits.close(), traces.close()])
    throw error instanceof StorageError ? error : openError(target, error)
  }
  const pool = createPool(target)
  const writer = new Writer(commits, clock, log)

  /** Runs once more on a new connection when the old one turns out to be lost. */
  async function onTraces<T>(run: (client: pg.Client) => Promise<T>): Promise<T> {
    try {
      return await run(await traces.client())
    } catch (error) {
      if (!isOutage(error)) throw error
      traces.drop()
      return run(await traces.client())
    }
  }

  async function query(sql: string, params: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const ask = async (): Promise<Record<string, unknown>[]> => (await pool.query(sql, params as unknown[])).rows
    try {
      return await ask()
    } catch (error) {
      // A connection that a restart of the server cut shows it at its next use only; a read may be asked again.
      if (!isOutage(error)) throw error
      return ask()
    }
  }

  return {
    dialect: 'postgres',
    grouped: true,
    commit: (units) => writer.write(units),
    query,
    async appendTraces({ index, bytes }: TraceBatch) {
      const callIds: string[] = []
      const times: number[] = []
      const starts: number[] = []
      const lengths: number[] = []
      let start = 1
      for (let i = 0; i < index.length; i += 3) {
        const length = Number(index[i + 2])
        callIds.push(String(index[i]).replaceAll('\0', '\ufffd'))
        times.push(Number(index[i + 1]))
        starts.push(start)
        lengths.push(length)
        start += length
      }
      // The bytes go as they are and are cut up over there: writing each chunk as hexadecimal text would hold up this thread.
      await onTraces((client) =>
        client.query({
          name: 'traces',
          text: `INSERT INTO traces (call_id, at, chunk)
            SELECT call_id, at, substring($5::bytea FROM start FOR length)
            FROM unnest($1::text[], $2::bigint[], $3::int[], $4::int[]) AS v (call_id, at, start, length)`,
          values: [callIds, times, starts, lengths, bytes.subarray(0, start - 1)],
        }),
      )
    },
    traces: async (callId) =>
      (await query('SELECT chunk FROM traces WHERE call_id = $1 ORDER BY seq', [callId])).map(
        (row) => row.chunk as Buffer,
      ),
    dropTraces: (callIds) =>
      onTraces(
        async (client) => (await client.query('DELETE FROM traces WHERE call_id = ANY($1)', [callIds])).rowCount ?? 0,
      ),
    dropTracesBefore: (before, limit) =>
      onTraces(
        async (client) =>
          (
            await client.query(
              'DELETE FROM traces WHERE seq IN (SELECT seq FROM traces WHERE at < $1 ORDER BY at LIMIT $2)',
              [before, limit],
            )
          ).rowCount ?? 0,
      ),
    backup: () =>
      Promise.reject(
        new StorageError(
          'refused',
          `${target.name} is backed up by its own tool: pg_dump --format=custom --file=baton.dump "$BATON_DATABASE_URL"`,
        ),
      ),
    healthy() {
      return new Promise((resolve) => {
        const timer = clock.setTimeout(() => resolve(false), PING_MS)
        const told = (well: boolean): void => {
          clock.clearTimeout(timer)
          resolve(well)
        }
        // The committing connection itself is asked: it is made again here when no write has done so.
        commits
          .client()
          .then((client) => client.query('SELECT 1'))
          .then(
            () => told(!writer.away),
            () => told(false),
          )
      })
    },
    async close() {
      writer.close()
      await Promise.all([commits.close(), traces.close(), pool.end()])
    },
  }
}
