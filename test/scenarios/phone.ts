import { seededRandom, silentLog } from '#lib'
import {
  createResolver,
  createSipStack,
  type Destination,
  type Dialog,
  type DialogHandlers,
  type Flow,
  type HeaderLines,
  type Invitation,
  type OutgoingCall,
  type Protocol,
  type Request,
  type Response,
  type Target,
  type Transport,
  type UserAgent,
} from '#sip'
import type { Scenario } from './scenario.ts'

export interface PhoneOptions {
  readonly address: string
  readonly port?: number
  /** Digest user and user part of its addresses; for a trunk any number. */
  readonly user: string
  readonly protocol?: Protocol
  /** What to do with an INVITE; default: ring and wait for the test to answer. */
  readonly onInvite?: (invitation: Invitation, phone: Phone) => void
  /** Codec payload types in its SDP, default `0 8 101`. */
  readonly payloads?: string
  readonly reliable?: boolean
  /** Methods that it allows besides. */
  readonly allows?: readonly string[]
  /** Option tags that it supports besides. */
  readonly supports?: readonly string[]
}

const allowed = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'NOTIFY', 'INFO', 'PRACK', 'UPDATE']

/** A scripted phone on a stack of its own. */
export class Phone {
  readonly name: string
  readonly options: PhoneOptions
  readonly ua: UserAgent
  readonly transport: Transport
  /** INVITEs that came in, in order. */
  readonly rung: Invitation[] = []
  readonly cancels: Request[] = []
  readonly byes: Request[] = []
  readonly infos: string[] = []
  readonly offers: string[] = []
  readonly notified: string[] = []
  readonly lost: string[] = []
  /** Requests outside a dialog that came in, and the status that answers them; 0: none. */
  readonly asked: Request[] = []
  answers = 200
  dialog: Dialog | undefined
  /** Every dialog that was confirmed. */
  readonly dialogs: Dialog[] = []
  readonly #scenario: Scenario
  readonly #resolver
  #registrations = 0
  #flow: Flow | undefined

  constructor(scenario: Scenario, name: string, options: PhoneOptions) {
    this.#scenario = scenario
    this.name = name
    this.options = options
    const { clock } = scenario
    const random = seededRandom(hash(name))
    const log = silentLog
    this.#resolver = createResolver({ nameServer: {} as never, clock, random, log })
    const stack = createSipStack({
      clock,
      random,
      log,
      resolver: this.#resolver,
      tap: () => {},
      handler: {
        invite: (invitation) => this.#invited(invitation),
        request: (transaction) => {
          this.asked.push(transaction.request)
          if (this.answers > 0) transaction.respond(this.answers)
        },
      },
      options: {
        userAgent: name,
        domain: options.address,
        allow: [...allowed, ...(options.allows ?? [])],
        supported: [...(options.reliable ? ['100rel'] : []), 'timer', ...(options.supports ?? [])],
      },
    })
    const protocol = options.protocol ?? 'udp'
    this.transport = scenario.network.host(options.address, options.port ?? 5060, {
      handler: stack.handler,
      protocols: [protocol],
      webSocketClient: protocol === 'ws',
    })
    this.ua = stack.start(this.transport)
  }

  /** Registers with the server. @returns the status */
  async register(expires = 3600, contact?: string): Promise<number> {
    const { user } = this.options
    const target = await this.#target()
    const flow = this.#flow
    const own = flow ? this.transport.contactUri(flow) : `sip:${this.options.address}:${this.options.port ?? 5060}`
    const response = await this.ua.request({
      method: 'REGISTER',
      uri: 'sip:baton.local',
      target,
      from: `<sip:${user}@baton.local>`,
      to: `<sip:${user}@baton.local>`,
      headers: [
        ['Contact', `<${contact ?? own.replace('sip:', `sip:${user}@`)}>`],
        ['Expires', String(expires)],
      ],
      credentials: { username: user, password: `${user}-demo` },
      callId: `register-${this.name}`,
      cseq: ++this.#registrations * 10,
    })
    return response?.status ?? 0
  }

