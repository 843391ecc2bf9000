import type { Migration } from './dialect.ts'

export const callbackRecordings: Migration = {
  version: 7,
  name: 'callback recordings',
  main: ({ id }) => [
    `CREATE TABLE callback_recordings (
      id ${id} NOT NULL PRIMARY KEY,
      callback_id ${id} NOT NULL,
      number BIGINT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('recording', 'kept')),
      node ${id} NOT NULL,
      at BIGINT NOT NULL,
      ms BIGINT NOT NULL,
      partial BIGINT NOT NULL
    )`,
    'CREATE INDEX callback_recordings_of ON callback_recordings (callback_id, number)',
    `CREATE INDEX callback_recordings_recording ON callback_recordings (node) WHERE state = 'recording'`,
    'CREATE INDEX callback_recordings_at ON callback_recordings (at, id)',
  ],
  traces: () => [],
}
