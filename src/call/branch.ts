import type { Random } from '#lib'
import type { MediaLeg } from '#media'
import type {
  AskedInvite,
  Destination,
  Dialog,
  Failure,
  Flow,
  HeaderLines,
  OutgoingCall,
  OutgoingHandlers,
  Response,
} from '#sip'
import { callHeader } from './call-header.ts'
import { type Core, inBackground } from './core.ts'
import { type CallErrorCode, causeOfStatus, refusedByNode } from './errors.ts'
import { type Presented, personOf, type Station, type Way, waysTo } from './station.ts'
import type { BranchState, BranchView } from './types.ts'

/** What a branch tells the ringing that it belongs to. */
export interface BranchListener {
  /** A provisional response above 100; `sdp` when it carries early media. */
  rang(branch: Branch, status: number, sdp: string): void
  /**
   * The station's 200. Whoever loses the claim is ended by the listener. What it returns settles once the dialog is stored: the 200 is ACKed
   * then.
   */
  took(branch: Branch, response: Response, dialog: Dialog): Promise<unknown> | undefined
  /** The branch ended without an answer. `contacts` are the URIs of a 3xx. */
  ended(branch: Branch, cause: CallErrorCode, status: number, contacts: readonly string[]): void
}

/** What a branch needs to know of its call. */
export interface BranchCall {
  /** The call's id, which our own stations are told. */
  readonly id: string
  readonly presented: Presented
  readonly dialled: string
  readonly maxForwards: number
  readonly headers: HeaderLines
  /** Told the Call-ID of every INVITE before it is sent, so that the trace misses nothing; `rung` is found by it. */
  traced(sipCallId: string, rung?: RungDialog): void
  /** Stores that the station is asked; resolves once it is on disk: the INVITE leaves then. Without it the INVITE leaves at once. */
  asks?(): Promise<unknown>
  /** Asks stations whose profile allows it to answer by themselves: the call was asked for there. */
  readonly autoAnswer?: boolean
}

/** The dialog of a station that rings or rang, as others may name it (RFC 3891). */
export interface RungDialog {
  readonly callId: string
  readonly localTag: string
  /** The station's tag of last; '' before its first response. */
  remoteTag: string
  /** Whether it still rings. */
  live: boolean
}

/** An INVITE to a station as the context row keeps it. */
export interface AskedBranch {
  readonly callId: string
  readonly localTag: string
  readonly invite: AskedInvite & { readonly destination?: Destination }
}

function askedBranch(way: Way, { callId, localTag }: RungDialog, random: Random): AskedBranch {
  const { uri, from, to, routeSet, target, credentials } = way
  const destination = 'flow' in target ? destinationOf(target.flow) : target.destinations[0]
  const invite = {
    ...{ uri, from, to, callId, localTag, cseq: 1 + random.integer(1 << 16), branch: `z9hG4bK${random.token(10)}` },
    ...{ routeSet, challenged: credentials !== undefined, ...(destination ? { destination } : {}) },
  }
  return { callId, localTag, invite }
}

function destinationOf({ protocol, remoteAddress, remotePort }: Flow): Destination {
  return { protocol, address: remoteAddress, port: remotePort, host: remoteAddress }
}

/** Asks a phone that rings to answer, as makers of phones have agreed on it; no subscription is needed. */
const talk: HeaderLines = [
  ['Event', 'talk'],
  ['Subscription-State', 'active'],
]

/** Phones know one of the two, by maker. */
function answerByItself(domain: string): HeaderLines {
  return [
    ['Call-Info', `<sip:${domain}>;answer-after=0`],
    ['Alert-Info', '<http://127.0.0.1>;info=alert-autoanswer'],
  ]
}

