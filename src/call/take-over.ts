import { sameEngine } from '#media'
import type { HeaderLines, Invitation } from '#sip'
import type { Call } from './call.ts'
import type { Caller } from './caller.ts'
import { inBackground } from './core.ts'
import { engineLike } from './engine.ts'
import { Leg } from './leg.ts'
import { replaceLeg } from './replace-leg.ts'

const takenOver: HeaderLines = [['Reason', 'SIP;cause=200;text="Call taken over"']]

/**
 * INVITE with Replaces to a confirmed dialog (RFC 3891 §3): a person goes on with the call on another of their stations.
 *   new station     server          old station      other party
 *     |--INVITE------->|                |                |    Replaces: dialog server ↔ old station
 *     |<---200---------|==================media==========|
 *     |                |---BYE--------->|                |
 */
export async function takeOver(call: Call, old: Leg, invitation: Invitation, from: Caller): Promise<void> {
  const { core } = call.host
  const stays = old.peer
  const engine = engineLike(core, old.media, from.directMedia)
  const made = await engine.createLeg()
  if (!made.ok || !stays) {
    invitation.reject(stays ? 503 : 481)
    return
  }
  const media = made.value
  const party = { station: from.station, person: from.person, deviceId: from.deviceId, trunk: from.trunk }
  const replacement = new Leg(core, call, old.role, party, media)
  const offered = await media.remoteOffer(invitation.request.body.toString('utf8'))
  const answer = offered.ok ? await media.answer(sameEngine(media, stays.media)) : offered
  if (!answer.ok || invitation.completed || !(await replaceLeg(call, old, replacement))) {
    await media.close()
    if (!invitation.completed) invitation.reject(488, 'Not Acceptable Here')
    return
  }
  call.traced(invitation.request.callId)
  replacement.attach(invitation.answer({ body: answer.value }))
  const row = replacement.row(core.settings.node)
  if (row) inBackground(core, 'storing a dialog', core.storage.calls.dialog(row))
  old.dialog?.bye(takenOver)
}
