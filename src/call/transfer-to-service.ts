import { isDirect } from '#media'
import type { HeaderLines } from '#sip'
import type { DialogRow } from '#storage'
import { serveHeld } from './answer-by.ts'
import type { Call } from './call.ts'
import { askingCaller, type Caller } from './caller.ts'
import { inBackground } from './core.ts'
import { CallError } from './errors.ts'
import { HeldLeg } from './held-leg.ts'
import type { Leg } from './leg.ts'
import type { CallPlan } from './plan.ts'

const transferred: HeaderLines = [['Reason', 'SIP;cause=200;text="Call transferred"']]

/**
 * Blind transfer to something of the server's that holds who comes: a queue. Who is transferred gets a call of their own there, and keeps
 * their dialog; the transferor's call is over.
 *   transferor     server        transferee     agent
 *     |--REFER------->|             |             |
 *     |<---202--------|             |             |
 *     |               |--INVITE---->|             |   G.711 alone, where they talk anything else: nothing else is understood here
 *     |               |<-200--------|             |
 *     |               | the new call and its dialog are stored
 *     |<--NOTIFY 200--|===music====>|             |
 *     |<--BYE---------|---INVITE----------------->|   as with anybody who calls the queue
 * @throws CallError where who is transferred could not hear the server, or be understood: the call stays as it was
 */
export function prepareForService(
  call: Call,
  transferor: Leg,
  plan: CallPlan,
  dialled: string,
  told: () => void,
): () => Promise<void> {
  const transferee = transferor.peer as Leg
  // Who hears the other side directly cannot hear the server.
  if (isDirect(transferee.media)) throw new CallError('queue-not-here')
  return () => toService(call, transferor, transferee, plan, dialled, told)
}

async function toService(
  call: Call,
  transferor: Leg,
  transferee: Leg,
  plan: CallPlan,
  dialled: string,
  told: () => void,
): Promise<void> {
  const { host } = call
  const { core } = host
  const { calls } = core.storage
  const served = host.serve(callerOf(call, transferee), dialled)
  const next = served.call
  next.plan = plan
  const service = host.answering(next, undefined)
  const row = transferee.row(core.settings.node)
  if (service?.station !== '' || !row) {
    served.end('not-found')
    throw new CallError('not-found')
  }
  call.beginTransfer(transferee)
  if (!(await transferee.agreeG711())) {
    call.endTransfer()
    served.end('not-acceptable')
    // Nobody is left for who would have been transferred.
    if (transferor.dialog?.ended) call.end('not-acceptable', 'server')
    throw new CallError('not-acceptable')
  }
  const moved: DialogRow = { ...row, callId: next.id, role: 'caller' }
  try {
    // Under both calls until the first is over: after a crash it is ended in any case.
    await Promise.all([next.storeContext(), calls.dialog(moved)])
  } catch (error) {
    call.endTransfer()
    served.end('error')
    throw error
  }
  call.endTransfer()
  if (call.state !== 'answered' || transferee.dialog?.ended !== false || transferor.peer !== transferee) {
    served.end('cancelled')
    inBackground(core, 'forgetting a dialog', calls.dialogEnded(next.id, 'caller'))
    throw new CallError('caller-gone')
  }
  inBackground(core, 'parting two legs', core.anchored.unbridge(transferee.media))
  transferee.peer = undefined
  transferor.peer = undefined
  if (call.caller === transferee) call.caller = undefined
  else call.callee = undefined
  inBackground(core, 'forgetting a dialog', calls.dialogEnded(call.id, transferee.role))
  transferee.call = next
  transferee.role = 'caller'
  next.caller = transferee
  const held = new HeldLeg(core, transferee)
  served.hold(held)
  host.changed(next, 'changed')
  told()
  const over = (): void => call.end('transferred', 'server', transferred)
  // The transferor hangs up, or is hung up after a while.
  if (transferor.dialog?.ended) over()
  else core.clock.setTimeout(over, core.settings.transferGraceMs)
  inBackground(core, 'serving who was transferred', serveHeld(service, held, served))
}

/** Who is transferred, as the queue and its agents see them. */
function callerOf(call: Call, transferee: Leg): Caller {
  if (transferee === call.caller) return call.from
  const { person, station, deviceId, trunk } = transferee.party
  const asking = askingCaller(person ?? { number: station, name: '' })
  return { ...asking, station, deviceId, trunk }
}