  /** Presses keys in its call, one after the other, by INFO. */
  async press(keys: string): Promise<void> {
    for (const key of keys) {
      const body = `Signal=${key}\r\nDuration=160\r\n`
      const sent = this.dialog?.request('INFO', { body, contentType: 'application/dtmf-relay' })
      await this.#scenario.during(Promise.resolve(sent))
    }
  }

  /** Opens the connection anew before the next message: the old one was cut. */
  forgetConnection(): void {
    this.#flow = undefined
  }

  /** Places a call. Resolves with the final status (0: none). */
  call(to: string, more: { headers?: HeaderLines; sdp?: string } = {}): Placed {
    const placed = new Placed()
    const { user, reliable } = this.options
    const start = async (): Promise<void> => {
      const target = await this.#target()
      const known = /^\+/.test(user)
      placed.outgoing = this.ua.invite(
        {
          uri: `sip:${to}@${known ? '127.0.0.1:5060' : 'baton.local'}`,
          target,
          from: `"${this.name}" <sip:${user}@${this.options.address}>`,
          to: `<sip:${to}@baton.local>`,
          body: more.sdp ?? this.sdp(),
          ...(more.headers ? { headers: more.headers } : {}),
          ...(known ? {} : { credentials: { username: user, password: `${user}-demo` } }),
          reliable: reliable ?? false,
        },
        {
          progress: (response) => placed.progress.push(response),
          answered: (response, dialog) => {
            this.attach(dialog)
            placed.finish(response, dialog)
          },
          failed: (response) => placed.finish(response, undefined),
          crossed: (response) => {
            placed.crossed = response
          },
        },
      )
    }
    void start()
    return placed
  }

  /** Answers the newest INVITE. */
  answer(invitation = this.rung.at(-1) as Invitation): Dialog {
    const dialog = invitation.answer({ body: this.sdp() })
    this.attach(dialog)
    return dialog
  }

  attach(dialog: Dialog): void {
    this.dialog = dialog
    this.dialogs.push(dialog)
    const handlers: DialogHandlers = {
      bye: (request) => this.byes.push(request),
      offer: (transaction) => {
        this.offers.push(transaction.request.body.toString())
        transaction.respond(200, 'OK', [['Content-Type', 'application/sdp']], this.sdp())
      },
      info: (transaction) => {
        this.infos.push(transaction.request.body.toString())
        transaction.respond(200)
      },
      notify: (transaction) => {
        this.notified.push(transaction.request.body.toString().trim())
        transaction.respond(200)
      },
      lost: (why) => this.lost.push(why),
    }
    dialog.handlers = handlers
  }

  sdp(direction = 'sendrecv', port = 4000): string {
    const payloads = this.options.payloads ?? '0 8 101'
    return [
      'v=0',
      `o=${this.name.replace(/\W/g, '')} 1 1 IN IP4 ${this.options.address}`,
      's=-',
      `c=IN IP4 ${this.options.address}`,
      't=0 0',
      `m=audio ${port} RTP/AVP ${payloads}`,
      ...(payloads.includes('101') ? ['a=rtpmap:101 telephone-event/8000'] : []),
      `a=${direction}`,
      '',
    ].join('\r\n')
  }

  async #target(): Promise<Target> {
    const destination: Destination = { ...this.#scenario.server, protocol: this.options.protocol ?? 'udp' }
    this.#flow ??= await this.transport.connect(destination)
    return { flow: this.#flow }
  }

  #invited(invitation: Invitation): void {
    this.rung.push(invitation)
    invitation.handlers = { cancelled: (cancel) => this.cancels.push(cancel) }
    if (this.options.onInvite) this.options.onInvite(invitation, this)
    else invitation.progress(180)
  }
}

/** A call that a phone placed. */
export class Placed {
  outgoing: OutgoingCall | undefined
  readonly progress: Response[] = []
  response: Response | undefined
  crossed: Response | undefined
  dialog: Dialog | undefined
  done = false
  readonly result: Promise<number>
  #resolve: (status: number) => void = () => {}

  constructor() {
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  finish(response: Response | undefined, dialog: Dialog | undefined): void {
    this.response = response
    this.dialog = dialog
    this.done = true
    this.#resolve(response?.status ?? 0)
  }
}

function hash(text: string): number {
  let value = 7
  for (const letter of text) value = (Math.imul(value, 31) + letter.charCodeAt(0)) >>> 0
  return value
}
