import type { Migration } from './dialect.ts'

export const voicemail: Migration = {
  version: 5,
  name: 'voicemail',
  main: ({ id }) => [
    `CREATE TABLE voicemail (
      id ${id} NOT NULL PRIMARY KEY,
      owner_id ${id} NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('recording', 'kept')),
      node ${id} NOT NULL,
      call_id ${id} NOT NULL,
      caller_id ${id} NOT NULL,
      caller_number TEXT NOT NULL,
      caller_name TEXT NOT NULL,
      at BIGINT NOT NULL,
      ms BIGINT NOT NULL,
      partial BIGINT NOT NULL,
      heard_at BIGINT,
      mail TEXT NOT NULL CHECK (mail IN ('', 'due', 'sent'))
    )`,
    'CREATE INDEX voicemail_of ON voicemail (owner_id, at, id)',
    `CREATE INDEX voicemail_recording ON voicemail (node) WHERE state = 'recording'`,
    `CREATE INDEX voicemail_mail ON voicemail (node) WHERE mail = 'due'`,
    'CREATE INDEX voicemail_call ON voicemail (call_id)',
  ],
  traces: () => [],
}
