import type { Engine } from './engine.ts'
import type { RetainBefore, Retained } from './port.ts'
import type { Reads } from './reads.ts'
import {
  dropAskerBefore,
  dropAttemptsOf,
  dropCallback,
  dropCharge,
  dropKeysOfGoneAsker,
  dropNoticesOf,
  dropParticipants,
  dropRecord,
} from './statements.ts'
import type { TraceQueue } from './trace-queue.ts'
import type { WriteQueue } from './write-queue.ts'

/** Rows that one step of a long job touches, so that calls' writes get in between. */
export const STEP = 200

/** Deletes what is older than it may be: a step's worth is found, then deleted in one transaction, until nothing is found. */
export function createRetention(engine: Engine, queue: WriteQueue, traces: TraceQueue, reads: Reads) {
  return async (before: RetainBefore): Promise<Retained> => {
    await traces.flush()
    const inSteps = async (
      found: () => Promise<{ id: string }[]>,
      drop: (ids: string[]) => Promise<unknown>,
    ): Promise<number> => {
      for (let dropped = 0, last = ''; ; ) {
        const ids = (await found()).map(({ id }) => id)
        // What could not be deleted is not tried for ever.
        if (ids.length === 0 || ids[0] === last) return dropped
        last = ids[0] as string
        await drop(ids)
        dropped += ids.length
      }
    }
    let chunks = 0
    const records = await inSteps(
      () => endedBefore(reads, before.records),
      async (ids) => {
        chunks += await engine.dropTraces(ids)
        await queue.add(ids.flatMap((id) => [dropParticipants, id, dropRecord, id]))
      },
    )
    const charges = await inSteps(
      () => chargesEndedBefore(reads, before.records),
      (ids) => queue.add(ids.flatMap((id) => [dropCharge, id])),
    )
    const callbacks = await inSteps(
      () => callbacksOverBefore(reads, before.callbacks),
      (ids) => queue.add(ids.flatMap((id) => [dropAttemptsOf, id, dropNoticesOf, id, dropCallback, id])),
    )
    const askers = await inSteps(
      () => askersSeenBefore(reads, before.callbacks),
      (ids) => queue.add(ids.flatMap((id) => [dropAskerBefore, before.callbacks ?? 0, id, dropKeysOfGoneAsker, id])),
    )
    for (let more = before.traces !== undefined; more; ) {
      const dropped = await engine.dropTracesBefore(before.traces ?? 0, STEP)
      chunks += dropped
      more = dropped === STEP
    }
    return { records, charges, traces: chunks, callbacks, askers }
  }
}

/** Records that ended before a time; what started after it cannot have ended before it. */
async function endedBefore(reads: Reads, before: number | undefined): Promise<{ id: string }[]> {
  if (before === undefined) return []
  return reads
    .selectFrom('records')
    .select('id')
    .where('startedAt', '<', before)
    .where('endedAt', '<', before)
    .orderBy('startedAt')
    .orderBy('id')
    .limit(STEP)
    .execute()
}

async function chargesEndedBefore(reads: Reads, before: number | undefined): Promise<{ id: string }[]> {
  if (before === undefined) return []
  return reads
    .selectFrom('charges')
    .select('id')
    .where('openedAt', '<', before)
    .where('endedAt', '<', before)
    .orderBy('openedAt')
    .orderBy('id')
    .limit(STEP)
    .execute()
}

/** Requests that came to their end before a time, and have told everybody of it. */
async function callbacksOverBefore(reads: Reads, before: number | undefined): Promise<{ id: string }[]> {
  if (before === undefined) return []
  return reads
    .selectFrom('callbacks')
    .select('id')
    .where('createdAt', '<', before)
    .where('changedAt', '<', before)
    .where('state', 'in', ['connected', 'failed', 'cancelled'])
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('outbox')
            .select('outbox.id')
            .whereRef('outbox.callbackId', '=', 'callbacks.id')
            .where('outbox.state', '=', 'waiting'),
        ),
      ),
    )
    .orderBy('createdAt')
    .orderBy('id')
    .limit(STEP)
    .execute()
}

/** Who has asked for nothing since, and for nothing that is still kept. */
async function askersSeenBefore(reads: Reads, before: number | undefined): Promise<{ id: string }[]> {
  if (before === undefined) return []
  return reads
    .selectFrom('askers')
    .select('id')
    .where('seenAt', '<', before)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('callbacks').select('callbacks.id').whereRef('callbacks.askerId', '=', 'askers.id')),
      ),
    )
    .orderBy('seenAt')
    .orderBy('id')
    .limit(STEP)
    .execute()
}
