import type { DialOrigin, Person, Trunk } from '#directory'
import type { Branch } from './branch.ts'
import type { Party } from './leg.ts'
import { type Presented, presentedOf } from './station.ts'

/** Who places the call, as admitted. */
export interface Caller {
  readonly origin: DialOrigin
  readonly person: Person | undefined
  readonly deviceId: string
  readonly station: string
  readonly trunk: Trunk | undefined
  readonly presented: Presented
  /** The station or trunk may have its media flow directly. */
  readonly directMedia: boolean
}

/** Somebody for whom the server makes a call: a person of ours, on their account, or an outsider, on nobody's. */
export function askingCaller(who: Person | { readonly number: string; readonly name: string }): Caller {
  const rest = { deviceId: '', trunk: undefined, directMedia: false }
  if ('login' in who) {
    const origin = { kind: 'on-behalf', person: who } as const
    return { origin, person: who, station: who.login, presented: presentedOf(who), ...rest }
  }
  const { number, name } = who
  const presented = { number, name, outsideNumber: number, hidden: false, hiddenOutside: false }
  return { origin: { kind: 'service' }, person: undefined, station: number, presented, ...rest }
}

/** The far end of the caller's leg. */
export function partyOf(from: Caller): Party {
  const { station, person, deviceId, trunk, presented } = from
  return { station, person, deviceId, trunk, ...(presented.hidden ? { hidden: true } : {}) }
}

/** The far end of the leg of a station that took the call. */
export function calleeParty(branch: Branch): Party {
  const { station } = branch
  return station.kind === 'device'
    ? { station: station.name, person: station.person, deviceId: station.binding.device.id, trunk: undefined }
    : { station: station.name, person: undefined, deviceId: '', trunk: branch.way?.trunk }
}
