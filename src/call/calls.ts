import type { Person, Trunk } from '#directory'
import {
  type Dialog,
  type Invitation,
  parseReplaces,
  type ServerTransaction,
  type TrafficTap,
  type UserAgentHandler,
} from '#sip'
import { type Admission, admit, callerOf, refuse } from './admission.ts'
import type { AnswerFinder } from './answer-by.ts'
import type { RungDialog } from './branch.ts'
import { Call, type CallHost } from './call.ts'
import { concerns } from './call-people.ts'
import { CallTraces, peerOf } from './call-traces.ts'
import type { Caller } from './caller.ts'
import { InvitedCaller } from './caller-side.ts'
import { type Core, inBackground } from './core.ts'
import { DialogEvents } from './dialog-info.ts'
import { CallError, type CallErrorCode, refusalOf } from './errors.ts'
import { IncomingLeg } from './incoming-leg.ts'
import { Leg } from './leg.ts'
import { type NamedDialog, NamedDialogs } from './named-dialogs.ts'
import { type CallPlan, type PlanSurroundings, stationOf } from './plan.ts'
import { dialledOf } from './redirect.ts'
import { handleRegister } from './registrar.ts'
import { ServedCall } from './served-call.ts'
import { presentedOf, type Station } from './station.ts'
import { Subscriptions } from './subscriptions.ts'
import { takeOver } from './take-over.ts'
import type { Tickets } from './tickets.ts'
import type { CallChange, CallCounters, CallId, CallView, LiveCalls, TraceEntry } from './types.ts'

/** What stations dial for something else than a call. */
interface Indication {
  matches(dialled: string): boolean
  indicated(leg: IncomingLeg): void
}

/** All calls of this process: admits requests, makes calls, lets others read and watch them. */
export class Calls implements LiveCalls, UserAgentHandler, CallHost {
  readonly core: Core
  readonly surroundings: PlanSurroundings
  /** What phones have subscribed to. */
  readonly subscriptions: Subscriptions
  readonly #dialogEvents = new DialogEvents(this, () => this.#live.values())
  readonly #live = new Map<string, Call>()
  readonly #traces: CallTraces
  /** By what Replaces may name. */
  readonly #dialogs = new NamedDialogs()
  readonly #indications: Indication[] = []
  readonly #finders: AnswerFinder[] = []
  #tickets: Tickets | undefined
  #replaced: ((leg: IncomingLeg, named: NamedDialog) => void) | undefined
  #pickUp: ((id: CallId, person: Person, station: string | undefined) => Promise<void>) | undefined
  readonly #watchers = new Set<(view: CallView, change: CallChange) => void>()
  readonly #refused = new Map<string, number>()
  readonly #idle = new Set<() => void>()
  readonly #load: { readonly overloaded: boolean }
  #draining = false
  #started = 0
  #answered = 0
  #failed = 0

