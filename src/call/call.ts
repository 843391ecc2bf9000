import type { Person, Trunk } from '#directory'
import type { Playing } from '#media'
import type { Dialog, DialogState, HeaderLines, Request, Response, ServerTransaction } from '#sip'
import { type AnswerFinder, type AnsweringService, answerBy } from './answer-by.ts'
import type { Branch, RungDialog } from './branch.ts'
import { closeCall, endUnanswered } from './call-ending.ts'
import { factsOf } from './call-facts.ts'
import { viewOf } from './call-view.ts'
import { type Caller, calleeParty } from './caller.ts'
import type { CallerSession } from './caller-session.ts'
import type { CallerSide } from './caller-side.ts'
import { type CallCause, reasonOf } from './cause.ts'
import { type Claim, claimFor } from './claim.ts'
import { ContextWriter } from './context-writer.ts'
import { type Core, inBackground } from './core.ts'
import { CallError, type CallErrorCode, isRefusal, refusalOf } from './errors.ts'
import { forwardAfter, forwardTo } from './forwarding.ts'
import { Leg, type LegListener, type Party } from './leg.ts'
import { type CallPlan, type PlanRequest, type PlanSurroundings, planFor, withoutStation } from './plan.ts'
import { recordOf } from './record.ts'
import { redirectTargets } from './redirect.ts'
import { Ringing, type RingingListener } from './ringing.ts'
import type { ServedCall } from './served-call.ts'
import { asRulesSee, directMediaOf, presentedFor, type Station } from './station.ts'
import { CallTrace } from './trace.ts'
import { handleRefer } from './transfer.ts'
import type { BranchView, CallChange, CallView } from './types.ts'

/** What a call asks of the set of calls it lives in. */
export interface CallHost {
  readonly core: Core
  readonly surroundings: PlanSurroundings
  changed(call: Call, change: CallChange): void
  /** The call whose leg has this dialog with the server. */
  callOfDialog(dialog: Dialog): { call: Call; leg: Leg } | undefined
  /** Opens a call that the server makes. @throws CallError `draining` or `overload` */
  serve(from: Caller, dialled: string): ServedCall
  /** What takes the call in the place of a station. */
  readonly answering: AnswerFinder
  /** Messages with this Call-ID belong to the call's trace. */
  traced(call: Call, sipCallId: string, rung?: RungDialog): void
}

/** Who makes a call for both its parties: holds the legs that have answered until they are joined. */
export interface ServedLegs {
  /** A held leg's far end hung up, or is lost. */
  legEnded(leg: Leg): void
}

/** `claimed`: held for somebody who was not rung; `joining`: taken, and being written before anybody hears of it. */
type State = 'ringing' | 'claimed' | 'joining' | 'answered' | 'ended'

/** One call: a caller who waits, stations that ring, and once one takes it, two legs joined over media on the server (or directly). */
export class Call implements RingingListener, LegListener {
  readonly id: string
  readonly host: CallHost
  readonly from: Caller
  readonly dialled: string
  readonly startedAt: number
  readonly trace: CallTrace
  /** Call-IDs of every dialog that belongs to this call. */
  readonly sipCallIds: string[] = []
  state: State = 'ringing'
  /** Among the answered ones of the counters. */
  counted = false
  caller: Leg | undefined
  callee: Leg | undefined
  plan: CallPlan | undefined
  answeredAt = 0
  cause: CallCause = 'answered'
  /** The trunk that carries the call to the outside. */
  outTrunk: Trunk | undefined
  /** Whose cap on outside calls this call counts against. */
  account: Person | undefined
  /** The leg whose person holds the call from a desk. */
  parkedBy: Leg | undefined
  /** The way that the call takes, where the dial policy is not asked: to the node that has what was asked for. */
  route: CallPlan | undefined
  /** A transfer in progress keeps the call alive when the transferor hangs up. */
  transferring = false
  /** Set while a BYE may mean that its dialog was replaced. @returns whether it is dealt with */
  goodbye: ((leg: Leg) => boolean) | undefined
  /** Stops what was started for this call when it ends: a transfer's ringing. */
  onEnd: (() => void) | undefined
  /** Stations that ring for this call but not for its caller: a transfer's target. */
  otherRinging: Ringing | undefined
  /** Held for somebody who was not rung. */
  claimed: Claim | undefined
  /** What of the server's answered the call: `voicemail`; '' otherwise. */
  answeringStation = ''
  /** Who sends the call to voicemail, while it is looked for what takes it. */
  sentToVoicemailBy: Person | undefined
  /** Set while the server makes the call, until both sides are joined: nobody else can take or send on what rings. */
  served: ServedLegs | undefined
  /** The caller's INVITE or dialog, until it is answered and acknowledged. */
  side: CallerSide | undefined
  /** The caller's session, until the call is answered. */
  session: CallerSession | undefined
  /** Ringing that the server plays to the caller. */
  ringback: Playing | undefined
  /** What rings for the caller. */
  ringing: Ringing | undefined
  /** Stations that no longer ring: the branches themselves are let go, a held call is long. */
  history: readonly BranchView[] = []
  readonly #context: ContextWriter
  #forwards = 0
  #ringingShown = false
  /** The leg that waits while a transfer looks for somebody. */
  #waitingLeg: Leg | undefined

