import type { Buffer } from 'node:buffer'
import {
  answerChallenge,
  type HeaderLines,
  parseMessage,
  type Request,
  type Response,
  responseHeaders,
  writeRequest,
  writeResponse,
} from '#sip'

export interface WatcherOptions {
  /** Puts a message on the wire. */
  readonly send: (bytes: Buffer) => void
  /** Where it listens, for Via and Contact. */
  readonly address: string
  readonly port: number
  readonly user: string
  readonly password?: string
  /** Default `dialog`. */
  readonly event?: string
}

/** How a NOTIFY is answered: a status with headers; `undefined` keeps silent. */
export type NotifyAnswer = (request: Request) => { readonly status: number; readonly headers?: HeaderLines } | undefined

interface Asked {
  readonly uri: string
  readonly callId: string
  readonly tag: string
  remoteTag: string
  remoteTarget: string
  cseq: number
  last: HeaderLines
}

/** A phone that watches others (RFC 6665), written by the message and without the server's own dialogs: it can be as wrong as it likes. */
export class Watcher {
  readonly options: WatcherOptions
  /** Finals to SUBSCRIBE, challenges included. */
  readonly responses: Response[] = []
  readonly notifies: Request[] = []
  onNotify: NotifyAnswer = () => ({ status: 200 })
  /** Told of every NOTIFY before it is answered. */
  heard: (request: Request) => void = () => {}
  readonly #asked = new Map<string, Asked>()
  #serial = 0

  constructor(options: WatcherOptions) {
    this.options = options
  }

  /** Subscribes outside a dialog. Returns the Call-ID, which names the subscription. */
  subscribe(uri: string, more: { readonly expires?: number; readonly headers?: HeaderLines } = {}): string {
    const { user } = this.options
    const asked: Asked = {
      uri,
      callId: `watch-${user}-${this.options.port}-${++this.#serial}`,
      tag: `w${this.#serial}`,
      remoteTag: '',
      remoteTarget: uri,
      cseq: 0,
      last: [],
    }
    this.#asked.set(asked.callId, asked)
    const expires = more.expires === undefined ? [] : [['Expires', String(more.expires)] as const]
    this.#subscribe(asked, [...expires, ...(more.headers ?? [])])
    return asked.callId
  }

  /** Refreshes in the dialog; `expires` 0 unsubscribes. */
  refresh(callId: string, expires: number, headers: HeaderLines = []): void {
    const asked = this.#asked.get(callId)
    if (asked) this.#subscribe(asked, [['Expires', String(expires)], ...headers])
  }

  /** Bodies of the NOTIFYs so far, of one subscription or all. */
  bodies(callId?: string): string[] {
    return this.of(callId).map((request) => request.body.toString())
  }

  /** Subscription-State of the NOTIFYs so far. */
  states(callId?: string): string[] {
    return this.of(callId).map((request) => request.header('subscription-state') ?? '')
  }

  of(callId?: string): readonly Request[] {
    return callId === undefined ? this.notifies : this.notifies.filter((request) => request.callId === callId)
  }

  statuses(): number[] {
    return this.responses.map((response) => response.status)
  }

  receive(bytes: Buffer): void {
    const read = parseMessage(bytes)
    if (!read.ok) throw new Error(`malformed message: ${bytes.toString()}`)
    const message = read.value
    if (message.kind === 'request') this.#notified(message)
    else if (message.status >= 200) this.#answered(message)
  }

  #subscribe(asked: Asked, headers: HeaderLines, authorization?: readonly [string, string]): void {
    const { address, port, user, event = 'dialog' } = this.options
    asked.last = headers
    const given = new Set(headers.map(([name]) => name.toLowerCase()))
    const defaults: HeaderLines = [
      ['Event', event],
      ['Contact', `<sip:${user}@${address}:${port}>`],
    ]
    this.options.send(
      writeRequest({
        method: 'SUBSCRIBE',
        uri: asked.remoteTarget,
        headers: [
          ['Via', `SIP/2.0/UDP ${address}:${port};branch=z9hG4bK-${asked.callId}-${++asked.cseq};rport`],
          ['Max-Forwards', '70'],
          ['From', `<sip:${user}@baton.local>;tag=${asked.tag}`],
          ['To', `<${asked.uri}>${asked.remoteTag === '' ? '' : `;tag=${asked.remoteTag}`}`],
          ['Call-ID', asked.callId],
          ['CSeq', `${asked.cseq} SUBSCRIBE`],
          ...defaults.filter(([name]) => !given.has(name.toLowerCase())),
          ...headers,
          ...(authorization ? [authorization] : []),
        ],
      }),
    )
  }

  #answered(response: Response): void {
    this.responses.push(response)
    const asked = this.#asked.get(response.callId)
    if (!asked || response.cseq.number !== asked.cseq) return
    if (response.status < 300) {
      asked.remoteTag = response.toTag
      asked.remoteTarget = response.contacts[0]?.uri.text ?? asked.remoteTarget
      return
    }
    const { user, password } = this.options
    if (response.status !== 401 || password === undefined) return
    const challenged = this.responses.filter((one) => one.callId === asked.callId && one.status === 401).length
    if (challenged > 1) return
    const credentials = { username: user, password }
    const answer = answerChallenge(response, credentials, 'SUBSCRIBE', asked.uri, 1, `c${asked.cseq}`)
    if (answer) this.#subscribe(asked, asked.last, answer)
  }

  #notified(request: Request): void {
    this.heard(request)
    // A repetition is answered again and counted once.
    const seen = this.notifies.some((one) => one.callId === request.callId && one.cseq.number === request.cseq.number)
    if (!seen) this.notifies.push(request)
    const answer = this.onNotify(request)
    if (!answer) return
    const asked = this.#asked.get(request.callId)
    const headers = [...responseHeaders(request, asked?.tag ?? 'x'), ...(answer.headers ?? [])]
    this.options.send(writeResponse({ status: answer.status, headers }))
  }
}