  /** @param load tells when the process cannot keep up */
  constructor(core: Core, load: { readonly overloaded: boolean }) {
    this.core = core
    this.#traces = new CallTraces(core, (sipCallId) => this.#dialogs.forget(sipCallId))
    this.#load = load
    this.subscriptions = new Subscriptions(this)
    this.subscriptions.add(this.#dialogEvents)
    this.surroundings = {
      directory: core.directory,
      reachableByPush: (personId) => core.reachableByPush(personId),
      now: () => core.clock.now(),
      maxForwards: core.settings.maxForwards,
      callsOf: (personId) => this.#count((call) => concerns(call, personId)),
      trunkIsFull: (trunk) => this.#trunkIsFull(trunk),
      mayGoOutside: (person) => this.#count((call) => call.account === person) < person.settings.maxOutsideCalls,
    }
  }

  /** The transaction layer calls it for every message. */
  get tap(): TrafficTap {
    return this.#traces.tap
  }

  // ---- requests outside dialogs ------------------------------------------------------------------------------------------------

  invite(invitation: Invitation): void {
    const { request, flow } = invitation
    const ticket = this.#tickets && request.header('x-baton-pickup')
    if (ticket !== undefined) {
      this.#passedOn(invitation, ticket)
      return
    }
    const replaces = request.header('replaces')
    // Whoever takes a call that is there already needs no room for another.
    const another = replaces === undefined && !this.#indicated(request.uri.user)
    const refusal = this.#draining ? 'draining' : this.#isFull(request.uri.user) ? 'overload' : undefined
    if (refusal && another) {
      this.#refuse(invitation, refusal)
      return
    }
    const admission = admit(this.core, request, flow, true)
    if (admission.kind === 'refused') {
      invitation.reject(admission.status, admission.reason, admission.headers)
      return
    }
    if (replaces !== undefined) {
      this.#replace(invitation, replaces, admission)
      return
    }
    const dialled = admission.kind === 'trunk' ? request.uri.user : dialledOf(this, request.uri.text)
    if (dialled === undefined || dialled === '') {
      this.#refuse(invitation, 'not-found')
      return
    }
    const service = admission.kind === 'device' ? this.#indicated(dialled) : undefined
    if (service && admission.kind === 'device') {
      const from = callerOf(this.core, request, admission)
      service.indicated(new IncomingLeg(this.core, invitation, from, admission.person, dialled))
      return
    }
    if (refusal) {
      this.#refuse(invitation, refusal)
      return
    }
    if (admission.kind === 'trunk' && this.#trunkIsFull(admission.trunk)) {
      this.#refuse(invitation, 'overload')
      return
    }
    this.begin(invitation, callerOf(this.core, request, admission), dialled)
  }

  /** An INVITE begins a call. @param route the way it takes, where the dial policy is not asked */
  begin(invitation: Invitation, caller: Caller, dialled: string, route?: CallPlan): Call {
    const { request, flow } = invitation
    const call = this.open(caller, dialled)
    call.route = route
    invitation.handlers = call
    call.traced(request.callId)
    call.trace.add(call.startedAt, 'in', peerOf(flow), request.bytes)
    inBackground(this.core, 'starting a call', call.start(new InvitedCaller(this.core, invitation, caller, call.id)))
    return call
  }

  /** Makes a call that is among the live ones from now on. */
  open(from: Caller, dialled: string, id = this.newCallId()): Call {
    const call = new Call(this, from, dialled, id)
    this.#live.set(call.id, call)
    this.#started++
    return call
  }

  /** An id for a call. The time comes first so that the indexes of the records only ever grow at their end. */
  newCallId(): CallId {
    const { clock, random } = this.core
    return clock.now().toString(16).padStart(11, '0') + random.token(8)
  }

  request(transaction: ServerTransaction): void {
    const { method } = transaction.request
    if (method === 'REGISTER') handleRegister(this.core, transaction)
    else if (method === 'OPTIONS')
      transaction.respond(200, 'OK', [
        ['Allow', this.core.ua.allow],
        ['Allow-Events', this.subscriptions.events],
        ['Supported', this.core.ua.supported],
        ['Accept', 'application/sdp'],
        ['Accept-Encoding', 'identity'],
        ['Accept-Language', 'en'],
      ])
    else this.#other(transaction)
  }

  /** SUBSCRIBE, MESSAGE, REFER … outside a dialog: nobody learns anything without credentials. */
  #other(transaction: ServerTransaction): void {
    const { request, flow } = transaction
    const admission = admit(this.core, request, flow, request.method !== 'SUBSCRIBE')
    if (admission.kind === 'refused') refuse(transaction, admission)
    else if (request.method === 'SUBSCRIBE') {
      if (this.#draining) transaction.respond(503, undefined, [['Retry-After', '5']])
      else if (admission.kind === 'trunk') transaction.respond(403)
      else this.subscriptions.receive(transaction, admission.person, admission.device)
    } else if (request.method === 'PUBLISH') transaction.respond(489, 'Bad Event')
    else transaction.respond(405, 'Method Not Allowed')
  }

  /** INVITE with Replaces: who has the dialog goes on elsewhere, or somebody takes a call that rings a colleague. */
  #replace(invitation: Invitation, header: string, admission: Exclude<Admission, { kind: 'refused' }>): void {
    const replaces = parseReplaces(header)
    if (!replaces.ok) {
      invitation.reject(400, 'Malformed Replaces')
      return
    }
    const named = this.#dialogs.find(replaces.value, this.core.ua)
    const { earlyOnly } = replaces.value
    if (!named) {
      this.#refuse(invitation, 'no-such-dialog')
      return
    }
    const person = admission.kind === 'device' ? admission.person : undefined
    const from = callerOf(this.core, invitation.request, admission)
    if (named.state !== 'answered' || earlyOnly) {
      const leg = person && new IncomingLeg(this.core, invitation, from, person, invitation.request.uri.user)
      if (leg && this.#replaced) this.#replaced(leg, named)
      else this.#refuse(invitation, 'not-allowed')
      return
    }
    const { call, leg, dialog } = named
    if (!person || leg.party.person?.id !== person.id) this.#refuse(invitation, 'not-allowed')
    else if (dialog.ended) this.#refuse(invitation, 'declined')
    else inBackground(this.core, 'taking over a leg', takeOver(call, leg, invitation, from))
  }

  /** Another node asks for one of our calls, on behalf of a person whose station is registered there. */
  #passedOn(invitation: Invitation, text: string): void {
    const ticket = this.#tickets?.redeem(text)
    const person = ticket && this.core.directory.personById(ticket.personId)
    const dialled = invitation.request.uri.user
    const service = this.#indicated(dialled)
    if (!ticket || !person || !service) {
      // Anybody may send one: a line for each would fill the log.
      this.core.log.debug({ peer: peerOf(invitation.flow) }, 'a request for a call came without a ticket that holds')
      this.#refuse(invitation, 'not-allowed')
      return
    }
    const from: Caller = {
      ...{ origin: { kind: 'station', person }, person, deviceId: '', station: ticket.station, trunk: undefined },
      ...{ directMedia: false, presented: presentedOf(person) },
    }
    service.indicated(new IncomingLeg(this.core, invitation, from, person, dialled, ticket.callId))
  }

