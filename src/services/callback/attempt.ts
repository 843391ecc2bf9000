import {
  askingCaller,
  CallError,
  type Caller,
  type CallPlan,
  type Calls,
  type HeldLeg,
  joinByGateway,
  LegEnded,
  NotAnswered,
  type Presented,
  presentedOf,
  type ServedCall,
} from '#call'
import type { Sound } from '#media'
import type { CallbackAttemptRow, CallbackRow } from '#storage'
import type { PlaceInLine, QueueLines, Turn } from '../types.ts'
import { CallerNotAnswered, causeOf, outcomeOfRefusal } from './attempt-outcome.ts'
import { AttemptWords } from './attempt-words.ts'
import { CentreWatch } from './centre-watch.ts'
import { inLineOf, standInLine, waitsSince } from './in-line.ts'
import { pressesOne } from './press-one.ts'
import type { CentreRecordings } from './recordings.ts'
import type { Outcome } from './retry.ts'
import type {
  Announcer,
  AttemptDetail,
  CallbackParty,
  CallbackPhase,
  CallbackSettings,
  ExpectedAtCentre,
  InLine,
  LegConfirmation,
} from './types.ts'

export interface AttemptParts {
  readonly calls: Calls
  readonly announcer: Announcer
  readonly settings: CallbackSettings
  /** Where what a centre says is recorded. */
  readonly recordings?: Pick<CentreRecordings, 'record'>
  /** Queues of ours. */
  readonly lines?: QueueLines
  /** What the centre with this number says of its wait; never rejects. */
  readonly centreWait?: (number: string) => Promise<ExpectedAtCentre | undefined>
  readonly request: CallbackRow
  /** As it was stored when the attempt began. */
  readonly row: CallbackAttemptRow
  /** Told of each step. */
  progress(row: CallbackAttemptRow, phase: CallbackPhase): void
}

/**
 * One attempt of a requested call: the called is rung first, the caller only when they have answered. Where the called is a queue, the
 * attempt stands in its line first, and the called is whichever of its agents has the turn: see {@link standInLine}.
 *
 *   server                     called               caller
 *     |--INVITE----------------->|                     |     25 s; stored before it is sent
 *     |<--200, ACK---------------|                     |
 *     |==who asks for the call==>|                     |     outside numbers and who wants it: "press 1", twice 10 s,
 *     |<--1----------------------|                     |     because a mailbox cannot; a centre: its keys, then the question until
 *     |==connecting, ringback===>|                     |     somebody presses 1
 *     |--INVITE--------------------------------------->|     25 s; CANCEL when the called hangs up
 *     |<--200, ACK-------------------------------------|
 *     |==the call you asked for=======================>|     "press 1" only where they want it
 *     |                          |<=======joined======>|     record is stored before
 *
 *   no answer of the caller:
 *     |==could not be reached===>|
 *     |--BYE-------------------->|
 */
export class Attempt {
  /** As it is now; storage has it a moment later. */
  row: CallbackAttemptRow
  readonly #parts: AttemptParts
  readonly #words: AttemptWords
  readonly #confirmations: LegConfirmation[] = []
  #served: ServedCall | undefined
  #recording: { stop(): void } | undefined
  #phase: CallbackPhase = 'ringing-called'
  #place: PlaceInLine | undefined
  #cancelled = false

  constructor(parts: AttemptParts) {
    this.#parts = parts
    this.row = parts.row
    this.#words = new AttemptWords(parts.calls.core.clock, parts.announcer, parts.request)
  }

  /** Where it is. */
  get phase(): CallbackPhase {
    return this.#phase
  }

  /** Rings and joins. Resolves when the two are joined or the attempt has failed; never rejects. */
  async run(): Promise<Outcome> {
    let outcome: Outcome
    try {
      const { queue } = this.#called
      outcome = queue === undefined ? await this.#ladder() : await this.#inLine(queue)
    } catch (error) {
      outcome = this.#outcomeOf(error)
    }
    this.#served?.end(causeOf(outcome))
    const { clock } = this.#parts.calls.core
    this.row = { ...this.row, outcome, endedAt: clock.now() }
    return outcome
  }

