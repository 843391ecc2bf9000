import type { Unit } from './engine.ts'
import type { QueueStorage } from './queue-port.ts'
import { queueCallersTable, queuesTable } from './queue-tables.ts'
import type { Reads } from './reads.ts'
import { pushRow } from './rows.ts'
import { dropQueue, dropQueueCaller, dropQueueCallersIn, putQueue, putQueueCaller } from './statements.ts'
import type { WriteQueue } from './write-queue.ts'

/** Centres of our own and who waits in them. */
export function createQueues(queue: WriteQueue, reads: Reads): QueueStorage {
  return {
    list: () => reads.selectFrom('queues').selectAll().orderBy('name').orderBy('id').execute(),
    put(row) {
      const unit: Unit = []
      pushRow(unit, putQueue, queuesTable, row)
      return queue.add(unit)
    },
    remove: (id) => queue.add([dropQueueCallersIn, id, dropQueue, id]),
    waiting: (node) =>
      reads
        .selectFrom('queueCallers')
        .selectAll()
        .where('node', '=', node)
        .orderBy('enqueuedAt')
        .orderBy('id')
        .execute(),
    wait(row) {
      const unit: Unit = []
      pushRow(unit, putQueueCaller, queueCallersTable, row)
      return queue.add(unit)
    },
    left: (id) => queue.add([dropQueueCaller, id]),
  }
}
