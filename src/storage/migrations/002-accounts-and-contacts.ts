import type { Migration } from './dialect.ts'

export const accountsAndContacts: Migration = {
  version: 2,
  name: 'accounts-and-contacts',
  main: ({ id, clustered }) => [
    `CREATE TABLE passwords (
      person_id ${id} NOT NULL PRIMARY KEY,
      hash TEXT NOT NULL,
      changed_at BIGINT NOT NULL
    )`,
    // Keyed by the hash of the session's token: who reads the table cannot log in with it.
    `CREATE TABLE sessions (
      hash ${id} NOT NULL PRIMARY KEY,
      person_id ${id} NOT NULL,
      created_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL
    )${clustered}`,
    'CREATE INDEX sessions_person ON sessions (person_id)',
    `CREATE TABLE tokens (
      id ${id} NOT NULL PRIMARY KEY,
      hash ${id} NOT NULL UNIQUE,
      person_id ${id} NOT NULL,
      name TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      expires_at BIGINT,
      last_used_at BIGINT
    )`,
    'CREATE INDEX tokens_person ON tokens (person_id)',
    `CREATE TABLE contacts (
      id ${id} NOT NULL PRIMARY KEY,
      owner_id ${id} NOT NULL,
      shared INTEGER NOT NULL,
      name TEXT NOT NULL,
      company TEXT NOT NULL,
      email TEXT NOT NULL,
      remark TEXT NOT NULL,
      numbers TEXT NOT NULL,
      sort_key ${id} NOT NULL,
      search TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      changed_at BIGINT NOT NULL
    )`,
    'CREATE INDEX contacts_sorted ON contacts (sort_key, id)',
    'CREATE INDEX contacts_owner ON contacts (owner_id)',
    `CREATE TABLE contact_numbers (
      contact_id ${id} NOT NULL,
      number ${id} NOT NULL,
      PRIMARY KEY (contact_id, number)
    )${clustered}`,
    'CREATE INDEX contact_numbers_number ON contact_numbers (number)',
    `CREATE TABLE contact_notes (
      id ${id} NOT NULL PRIMARY KEY,
      contact_id ${id} NOT NULL,
      author_id ${id} NOT NULL,
      at BIGINT NOT NULL,
      text TEXT NOT NULL,
      call_id ${id} NOT NULL
    )`,
    'CREATE INDEX contact_notes_contact ON contact_notes (contact_id, at)',
    'CREATE INDEX contact_notes_author ON contact_notes (author_id)',
    // Past calls with one number, for the card of a call.
    'CREATE INDEX records_caller_number ON records (caller_number, started_at)',
    'CREATE INDEX records_dialled ON records (dialled, started_at)',
  ],
  traces: () => [],
}
