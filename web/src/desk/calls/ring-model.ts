import type { CallShape } from '#api/contract.ts'
import type { PhoneCall } from '../phone/types.ts'

/** A call that rings for me: what the server knows, what this browser's phone knows, or both. */
export interface RingingCard {
  /** Stays the same while the call rings. */
  readonly key: string
  readonly call: CallShape | undefined
  readonly session: PhoneCall | undefined
}

/** A call of mine that is not ringing. */
export interface ActiveCard {
  readonly key: string
  readonly session: PhoneCall
  readonly call: CallShape | undefined
}

export function ringsFor(call: CallShape, personId: string): boolean {
  const rings = call.branches.some(
    (branch) => branch.personId === personId && (branch.state === 'ringing' || branch.state === 'calling'),
  )
  return call.state === 'ringing' && rings && call.caller.personId !== personId
}

/**
 * What rings for me, the oldest first. The browser's phone and the server tell of the same call by different ways, and both name it. A
 * session without the server's word is shown too, because it may come first.
 */
export function ringingCards(
  calls: Iterable<CallShape>,
  sessions: readonly PhoneCall[],
  personId: string,
): readonly RingingCard[] {
  const all = [...calls]
  const ringing = sessions.filter((session) => session.state === 'ringing' && session.direction === 'in')
  const mine = all.filter((call) => ringsFor(call, personId)).sort((a, b) => a.startedAt - b.startedAt)
  const known = new Set(mine.map((call) => call.id))
  return [
    ...mine.map((call) => ({ key: call.id, call, session: ringing.find(({ callId }) => callId === call.id) })),
    ...ringing
      .filter(({ callId }) => !known.has(callId))
      .map((session) => ({
        key: session.callId || session.id,
        call: all.find((call) => call.id === session.callId),
        session,
      })),
  ]
}

/** The server's call behind each of this browser's calls that is not ringing. */
export function activeCards(
  calls: ReadonlyMap<string, CallShape>,
  sessions: readonly PhoneCall[],
): readonly ActiveCard[] {
  return sessions
    .filter((session) => session.state !== 'ringing')
    .map((session) => ({ key: session.id, session, call: calls.get(session.callId) }))
}