  constructor(host: CallHost, from: Caller, dialled: string, id: string) {
    this.host = host
    this.from = from
    this.dialled = dialled
    this.startedAt = host.core.clock.now()
    this.id = id
    this.trace = new CallTrace()
    this.#context = new ContextWriter(this)
  }

  /** Follows the dial policy and starts to ring. */
  async start(side: CallerSide): Promise<void> {
    const { core } = this.host
    this.side = side
    if (this.#answered(undefined)) {
      this.host.changed(this, 'started')
      return
    }
    try {
      const plan = this.route ?? planFor(this.dialled, this.from.origin, this.host.surroundings, this.planRequest(0))
      this.plan = withoutStation(plan, (binding) => side.speaksFrom(binding))
      this.account = this.plan.account
      if (this.plan.queue !== undefined) {
        this.queue()
        if (!this.#over) this.host.changed(this, 'started')
        return
      }
      const session = await side.open(this.plan.steps.every((step) => step.stations.every(directMediaOf)))
      this.session = session
      this.caller = new Leg(core, this, 'caller', side.party, session.media)
      if (side.dialog) this.caller.attach(side.dialog)
      if (this.#over) {
        await session.media.close()
        return
      }
      this.ring(this.plan)
      // With nobody to ring it has ended by now, and that was its last word.
      if (!this.#over) this.host.changed(this, 'started')
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** Writes the dialog of a caller whose station we rang first, before it is acknowledged: a crash must not leave it in a dead call. */
  remember(side: CallerSide): Promise<void> {
    this.side = side
    return this.storeContext()
  }

  // ---- the caller's side -------------------------------------------------------------------------------------------------------

  /** The caller gave up. */
  cancelled(): void {
    endUnanswered(this, 'cancelled', 487, 'caller')
  }

  acked(ack: Request): void {
    this.side = undefined
    this.caller?.ack(ack)
    // The last message for a long time.
    this.flushTrace()
  }

  unacked(): void {
    this.end('no-ack', 'server')
  }

  /** Messages with this Call-ID go into the trace. */
  traced(sipCallId: string, rung?: RungDialog): void {
    this.sipCallIds.push(sipCallId)
    this.host.traced(this, sipCallId, rung)
  }

  // ---- ringing -----------------------------------------------------------------------------------------------------------------

  branchesChanged(): void {
    if (this.state !== 'ringing') return
    this.writeContext()
    this.host.changed(this, 'changed')
  }

  rings(): void {
    if (this.state !== 'ringing' || this.#ringingShown) return
    this.#ringingShown = true
    this.side?.progress(180)
  }

  earlyMedia(branch: Branch, sdp: string): void {
    if (this.state !== 'ringing') return
    const passed = this.session?.early(branch.media, sdp).then((answer) => {
      if (answer === undefined) this.rings()
      else if (this.state === 'ringing') this.side?.progress(183, answer)
    })
    if (passed) inBackground(this.host.core, 'passing early media', passed)
  }

  taken(branch: Branch, response: Response, dialog: Dialog): Promise<unknown> {
    const { core } = this.host
    this.outTrunk = branch.way?.trunk
    const callee = new Leg(core, this, 'callee', calleeParty(branch), branch.media)
    callee.attach(dialog)
    const stored = this.take(callee, dialog.state())
    this.#join(callee, response, stored).catch((error: unknown) => {
      core.log.error({ error: String((error as Error)?.stack ?? error) }, 'joining a call failed')
      this.end('error', 'server')
    })
    return stored
  }

  // ---- claimed for somebody who was not rung -----------------------------------------------------------------------------------

  /**
   * Takes the call for somebody whose stations do not ring: first wins, at once. Its stations stop; their history says who picked it up.
   * @throws CallError `taken` with who was faster, `nothing-rings` when it rings no more
   */
  claim(by: Party): Claim {
    return claimFor(this, by)
  }

  /** Why the call can be taken no more. */
  refusal(): CallError {
    if (this.state === 'ended' && this.answeredAt === 0) return new CallError('nothing-rings')
    const party = this.callee?.party ?? this.claimed?.by
    return new CallError('taken', party?.person?.login ?? party?.station)
  }

  /** Writes the context row as it is now. Resolves once it is stored. */
  storeContext(): Promise<void> {
    return this.#context.store()
  }

  /** Writes the context row again, behind. */
  writeContext(): void {
    this.#context.write()
  }

  nobody(cause: CallErrorCode, status: number): void {
    const forward = this.plan && forwardAfter(this.plan, cause)
    if (forward && this.plan?.person && forwardTo(this, forward, this.plan.person, ++this.#forwards)) return
    if (this.#answered(cause)) return
    endUnanswered(this, cause, status, cause === 'declined' || cause === 'busy' ? 'callee' : 'server')
  }

  redirected(uri: string, branch: Branch): readonly Station[] {
    return redirectTargets(this, uri, branch)
  }

  // ---- in the call -------------------------------------------------------------------------------------------------------------

  legEnded(leg: Leg, why: Parameters<LegListener['legEnded']>[1], reason: string | undefined): void {
    if (this.served && this.state === 'ringing') {
      this.served.legEnded(leg)
      return
    }
    // A leg that was replaced says goodbye to nobody but the server; a transferor may leave while the target rings.
    if (leg !== this.caller && leg !== this.callee) return
    if (why === 'bye' && this.goodbye?.(leg)) return
    if (this.transferring && why === 'bye' && leg !== this.#waitingLeg) return
    const cause = why === 'bye' ? 'answered' : why === 'silent' ? 'media-silent' : why
    this.end(cause, why === 'bye' ? leg.role : 'server', reason ? [['Reason', reason]] : [])
  }

  legChanged(): void {
    this.host.changed(this, 'changed')
  }

  refer(leg: Leg, transaction: ServerTransaction): void {
    if (this.served) transaction.respond(403)
    else inBackground(this.host.core, 'a transfer', handleRefer(this, leg, transaction))
  }

  /** Marks a transfer: the transferor may hang up without ending the call of who waits. */
  beginTransfer(waiting: Leg): void {
    this.transferring = true
    this.#waitingLeg = waiting
  }

  endTransfer(): void {
    this.transferring = false
    this.#waitingLeg = undefined
    this.otherRinging = undefined
    this.onEnd = undefined
  }

  /** For plans that continue this call. @param forwards how many led there */
  planRequest(forwards: number): PlanRequest {
    return { caller: asRulesSee(this.from.presented, this.from.person), forwards }
  }

  /** Whose leg of this call belongs to a person. */
  legOf(personId: string): Leg | undefined {
    return [this.caller, this.callee].find((leg) => leg?.party.person?.id === personId)
  }

  /** Adds the branches of a transfer to the history. */
  noteBranches(branches: readonly Branch[]): void {
    const now = this.host.core.clock.now()
    this.history = [...this.history, ...branches.map((branch) => branch.view(now))]
  }

  /** Ends an answered call: BYE to whoever is left, the record is closed. */
  end(cause: CallCause, by: 'caller' | 'callee' | 'server', headers: HeaderLines = []): void {
    if (this.state === 'ringing' || this.state === 'claimed') {
      const code = cause === 'answered' ? 'cancelled' : isRefusal(cause) ? cause : 'error'
      endUnanswered(this, code, refusalOf(code).sip, by)
      return
    }
    if (this.state === 'ended') return
    this.state = 'ended'
    this.cause = cause
    this.onEnd?.()
    this.claimed?.ended()
    const reason = headers.length > 0 || cause === 'answered' ? headers : [['Reason', reasonOf(cause)] as const]
    inBackground(this.host.core, 'closing a call', closeCall(this, by, reason))
  }

  view(): CallView {
    return viewOf(this)
  }

  get direction(): 'in' | 'out' | 'internal' {
    return this.from.trunk ? 'in' : this.plan?.outside || this.outTrunk ? 'out' : 'internal'
  }

  /** Branches of this call that ring, those of a transfer too. */
  get ringingBranches(): readonly Branch[] {
    return (this.ringing ?? this.otherRinging)?.branches ?? []
  }

  /** The identifiers of the dialog of a caller who waits for an answer, and whether they hear ringing. */
  get waiting(): { callId: string; localTag: string; remoteTag: string; early: boolean } | undefined {
    const side = this.state === 'ended' ? undefined : this.side
    return side && { ...side.state(), early: this.#ringingShown }
  }

  branchViews(now: number): readonly BranchView[] {
    if (!this.ringing) return this.history
    const rung = this.ringing.branches.map((branch) => branch.view(now))
    return [...this.history, ...rung, ...(this.claimed?.views() ?? [])]
  }

  // ----------------------------------------------------------------------------------------------------------------------------

  get #over(): boolean {
    return this.state === 'ended'
  }

  /** The queue of the plan answers the caller. */
  queue(): void {
    if (!this.#answered(undefined)) endUnanswered(this, 'not-found', refusalOf('not-found').sip, 'server')
  }

  /** Rings the stations of a plan for the caller who waits. */
  ring(plan: CallPlan): void {
    const { maxForwards } = this.side as CallerSide
    const { engine, media } = this.session as CallerSession
    const call = {
      id: this.id,
      presented: presentedFor(this.from.presented, this.from.person, plan.account),
      dialled: plan.callee.number,
      maxForwards,
      headers: [],
      traced: (sipCallId: string, rung?: RungDialog) => this.traced(sipCallId, rung),
    }
    this.ringing = new Ringing(this.host.core, plan, engine, media, call, this)
    this.ringing.start()
  }

  /** The call is the callee's: record and dialogs are written. @returns settles once they are in the database */
  take(callee: Leg, state: DialogState): Promise<void> {
    const { storage, clock, settings } = this.host.core
    this.state = 'joining'
    this.answeredAt = clock.now()
    this.callee = callee
    const side = this.side as CallerSide
    const rows = [
      (this.caller as Leg).rowOf(settings.node, JSON.stringify(side.state())),
      callee.rowOf(settings.node, JSON.stringify(state)),
    ]
    return storage.calls.answered(recordOf(factsOf(this), this.answeredAt), rows)
  }

  /** @param stored settles once record and dialogs are in the database: only then does the caller hear of the answer */
  async #join(callee: Leg, response: Response, stored: Promise<void>): Promise<void> {
    const session = this.session as CallerSession
    const [answer] = await Promise.all([session.answer(callee.media, response.body.toString('utf8')), stored])
    if (this.#over) return
    if (answer !== undefined) {
      // Who is at the other end is known to the node that has the call.
      const identity = this.route ? response.headerList('p-asserted-identity') : []
      this.joined(
        callee,
        answer,
        identity.map((value) => ['P-Asserted-Identity', value] as const),
      )
      return
    }
    this.side?.reject(488, 'Not Acceptable Here')
    this.end('not-acceptable', 'server')
  }

  /** Both sides are joined: the caller is answered. @param headers what the caller's station may show of who took the call */
  joined(callee: Leg, answer: string, headers: HeaderLines): void {
    const caller = this.caller as Leg
    caller.peer = callee
    callee.peer = caller
    this.ringback?.stop()
    this.ringback = undefined
    this.state = 'answered'
    caller.attach((this.side as CallerSide).answer(answer, headers))
    this.#settle()
    this.host.changed(this, 'changed')
  }

  /** Keeps of the ringing what history needs and lets go of the rest. */
  #settle(): void {
    this.history = this.branchViews(this.answeredAt)
    this.ringing = undefined
    this.session = undefined
    this.claimed = undefined
  }

  #refuse(error: unknown): void {
    const code = error instanceof CallError ? error.code : 'error'
    if (!(error instanceof CallError))
      this.host.core.log.error({ error: String((error as Error)?.stack ?? error) }, 'a call failed on a bug')
    if (code !== 'error' && this.#answered(code)) {
      this.host.changed(this, 'started')
      return
    }
    endUnanswered(this, code, refusalOf(code).sip, 'server')
  }

  /** Whether a service takes the call in the place of a station. */
  #answered(cause: CallErrorCode | undefined): boolean {
    if (this.state !== 'ringing' || this.served || this.route) return false
    const service = this.host.answering(this, cause)
    if (!service) return false
    this.give(service)
    return true
  }

  /** A service answers the caller. */
  give(service: AnsweringService): void {
    this.history = this.branchViews(this.host.core.clock.now())
    inBackground(this.host.core, 'answering a call', answerBy(this, service))
  }

  /** Hands the trace so far to storage, so that a held call costs no memory for it. */
  flushTrace(): void {
    this.trace.hand((chunk) => this.host.core.storage.traces.append(this.id, this.startedAt, chunk))
  }
}
