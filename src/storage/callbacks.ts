import type { CallbackRow, CallbackStorage, OutboxRow } from './callback-port.ts'
import { attemptsOf, noticesOf } from './callback-reads.ts'
import { createRecordings } from './callback-recordings.ts'
import { askerKeysTable, askersTable, callbackAttemptsTable, callbacksTable, outboxTable } from './callback-tables.ts'
import type { Unit } from './engine.ts'
import { checkLimit, pageOf, parseCursor } from './pages.ts'
import type { Reads } from './reads.ts'
import { pushRow } from './rows.ts'
import {
  addNoticeOf,
  beginAttempt,
  changeCallback,
  endAttempt,
  keepCallback,
  keepNotice,
  noteAttempt,
  putAsker,
  putAskerKey,
  putAttempt,
  putNotice,
  releaseNotices,
  takeNotice,
} from './statements.ts'
import type { WriteQueue } from './write-queue.ts'

/** Calls that a message asks for: requests, attempts, who asked, messages that go out. */
export function createCallbacks(queue: WriteQueue, reads: Reads): CallbackStorage {
  const get = (id: string): Promise<CallbackRow | undefined> =>
    reads.selectFrom('callbacks').selectAll().where('id', '=', id).executeTakeFirst()
  return {
    async accept(row, notices) {
      const unit: Unit = []
      pushRow(unit, keepCallback, callbacksTable, row)
      for (const notice of notices) pushRow(unit, keepNotice, outboxTable, notice)
      await queue.add(unit)
      return (await get(row.id)) as CallbackRow
    },

    async change(row, expected, notices) {
      const unit: Unit = []
      pushRow(unit, changeCallback, callbacksTable, row)
      unit.push(expected)
      pushNoticesOf(unit, notices, row)
      await queue.add(unit)
      return isSame(await get(row.id), row)
    },

    async begin(attempt, now) {
      const unit: Unit = [beginAttempt, attempt.id, attempt.node, attempt.number, now, attempt.callbackId]
      pushRow(unit, noteAttempt, callbackAttemptsTable, attempt)
      await queue.add(unit)
      const row = await get(attempt.callbackId)
      return row?.state === 'ringing' && row.attemptId === attempt.id
    },

    attempt(row) {
      const unit: Unit = []
      pushRow(unit, putAttempt, callbackAttemptsTable, row)
      return queue.add(unit)
    },

    async ended(attempt, row, notices) {
      const unit: Unit = []
      pushRow(unit, putAttempt, callbackAttemptsTable, attempt)
      pushRow(unit, endAttempt, callbacksTable, row)
      pushNoticesOf(unit, notices, row)
      await queue.add(unit)
      return isSame(await get(row.id), row)
    },

    get,
    attemptsOf: (id) => attemptsOf(reads, id),
    byCancelHash: (hash) => reads.selectFrom('callbacks').selectAll().where('cancelHash', '=', hash).executeTakeFirst(),
    byThread: (threadKey) =>
      reads
        .selectFrom('callbacks')
        .selectAll()
        .where('threadKey', '=', threadKey)
        .orderBy('createdAt', 'desc')
        .limit(1)
        .executeTakeFirst(),
    waitingOf: (askerId, channel) =>
      reads
        .selectFrom('callbacks')
        .selectAll()
        .where('askerId', '=', askerId)
        .where('channel', '=', channel)
        .where('state', 'in', ['asking', 'scheduled', 'ringing'])
        .orderBy('createdAt', 'desc')
        .orderBy('id', 'desc')
        .limit(100)
        .execute(),
    due: (before, limit) =>
      reads
        .selectFrom('callbacks')
        .selectAll()
        .where('state', '=', 'scheduled')
        .where('dueAt', '<=', before)
        .orderBy('dueAt')
        .orderBy('id')
        .limit(limit)
        .execute(),
    async nextDue() {
      const first = await reads
        .selectFrom('callbacks')
        .select('dueAt')
        .where('state', '=', 'scheduled')
        .where('dueAt', 'is not', null)
        .orderBy('dueAt')
        .limit(1)
        .executeTakeFirst()
      return first?.dueAt ?? undefined
    },
    unanswered: (before, limit) =>
      reads
        .selectFrom('callbacks')
        .selectAll()
        .where('state', '=', 'asking')
        .where('changedAt', '<=', before)
        .orderBy('changedAt')
        .orderBy('id')
        .limit(limit)
        .execute(),
    ringing: (node) =>
      reads
        .selectFrom('callbacks')
        .selectAll()
        .where('state', '=', 'ringing')
        .where('node', '=', node)
        .orderBy('id')
        .execute(),

    async list({ personId, states, cursor, limit }) {
      checkLimit(limit)
      let select = reads
        .selectFrom('callbacks')
        .selectAll()
        .orderBy('createdAt', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
      if (personId !== undefined) select = select.where('personId', '=', personId)
      if (states !== undefined) select = select.where('state', 'in', states)
      if (cursor !== undefined) {
        const { at, id } = parseCursor(cursor)
        select = select.where((eb) => eb(eb.refTuple('createdAt', 'id'), '<', eb.tuple(at, id)))
      }
      const found = await select.execute()
      const { rows, ...more } = pageOf(found, limit, (row) => row.createdAt)
      return { callbacks: rows, ...more }
    },

    async count({ source, target }, since) {
      let select = reads
        .selectFrom('callbacks')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('createdAt', '>=', since)
      if (source !== undefined) select = select.where('source', '=', source)
      if (target !== undefined) select = select.where('target', '=', target)
      return Number((await select.executeTakeFirst())?.count ?? 0)
    },

    recordings: createRecordings(queue, reads),
    askers: {
      get: (id) => reads.selectFrom('askers').selectAll().where('id', '=', id).executeTakeFirst(),
      byKey: (key) =>
        reads
          .selectFrom('askers')
          .selectAll()
          .where('id', 'in', (eb) => eb.selectFrom('askerKeys').select('askerId').where('key', '=', key))
          .executeTakeFirst(),
      put(row, keys) {
        const unit: Unit = []
        pushRow(unit, putAsker, askersTable, row)
        for (const key of keys) pushRow(unit, putAskerKey, askerKeysTable, { key, askerId: row.id })
        return queue.add(unit)
      },
    },

    outbox: {
      async due(before, limit, channels) {
        if (channels?.length === 0) return []
        const select = reads
          .selectFrom('outbox')
          .selectAll()
          .where('state', '=', 'waiting')
          .where('dueAt', '<=', before)
          .orderBy('dueAt')
          .orderBy('id')
          .limit(limit)
        return (channels ? select.where('channel', 'in', channels) : select).execute()
      },
      async nextDue(channels) {
        if (channels?.length === 0) return undefined
        const select = reads
          .selectFrom('outbox')
          .select('dueAt')
          .where('state', '=', 'waiting')
          .orderBy('dueAt')
          .limit(1)
        return (await (channels ? select.where('channel', 'in', channels) : select).executeTakeFirst())?.dueAt
      },
      async take(id, node, now, until) {
        await queue.add([takeNotice, until, node, now, id])
        const row = await reads.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst()
        return row?.state === 'waiting' && row.node === node && row.dueAt === until
      },
      release: (node, now) => queue.add([releaseNotices, now, node]),
      put(row) {
        const unit: Unit = []
        pushRow(unit, putNotice, outboxTable, row)
        return queue.add(unit)
      },
      of: (callbackId) => noticesOf(reads, callbackId),
    },
  }
}

/** Whether the row as stored is the one that was to be written. */
function isSame(stored: CallbackRow | undefined, row: CallbackRow): boolean {
  return stored !== undefined && callbacksTable.columns.every((column) => stored[column] === row[column])
}

/** Messages that tell of a change: they are written only where the change took place. */
function pushNoticesOf(unit: Unit, notices: readonly OutboxRow[], { state, changedAt }: CallbackRow): void {
  for (const notice of notices) {
    pushRow(unit, addNoticeOf, outboxTable, notice)
    unit.push(state, changedAt)
  }
}