  #indicated(dialled: string): Indication | undefined {
    return this.#indications.find((one) => one.matches(dialled))
  }

  #refuse(invitation: Invitation, code: CallErrorCode): void {
    const { sip, text } = refusalOf(code)
    this.noteRefusal(code)
    invitation.reject(sip, text, sip === 503 ? [['Retry-After', '5']] : [])
  }

  // ---- what services ask -------------------------------------------------------------------------------------------------------

  /** From now on INVITEs of our people's stations to what `matches` are the service's. It answers or refuses every leg. */
  onIndication(matches: (dialled: string) => boolean, indicated: (leg: IncomingLeg) => void): void {
    this.#indications.push({ matches, indicated })
  }

  /** From now on other nodes may ask for our calls with these tickets (`X-Baton-Pickup`): their people are who the ticket says. */
  acceptTickets(tickets: Tickets): void {
    this.#tickets = tickets
  }

  /**
   * From now on INVITEs with Replaces that name a station which rings or rang, or with `early-only` a dialog of an answered call, are the
   * service's. It answers or refuses every leg.
   */
  onReplaces(replaced: (leg: IncomingLeg, named: NamedDialog) => void): void {
    this.#replaced = replaced
  }

  /** From now on the service takes calls for people who ask for it by API. */
  onPickUp(pickUp: (id: CallId, person: Person, station: string | undefined) => Promise<void>): void {
    this.#pickUp = pickUp
  }

  /** See `CallActs.pickup`. */
  async pickUp(id: CallId, person: Person, station: string | undefined): Promise<void> {
    if (!this.#pickUp) throw new CallError('not-allowed')
    await this.#pickUp(id, person, station)
  }

  /** A person's own stations, or the one of a device. @param device its name; without it all */
  stationsOf(person: Person, device?: string): readonly Station[] {
    const { directory } = this.core
    return directory
      .bindingsOf(person.id)
      .filter((binding) => device === undefined || binding.device.name === device)
      .map((binding) => stationOf(directory, person, binding))
  }

  /**
   * From now on calls may be answered by something of the server's: asked before a call rings anybody, and when nobody has taken it. The
   * first that gives a service has the call.
   */
  answerBy(find: AnswerFinder): void {
    this.#finders.push(find)
  }

  readonly answering: AnswerFinder = (call, cause) => {
    for (const find of this.#finders) {
      const service = find(call, cause)
      if (service) return service
    }
    return undefined
  }

  /** Counts a refusal of a service. */
  noteRefusal(code: CallErrorCode): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1)
  }

  /**
   * A call that the server makes for a service: it rings both sides itself.
   * @param from who is the caller of it; @param dialled what the record says was dialled until the called is known
   * @param id one that was stored before, of {@link newCallId}
   * @throws CallError `overload` or `draining`
   */
  serve(from: Caller, dialled: string, id?: CallId): ServedCall {
    if (this.#draining) throw new CallError('draining')
    if (this.#isFull('')) throw new CallError('overload')
    const served = new ServedCall(this.open(from, dialled, id))
    this.changed(served.call, 'started')
    return served
  }

  /** The live calls, the longest first. */
  all(): Iterable<Call> {
    return this.#live.values()
  }

  // ---- what calls ask ----------------------------------------------------------------------------------------------------------

  changed(call: Call, change: CallChange): void {
    if (change === 'ended') this.#end(call)
    else if (change === 'changed' && call.state === 'answered' && !call.counted) {
      call.counted = true
      this.#answered++
    }
    this.#dialogEvents.changed(call)
    if (this.#watchers.size === 0) return
    const view = call.view()
    for (const watcher of this.#watchers) watcher(view, change)
  }

  traced(call: Call, sipCallId: string, rung?: RungDialog): void {
    this.#traces.add(sipCallId, call.trace)
    if (rung) this.#dialogs.add(call, rung)
  }

  callOfDialog(dialog: Dialog): { call: Call; leg: Leg } | undefined {
    const leg = dialog.handlers
    return leg instanceof Leg && leg.call instanceof Call ? { call: leg.call, leg } : undefined
  }

  // ---- reading and watching ----------------------------------------------------------------------------------------------------

  list(): readonly CallView[] {
    return [...this.#live.values()].map((call) => call.view())
  }

  get(id: CallId): CallView | undefined {
    return this.#live.get(id)?.view()
  }

  /** The live call itself, for acts on it. */
  call(id: CallId): Call | undefined {
    return this.#live.get(id)
  }

  watch(listener: (view: CallView, change: CallChange) => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  trace(id: CallId): Promise<readonly TraceEntry[]> {
    return this.#traces.read(id, this.#live.get(id))
  }

  get counters(): CallCounters {
    return {
      live: this.#live.size,
      started: this.#started,
      answered: this.#answered,
      failed: this.#failed,
      refused: this.#refused,
    }
  }

  /**
   * Stops: new calls get 503, live ones may finish within `limitMs`, the rest is ended with BYE. Resolves when no call is left and all is
   * written.
   */
  async drain(limitMs: number): Promise<void> {
    this.#draining = true
    if (this.#live.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle.add(resolve)
        this.core.clock.setTimeout(() => {
          this.endAll()
          // Whoever has not let go by now is left to the sweep of the next start.
          this.core.clock.setTimeout(resolve, 2_000)
        }, limitMs)
      })
    }
    this.subscriptions.stop()
    await this.#traces.flush()
  }

  /** Ends every call now. */
  endAll(): void {
    for (const call of [...this.#live.values()]) call.end('draining', 'server')
  }

  get draining(): boolean {
    return this.#draining
  }

  #end(call: Call): void {
    this.#live.delete(call.id)
    if (call.answeredAt === 0) {
      this.#failed++
      this.#refused.set(call.cause, (this.#refused.get(call.cause) ?? 0) + 1)
    }
    this.#traces.ended(call)
    if (this.#live.size > 0) return
    for (const resolve of this.#idle) resolve()
    this.#idle.clear()
  }

  /** No room for another call; an emergency call always has room. */
  #isFull(dialled: string): boolean {
    const full = this.#load.overloaded || this.#live.size >= this.core.settings.maxCalls
    return full && !this.core.directory.isEmergency(dialled)
  }

  #trunkIsFull(trunk: Trunk): boolean {
    const { maxCalls } = trunk.settings
    return maxCalls > 0 && this.#count((call) => call.from.trunk === trunk || call.outTrunk === trunk) >= maxCalls
  }

  #count(which: (call: Call) => boolean): number {
    let found = 0
    for (const call of this.#live.values()) if (which(call)) found++
    return found
  }
}
