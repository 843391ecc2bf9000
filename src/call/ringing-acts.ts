import type { Person } from '#directory'
import type { Call } from './call.ts'
import { CallError } from './errors.ts'
import { follow } from './forwarding.ts'
import { planFor } from './plan.ts'
import type { Ringing } from './ringing.ts'

/** Only this station rings on. @throws CallError `taken` when the call rings no more, `unreachable` when that station does not ring */
export function ringOnly(call: Call, station: string): void {
  if (!ringingOf(call).only(station)) throw new CallError('unreachable')
}

/** A person does not want the call: their stations stop; whoever else is rung may still take it. @throws CallError `taken` */
export function decline(call: Call, personId: string): void {
  ringingOf(call).decline(personId)
}

/**
 * Sends a ringing call elsewhere, on behalf of a person; `voicemail` is the person's own, whether they let other calls go there or not.
 * @throws CallError `taken`, or the dial policy's refusal: then it rings on
 */
export function divert(call: Call, to: string, person: Person): void {
  const ringing = ringingOf(call)
  if (call.served) throw new CallError('not-allowed')
  if (to === 'voicemail') {
    toVoicemail(call, ringing, person)
    return
  }
  const plan = planFor(to, { kind: 'on-behalf', person }, call.host.surroundings, call.planRequest(1))
  // Of a call that another process has, nothing here may answer.
  if (plan.queue !== undefined && call.route) throw new CallError('not-allowed')
  ringing.cancel('diverted', person.login, [])
  follow(call, plan)
}

function toVoicemail(call: Call, ringing: Ringing, person: Person): void {
  call.sentToVoicemailBy = person
  const service = call.host.answering(call, undefined)
  call.sentToVoicemailBy = undefined
  if (!service) throw new CallError('not-found')
  ringing.cancel('diverted', person.login, [])
  call.give(service)
}

function ringingOf(call: Call): Ringing {
  if (!call.ringing?.open) throw call.refusal()
  return call.ringing
}
