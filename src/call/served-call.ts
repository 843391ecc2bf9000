import type { DialOrigin } from '#directory'
import type { Call, ServedLegs } from './call.ts'
import { factsOf } from './call-facts.ts'
import { type Core, inBackground } from './core.ts'
import { CallError, type CallErrorCode } from './errors.ts'
import { type HeldLeg, LegEnded } from './held-leg.ts'
import { joinLegs, type Leg, type Role } from './leg.ts'
import { type CallPlan, planFor } from './plan.ts'
import { recordOf } from './record.ts'
import { ServedRing, type ServedRingOptions } from './served-ring.ts'
import { asRulesSee, type Presented } from './station.ts'

/** Whom to ring and as what, see {@link ServedCall.ring}. */
export interface RingOptions extends Pick<ServedRingOptions, 'limitMs'> {
  readonly role: Role
  readonly presented: Presented
  /** Who waits: when they hang up, the ringing stops. */
  readonly during?: HeldLeg
}

/**
 * A call that the server makes: it rings one side after the other, holds who has answered, and joins them.
 *
 *   service                server              one        other
 *     |--ring(plan)--------->|---INVITE--------->|           |     context row is stored before
 *     |                      |<--200-------------|           |     dialog row is stored before the ACK
 *     |<-HeldLeg-------------|---ACK------------>|           |
 *     |--play, digits ------>|<=====media=======>|           |
 *     |--ring(plan, during)->|---INVITE--------------------->|
 *     |--join(one, other)--->|<==========joined=============>|     record is stored before
 *
 * Who hangs up ends what waits for them; {@link end} ends everything. Once joined it is a call like any other.
 */
export class ServedCall implements ServedLegs {
  readonly call: Call
  readonly #core: Core
  readonly #legs = new Set<HeldLeg>()
  readonly #rings = new Set<ServedRing>()
  #over = false

  constructor(call: Call) {
    this.call = call
    this.#core = call.host.core
    call.served = this
    call.onEnd = () => this.#ended()
  }

  /** Ended, or joined and on its own. */
  get over(): boolean {
    return this.#over
  }

  /**
   * Follows the dial policy to whom to ring.
   * @throws CallError with its refusal; `not-found` for a queue: nobody rings there
   */
  planFor(dialled: string, origin: DialOrigin, caller: Presented): CallPlan {
    const { person } = this.call.from
    const plan = planFor(dialled, origin, this.call.host.surroundings, { caller: asRulesSee(caller, person) })
    if (plan.queue !== undefined) throw new CallError('not-found')
    return plan
  }

  /**
   * Rings until somebody answers. Stored before anybody is rung: after a crash who rings is cancelled, who has answered is released.
   * @throws NotAnswered as stations and gateways say @throws LegEnded when who waits hangs up @throws CallError `cancelled` when the call was ended
   */
  async ring(plan: CallPlan, { role, presented, limitMs, during }: RingOptions): Promise<HeldLeg> {
    if (this.#over) throw new CallError('cancelled')
    if (during?.ended) throw new LegEnded(during)
    const { call } = this
    if (role === 'callee') {
      call.plan = plan
      call.account ??= plan.account
    }
    const waiting = during ? { waiting: during.leg.media } : {}
    const options = { role, plan, presented, limitMs, ...waiting }
    let taken: HeldLeg | undefined
    const ring = new ServedRing(call, options, (held) => {
      taken = held
      this.#hold(held, role)
    })
    this.#rings.add(ring)
    const forget = during?.onEnd(() => ring.cancel(new LegEnded(during)))
    try {
      call.host.changed(call, 'changed')
      ring.start()
      const held = await ring.held
      if (held.ended) throw new LegEnded(held)
      if (during?.ended) throw new LegEnded(during)
      return held
    } catch (error) {
      if (taken) this.release(taken)
      throw error
    } finally {
      forget?.()
      this.#rings.delete(ring)
    }
  }

  /** Lets one side go: BYE, and the media are free. */
  release(held: HeldLeg): void {
    if (!this.#legs.delete(held)) return
    held.hungUp()
    const { call } = this
    if (call.caller === held.leg) call.caller = undefined
    if (call.callee === held.leg) call.callee = undefined
    this.#drop(held.leg)
    if (call.state === 'ringing') call.legChanged()
  }

  /**
   * Joins two sides; from then on it is a call like any other. False where one has hung up meanwhile or they have no codec in common: then
   * the call is over.
   */
  async join(caller: HeldLeg, callee: HeldLeg): Promise<boolean> {
    if (this.#over || caller.ended || callee.ended) return false
    caller.letGo()
    callee.letGo()
    this.#over = true
    return this.#join(caller.leg, callee.leg)
  }

  /**
   * The service itself is who answered from here on: the record is opened. @param station what it says answered, like `voicemail`
   * @returns false where the caller has hung up meanwhile
   */
  async answeredBy(station: string, caller: HeldLeg): Promise<boolean> {
    const { call } = this
    if (this.#over || caller.ended || call.state !== 'ringing') return false
    const { storage, clock, settings } = this.#core
    call.state = 'joining'
    call.answeringStation = station
    call.answeredAt = clock.now()
    const row = caller.leg.row(settings.node)
    const record = { ...recordOf(factsOf(call), call.answeredAt), answeredStation: station }
    await storage.calls.answered(record, row ? [row] : [])
    if (call.state !== 'joining') return false
    call.state = 'answered'
    call.legChanged()
    return true
  }

  /** Ends everything that is left. @param cause what the record says */
  end(cause: CallErrorCode): void {
    if (!this.#over) this.call.end(this.call.answeredAt > 0 ? 'answered' : cause, 'server')
  }

  /** Somebody has been answered in the place of a station: they are held as if they had been rung. */
  hold(held: HeldLeg): void {
    this.#legs.add(held)
  }

  /** See {@link ServedLegs}. */
  legEnded(leg: Leg): void {
    for (const held of this.#legs) if (held.leg === leg) this.release(held)
  }

  async #join(caller: Leg, callee: Leg): Promise<boolean> {
    const { call } = this
    const { storage, clock, settings } = this.#core
    call.state = 'joining'
    call.answeredAt = clock.now()
    call.caller = caller
    call.callee = callee
    const rows = [caller, callee].flatMap((leg) => leg.row(settings.node) ?? [])
    try {
      await storage.calls.answered(recordOf(factsOf(call), call.answeredAt), rows)
      if (call.state !== 'joining') return false
      if (!(await joinLegs(this.#core, caller, callee))) call.end('not-acceptable', 'server')
    } catch (error) {
      call.end('error', 'server')
      throw error
    }
    if (call.state !== 'joining') return false
    call.served = undefined
    call.onEnd = undefined
    call.state = 'answered'
    call.legChanged()
    return true
  }

  #hold(held: HeldLeg, role: Role): void {
    this.#legs.add(held)
    if (role === 'caller') this.call.caller = held.leg
    else this.call.callee = held.leg
  }

  /** The call was ended, by us or from outside. */
  #ended(): void {
    this.#over = true
    for (const ring of [...this.#rings]) ring.cancel(new CallError('cancelled'))
    for (const held of [...this.#legs]) {
      // Of a call that has a record, the call itself lets the legs go.
      if (this.call.answeredAt > 0) held.hungUp()
      else this.release(held)
    }
  }

  #drop(leg: Leg): void {
    inBackground(this.#core, 'releasing a leg', leg.end([]))
    inBackground(this.#core, 'forgetting a dialog', this.#core.storage.calls.dialogEnded(this.call.id, leg.role))
  }
}
