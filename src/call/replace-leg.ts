import type { Call } from './call.ts'
import { inBackground } from './core.ts'
import { joinLegs, type Leg } from './leg.ts'

/**
 * Puts another leg in the place of one of a call's and joins it with who stays. The old leg's media is freed; its dialog is the caller's of
 * this function to end. False: nothing has changed.
 */
export async function replaceLeg(call: Call, old: Leg, replacement: Leg): Promise<boolean> {
  const { core } = call.host
  const stays = old === call.caller ? call.callee : call.caller
  if (!stays || call.state !== 'answered' || !(await joinLegs(core, stays, replacement))) return false
  replacement.role = old.role
  replacement.call = call
  old.peer = undefined
  if (old === call.caller) call.caller = replacement
  else call.callee = replacement
  const row = replacement.row(core.settings.node)
  if (row) await core.storage.calls.dialog(row)
  inBackground(core, 'freeing media', old.media.close())
  call.legChanged()
  return true
}

/** Gives a leg to another call (it is joined there already) and ends what is left of this one. */
export function handOver(call: Call, leg: Leg): void {
  if (leg === call.caller) call.caller = undefined
  else call.callee = undefined
  call.end('transferred', 'server', [['Reason', 'SIP;cause=200;text="Call transferred"']])
}
