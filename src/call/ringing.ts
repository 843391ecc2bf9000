import type { Binding } from '#directory'
import type { Timer } from '#lib'
import { type MediaEngine, type MediaLeg, sameEngine } from '#media'
import type { Dialog, HeaderLines, Response } from '#sip'
import { Branch, type BranchCall, type BranchListener } from './branch.ts'
import { type Core, inBackground } from './core.ts'
import type { CallErrorCode } from './errors.ts'
import { type CallPlan, type RingStep, stationOf } from './plan.ts'
import { mediaKindOf, personOf, type Station } from './station.ts'

/** CANCEL and BYE to whoever did not get the call (RFC 3326). */
export const completedElsewhere: HeaderLines = [['Reason', 'SIP;cause=200;text="Call completed elsewhere"']]

export interface RingingListener {
  /** The INVITEs of a step are out, or a branch ended: the context row and the views change. */
  branchesChanged(): void
  /** A station rings, or somebody without one has been told of the call: the caller hears ringing. */
  rings(branch?: Branch): void
  /** Early media of the only station. */
  earlyMedia(branch: Branch, sdp: string): void
  /** The winner: the claim is taken and every other station is cancelled. What it returns settles once the winner's dialog is stored. */
  taken(branch: Branch, response: Response, dialog: Dialog): Promise<unknown>
  /** Nobody took it; `status` is the SIP status of the station whose refusal counts. */
  nobody(cause: CallErrorCode, status: number): void
  /** A station pointed elsewhere (3xx): stations for the contact, `[]` when the dial policy refuses. */
  redirected(uri: string, branch: Branch): readonly Station[]
}

/** Which refusal speaks for all (RFC 3261 §16.7 step 6, with one device's 603 counted as just that device's). */
const weight: Partial<Record<CallErrorCode, number>> = {
  'no-answer': 6,
  busy: 5,
  declined: 4,
  'not-acceptable': 3,
  'not-found': 2,
  unreachable: 1,
}

/** How long a call waits for a browser whose page is loaded anew while it rings there alone. */
const returnMs = 5_000

/** Rings the stations of a plan, step by step, until one takes the call (first claim wins), all refuse, or it is given up. */
export class Ringing implements BranchListener {
  readonly branches: Branch[] = []
  readonly #core: Core
  #plan: CallPlan
  readonly #engine: MediaEngine
  readonly #waiting: MediaLeg | undefined
  readonly #call: BranchCall
  readonly #listener: RingingListener
  #step = -1
  /** When the stations of this step stop. */
  #until = 0
  #timer: Timer | undefined
  #waitingForStation = false
  /** A browser's connection broke while it rang: it may be back in a moment. */
  #mayReturn = false
  /** Stations that have refused WebRTC. */
  readonly #plain = new Set<Station>()
  /** Stations asked so far, and those whose INVITE is still being made. */
  #asked = 0
  #starting = 0
  /** The claim: set once, by the first to take the call or by whoever ends the ringing. */
  #over = false
  #worst: { cause: CallErrorCode; status: number } = { cause: 'unreachable', status: 480 }
  #unsubscribe: (() => void) | undefined

  /** @param waiting the leg that waits for an answer: its codecs are offered first; none when a caller's own station is rung */
  constructor(
    core: Core,
    plan: CallPlan,
    engine: MediaEngine,
    waiting: MediaLeg | undefined,
    call: BranchCall,
    listener: RingingListener,
  ) {
    this.#core = core
    this.#plan = plan
    this.#engine = engine
    this.#waiting = waiting
    this.#call = call
    this.#listener = listener
  }

