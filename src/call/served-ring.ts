import type { MediaLeg } from '#media'
import type { Dialog, Response } from '#sip'
import type { Branch, RungDialog } from './branch.ts'
import type { Call } from './call.ts'
import { calleeParty } from './caller.ts'
import { CallError, type CallErrorCode } from './errors.ts'
import { HeldLeg } from './held-leg.ts'
import { Leg, type Role } from './leg.ts'
import type { CallPlan } from './plan.ts'
import { redirectTargets } from './redirect.ts'
import { Ringing, type RingingListener } from './ringing.ts'
import { type Presented, presentedFor, type Station } from './station.ts'

/** Nobody took it: what the station or gateway that speaks for all said. */
export class NotAnswered extends CallError {
  /** SIP status, 0 where there was none. */
  readonly status: number
  readonly station: string
  /** Name of the trunk, '' for stations of ours. */
  readonly gateway: string

  constructor(code: CallErrorCode, status = 0, branch?: Branch) {
    super(code)
    this.status = status
    this.station = branch?.station.name ?? ''
    this.gateway = branch?.way?.trunk?.name ?? ''
  }
}

/** What one ringing of a call that the server makes is about. */
export interface ServedRingOptions {
  /** What who answers will be in the joined call. */
  readonly role: Role
  readonly plan: CallPlan
  /** Whom the stations show as calling. */
  readonly presented: Presented
  /** The most time that it may ring, in ms. */
  readonly limitMs: number
  /** Who waits meanwhile: their codecs are offered first. */
  readonly waiting?: MediaLeg
}

/** Rings one side of a call that the server makes, until somebody answers and is held. */
export class ServedRing implements RingingListener {
  /** Rejects with {@link NotAnswered}. */
  readonly held: Promise<HeldLeg>
  readonly #call: Call
  readonly #role: Role
  readonly #ringing: Ringing
  readonly #answered: (leg: HeldLeg) => void
  #resolve: (leg: HeldLeg) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #timer
  #over = false

  /** @param answered told before anything else of the leg that is held from now on */
  constructor(call: Call, options: ServedRingOptions, answered: (leg: HeldLeg) => void) {
    const { core } = call.host
    const { plan } = options
    this.#call = call
    this.#role = options.role
    this.#answered = answered
    this.held = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.held.catch(() => {})
    const facts = {
      id: call.id,
      presented: presentedFor(options.presented, undefined, plan.account),
      dialled: plan.callee.number,
      maxForwards: 70,
      headers: [],
      traced: (sipCallId: string, rung?: RungDialog) => call.traced(sipCallId, rung),
      // Nobody is rung whom a crash would leave ringing, or have rung twice.
      asks: () => call.storeContext(),
    }
    this.#ringing = new Ringing(core, plan, core.anchored, options.waiting, facts, this)
    this.#timer = core.clock.setTimeout(() => this.#timedOut(), options.limitMs)
  }

  start(): void {
    this.#call.ringing = this.#ringing
    this.#ringing.start()
  }

  /** Gives up: who rings gets CANCEL, who answers at this very moment BYE. */
  cancel(error: Error): void {
    if (this.#over) return
    this.#ringing.cancel('cancelled', '', [])
    this.#end()
    this.#reject(error)
  }

  branchesChanged(): void {
    this.#call.branchesChanged()
  }

  rings(): void {}

  /** Early media are for nobody: who waits hears what the service plays. */
  earlyMedia(): void {}

  taken(branch: Branch, response: Response, dialog: Dialog): Promise<unknown> {
    const { core } = this.#call.host
    const leg = new Leg(core, this.#call, this.#role, calleeParty(branch), branch.media)
    leg.attach(dialog)
    this.#end()
    if (this.#role === 'callee') this.#call.outTrunk = branch.way?.trunk
    const held = new HeldLeg(core, leg)
    this.#answered(held)
    const row = leg.rowOf(core.settings.node, JSON.stringify(dialog.state()))
    const stored = core.storage.calls.dialog(row)
    void this.#hold(held, response, stored)
    return stored
  }

  nobody(cause: CallErrorCode, status: number): void {
    if (this.#over) return
    const branch = this.#ringing.branches.findLast(({ outcome }) => outcome === cause) ?? this.#ringing.branches.at(-1)
    this.#end()
    this.#reject(new NotAnswered(cause, status, branch))
  }

  redirected(uri: string, branch: Branch): readonly Station[] {
    return redirectTargets(this.#call, uri, branch)
  }

  #timedOut(): void {
    if (this.#over) return
    const branch = this.#ringing.branches.findLast(({ live }) => live) ?? this.#ringing.branches.at(-1)
    this.#ringing.cancel('no-answer', '', [])
    this.#end()
    this.#reject(new NotAnswered('no-answer', 480, branch))
  }

  /** The leg is held once its media are agreed and its dialog is on disk. */
  async #hold(held: HeldLeg, response: Response, stored: Promise<unknown>): Promise<void> {
    try {
      const [agreed] = await Promise.all([held.leg.media.remoteAnswer(response.body.toString('utf8')), stored])
      if (agreed.ok) this.#resolve(held)
      else this.#reject(new NotAnswered('not-acceptable', 488))
    } catch (error) {
      this.#reject(error as Error)
    }
  }

  #end(): void {
    this.#over = true
    this.#call.host.core.clock.clearTimeout(this.#timer)
    if (this.#call.ringing !== this.#ringing) return
    this.#call.noteBranches(this.#ringing.branches)
    this.#call.ringing = undefined
  }
}
