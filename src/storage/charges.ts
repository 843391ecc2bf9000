import type { Unit } from './engine.ts'
import { checkLimit, pageOf, parseCursor } from './pages.ts'
import type { Storage } from './port.ts'
import type { Reads } from './reads.ts'
import { pushRow } from './rows.ts'
import { closeCharge, openCharge, voidCharge } from './statements.ts'
import { chargesTable } from './tables.ts'
import type { WriteQueue } from './write-queue.ts'

/** Entries on the accounts of people who took colleagues' calls. */
export function createCharges(queue: WriteQueue, reads: Reads): Storage['charges'] {
  return {
    open(row) {
      const unit: Unit = []
      pushRow(unit, openCharge, chargesTable, row)
      return queue.add(unit)
    },
    close: ({ id, answeredAt, endedAt, reason }) => queue.add([closeCharge, endedAt, answeredAt, reason, id]),
    void: (id, reason, endedAt) => queue.add([voidCharge, endedAt, reason, id]),
    get: (id) => reads.selectFrom('charges').selectAll().where('id', '=', id).executeTakeFirst(),
    async list({ account, state, from, to, cursor, limit }) {
      checkLimit(limit)
      let select = reads
        .selectFrom('charges')
        .selectAll()
        .orderBy('openedAt', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
      if (account !== undefined) select = select.where('account', '=', account)
      if (state !== undefined) select = select.where('state', '=', state)
      if (from !== undefined) select = select.where('openedAt', '>=', from)
      if (to !== undefined) select = select.where('openedAt', '<', to)
      if (cursor !== undefined) {
        const { at, id } = parseCursor(cursor)
        select = select.where((eb) => eb(eb.refTuple('openedAt', 'id'), '<', eb.tuple(at, id)))
      }
      const found = await select.execute()
      const { rows, ...more } = pageOf(found, limit, (row) => row.openedAt)
      return { charges: rows, ...more }
    },
  }
}