  start(): void {
    if (this.#plan.people.size > 0) {
      this.#unsubscribe = this.#core.directory.onBinding((binding, change) => {
        if (change === 'added') this.#joins(binding)
      })
    }
    this.#nextStep()
  }

  /** The caller gave up, or somebody took the call by another way. */
  cancel(outcome: string, by: string, reason: HeaderLines): void {
    this.#finish()
    for (const branch of this.branches) branch.cancel(outcome, by, reason)
  }

  /**
   * Somebody who is not rung here takes the call: every station stops. What it returns makes the plan to ring on with, for the time that is
   * left then; `undefined` when none is.
   */
  yieldTo(by: string): () => CallPlan | undefined {
    const rung = this.branches.filter((branch) => branch.live).map(({ station }) => station)
    const [plan, until, step] = [this.#plan, this.#until, this.#step]
    this.cancel('picked-up', by, completedElsewhere)
    return () => {
      const left = until - this.#core.clock.now()
      const stations = rung.flatMap((station) => this.#again(station))
      const later = plan.steps.slice(step + 1)
      const steps = left > 0 && stations.length > 0 ? [{ stations, forMs: left }, ...later] : later
      return steps.length > 0 ? { ...plan, steps } : undefined
    }
  }

  /** The same station once more: a browser that was loaded anew meanwhile has another contact. */
  #again(station: Station): Station[] {
    if (station.kind !== 'device') return [station]
    const { binding, person } = station
    const there = this.#core.directory.bindingsOfDevice(binding.device.id)
    const same = there.find(({ id }) => id === binding.id)
    if (same) return [{ ...station, binding: same }]
    return there.slice(0, 1).map((other) => stationOf(this.#core.directory, person, other))
  }

  /** Only the named station rings on, or answers by itself where it may. False when it does not ring. */
  only(station: string): boolean {
    const chosen = this.branches.find((branch) => branch.live && branch.station.name === station)
    if (!chosen) return false
    this.#plan = { ...this.#plan, mayJoin: () => false }
    for (const other of this.branches) {
      if (other !== chosen) other.cancel('not-chosen', chosen.station.name, completedElsewhere)
    }
    chosen.answerItself()
    this.#listener.branchesChanged()
    return true
  }

  /** The stations of a person stop; when nobody else is left, the call is declined. */
  decline(personId: string): void {
    for (const branch of this.branches) {
      if (personOf(branch.station) === personId) branch.cancel('declined', '', [])
    }
    if (this.#plan.callee.id === personId) {
      this.#giveUp('declined', 603)
      return
    }
    this.#worst = { cause: 'declined', status: 603 }
    this.#listener.branchesChanged()
    this.#nextStepWhenIdle()
  }

  /** Whether the claim is still free. */
  get open(): boolean {
    return !this.#over
  }

  rang(branch: Branch, status: number, sdp: string): void {
    if (this.#over) return
    const first = branch.state === 'calling' && status >= 180
    if (first) branch.state = 'ringing'
    // Early media of one among several would shut out the others (RFC 3960 §3.2): it passes only from a single station.
    if (sdp !== '' && this.#single) this.#listener.earlyMedia(branch, sdp)
    else if (first) this.#listener.rings(branch)
    if (first) this.#listener.branchesChanged()
  }

  took(branch: Branch, response: Response, dialog: Dialog): Promise<unknown> | undefined {
    if (this.#over) {
      dialog.bye(completedElsewhere)
      return undefined
    }
    this.#finish()
    branch.won()
    for (const other of this.branches) {
      if (other !== branch) other.cancel('answered-elsewhere', branch.station.name, completedElsewhere)
    }
    return this.#listener.taken(branch, response, dialog)
  }

  ended(branch: Branch, cause: CallErrorCode, status: number, contacts: readonly string[]): void {
    if (this.#over) return
    if (contacts.length > 0) {
      const stations = contacts.flatMap((uri) => this.#listener.redirected(uri, branch))
      if (stations.length > 0) {
        this.#ring(stations)
        return
      }
    }
    if (cause === 'not-acceptable' && mediaKindOf(branch.station) === 'webrtc' && !this.#plain.has(branch.station)) {
      // Not every WebSocket leads to a browser: what refuses WebRTC is offered plain RTP.
      this.#plain.add(branch.station)
      this.#ring([branch.station])
      return
    }
    if (cause === 'unreachable' && mediaKindOf(branch.station) === 'webrtc') this.#mayReturn = true
    if ((weight[cause] ?? 0) > (weight[this.#worst.cause] ?? 0) || this.branches.length === 1)
      this.#worst = { cause, status }
    this.#listener.branchesChanged()
    if (cause === 'declined' && this.#plan.declineEndsAll) {
      this.#finish()
      for (const other of this.branches) other.cancel('cancelled', '', [])
      this.#listener.nobody(cause, status)
      return
    }
    this.#nextStepWhenIdle()
  }

  get #single(): boolean {
    return this.#asked === 1 && this.#plan.steps.length <= 1
  }

  #nextStepWhenIdle(): void {
    if (this.#over || this.#starting > 0 || this.branches.some((branch) => branch.live)) return
    this.#nextStep()
  }

  #nextStep(): void {
    this.#core.clock.clearTimeout(this.#timer)
    const step = this.#plan.steps[++this.#step]
    if (step) {
      this.#startStep(step)
      return
    }
    if (this.branches.length === 0 && this.#plan.waitMs > 0 && !this.#waitingForStation) {
      this.#waitingForStation = true
      this.#listener.rings()
      this.#timer = this.#core.clock.setTimeout(() => this.#giveUp('unreachable', 480), this.#plan.waitMs)
      return
    }
    if (this.#mayReturn) {
      this.#mayReturn = false
      this.#waitingForStation = true
      this.#timer = this.#core.clock.setTimeout(() => this.#giveUp(this.#worst.cause, this.#worst.status), returnMs)
      return
    }
    this.#giveUp(this.#worst.cause, this.#worst.status)
  }

  #startStep(step: RingStep): void {
    this.#stopAfter(step.forMs)
    this.#ring(step.stations)
  }

  #stopAfter(ms: number): void {
    this.#until = this.#core.clock.now() + ms
    this.#timer = this.#core.clock.setTimeout(() => this.#stepTimedOut(), ms)
  }

  #stepTimedOut(): void {
    for (const branch of this.branches) branch.cancel('no-answer', '', [])
    this.#worst = { cause: 'no-answer', status: 480 }
    this.#listener.branchesChanged()
    this.#nextStep()
  }

  #ring(stations: readonly Station[]): void {
    const room = this.#core.settings.maxBranches - this.#asked
    const ringing = stations.slice(0, Math.max(0, room))
    this.#asked += ringing.length
    this.#starting += ringing.length
    if (ringing.length === 0) {
      this.#nextStepWhenIdle()
      return
    }
    inBackground(
      this.#core,
      'ringing the stations',
      Promise.all(ringing.map((station) => this.#startBranch(station))).then(
        () => this.#sent(),
        (error: unknown) => {
          this.#giveUp('error', 500)
          throw error
        },
      ),
    )
  }

  #sent(): void {
    if (this.#over) return
    this.#listener.branchesChanged()
    this.#nextStepWhenIdle()
  }

  /** A leg of the kind that the station speaks; plain RTP where the engine has no other. */
  async #legFor(station: Station): ReturnType<MediaEngine['createLeg']> {
    const kind = this.#plain.has(station) ? 'rtp' : mediaKindOf(station)
    const made = await this.#engine.createLeg({ kind })
    return made.ok || made.refusal !== 'unsupported-transport' ? made : this.#engine.createLeg()
  }

  async #startBranch(station: Station): Promise<void> {
    try {
      const made = await this.#legFor(station)
      if (!made.ok) {
        this.#worst = { cause: 'no-media', status: 503 }
        return
      }
      const offer = await made.value.offer(sameEngine(made.value, this.#waiting))
      if (this.#over || !offer.ok) {
        await made.value.close()
        if (!offer.ok) this.#worst = { cause: 'not-acceptable', status: 488 }
        return
      }
      const branch = new Branch(this.#core, station, made.value, this)
      this.branches.push(branch)
      await branch.start(this.#call, offer.value)
    } finally {
      this.#starting--
    }
  }

  /** A station registered while its person rings: it joins (RFC 8599 §5.1 for pushed ones). */
  #joins(binding: Binding): void {
    if (this.#over || !this.#plan.mayJoin(binding)) return
    const known = this.branches.some(
      (branch) => branch.live && branch.station.kind === 'device' && branch.station.binding.id === binding.id,
    )
    const person = this.#core.directory.personById(binding.device.personId)
    if (known || !person) return
    if (this.#waitingForStation && !this.branches.some((branch) => branch.live)) {
      this.#core.clock.clearTimeout(this.#timer)
      this.#stopAfter(person.settings.ring.ringMs)
    }
    this.#ring([stationOf(this.#core.directory, person, binding)])
  }

  #giveUp(cause: CallErrorCode, status: number): void {
    if (this.#over) return
    this.#finish()
    for (const branch of this.branches) branch.cancel('cancelled', '', [])
    this.#listener.nobody(cause, status)
  }

  #finish(): void {
    this.#over = true
    this.#core.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }
}
