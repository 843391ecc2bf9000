import type { Call } from './call.ts'
import { personOf } from './station.ts'

/** Everybody who has a part in a call, and the group that was called, by id; some more than once. */
export function* partOf(call: Call): Generator<string> {
  const { from, plan, caller, callee, ringingBranches } = call
  for (const person of [from.person, caller?.party.person, callee?.party.person]) if (person) yield person.id
  if (plan) yield* plan.people
  if (plan) yield plan.callee.id
  for (const { station } of ringingBranches) if (station.kind === 'device') yield station.person.id
}

/** Whether a person has a part in a call: for `maxCalls`. */
export function concerns({ from, plan, callee, claimed }: Call, personId: string): boolean {
  const taker = callee?.party.person?.id ?? claimed?.by.person?.id
  return from.person?.id === personId || taker === personId || plan?.people.has(personId) === true
}

/** Whom a call rings now: people with a station that rings, and the group that was called; by id. */
export function rungNow({ served, ringing, plan }: Call): readonly string[] {
  if (served) return []
  const people = (ringing?.branches ?? []).filter(({ live }) => live).map(({ station }) => personOf(station))
  const ids = new Set(people.filter((id) => id !== ''))
  if (ids.size > 0 && plan) ids.add(plan.rings)
  return [...ids]
}

/** Whom a call was for, by id. */
export function rungAtAll({ plan }: Call): readonly string[] {
  return plan ? [plan.rings, ...plan.people] : []
}
