import type { Calls } from '#call'
import { devicesToRing, type Person } from '#directory'
import type { Queue } from './settings.ts'

/** How long somebody who did not answer is left alone, in ms. */
const missedMs = 2_000

/** Who answers the callers of queues, and who of them is free. One agent may answer for several queues. */
export class Agents {
  readonly #calls: Calls
  /** Agents who ring for a queue, or are about to. */
  readonly #taken = new Set<string>()
  /** When they came out of their last call of a queue, and until when they are left alone. */
  readonly #idleSince = new Map<string, number>()
  readonly #restUntil = new Map<string, number>()
  /** By queue: who was asked last. */
  readonly #last = new Map<string, string>()

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** Those who work now: there is a station to ring and they are neither away nor not to be disturbed. */
  working(queue: Queue): readonly Person[] {
    return this.of(queue).filter((person) => this.#works(person))
  }

  /** Those of them who are in no call. */
  free(queue: Queue): readonly Person[] {
    const busy = this.#busy()
    const now = this.#calls.core.clock.now()
    return this.working(queue).filter(({ id }) => !busy.has(id) && (this.#restUntil.get(id) ?? 0) <= now)
  }

  /** Everybody who may answer, in the order of the list. */
  of(queue: Queue): readonly Person[] {
    const { directory } = this.#calls.core
    const ids = [...queue.people, ...queue.groups.flatMap((id) => directory.groupById(id)?.members ?? [])]
    return [...new Set(ids)].flatMap((id) => directory.personById(id) ?? [])
  }

  /**
   * Whom to ring next, by the strategy of the queue.
   * @param tried who has not answered this caller: the others first
   * @param except who is not rung at all
   */
  choose(queue: Queue, tried: ReadonlySet<string>, except?: string): readonly Person[] {
    const free = this.free(queue).filter(({ id }) => id !== except)
    const untried = free.filter(({ id }) => !tried.has(id))
    const left = untried.length > 0 ? untried : free
    if (queue.strategy === 'all') return left
    const [first] = left
    if (!first || queue.strategy === 'order') return left.slice(0, 1)
    if (queue.strategy === 'longest-idle') {
      const since = ({ id }: Person): number => this.#idleSince.get(id) ?? 0
      return [left.reduce((best, one) => (since(one) < since(best) ? one : best), first)]
    }
    const order = this.of(queue).map(({ id }) => id)
    const after = order.indexOf(this.#last.get(queue.id) ?? '')
    const turn = ({ id }: Person): number => (order.indexOf(id) - after - 1 + order.length) % order.length
    return [left.reduce((best, one) => (turn(one) < turn(best) ? one : best), first)]
  }

  take(queue: Queue, people: readonly Person[]): void {
    for (const { id } of people) this.#taken.add(id)
    const last = people.at(-1)
    if (last) this.#last.set(queue.id, last.id)
  }

  giveBack(people: readonly Person[]): void {
    for (const { id } of people) this.#taken.delete(id)
  }

  /** Somebody's call from a queue is over. @param restMs how long they are left alone */
  handled(personId: string, restMs: number): void {
    const now = this.#calls.core.clock.now()
    this.#idleSince.set(personId, now)
    this.#restUntil.set(personId, now + restMs)
  }

  /** They did not answer: whoever waits does not ring them again in the same moment. */
  missed(people: readonly Person[]): void {
    const until = this.#calls.core.clock.now() + missedMs
    for (const { id } of people) this.#restUntil.set(id, Math.max(until, this.#restUntil.get(id) ?? 0))
  }

  #works(person: Person): boolean {
    const { settings } = person
    const { core } = this.#calls
    if (settings.doNotDisturb || settings.away || settings.forward.always) return false
    const anybody = { number: 'queue', internal: true }
    const told = devicesToRing(person, anybody, core.clock.now(), core.directory.bindingsOf(person.id))
    return told.kind === 'ring' && told.bindings.length > 0
  }

  /** Everybody who is in a call, rings, or is about to. */
  #busy(): ReadonlySet<string> {
    const busy = new Set(this.#taken)
    for (const { from, caller, callee, claimed, ringingBranches } of this.#calls.all()) {
      for (const person of [from.person, caller?.party.person, callee?.party.person, claimed?.by.person])
        if (person) busy.add(person.id)
      for (const { live, station } of ringingBranches)
        if (live && station.kind === 'device') busy.add(station.person.id)
    }
    return busy
  }
}
