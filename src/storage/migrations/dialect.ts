/** The few words in which SQLite and PostgreSQL differ when tables are made. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres'
  /** An identifier: text that is compared byte by byte. */
  readonly id: string
  readonly bytes: string
  /** A primary key that counts up. */
  readonly serial: string
  /** Ends a table that is stored in the order of its primary key. */
  readonly clustered: string
}

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  id: 'TEXT',
  bytes: 'BLOB',
  serial: 'INTEGER PRIMARY KEY',
  clustered: ' WITHOUT ROWID',
}

export const postgresDialect: Dialect = {
  name: 'postgres',
  id: 'TEXT COLLATE "C"',
  bytes: 'BYTEA',
  serial: 'BIGSERIAL PRIMARY KEY',
  clustered: '',
}

/** One step of the schema. A migration that was released is never changed. */
export interface Migration {
  readonly version: number
  readonly name: string
  /** Statements for the main database. */
  main(dialect: Dialect): readonly string[]
  /** Statements for the traces: a file of their own in SQLite, the same database in PostgreSQL. */
  traces(dialect: Dialect): readonly string[]
}