/** One INVITE on its way to one station: tries the station's ways in order until one answers, refuses or rings. */
export class Branch implements OutgoingHandlers {
  readonly station: Station
  readonly media: MediaLeg
  readonly startedAt: number
  state: BranchState = 'calling'
  outcome = ''
  by = ''
  endedAt = 0
  /** The words of the station's refusal. */
  words = ''
  /** The way in use: its trunk goes into the record. */
  way: Way | undefined
  readonly #core: Core
  readonly #listener: BranchListener
  #call: BranchCall | undefined
  #ways: readonly Way[] = []
  #next = 0
  #offer = ''
  #outgoing: OutgoingCall | undefined
  #rung: RungDialog | undefined
  #asked: AskedBranch | undefined
  /** The early dialog of the station's last response. */
  #early: Dialog | undefined
  /** To be told to answer, as soon as there is a dialog for it. */
  #toAnswer = false
  #cancelled: HeaderLines | undefined

  constructor(core: Core, station: Station, media: MediaLeg, listener: BranchListener) {
    this.#core = core
    this.station = station
    this.media = media
    this.#listener = listener
    this.startedAt = core.clock.now()
  }

  /** Sends the INVITE with our offer. */
  async start(call: BranchCall, offer: string): Promise<void> {
    this.#call = call
    this.#offer = offer
    this.#ways = await waysTo(this.#core, this.station, call.presented, call.dialled)
    this.#tryNext('unreachable', 480)
  }

  /** The identifiers of the branch's dialog, for the context row: remote tag unknown until a response. */
  get dialogIds(): { callId: string; localTag: string } | undefined {
    return this.#rung && { callId: this.#rung.callId, localTag: this.#rung.localTag }
  }

  /** What the context row keeps of the INVITE: another run of the server cancels it, and ends a late answer. */
  get asked(): AskedBranch | undefined {
    return this.#asked
  }

  /** The station's tag of last, '' before its first response. */
  get remoteTag(): string {
    return this.#rung?.remoteTag ?? ''
  }

  /** Who is shown as calling; `undefined` once it rings no more. */
  get presented(): Presented | undefined {
    return this.#call?.presented
  }

  get live(): boolean {
    return this.state === 'calling' || this.state === 'ringing'
  }

  /** Gives up on the station. @param outcome what the history says, e.g. `answered-elsewhere` */
  cancel(outcome: string, by: string, reason: HeaderLines): void {
    if (!this.live) return
    this.#end(outcome)
    this.by = by
    this.#cancelled = reason
    this.#outgoing?.cancel(reason)
    this.#release()
  }

  /** Asks the phone to answer by itself, where its profile allows it. One that cannot refuses that, and rings on. */
  answerItself(): void {
    const { station } = this
    if (station.kind !== 'device' || !station.binding.device.settings.autoAnswer) return
    this.#toAnswer = true
    this.#askToAnswer()
  }

