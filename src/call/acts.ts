import type { Person } from '#directory'
import type { Call } from './call.ts'
import type { Calls } from './calls.ts'
import { CallError } from './errors.ts'
import { joinLegs, type Leg } from './leg.ts'
import { Origination } from './origination.ts'
import { planFor } from './plan.ts'
import { decline, divert, ringOnly } from './ringing-acts.ts'
import { presentedOf } from './station.ts'
import { transferTo } from './transfer.ts'
import type { CallId } from './types.ts'

/**
 * What people do with calls from a desk or by API. Every act checks that the person has a part in the call; who may see it at all is the
 * API's question. Every refusal is a CallError: `not-found` for a call that is over, `taken` where somebody was faster.
 */
export class CallActs {
  readonly #calls: Calls

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** Of all stations that ring only this one rings on, to be answered there. @param station as the call's branches name it */
  answer(id: CallId, person: Person, station: string): void {
    const call = this.#ringingFor(id, person)
    const mine = call.view().branches.some((branch) => branch.station === station && branch.personId === person.id)
    if (!mine) throw new CallError('not-allowed')
    ringOnly(call, station)
  }

  /** The person does not take the call. */
  decline(id: CallId, person: Person): void {
    decline(this.#ringingFor(id, person), person.id)
  }

  /** A ringing call goes to somebody else, by the dial policy and on the person's account; `voicemail` is the person's own mailbox. */
  divert(id: CallId, person: Person, to: string): void {
    divert(this.#ringingFor(id, person), to, person)
  }

  /**
   * Takes a call that rings a colleague: the person's own stations ring (or the named device's), those whose profile allows it answer by
   * themselves. Resolves once caller and person are joined.
   * @throws CallError `nothing-rings`, `not-allowed`, `taken` with who was faster, `unreachable` without a station; `no-answer`, `busy` or
   * `declined` as the person's own station said, and `caller-gone`: the colleague's stations then ring again
   */
  pickup(id: CallId, person: Person, station?: string): Promise<void> {
    return this.#calls.pickUp(id, person, station)
  }

  /** Blind transfer of the other party. Resolves when the target took the call; rejects with its refusal, the call then goes on. */
  async transfer(id: CallId, person: Person, to: string): Promise<void> {
    const { call, leg } = this.#legOf(id, person)
    await transferTo(call, leg, to)
  }

  /** Parts the two sides: neither hears the other until {@link resume}. Direct media cannot be held by the server. */
  async hold(id: CallId, person: Person): Promise<void> {
    const { call, leg } = this.#legOf(id, person)
    await call.host.core.anchored.unbridge(leg.media)
    call.parkedBy = leg
    call.legChanged()
  }

  async resume(id: CallId, person: Person): Promise<void> {
    const { call, leg } = this.#legOf(id, person)
    if (!leg.peer || !(await joinLegs(call.host.core, leg, leg.peer))) throw new CallError('not-acceptable')
    call.parkedBy = undefined
    call.legChanged()
  }

  /** Ends the call, or gives up one that the person has placed. */
  hangup(id: CallId, person: Person): void {
    const call = this.#calls.call(id)
    if (!call) throw new CallError('not-found')
    if (call.state !== 'answered') {
      if (call.from.person?.id !== person.id) throw new CallError('not-allowed')
      call.cancelled()
      return
    }
    const leg = call.legOf(person.id)
    if (!leg) throw new CallError('not-allowed')
    call.end('answered', leg.role)
  }

  /**
   * Calls out: rings the person's own station first, then `to`.
   * @param from name of one of the person's devices; without it all their stations ring
   * @throws CallError of the dial policy, or `unreachable` when no station is registered
   */
  originate(person: Person, to: string, from?: string): CallId {
    const caller = { number: person.extension, internal: true }
    planFor(to, { kind: 'station', person }, this.#calls.surroundings, { caller })
    const stations = this.#calls.stationsOf(person, from)
    if (stations.length === 0) throw new CallError('unreachable')
    const call = this.#calls.open(
      {
        origin: { kind: 'station', person },
        person,
        deviceId: '',
        station: person.login,
        trunk: undefined,
        directMedia: false,
        presented: presentedOf(person),
      },
      to,
    )
    new Origination(call, person, stations).start()
    return call.id
  }

  #ringingFor(id: CallId, person: Person): Call {
    const call = this.#calls.call(id)
    if (!call) throw new CallError('not-found')
    // Who asked for a call is rung after the called, whom the plan is for.
    const rung = call.view().branches.some(({ personId, state }) => personId === person.id && state !== 'answered')
    if (!rung && !call.plan?.people.has(person.id)) throw new CallError('not-allowed')
    if (call.state !== 'ringing') throw call.refusal()
    return call
  }

  #legOf(id: CallId, person: Person): { call: Call; leg: Leg } {
    const call = this.#calls.call(id)
    if (!call) throw new CallError('not-found')
    const leg = call.legOf(person.id)
    if (!leg || call.state !== 'answered') throw new CallError('not-allowed')
    return { call, leg }
  }
}
