import type { Buffer } from 'node:buffer'
import { answerChallenge } from '../auth/index.ts'
import type { HeaderLines, Request, Response } from '../message/index.ts'
import type { ClientHandlers, OutgoingRequest, ServerTransaction, Target } from '../transaction/index.ts'
import type { Flow } from '../transport/types.ts'
import { allowsOf, type Core, supportsOf, withoutTag } from './core.ts'
import { receiveInDialog } from './in-dialog.ts'
import { withType } from './incoming-offer.ts'
import { nextHop, routed } from './next-hop.ts'
import { Offers } from './offers.ts'
import { agreedByPeer, minimumOf, SessionTimer, sessionOffer } from './session-timer.ts'
import type { LiveSubscription } from './subscription.ts'
import type { Credentials, Dialog, DialogHandlers, DialogState } from './types.ts'

const nobody: ReadonlySet<string> = new Set()
/** Requests that move the remote target and so carry Contact (RFC 3261 §12.2, RFC 3311, RFC 6665). */
const refreshing: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER'])
/** Requests whose 481 or silence ends a subscription or nothing, never the call (RFC 5057 §5.1). */
const otherUsage: ReadonlySet<string> = new Set(['NOTIFY', 'SUBSCRIBE', 'REFER', 'PRACK'])
/** How far the CSeq jumps after a crash: requests that were sent since the state was stored are behind it. */
const RESTORE_GAP = 1000

export interface DialogSeed extends Omit<DialogState, 'flow'> {
  readonly flow: Flow | undefined
  /** We sent the INVITE: owner of the Call-ID. */
  readonly initiator: boolean
  readonly confirmed: boolean
}

interface RequestParts {
  readonly headers?: HeaderLines
  readonly body?: Buffer | string
  readonly contentType?: string
}

/** One dialog (RFC 3261 §12), as UAC or UAS of its INVITE. */
export class LiveDialog implements Dialog {
  readonly core: Core
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  readonly initiator: boolean
  readonly offers: Offers
  readonly session: SessionTimer
  confirmed: boolean
  ended = false
  handlers: DialogHandlers = {}
  flow: Flow | undefined
  localContact: string
  localSeq: number
  /** -1 before the first request of the peer. */
  remoteSeq: number
  peerAllows: ReadonlySet<string> = nobody
  peerSupports: ReadonlySet<string> = nobody
  credentials: Credentials | undefined
  /** PRACK is the invitation's, which this early dialog belongs to. */
  prack: ((transaction: ServerTransaction) => void) | undefined
  /** CSeq of our INVITE whose 2xx is not to be ACKed yet. */
  owesAck: number | undefined
  /** The caller ends its own early dialog with BYE (§15). */
  earlyBye: ((request: Request) => void) | undefined
  /** The subscription that this dialog was made for: it is no call (RFC 6665). */
  subscription: LiveSubscription | undefined
  /** An offer of the peer that the handler has not answered. */
  pending: ServerTransaction | undefined
  #localUri: string
  #remoteUri: string
  #remoteTarget: string
  #routeSet: readonly string[]
  readonly #secure: boolean
  /** Our last SDP, only where a refresh would have to repeat it. */
  #sdp = ''
  /** A BYE that waits for the ACK of our 2xx. */
  #waitingBye: HeaderLines | undefined
  /** Authorization of the INVITE, which its ACK repeats (§13.2.2.4). */
  authorization: readonly [string, string] | undefined

  constructor(core: Core, seed: DialogSeed) {
    this.core = core
    this.callId = seed.callId
    this.localTag = seed.localTag
    this.remoteTag = seed.remoteTag
    this.initiator = seed.initiator
    this.confirmed = seed.confirmed
    this.flow = seed.flow
    this.localContact = seed.localContact
    this.localSeq = seed.localSeq
    this.remoteSeq = seed.remoteSeq
    this.#localUri = seed.localUri
    this.#remoteUri = seed.remoteUri
    this.#remoteTarget = seed.remoteTarget
    this.#routeSet = seed.routeSet
    this.#secure = seed.secure
    this.offers = new Offers(this)
    this.session = new SessionTimer(core.clock, {
      refresh: () => this.#refresh(),
      expired: () => {
        this.#terminate([['Reason', 'SIP;cause=408;text="Session expired"']], 'session-expired')
      },
    })
    core.add(this)
  }

