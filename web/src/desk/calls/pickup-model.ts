import type { CallShape } from '#api/contract.ts'
import { ringsFor } from './ring-model.ts'

/** Calls that ring colleagues and that this person may take, the longest-ringing first. Those that ring them too are answered instead. */
export function takeable(calls: Iterable<CallShape>, personId: string): readonly CallShape[] {
  return [...calls]
    .filter((call) => call.mayPickUp && call.caller.personId !== personId && !ringsFor(call, personId))
    .sort((a, b) => a.startedAt - b.startedAt)
}

/** The call that rings a colleague, the longest-ringing first; `undefined` when none does, or none that this viewer sees. */
export function ringingAt(calls: Iterable<CallShape>, colleagueId: string): CallShape | undefined {
  return [...calls].filter((call) => ringsFor(call, colleagueId)).sort((a, b) => a.startedAt - b.startedAt)[0]
}

/** Whether a call is seen only because it rings a colleague: its messages and its card are for others. */
export function isColleagues(call: CallShape, personId: string): boolean {
  if (!call.mayPickUp && !call.callerHidden) return false
  const mine = [call.caller, call.callee, ...call.branches].some((part) => part.personId === personId)
  return call.callerHidden || !mine
}

/** Why a pickup was refused: the API's code, and who was faster. */
export interface PickupRefusal {
  readonly code: string
  /** Log-in or station, for `taken`. */
  readonly by: string
}

/** What the server says of a refusal (RFC 3261 reason phrase), most telling first. */
const phrases: readonly (readonly [number, RegExp, string])[] = [
  [486, /^Already taken/, 'taken'],
  [480, /^Nothing rings/, 'nothing-rings'],
  [480, /^The caller/, 'caller-gone'],
  [403, /./, 'not-allowed'],
  [404, /./, 'nothing-rings'],
  [488, /./, 'not-acceptable'],
]

/** @param status of the SIP response, 0 when none came  @param reason its phrase, or the API's message */
export function pickupRefusal(status: number, reason: string): PickupRefusal {
  const code = phrases.find(([each, phrase]) => each === status && phrase.test(reason))?.[2] ?? 'error'
  return { code, by: takenBy(reason) }
}

/** `Already taken by bob`: bob. */
export function takenBy(reason: string): string {
  return /^Already taken by (.+)$/.exec(reason)?.[1] ?? ''
}
