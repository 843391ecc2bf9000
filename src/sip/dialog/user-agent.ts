import type { Buffer } from 'node:buffer'
import type { Clock, Log, Random } from '#lib'
import { answerChallenge } from '../auth/index.ts'
import type { HeaderLines, Response } from '../message/index.ts'
import {
  createTransactions,
  defaultTiming,
  type ServerTransaction,
  type Target,
  type Timing,
  type TransactionHandler,
  type TransactionLayer,
} from '../transaction/index.ts'
import type { Flow, Protocol, Resolver, TrafficTap, Transport, TransportHandler } from '../transport/types.ts'
import { type CheckContext, type Refusal, refuseContent, refuseEarly, refuseOutside } from './checks.ts'
import { answerOptions, type Core, hasHeader, type UserAgentOptions } from './core.ts'
import { LiveDialog } from './dialog.ts'
import { withType } from './incoming-offer.ts'
import { LiveInvitation } from './invitation.ts'
import { branchOfRepeat, LiveOutgoingCall } from './outgoing-call.ts'
import { answerSession } from './session-timer.ts'
import { LiveSubscription, type NotifierPackage, type Subscription, type SubscriptionHandlers } from './subscription.ts'
import type {
  AskedInvite,
  Dialog,
  DialogState,
  InviteOptions,
  OutgoingCall,
  OutgoingHandlers,
  UserAgent,
  UserAgentHandler,
} from './types.ts'

export interface SipStackOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly resolver: Resolver
  readonly handler: UserAgentHandler
  readonly options: UserAgentOptions
  /** Sees every message in and out with its Call-ID, repetitions too. */
  readonly tap?: TrafficTap
  /** T1, T2, T4 in ms. */
  readonly timers?: Partial<Timing>
}

/** A stack that waits for its transport: the transport needs the handler, the user agent needs the transport. */
export interface SipStack {
  /** What the transport calls. Messages before `start` are dropped. */
  readonly handler: TransportHandler
  /** Ties the transport in; once. */
  start(transport: Transport): UserAgent
}

/** Makes transactions and user agent over a transport that is made with the stack's handler. */
export function createSipStack(options: SipStackOptions): SipStack {
  let agent: LiveUserAgent | undefined
  return {
    handler: {
      message: (bytes, flow) => agent?.receive(bytes, flow),
      malformed: (bytes, flow, code) => agent?.malformed(bytes, flow, code),
      closed: (flow) => agent?.closed(flow),
    },
    start(transport) {
      if (agent) throw new Error('this SIP stack has a transport already')
      agent = new LiveUserAgent(transport, options)
      return agent
    },
  }
}

class LiveUserAgent implements UserAgent, Core {
  readonly transport: Transport
  readonly resolver: Resolver
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly timing: Timing
  readonly transactions: TransactionLayer
  readonly userAgent: string
  readonly sessionExpires: number
  readonly minSE: number
  readonly allow: string
  readonly supported: string
  readonly supportedUnreliable: string
  readonly #checks: CheckContext
  readonly #handler: UserAgentHandler
  /** By our tag and the peer's: ours is random, so the Call-ID need not be in the key. */
  readonly #dialogs = new Map<string, LiveDialog>()