  /** The dialog that a response to our INVITE makes (§12.1.2). */
  static ofResponse(core: Core, response: Response, flow: Flow | undefined, localContact: string): LiveDialog {
    const contact = response.contacts[0]?.uri
    const dialog = new LiveDialog(core, {
      callId: response.callId,
      localTag: response.fromTag,
      remoteTag: response.toTag,
      localUri: withoutTag(response.header('from') ?? ''),
      remoteUri: withoutTag(response.header('to') ?? ''),
      remoteTarget: contact?.text ?? response.to.uri.text,
      localContact,
      routeSet: [...response.headerList('record-route')].reverse(),
      localSeq: response.cseq.number,
      remoteSeq: -1,
      secure: contact?.scheme === 'sips',
      flow,
      initiator: true,
      confirmed: response.status >= 200,
    })
    dialog.hear(response)
    return dialog
  }

  /** The dialog that an INVITE or SUBSCRIBE to us makes once it is answered with a tag (§12.1.1). */
  static ofRequest(core: Core, transaction: ServerTransaction): LiveDialog {
    const { request, flow, toTag } = transaction
    const contact = request.contacts[0]?.uri
    const dialog = new LiveDialog(core, {
      callId: request.callId,
      localTag: toTag,
      remoteTag: request.fromTag,
      localUri: withoutTag(request.header('to') ?? ''),
      remoteUri: withoutTag(request.header('from') ?? ''),
      remoteTarget: contact?.text ?? request.from.uri.text,
      localContact: core.transport.contactUri(flow),
      routeSet: request.headerList('record-route'),
      localSeq: core.random.integer(1 << 16),
      remoteSeq: request.cseq.number,
      secure: request.uri.scheme === 'sips',
      flow,
      initiator: false,
      confirmed: false,
    })
    dialog.hear(request)
    return dialog
  }

  /** A dialog of a process that died. */
  static restored(core: Core, state: DialogState, flow: Flow | undefined): LiveDialog {
    const localSeq = state.localSeq + RESTORE_GAP
    return new LiveDialog(core, { ...state, localSeq, flow, initiator: false, confirmed: true })
  }

  get remoteTarget(): string {
    return this.#remoteTarget
  }

  get routeSet(): readonly string[] {
    return this.#routeSet
  }

  state(): DialogState {
    const { flow } = this
    return {
      callId: this.callId,
      localTag: this.localTag,
      remoteTag: this.remoteTag,
      localUri: this.#localUri,
      remoteUri: this.#remoteUri,
      remoteTarget: this.#remoteTarget,
      localContact: this.localContact,
      routeSet: this.#routeSet,
      localSeq: this.localSeq,
      remoteSeq: this.remoteSeq,
      secure: this.#secure,
      flow: flow && { protocol: flow.protocol, address: flow.remoteAddress, port: flow.remotePort },
    }
  }

  async request(method: string, options: RequestParts = {}): Promise<Response | undefined> {
    if (this.ended) return undefined
    const response = await this.#ask(method, options)
    // Whatever a BYE is answered, the dialog is over (§15.1.1).
    if (method === 'BYE') this.drop()
    else if ((response?.status === 481 || response?.status === 408) && !otherUsage.has(method)) {
      this.gone(response.status === 408)
    }
    return response
  }

  reinvite(sdp: string, headers?: HeaderLines): Promise<Response | undefined> {
    return this.ended ? Promise.resolve(undefined) : this.offers.add(sdp, headers)
  }

  withdraw(sdp: string): boolean {
    return this.offers.withdraw(sdp)
  }

  bye(headers: HeaderLines = []): void {
    if (this.ended) return
    this.#stop()
    if (this.offers.unacked === 'no' || this.initiator) this.#sendBye(headers)
    else this.#waitingBye = headers
  }

