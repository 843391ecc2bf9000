import type { HeaderLines } from '#sip'
import type { Call } from './call.ts'
import { factsOf } from './call-facts.ts'
import { inBackground } from './core.ts'
import { type CallErrorCode, refusalOf } from './errors.ts'
import { closeOf, recordOf } from './record.ts'

/** Who ended a call, as its record says it. */
type Ender = 'caller' | 'callee' | 'server'

/** Ends a call that nobody has taken: stations stop, the caller is told by `status`, the record is written. */
export function endUnanswered(call: Call, cause: CallErrorCode, status: number, by: Ender): void {
  if (call.state === 'joining') {
    call.end(cause, by)
    return
  }
  if (call.state !== 'ringing' && call.state !== 'claimed') return
  const { core } = call.host
  call.state = 'ended'
  call.cause = cause
  call.onEnd?.()
  call.claimed?.ended()
  call.ringing?.cancel('cancelled', '', by === 'caller' ? [] : [['Reason', `SIP;cause=${status}`]])
  const { side } = call
  if (side?.pending) {
    const headers: HeaderLines = status === 503 ? [['Retry-After', '5']] : []
    const { sip, text } = refusalOf(cause)
    const words = call.route && call.ringingBranches.at(-1)?.words
    side.reject(status, words || (status === sip ? text : undefined), headers)
  }
  call.side = undefined
  const record = {
    ...recordOf(factsOf(call), 0),
    state: 'ended' as const,
    endedAt: core.clock.now(),
    status,
    endedBy: by,
  }
  inBackground(core, 'writing the record of an unanswered call', core.storage.calls.unanswered(record))
  if (call.caller) inBackground(core, 'freeing media', call.caller.media.close())
  call.host.changed(call, 'ended')
}

/** Closes a call that somebody took: BYE to whoever is left, then the record. */
export async function closeCall(call: Call, by: Ender, headers: HeaderLines): Promise<void> {
  call.ringing?.cancel('cancelled', '', headers)
  if (call.side?.pending && !call.side.dialog) call.side.reject(call.cause === 'cancelled' ? 487 : 500)
  call.side = undefined
  const [caller, callee] = await Promise.all([call.caller?.end(headers), call.callee?.end(headers)])
  try {
    await call.host.core.storage.calls.closed(closeOf(factsOf(call), by, { caller, callee }))
  } finally {
    call.host.changed(call, 'ended')
  }
}
