import type { Migration } from './dialect.ts'

export const queues: Migration = {
  version: 6,
  name: 'queues',
  main: ({ id }) => [
    `CREATE TABLE queues (id ${id} NOT NULL PRIMARY KEY, name TEXT NOT NULL, settings TEXT NOT NULL)`,
    `CREATE TABLE queue_callers (
      id ${id} NOT NULL PRIMARY KEY,
      queue_id ${id} NOT NULL,
      node ${id} NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('call', 'callback')),
      number TEXT NOT NULL,
      name TEXT NOT NULL,
      person_id ${id} NOT NULL,
      language TEXT NOT NULL,
      enqueued_at BIGINT NOT NULL,
      attempts BIGINT NOT NULL,
      request_id ${id} NOT NULL
    )`,
    'CREATE INDEX queue_callers_of ON queue_callers (queue_id, enqueued_at, id)',
    'CREATE INDEX queue_callers_node ON queue_callers (node)',
  ],
  traces: () => [],
}
