import type { Migration } from './dialect.ts'

export const chargesAndNodes: Migration = {
  version: 3,
  name: 'charges-and-nodes',
  main: ({ id }) => [
    `CREATE TABLE charges (
      id ${id} NOT NULL PRIMARY KEY,
      call_id ${id} NOT NULL,
      node ${id} NOT NULL,
      account ${id} NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('pickup')),
      called_id ${id} NOT NULL,
      called_number TEXT NOT NULL,
      called_name TEXT NOT NULL,
      caller_id ${id} NOT NULL,
      caller_number TEXT NOT NULL,
      caller_name TEXT NOT NULL,
      picked_up_by TEXT NOT NULL,
      rang_ms TEXT NOT NULL,
      opened_at BIGINT NOT NULL,
      answered_at BIGINT,
      ended_at BIGINT,
      state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'void')),
      reason TEXT NOT NULL
    )`,
    'CREATE INDEX charges_opened ON charges (opened_at, id)',
    'CREATE INDEX charges_account ON charges (account, opened_at, id)',
    // Every call that ends looks here: open charges are few, so the index is small whatever the table has grown to.
    `CREATE INDEX charges_open ON charges (call_id) WHERE state = 'open'`,
    `CREATE TABLE nodes (
      node ${id} NOT NULL PRIMARY KEY,
      address TEXT NOT NULL,
      seen_at BIGINT NOT NULL
    )`,
  ],
  traces: () => [],
}
