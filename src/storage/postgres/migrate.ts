import type pg from 'pg'
import { migrationsAfter, migrationsTable, postgresDialect } from '../migrations/index.ts'

/** Any number that only Baton takes: two servers that start at once migrate one after the other. */
const LOCK = 0x62_61_74_6f

/** Brings the tables up to date, in one transaction. @throws StorageError when a newer server wrote them */
export async function migrate(client: pg.Client, name: string): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK})`)
    await client.query(migrationsTable)
    const { rows } = await client.query<{ version: number | null }>(
      'SELECT max(version) AS version FROM schema_migrations',
    )
    for (const migration of migrationsAfter(rows[0]?.version ?? 0, name)) {
      for (const statement of [...migration.main(postgresDialect), ...migration.traces(postgresDialect)])
        await client.query(statement)
      await client.query(
        'INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, (extract(epoch from now()) * 1000)::bigint)',
        [migration.version, migration.name],
      )
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}
