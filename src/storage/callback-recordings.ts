import type { CallbackStorage } from './callback-port.ts'
import { callbackRecordingsTable, outboxTable } from './callback-tables.ts'
import type { Unit } from './engine.ts'
import type { Reads } from './reads.ts'
import { pushRow } from './rows.ts'
import { dropRecording, keepNotice, keepRecording, putRecording } from './statements.ts'
import type { WriteQueue } from './write-queue.ts'

/** What centres said in attempts. */
export function createRecordings(queue: WriteQueue, reads: Reads): CallbackStorage['recordings'] {
  const all = () => reads.selectFrom('callbackRecordings').selectAll()
  return {
    begin(row) {
      const unit: Unit = []
      pushRow(unit, putRecording, callbackRecordingsTable, row)
      return queue.add(unit)
    },
    keep({ id, state, ms, partial }, notices) {
      const unit: Unit = [keepRecording, state, ms, partial, id]
      for (const notice of notices) pushRow(unit, keepNotice, outboxTable, notice)
      return queue.add(unit)
    },
    remove: (id) => queue.add([dropRecording, id]),
    get: (id) => all().where('id', '=', id).executeTakeFirst(),
    of: (callbackId) =>
      all().where('callbackId', '=', callbackId).where('state', '=', 'kept').orderBy('number').orderBy('id').execute(),
    recording: (node) => all().where('state', '=', 'recording').where('node', '=', node).orderBy('id').execute(),
    over: (before, limit) =>
      all()
        .where('state', '=', 'kept')
        .where((eb) =>
          eb.or([
            eb('at', '<', before),
            eb('callbackId', 'not in', (inner) => inner.selectFrom('callbacks').select('id')),
          ]),
        )
        .orderBy('at')
        .orderBy('id')
        .limit(limit)
        .execute(),
  }
}
