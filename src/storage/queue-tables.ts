import type { QueueCallerRow, QueueRow } from './queue-port.ts'
import type { Table } from './tables.ts'

export const queuesTable: Table<QueueRow> = {
  name: 'queues',
  keys: 1,
  columns: ['id', 'name', 'settings'],
  integers: [],
}

export const queueCallersTable: Table<QueueCallerRow> = {
  name: 'queue_callers',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'queueId', 'node', 'kind', 'number', 'name', 'personId', 'language', 'enqueuedAt', 'attempts', 'requestId',
  ],
  integers: ['enqueuedAt', 'attempts'],
}
