import type { CallbackAttemptRow, OutboxRow } from './callback-port.ts'
import type { Reads } from './reads.ts'

/** The attempts of a request, in their order. */
export function attemptsOf(reads: Reads, callbackId: string): Promise<CallbackAttemptRow[]> {
  return reads
    .selectFrom('callbackAttempts')
    .selectAll()
    .where('callbackId', '=', callbackId)
    .orderBy('number')
    .orderBy('id')
    .execute()
}

/** The messages that tell of a request, in their order. */
export function noticesOf(reads: Reads, callbackId: string): Promise<OutboxRow[]> {
  return reads
    .selectFrom('outbox')
    .selectAll()
    .where('callbackId', '=', callbackId)
    .orderBy('createdAt')
    .orderBy('id')
    .execute()
}