  constructor(transport: Transport, { clock, random, log, resolver, handler, tap, timers, options }: SipStackOptions) {
    this.transport = transport
    this.resolver = resolver
    this.clock = clock
    this.random = random
    this.log = log
    this.timing = { ...defaultTiming, ...timers }
    this.userAgent = options.userAgent
    this.sessionExpires = options.sessionExpires ?? 1800
    this.minSE = options.minSE ?? 90
    this.allow = options.allow.join(', ')
    this.supported = options.supported.join(', ')
    this.supportedUnreliable = options.supported.filter((tag) => tag !== '100rel').join(', ')
    this.#handler = handler
    this.#checks = {
      transport,
      allow: this.allow,
      allowed: new Set(options.allow),
      supported: new Set(options.supported.map((tag) => tag.toLowerCase())),
      domain: options.domain ?? '',
    }
    const upward: TransactionHandler = {
      request: (transaction) => this.#received(transaction),
      // An ACK that matches no 2xx of ours is late or foreign: nothing waits for it.
      ack() {},
      stray: (response, flow, ours) => this.#stray(response, flow, ours),
    }
    this.transactions = createTransactions({ transport, clock, random, log, tap, timers, handler: upward })
  }

  get sizes() {
    return { dialogs: this.#dialogs.size, transactions: this.transactions.size }
  }

  invite(options: InviteOptions, handlers: OutgoingHandlers): OutgoingCall {
    return new LiveOutgoingCall(this, options, handlers)
  }

  async request(options: Parameters<UserAgent['request']>[0]): Promise<Response | undefined> {
    const callId = options.callId ?? this.random.token(16)
    const tag = this.random.token(8)
    const cseq = options.cseq ?? 1 + this.random.integer(1 << 16)
    const response = await this.#ask(options, callId, tag, cseq, undefined)
    const { credentials, method, uri } = options
    if (!response || !credentials || (response.status !== 401 && response.status !== 407)) return response
    const answer = answerChallenge(response, credentials, method, uri, 1, this.random.token(8))
    return answer ? this.#ask(options, callId, tag, cseq + 1, answer) : response
  }

  dialog(callId: string, localTag: string, remoteTag: string): Dialog | undefined {
    const dialog = this.#dialogs.get(keyOf(localTag, remoteTag))
    return dialog?.callId === callId && !dialog.ended ? dialog : undefined
  }

  acceptSubscription(
    transaction: ServerTransaction,
    kind: NotifierPackage,
    handlers: SubscriptionHandlers,
  ): Subscription | undefined {
    return LiveSubscription.accept(this, transaction, kind, handlers)
  }

  restore(state: DialogState, target?: Target): Dialog {
    return LiveDialog.restored(this, state, target && 'flow' in target ? target.flow : this.#flowOf(state, target))
  }

  cancelEarlier(asked: AskedInvite, target: Target, headers: HeaderLines = []): void {
    const { uri, from, to, callId, localTag, routeSet, challenged } = asked
    const cancel = (cseq: number, branch: string): void => {
      const lines: (readonly [string, string])[] = [
        ['Max-Forwards', '70'],
        ...routeSet.map((route) => ['Route', route] as const),
        ['From', `${from};tag=${localTag}`],
        ['To', to],
        ['Call-ID', callId],
        ['CSeq', `${cseq} CANCEL`],
        ...headers,
      ]
      const nobody = { final() {}, failed() {} }
      this.transactions.request({ method: 'CANCEL', uri, headers: lines, callId, branch }, target, nobody)
    }
    cancel(asked.cseq, asked.branch)
    if (challenged) cancel(asked.cseq + 1, branchOfRepeat(asked.branch))
  }

  guard(run: () => void): void {
    this.transactions.guard(run)
  }

  add(dialog: LiveDialog): void {
    this.#dialogs.set(keyOf(dialog.localTag, dialog.remoteTag), dialog)
  }

  remove(dialog: LiveDialog): void {
    const key = keyOf(dialog.localTag, dialog.remoteTag)
    if (this.#dialogs.get(key) === dialog) this.#dialogs.delete(key)
  }

  receive(bytes: Buffer, flow: Flow): void {
    this.transactions.receive(bytes, flow)
  }

  malformed(bytes: Buffer, flow: Flow, code: string): void {
    this.transactions.malformed(bytes, flow, code)
  }

  closed(flow: Flow): void {
    this.transactions.closed(flow)
    this.guard(() => this.#handler.closed?.(flow))
  }

  answerOptions(transaction: ServerTransaction): void {
    answerOptions(this, transaction)
  }

  #received(transaction: ServerTransaction): void {
    const { request } = transaction
    const refusal = refuseEarly(request, this.#checks)
    // A request with a To-tag is about a dialog, whatever else is wrong with it.
    if (request.toTag !== '' && refusal?.status !== 405 && refusal?.status !== 501) {
      this.#inDialog(transaction, refusal)
      return
    }
    const refused = refusal ?? refuseOutside(transaction, this.#checks)
    if (refused) refuse(transaction, refused)
    else if (request.method === 'INVITE') this.#invited(transaction)
    else this.#handler.request(transaction)
  }

  #invited(transaction: ServerTransaction): void {
    const session = answerSession(this, transaction.request, { interval: 0, ours: false }, false)
    if (session.ok) this.#handler.invite(new LiveInvitation(this, transaction))
    else transaction.respond(422, undefined, session.headers)
  }

  #inDialog(transaction: ServerTransaction, refusal: Refusal | undefined): void {
    const { request } = transaction
    const dialog = this.#dialogs.get(keyOf(request.toTag, request.fromTag))
    if (!dialog || dialog.callId !== request.callId) {
      transaction.respond(481)
      return
    }
    const { method } = request
    const refused = refusal ?? (method === 'INVITE' || method === 'UPDATE' ? refuseContent(request) : undefined)
    if (refused) refuse(transaction, refused)
    else dialog.receive(transaction)
  }

  /** One more 2xx: ACK it; one of a dialog that nobody wants is ended at once, along its own route set (RFC 3261 §13.2.2.4). */
  #stray(response: Response, flow: Flow, ours: boolean): void {
    const known = this.#dialogs.get(keyOf(response.fromTag, response.toTag))
    if (known && known.callId === response.callId) {
      if (known.owesAck === undefined) known.acknowledge(response.cseq.number)
      return
    }
    // Without the transaction anybody could have made this up, unless an earlier run is known to have asked.
    if (!(ours || this.#handler.askedBefore?.(response.callId, response.fromTag)) || response.toTag === '') return
    const dialog = LiveDialog.ofResponse(this, response, flow, this.transport.contactUri(flow))
    dialog.acknowledge(response.cseq.number)
    dialog.bye(ours ? anotherFork : earlierRun)
  }

  #ask(
    options: Parameters<UserAgent['request']>[0],
    callId: string,
    tag: string,
    cseq: number,
    authorization: readonly [string, string] | undefined,
  ): Promise<Response | undefined> {
    const { method, uri, from, to, body } = options
    const headers: (readonly [string, string])[] = [
      ['Max-Forwards', '70'],
      ['From', `${from};tag=${tag}`],
      ['To', to],
      ['Call-ID', callId],
      ['CSeq', `${cseq} ${method}`],
      ['User-Agent', this.userAgent],
    ]
    if (authorization) headers.push(authorization)
    headers.push(...withType(options.headers ?? [], body, 'text/plain'))
    const contact = !hasHeader(options.headers, 'contact') && method !== 'MESSAGE' && method !== 'PUBLISH'
    return new Promise((resolve) => {
      this.transactions.request({ method, uri, headers, body, callId, contact }, options.target, {
        final: resolve,
        failed: () => resolve(undefined),
      })
    })
  }

  /** Where the peer of a stored dialog was heard: a UDP flow can be had again, a connection only if it is still open. */
  #flowOf(state: DialogState, target: Target | undefined): Flow | undefined {
    if (target && 'destinations' in target) {
      const [first] = target.destinations
      return first && this.transport.existing(first)
    }
    if (!state.flow) return undefined
    const { protocol, address, port } = state.flow
    return this.transport.existing({ protocol: protocol as Protocol, address, port, host: address })
  }
}

/** Why an answer that nobody waits for is ended (RFC 3326). */
const anotherFork: HeaderLines = [['Reason', 'SIP;cause=200;text="Call completed elsewhere"']]
const earlierRun: HeaderLines = [['Reason', 'Q.850;cause=41;text="Server restarted"']]

function keyOf(localTag: string, remoteTag: string): string {
  return `${localTag} ${remoteTag}`
}

function refuse(transaction: ServerTransaction, refusal: Refusal): void {
  transaction.respond(refusal.status, refusal.reason, refusal.headers)
}
