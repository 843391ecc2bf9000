import type { Unit } from './engine.ts'
import { namesPerson } from './people-in-json.ts'
import type { CallContextRow, RecordRow, Storage } from './port.ts'
import type { Reads } from './reads.ts'
import { pushBranchPeople, pushRecord, pushRow } from './rows.ts'
import {
  addParticipant,
  closeRecord,
  dropContext,
  dropDialog,
  dropDialogs,
  endCharges,
  interruptCharges,
  interruptNode,
  putContext,
  putDialog,
} from './statements.ts'
import { contextsTable, dialogsTable } from './tables.ts'
import type { WriteQueue } from './write-queue.ts'

/** Ids that a question for contexts is narrowed by: more would cost the database more than reading them all. */
const mostIds = 64
const mostContexts = 500

/** The hot writes: each is one unit of prepared statements. */
export function createCalls(queue: WriteQueue, reads: Reads): Storage['calls'] {
  return {
    ringing(row) {
      const unit: Unit = [putContext]
      for (const column of contextsTable.columns) unit.push(row[column] ?? '')
      return queue.add(unit)
    },
    answered(record, dialogs) {
      const unit: Unit = []
      pushRecord(unit, record)
      for (const dialog of dialogs) pushRow(unit, putDialog, dialogsTable, dialog)
      unit.push(dropContext, record.id)
      return queue.add(unit)
    },
    dialog(row) {
      const unit: Unit = []
      pushRow(unit, putDialog, dialogsTable, row)
      return queue.add(unit)
    },
    closed({ id, endedAt, cause, endedBy, quality, branches, answeredById, answeredStation }) {
      const unit: Unit = [endCharges, endedAt, cause, id, closeRecord, endedAt, cause, endedBy, quality]
      unit.push(branches ?? null, answeredById ?? null, answeredStation ?? null, id)
      if (answeredById) unit.push(addParticipant, answeredById, id)
      if (branches) pushBranchPeople(unit, id, branches, [answeredById ?? ''])
      unit.push(dropDialogs, id)
      return queue.add(unit)
    },
    unanswered(record) {
      const unit: Unit = []
      pushRecord(unit, record)
      unit.push(dropContext, record.id, endCharges, record.endedAt, record.cause, record.id)
      return queue.add(unit)
    },
    async sweep(node, now) {
      const contexts = await reads.selectFrom('callContexts').selectAll().where('node', '=', node).execute()
      const known = new Set<string>()
      for (const { callId } of contexts)
        if (await reads.selectFrom('records').select('id').where('id', '=', callId).executeTakeFirst())
          known.add(callId)
      const unit: Unit = [interruptNode, now, node]
      for (const context of contexts) {
        if (!known.has(context.callId)) pushRecord(unit, interruptedRecord(context, now))
        unit.push(dropContext, context.callId)
      }
      unit.push(interruptCharges, now, node)
      await queue.add(unit)
      return reads
        .selectFrom('dialogs')
        .selectAll()
        .where('node', '=', node)
        .orderBy('callId')
        .orderBy('role')
        .execute()
    },
    dialogEnded: (callId, role) => queue.add([dropDialog, callId, role]),
    async context(callId) {
      const read = () => reads.selectFrom('callContexts').selectAll().where('callId', '=', callId).executeTakeFirst()
      const found = await read()
      if (found) return found
      // Writes are committed in order: after an empty one, all that were made before it can be read.
      await queue.add([])
      return read()
    },
    async contextsOf(nodes, ids) {
      if (nodes.length === 0 || ids.length === 0) return []
      const ringing = reads.selectFrom('callContexts').selectAll().where('node', 'in', nodes)
      const narrowed =
        ids.length > mostIds
          ? ringing
          : ringing.where((eb) =>
              eb.or(ids.flatMap((id) => [eb('calleeId', '=', id), namesPerson(eb.ref('branches'), id)])),
            )
      return narrowed.orderBy('ringingSince').orderBy('callId').limit(mostContexts).execute()
    },
    contexts: () => reads.selectFrom('callContexts').selectAll().orderBy('ringingSince').orderBy('callId').execute(),
  }
}

/** The record of a call that rang when its process died. */
function interruptedRecord(context: Required<CallContextRow>, now: number): RecordRow {
  return {
    id: context.callId,
    node: context.node,
    state: 'interrupted',
    direction: context.direction || directionOf(context),
    callerNumber: context.callerNumber,
    callerName: context.callerName,
    callerId: context.callerId,
    dialled: context.dialled,
    calleeName: context.calleeName,
    calleeId: context.calleeId,
    trunk: context.trunk,
    startedAt: context.ringingSince,
    answeredAt: null,
    endedAt: now,
    answeredById: '',
    answeredStation: '',
    cause: 'interrupted',
    status: 0,
    endedBy: 'server',
    branches: context.branches,
    quality: '{}',
  }
}

function directionOf({ callerNumber, calleeId }: CallContextRow): RecordRow['direction'] {
  if (calleeId === '') return 'out'
  return callerNumber.startsWith('+') ? 'in' : 'internal'
}
