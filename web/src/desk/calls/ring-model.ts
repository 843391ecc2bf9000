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

/** Digits decide; how a number is written does not. */
function sameParty(one: string, other: string): boolean {
  const digits = (text: string) => text.replace(/[\s()./-]/g, '').replace(/^00/, '+')
  return digits(one).toLowerCase() === digits(other).toLowerCase()
}

export function ringsFor(call: CallShape, personId: string): boolean {
  const rings = call.branches.some(
    (branch) => branch.personId === personId && (branch.state === 'ringing' || branch.state === 'calling'),
  )
  return call.state === 'ringing' && rings && call.caller.personId !== personId
}

/**
 * What rings for me. The browser's phone and the server tell of the same call by different ways: pairs are found by the caller, the
 * oldest first. A session without the server's word is shown too, because it comes first.
 */
export function ringingCards(
  calls: Iterable<CallShape>,
  sessions: readonly PhoneCall[],
  personId: string,
): readonly RingingCard[] {
  const free = sessions.filter((session) => session.state === 'ringing' && session.direction === 'in')
  const mine = [...calls].filter((call) => ringsFor(call, personId)).sort((a, b) => a.startedAt - b.startedAt)
  const cards: RingingCard[] = mine.map((call) => {
    const place = free.findIndex(({ number }) => callerFits(call, number))
    const [session] = place < 0 ? [] : free.splice(place, 1)
    return { key: session?.id ?? call.id, call, session }
  })
  return [...cards, ...free.map((session) => ({ key: session.id, call: undefined, session }))]
}

function callerFits({ caller }: CallShape, number: string): boolean {
  return caller.number === '' ? /^anonymous$/i.test(number) : sameParty(caller.number, number)
}

/** The server's call behind each of this browser's calls that is not ringing. */
export function activeCards(
  calls: Iterable<CallShape>,
  sessions: readonly PhoneCall[],
  personId: string,
): readonly ActiveCard[] {
  const all = [...calls].sort((a, b) => a.startedAt - b.startedAt)
  return sessions
    .filter((session) => session.state !== 'ringing')
    .map((session) => {
      const place = all.findIndex((call) =>
        session.direction === 'in'
          ? callerFits(call, session.number) && call.caller.personId !== personId
          : call.caller.personId === personId && sameParty(call.callee.number, session.number),
      )
      const [call] = place < 0 ? [] : all.splice(place, 1)
      return { key: session.id, session, call }
    })
}