  /** Ends it at any point, also when the two are joined. */
  cancel(): void {
    this.#cancelled = true
    this.#place?.leave()
    const served = this.#served
    if (served?.over) served.call.end('cancelled', 'server')
    else served?.end('cancelled')
  }

  /**
   * Asks the gateway that both sides run over to join them, where it is set up to: once the end of the attempt is on disk, so that a crash
   * rings nobody again whom the gateway has joined. Where it does not, they talk as they did.
   * @returns whether the row says more now; never rejects
   */
  async handOver(): Promise<boolean> {
    const call = this.row.outcome === 'connected' ? this.#served?.call : undefined
    const asked = call && joinByGateway(call)
    if (!call || !asked) return false
    const station = call.callee?.party.station ?? ''
    const { how, status, trunk } = await asked
    if (how === 'over') return false
    if (how === 'joined') this.row = { ...this.row, outcome: 'joined-by-gateway' }
    const what = how === 'joined' ? 'joined-by-gateway' : 'gateway-did-not-join'
    this.#confirm('called', what, station, trunk.name, status)
    return true
  }

  /** The server stops: waits in no line any more. What rings goes on. */
  leaveLine(): void {
    this.#place?.leave()
  }

  async #inLine(queue: string): Promise<Outcome> {
    const { lines, request } = this.#parts
    const { dial: number, name } = this.#caller
    const place = lines?.enter(queue, {
      ...{ id: request.id, number, name, personId: this.#from().person?.id ?? '' },
      ...{ language: request.language, since: waitsSince(request), moved: () => this.#waits() },
    })
    if (!place) return 'not-found'
    this.#place = place
    const outcome = await standInLine(
      place,
      () => this.#waits(),
      (turn, turns) => this.#turn(turn, turns),
    )
    this.#note({ line: undefined })
    return this.#cancelled ? 'cancelled' : outcome
  }

  #waits(): void {
    if (this.#place) this.#note({ line: inLineOf(this.#place) })
    this.#step('waiting')
  }

  /** A call to whoever of a queue has the turn. Each is a call of its own: none is there while nobody rings. */
  async #turn(turn: Turn, turns: number): Promise<Outcome> {
    if (turns > 1) this.row = { ...this.row, callId: this.#parts.calls.newCallId() }
    this.#note({ line: undefined })
    this.#served = undefined
    let outcome: Outcome
    try {
      outcome = await this.#ladder(turn)
    } catch (error) {
      outcome = this.#outcomeOf(error)
    }
    const served = this.#served as ServedCall | undefined
    if (served && !outcome.startsWith('called-')) turn.over(served, outcome === 'connected')
    else turn.again()
    served?.end(causeOf(outcome))
    return outcome
  }

  /** @param turn who is rung of a queue */
  async #ladder(turn?: Turn): Promise<Outcome> {
    const { calls, request } = this.#parts
    const from = this.#from()
    const origin = this.#origin()
    const served = calls.serve(from, this.#called.dial, this.row.callId)
    this.#served = served
    if (this.#cancelled) return 'cancelled'
    const calledPlan = turn?.planFor(served) ?? served.planFor(this.#called.dial, origin, from.presented)
    const shown = this.#shown(calledPlan)
    // Before anybody is rung: both sides may be called.
    served.planFor(this.#caller.dial, origin, shown)

    if (!turn && (await this.#centreWait())?.open === false) return 'called-closed'
    this.#step('ringing-called')
    // While it rings there is time to speak the name.
    void this.#words.prepare(this.#called)
    const called = await this.#ring(served, 'called', calledPlan, from.presented, { limitMs: turn?.ringMs })
    if (request.keys === '') {
      this.#step('announcing-called')
      if (!(await this.#announceToCalled(called, calledPlan))) return 'called-no-key'
    } else {
      this.#step('sending-keys')
      await called.sendDigits(request.keys)
      this.#recording = await this.#parts.recordings?.record(called, this.row)
      if (!(await this.#personAtCentre(called))) return 'called-no-key'
      // The centre's announcement is wanted, not what people say who have answered.
      if (this.#called.pressOne !== false) this.#recording?.stop()
    }

    this.#step('ringing-caller')
    const waits = this.#entertain(called)
    try {
      const callerPlan = served.planFor(this.#caller.dial, origin, shown)
      const caller = await this.#ring(served, 'caller', callerPlan, shown, { during: called })
      this.#recording?.stop()
      this.#step('announcing-caller')
      if (!(await called.while(this.#announceToCaller(caller)))) {
        served.release(caller)
        return await this.#apologise(called, 'caller-no-key')
      }
      waits.stop()
      if (await served.join(caller, called)) return this.#joined()
      return caller.ended ? 'caller-hung-up' : called.ended ? 'called-hung-up' : 'caller-unreachable'
    } catch (error) {
      waits.stop()
      if (called.ended || served.over) throw error
      return await this.#apologise(called, this.#outcomeOf(error))
    }
  }

  get #called(): CallbackParty {
    return JSON.parse(this.#parts.request.called)
  }

  get #caller(): CallbackParty {
    return JSON.parse(this.#parts.request.caller)
  }

  // ---- ringing -------------------------------------------------------------------------------------------------------------------

  async #ring(
    served: ServedCall,
    role: 'called' | 'caller',
    plan: CallPlan,
    presented: Presented,
    { during, limitMs = this.#parts.settings.ringMs }: { during?: HeldLeg; limitMs?: number | undefined },
  ): Promise<HeldLeg> {
    try {
      const held = await served.ring(plan, {
        ...{ role: role === 'called' ? 'callee' : 'caller', presented, limitMs },
        ...(during ? { during } : {}),
      })
      if (held.party.trunk) held.hearTones()
      this.#confirm(role, 'answered', held.party.station, held.party.trunk?.name ?? '', 200)
      return held
    } catch (error) {
      if (!(error instanceof NotAnswered)) throw error
      this.#confirm(role, error.code, error.station, error.gateway, error.status)
      throw role === 'caller' ? new CallerNotAnswered(error.code) : error
    }
  }

  /** The asker, as records and the called see them. */
  #from(): Caller {
    const { directory } = this.#parts.calls.core
    const { dial, name } = this.#caller
    const found = directory.dial(dial, { kind: 'service' })
    if (found.ok && found.destination.kind === 'person') return askingCaller(found.destination.person)
    return askingCaller({ number: directory.normalise(dial), name })
  }

  /** On whose account outside numbers are dialled: the asker's, else the organisation's. */
  #origin(): Caller['origin'] {
    const { request, settings, calls } = this.#parts
    // Who is merely said to ask does not pay.
    const person = calls.core.directory.personById(request.personId || settings.account)
    return person ? { kind: 'on-behalf', person } : { kind: 'service' }
  }

  /** The called, as the caller's phone shows them. */
  #shown({ callee, outside }: CallPlan): Presented {
    const person = this.#parts.calls.core.directory.personById(callee.id)
    if (person) return presentedOf(person)
    const name = callee.name || this.#called.name
    return {
      number: callee.number,
      name,
      outsideNumber: outside ? callee.number : '',
      hidden: false,
      hiddenOutside: false,
    }
  }

  // ---- what they hear ------------------------------------------------------------------------------------------------------------

  /** Who asks for the call; whether the called wants it. */
  async #announceToCalled(called: HeldLeg, plan: CallPlan): Promise<boolean> {
    const who = await this.#words.whoAsks(this.#called)
    if (!(this.#called.pressOne ?? plan.outside)) {
      await called.say(who)
      return true
    }
    return this.#agrees('called', called, who, await this.#words.say(this.#called, ['press-1-to-connect']))
  }

  async #announceToCaller(caller: HeldLeg): Promise<boolean> {
    const greeting = await this.#words.say(this.#caller, ['callback-you-asked-for'])
    if (!this.#caller.pressOne) {
      await caller.say(greeting)
      return true
    }
    return this.#agrees('caller', caller, greeting, await this.#words.say(this.#caller, ['press-1-to-connect']))
  }

  /** Music and machines are behind a centre's menu: the question is asked until a person presses the key. */
  async #personAtCentre(called: HeldLeg): Promise<boolean> {
    if (this.#called.pressOne === false) return true
    const { clock } = this.#parts.calls.core
    const { centreMs } = this.#parts.settings
    const question = await this.#words.whoAsks(this.#called, ['press-1-to-connect'])
    const until = clock.now() + centreMs
    const told = (line: InLine): void => {
      this.#note({ line })
      this.#step('sending-keys')
    }
    const watch = new CentreWatch({ clock, ask: () => this.#centreWait(), told })
    try {
      while (!watch.ringNow.aborted && clock.now() < Math.max(until, watch.until))
        if (await this.#hasPressed('called', called, question, watch.ringNow)) return true
      return watch.ringNow.aborted
    } finally {
      watch.stop()
    }
  }

  #centreWait(): Promise<ExpectedAtCentre | undefined> {
    return this.#parts.centreWait?.(this.#called.dial) ?? Promise.resolve(undefined)
  }

  /** @param question asked twice */
  async #agrees(role: 'called' | 'caller', held: HeldLeg, first: Sound, question: Sound): Promise<boolean> {
    return (await this.#hasPressed(role, held, [first, question])) || (await this.#hasPressed(role, held, question))
  }

  async #hasPressed(role: 'called' | 'caller', held: HeldLeg, sound: Sound, enough?: AbortSignal): Promise<boolean> {
    const { calls, settings } = this.#parts
    if (!(await pressesOne(held, sound, calls.core.clock, settings.keyMs, enough))) return false
    this.#confirm(role, 'key', held.party.station, held.party.trunk?.name ?? '', 0)
    return true
  }

  /** What the called hears while the caller rings. */
  #entertain(called: HeldLeg): { stop(): void } {
    let over = false
    const entertain = async (): Promise<void> => {
      const connecting = await this.#words.say(this.#called, ['connecting'])
      if (over) return
      await called.say(connecting)
      if (!over) called.play({ tone: 'ringback' }, { loop: true })
    }
    entertain().catch(() => {})
    return {
      stop() {
        over = true
      },
    }
  }

  async #apologise(called: HeldLeg, outcome: Outcome): Promise<Outcome> {
    this.#step('apologising')
    const sorry = await this.#words.say(this.#called, ['caller-not-reached', 'goodbye'])
    // Who hangs up on it has heard enough.
    await called.say(sorry).catch(() => {})
    return outcome
  }

  // ---- what is noted -------------------------------------------------------------------------------------------------------------

  #joined(): Outcome {
    this.row = { ...this.row, joinedAt: this.#parts.calls.core.clock.now() }
    this.#step('joined')
    return 'connected'
  }

  #step(phase: CallbackPhase): void {
    this.#phase = phase
    this.#parts.progress(this.row, phase)
  }

  #confirm(role: 'called' | 'caller', what: string, station: string, gateway: string, status: number): void {
    const { clock, storage, log } = this.#parts.calls.core
    const at = clock.now()
    this.#confirmations.push({ role, what, station, gateway, status, at })
    const answered = what !== 'answered' ? {} : role === 'called' ? { calledAt: at } : { callerAt: at }
    this.row = { ...this.row, ...answered }
    this.#note({ confirmations: this.#confirmations })
    storage.callbacks
      .attempt(this.row)
      .catch((error: unknown) => log.error({ error: String(error) }, 'noting the confirmation of a leg failed'))
  }

  #note(more: { [name in keyof AttemptDetail]?: AttemptDetail[name] | undefined }): void {
    const detail = { ...(JSON.parse(this.row.detail) as AttemptDetail), ...more }
    this.row = { ...this.row, detail: JSON.stringify(detail) }
  }

  #outcomeOf(error: unknown): Outcome {
    if (this.#cancelled) return 'cancelled'
    const call = this.#served?.call
    if (this.#served?.over && call?.cause === 'draining') return 'interrupted'
    if (this.#served?.over && call?.cause === 'cancelled') return 'cancelled'
    if (error instanceof LegEnded) return error.leg.leg.role === 'callee' ? 'called-hung-up' : 'caller-hung-up'
    if (error instanceof CallError) return outcomeOfRefusal(error)
    const { log } = this.#parts.calls.core
    log.error({ error: String((error as Error)?.stack ?? error) }, 'an attempt failed on a bug')
    return 'called-unreachable'
  }
}
