import type { AskerRow, CallbackAttemptRow, CallbackRecordingRow, CallbackRow, OutboxRow } from './callback-port.ts'
import type { Table } from './tables.ts'

export const callbacksTable: Table<CallbackRow> = {
  name: 'callbacks',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'state', 'attemptId', 'node', 'dueAt', 'createdAt', 'changedAt', 'askerId', 'personId', 'channel', 'thread', 'threadKey',
    'language', 'timeZone', 'called', 'caller', 'keys', 'note', 'askedAt', 'attempts', 'outcome', 'questions', 'cancelHash', 'source',
    'target',
  ],
  integers: ['dueAt', 'createdAt', 'changedAt', 'askedAt', 'attempts'],
}

export const callbackAttemptsTable: Table<CallbackAttemptRow> = {
  name: 'callback_attempts',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'callbackId', 'number', 'node', 'callId', 'startedAt', 'calledAt', 'callerAt', 'joinedAt', 'endedAt', 'outcome', 'detail',
  ],
  integers: ['number', 'startedAt', 'calledAt', 'callerAt', 'joinedAt', 'endedAt'],
}

export const callbackRecordingsTable: Table<CallbackRecordingRow> = {
  name: 'callback_recordings',
  keys: 1,
  columns: ['id', 'callbackId', 'number', 'state', 'node', 'at', 'ms', 'partial'],
  integers: ['number', 'at', 'ms', 'partial'],
}

export const askersTable: Table<AskerRow> = {
  name: 'askers',
  keys: 1,
  columns: ['id', 'personId', 'name', 'numbers', 'email', 'language', 'timeZone', 'createdAt', 'seenAt'],
  integers: ['createdAt', 'seenAt'],
}

export const askerKeysTable: Table<{ readonly key: string; readonly askerId: string }> = {
  name: 'asker_keys',
  keys: 1,
  columns: ['key', 'askerId'],
  integers: [],
}

export const outboxTable: Table<OutboxRow> = {
  name: 'outbox',
  keys: 1,
  columns: ['id', 'callbackId', 'channel', 'body', 'createdAt', 'dueAt', 'tries', 'node', 'state', 'error'],
  integers: ['createdAt', 'dueAt', 'tries'],
}