  identify(headers: HeaderLines): void {
    if (this.ended || !this.peerAllows.has('UPDATE')) return
    void this.#update(this.core.minSE, headers).then((response) => {
      if (response && response.status < 300 && !this.ended) this.core.guard(() => this.refreshed(response))
    })
  }

  /** A request of the peer in this dialog. */
  receive(transaction: ServerTransaction): void {
    receiveInDialog(this, transaction)
  }

  /** Sends a request; a 401 or 407 is answered once with the dialog's credentials. No handler is called before this returns. */
  exchange(
    method: string,
    parts: RequestParts,
    handlers: ClientHandlers,
    authorization?: readonly [string, string],
  ): void {
    this.payAck()
    const cseq = ++this.localSeq
    const { uri } = routed(this)
    const retrying: ClientHandlers = {
      provisional: handlers.provisional,
      failed: handlers.failed,
      final: (response) => {
        const answer = authorization ? undefined : this.#answerTo(response, method, uri)
        if (answer) this.exchange(method, parts, handlers, answer)
        else handlers.final(response)
      },
    }
    const request = this.#build(method, cseq, parts, authorization)
    this.#to((target) => this.core.transactions.request(request, target, retrying))
    if (method === 'INVITE') this.authorization = authorization
  }

  /** Sends the ACK that is still owed. */
  payAck(): void {
    if (this.owesAck !== undefined) this.acknowledge(this.owesAck)
  }

  /** ACK of a 2xx, sent without a transaction; once more for each 2xx that comes again (§13.2.2.4). */
  acknowledge(cseq: number): void {
    this.owesAck = undefined
    const ack = this.#build('ACK', cseq, {}, this.authorization)
    this.#to((target) => this.core.transactions.send(ack, target))
  }

  /** A 2xx to our INVITE or UPDATE: target, peer's abilities, session timer. */
  refreshed(response: Response): void {
    this.hear(response)
    this.retarget(response)
    this.session.agree(agreedByPeer(response))
    this.handlers.changed?.(this)
  }

  /** The 2xx that confirms an early dialog decides its route set anew (§13.2.2.4). */
  confirm(response: Response): void {
    this.confirmed = true
    this.#routeSet = [...response.headerList('record-route')].reverse()
    this.hear(response)
    this.retarget(response)
    this.session.agree(agreedByPeer(response))
    this.offers.pump()
  }

  /** Takes the peer's Allow and Supported from a message. */
  hear(message: Request | Response): void {
    const allows = allowsOf(message)
    if (!allows) return
    this.peerAllows = allows
    this.peerSupports = supportsOf(message)
  }

  /** Takes a new remote target from Contact. */
  retarget(message: Request | Response): void {
    const contact = message.contacts[0]
    if (contact) this.#remoteTarget = contact.uri.text
  }

  /** Keeps our SDP for refreshing, where the peer does not take UPDATE. */
  keepSdp(sdp: string): void {
    this.#sdp = this.peerAllows.has('UPDATE') ? '' : sdp
  }

  /** The ACK of our 2xx is here. */
  acked(ack: Request | undefined): void {
    this.offers.unacked = 'no'
    const headers = this.#waitingBye
    this.#waitingBye = undefined
    if (headers) this.#sendBye(headers)
    else if (!this.ended && ack) this.handlers.ack?.(ack)
    if (!this.ended) this.offers.pump()
  }

  /** Our 2xx was never acknowledged (§13.3.1.4). */
  neverAcked(): void {
    this.offers.unacked = 'no'
    if (this.#waitingBye) this.acked(undefined)
    else this.#terminate([['Reason', 'SIP;cause=408;text="No ACK"']], 'no-ack')
  }

  /** The peer does not know the dialog any more, or does not answer (RFC 5057). */
  gone(unsure: boolean): void {
    if (this.ended) return
    if (unsure) {
      this.#terminate([['Reason', 'SIP;cause=408;text="Request Timeout"']], 'gone')
      return
    }
    this.#stop()
    this.core.remove(this)
    this.core.guard(() => this.handlers.lost?.('gone'))
  }

  /** Ends without a message: BYE of the peer, or an early dialog whose INVITE has failed. */
  drop(): void {
    this.#stop()
    this.#waitingBye = undefined
    this.core.remove(this)
  }

  #terminate(headers: HeaderLines, why: 'session-expired' | 'gone' | 'no-ack'): void {
    if (this.ended) return
    this.bye(headers)
    this.core.guard(() => this.handlers.lost?.(why))
  }

  #stop(): void {
    this.ended = true
    this.session.stop()
    this.offers.end()
    this.#sdp = ''
    const { pending } = this
    this.pending = undefined
    pending?.respond(487)
  }

  /** The dialog stays known until its BYE is answered, so that a BYE that crosses finds it (RFC 5407 §3.1.3). */
  #sendBye(headers: HeaderLines): void {
    const done = () => this.core.remove(this)
    this.exchange('BYE', { headers }, { final: done, failed: done })
  }

  /** A request with its final response; no answer at all counts as 408 (§12.2.1.2), a lost connection does not. */
  #ask(method: string, parts: RequestParts): Promise<Response | undefined> {
    return new Promise((resolve) => {
      this.exchange(method, parts, {
        final: resolve,
        failed: (failure) => {
          if (failure === 'timeout' && method !== 'BYE' && !otherUsage.has(method)) this.gone(true)
          resolve(undefined)
        },
      })
    })
  }

  #answerTo(response: Response, method: string, uri: string): readonly [string, string] | undefined {
    const { credentials } = this
    if (!credentials || (response.status !== 401 && response.status !== 407)) return undefined
    return answerChallenge(response, credentials, method, uri, 1, this.core.random.token(8))
  }

  #build(
    method: string,
    cseq: number,
    parts: RequestParts,
    authorization: readonly [string, string] | undefined,
  ): OutgoingRequest {
    const { uri, routes } = routed(this)
    const headers: (readonly [string, string])[] = [['Max-Forwards', '70']]
    for (const route of routes) headers.push(['Route', route])
    headers.push(
      ['From', `${this.#localUri};tag=${this.localTag}`],
      ['To', this.remoteTag === '' ? this.#remoteUri : `${this.#remoteUri};tag=${this.remoteTag}`],
      ['Call-ID', this.callId],
      ['CSeq', `${cseq} ${method}`],
    )
    if (refreshing.has(method)) headers.push(['Contact', `<${this.localContact}>`])
    if (authorization) headers.push(authorization)
    const { body } = parts
    if (parts.headers || body) headers.push(...withType(parts.headers ?? [], body, parts.contentType))
    return { method, uri, headers, body, callId: this.callId }
  }

  /** Calls with the next hop, at once where no name has to be looked up. */
  #to(use: (target: Target) => void): void {
    const target = nextHop(this, this.core.resolver)
    if (target instanceof Promise) void target.then(use)
    else use(target)
  }

  /** RFC 4028 §7.4: UPDATE without an offer where the peer takes it, else a re-INVITE with the SDP that holds. */
  async #refresh(): Promise<boolean> {
    let response: Response | undefined
    if (this.peerAllows.has('UPDATE')) {
      response = await this.#update(this.core.minSE)
      const minSE = response?.status === 422 ? minimumOf(this.core, response) : undefined
      if (minSE !== undefined && !this.ended) response = await this.#update(minSE)
      if (this.ended || !response) return false
      const confirmed = response
      if (confirmed.status < 300) this.core.guard(() => this.refreshed(confirmed))
    } else if (this.#sdp) response = await this.reinvite(this.#sdp)
    return response !== undefined && response.status < 300
  }

  #update(minSE: number, more: HeaderLines = []): Promise<Response | undefined> {
    const headers: HeaderLines = [
      ['Supported', this.core.supportedUnreliable],
      ...sessionOffer(this.core, this.session.agreement, minSE),
      ...more,
    ]
    return this.request('UPDATE', { headers })
  }
}
