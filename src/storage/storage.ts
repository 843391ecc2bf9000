import type { Clock, Log } from '#lib'
import { createAccounts } from './accounts.ts'
import { createCallbacks } from './callbacks.ts'
import { createCalls } from './calls.ts'
import { createCharges } from './charges.ts'
import { createContacts } from './contacts.ts'
import type { Engine, Unit } from './engine.ts'
import { createMaintenance } from './maintenance.ts'
import type { DirectoryRows, DirectoryTable, Storage } from './port.ts'
import { createQueues } from './queues.ts'
import { createReads } from './reads.ts'
import { createRecords } from './records.ts'
import { pushRow } from './rows.ts'
import { dropBinding, dropDirectory, keepValue, putBinding, putDirectory, putNode, putValue } from './statements.ts'
import { bindingsTable, directoryTables, nodesTable, type Table } from './tables.ts'
import { TraceQueue } from './trace-queue.ts'
import { createVoicemail } from './voicemail.ts'
import { WriteQueue } from './write-queue.ts'

/** The storage port over any engine. */
export function createStorage(engine: Engine, clock: Clock, log: Log, flushMs: number): Storage {
  const queue = new WriteQueue((units) => engine.commit(units), clock, engine.grouped ? flushMs : 0)
  const traces = new TraceQueue(engine, clock, log)
  const reads = createReads(engine)
  const value = async (key: string): Promise<string | undefined> =>
    (await reads.selectFrom('namedValues').select('value').where('key', '=', key).executeTakeFirst())?.value
  return {
    calls: createCalls(queue, reads),
    records: createRecords(reads),
    charges: createCharges(queue, reads),
    nodes: {
      seen(row) {
        const unit: Unit = []
        pushRow(unit, putNode, nodesTable, row)
        return queue.add(unit)
      },
      list: () => reads.selectFrom('nodes').selectAll().orderBy('node').execute(),
    },
    traces: {
      append: (callId, at, chunk) => traces.append(callId, at, chunk),
      flush: () => traces.flush(),
      async get(callId) {
        await traces.flush()
        return engine.traces(callId)
      },
    },
    bindings: {
      load: () => reads.selectFrom('bindings').selectAll().orderBy('registeredAt').orderBy('id').execute(),
      put(row) {
        const unit: Unit = []
        pushRow(unit, putBinding, bindingsTable, row)
        return queue.add(unit)
      },
      remove: (id) => queue.add([dropBinding, id]),
    },
    directory: {
      async load() {
        const [people, devices, groups, numbers, trunks] = await Promise.all([
          reads.selectFrom('people').selectAll().orderBy('id').execute(),
          reads.selectFrom('devices').selectAll().orderBy('id').execute(),
          reads.selectFrom('groups').selectAll().orderBy('id').execute(),
          reads.selectFrom('numbers').selectAll().orderBy('number').execute(),
          reads.selectFrom('trunks').selectAll().orderBy('id').execute(),
        ])
        return { people, devices, groups, numbers, trunks }
      },
      put<T extends DirectoryTable>(table: T, row: DirectoryRows[T][number]) {
        const unit: Unit = []
        pushRow(unit, putDirectory[table], directoryTables[table] as Table<DirectoryRows[T][number]>, row)
        return queue.add(unit)
      },
      remove: (table, id) => queue.add([dropDirectory[table], id]),
    },
    accounts: createAccounts(queue, reads),
    contacts: createContacts(queue, reads),
    callbacks: createCallbacks(queue, reads),
    voicemail: createVoicemail(queue, reads),
    queues: createQueues(queue, reads),
    values: {
      get: value,
      put: (key, value) => queue.add([putValue, key, value]),
      async keep(key, wanted) {
        await queue.add([keepValue, key, wanted])
        return (await value(key)) as string
      },
    },
    maintenance: createMaintenance(engine, queue, traces, reads, clock),
    healthy: () => engine.healthy(),
    async close() {
      await Promise.all([queue.close(), traces.flush()])
      await engine.close()
    },
  }
}