  progress(response: Response, early: Dialog | undefined): void {
    if (!this.live) return
    this.#early = early
    if (this.#toAnswer) this.#askToAnswer()
    if (this.#rung) this.#rung.remoteTag = response.toTag
    this.#listener.rang(
      this,
      response.status,
      response.contentType === 'application/sdp' ? response.body.toString('utf8') : '',
    )
  }

  answered(response: Response, dialog: Dialog): Promise<unknown> | undefined {
    this.#forget()
    if (this.live) return this.#listener.took(this, response, dialog)
    // The 200 overtook our decision: the stack ACKs it, the BYE is ours.
    dialog.bye(this.#cancelled)
    return undefined
  }

  crossed(): void {
    this.#forget()
  }

  failed(response: Response | undefined, _failure?: Failure): void {
    if (!this.live) {
      this.#forget()
      return
    }
    // A gateway that is out of order is no answer of the station: the next way is tried.
    if ((response === undefined || response.status === 503) && this.#next < this.#ways.length) {
      this.#tryNext('unreachable', 480)
      return
    }
    const status = response?.status ?? 408
    this.words = response?.reason ?? ''
    if (this.station.kind === 'node') {
      this.#fail(response ? refusedByNode(status, this.words) : 'unreachable', status, [])
      return
    }
    const contacts = status >= 300 && status < 400 ? (response?.contacts.map((contact) => contact.uri.text) ?? []) : []
    // A challenge from a station is its own fault, never the caller's: nothing is sent for a foreign realm.
    if (status === 401 || status === 407) this.#fail('error', 500, contacts)
    // What a 3xx points at may be nowhere that we go; then the station is simply not there.
    else if (status < 400) this.#fail('unreachable', 480, contacts)
    else this.#fail(causeOfStatus(status), status, contacts)
  }

  view(now: number): BranchView {
    return {
      station: this.station.name,
      personId: personOf(this.station),
      state: this.state,
      ...(this.outcome === '' ? {} : { outcome: this.outcome }),
      ...(this.by === '' ? {} : { by: this.by }),
      ringMs: (this.endedAt || now) - this.startedAt,
    }
  }

  /** The station has the call. */
  won(): void {
    this.state = 'answered'
    this.outcome = 'answered'
    this.endedAt = this.#core.clock.now()
    if (this.#rung) this.#rung.live = false
  }

  #tryNext(cause: CallErrorCode, status: number): void {
    const call = this.#call as BranchCall
    if (!this.live) return
    const way = this.#ways[this.#next++]
    if (!way) {
      this.#fail(cause, status, [])
      return
    }
    this.way = way
    const { random } = this.#core
    const rung = { callId: random.token(16), localTag: random.token(8), remoteTag: '', live: true }
    if (this.#rung) this.#rung.live = false
    this.#rung = rung
    this.#asked = askedBranch(way, rung, random)
    call.traced(rung.callId, rung)
    const stored = call.asks?.()
    if (!stored) {
      this.#send(call, way)
      return
    }
    const failed = (error: unknown): void => {
      this.#core.log.error({ error: String(error) }, 'storing whom a call rings failed')
      if (this.live) this.#fail('error', 500, [])
    }
    stored.then(() => {
      if (this.live) this.#send(call, way)
    }, failed)
  }

  #send(call: BranchCall, way: Way): void {
    const { callId, localTag, invite } = this.#asked as AskedBranch
    this.#outgoing = this.#core.ua.invite(
      {
        uri: way.uri,
        target: way.target,
        from: way.from,
        to: way.to,
        body: this.#offer,
        routeSet: way.routeSet,
        headers: [...call.headers, ...way.headers, ...this.#stationHeaders(call)],
        maxForwards: call.maxForwards,
        callId,
        localTag,
        cseq: invite.cseq,
        branch: invite.branch,
        ...(way.credentials ? { credentials: way.credentials } : {}),
      },
      this,
    )
  }

  #askToAnswer(): void {
    if (!this.live || !this.#early) return
    this.#toAnswer = false
    inBackground(this.#core, 'asking a phone to answer', this.#early.request('NOTIFY', { headers: talk }))
  }

  /** What only our own stations are told. */
  #stationHeaders(call: BranchCall): HeaderLines {
    const { station } = this
    if (station.kind !== 'device') return []
    return call.autoAnswer && station.binding.device.settings.autoAnswer
      ? [...callHeader(call.id), ...answerByItself(this.#core.settings.domain)]
      : callHeader(call.id)
  }

  #fail(cause: CallErrorCode, status: number, contacts: readonly string[]): void {
    this.#end(cause)
    this.#forget()
    this.#release()
    this.#listener.ended(this, cause, status, contacts)
  }

  #end(outcome: string): void {
    this.state = 'ended'
    this.outcome = outcome
    this.endedAt = this.#core.clock.now()
    if (this.#rung) this.#rung.live = false
  }

  #release(): void {
    this.media.close().catch(() => {})
  }

  /** Lets go of what only the set-up needed: a held call is long. */
  #forget(): void {
    this.#offer = ''
    this.#ways = []
    this.#call = undefined
  }
}
