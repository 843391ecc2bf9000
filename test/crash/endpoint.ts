import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Random } from '#lib'
import { audioSdp, ReceivedMessage } from '../support/sip-client.ts'

/** How often what was not answered or acknowledged is sent again, in ms. */
const repeatMs = 500

/** One side of one call, as this side sees it. */
export type Side = {
  readonly callId: string
  readonly role: 'caller' | 'callee'
  /** The caller's number: names the call in the records. */
  readonly number: string
  readonly cseq: number
  readonly from: string
  to: string
  target: string
  /** `asked`: INVITE sent or received; `answered`: 200 seen or sent; `confirmed`: ACK sent or received; `leaving`: own BYE sent; `over`. */
  state: 'asked' | 'answered' | 'confirmed' | 'leaving' | 'over'
  /** Was told of a 200, or had its own acknowledged: there was a call. */
  talked: boolean
  /** Reason of the BYE that ended it, '' for none. */
  reason: string | undefined
  /** Sent again every half second until it is undefined. */
  pending: string | undefined
  /** The INVITE that came in, as long as it may still be answered. */
  invite?: ReceivedMessage
}

type Ends = { readonly server: { address: string; port: number }; readonly random: Random }

/**
 * A socket with many calls on it, each followed by the few rules of RFC 3261 that matter here: what is not answered is repeated, what is
 * repeated is answered again, an unknown BYE gets 481.
 */
export class Endpoint {
  readonly sides = new Map<string, Side>()
  readonly #ends: Ends
  readonly #socket: Socket
  readonly #user: string
  readonly #repeat: NodeJS.Timeout
  #timers = new Set<NodeJS.Timeout>()
  #branches = 0
  /** New calls are neither made nor taken, and no INVITE is sent again. */
  paused = false

  private constructor(ends: Ends, socket: Socket, user: string) {
    this.#ends = ends
    this.#socket = socket
    this.#user = user
    socket.on('message', (data) => this.#take(new ReceivedMessage(data.toString())))
    this.#repeat = setInterval(() => this.#sendPending(), repeatMs)
  }

  static async open(ends: Ends, user: string, port = 0): Promise<Endpoint> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 }).bind(port, '127.0.0.1')
    await once(socket, 'listening')
    return new Endpoint(ends, socket, user)
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** Calls a number from an outside number. */
  call(number: string, dialled: string): void {
    const callId = `${number}-${this.#ends.random.token(6)}`
    const from = `<sip:${number}@127.0.0.1>;tag=${this.#ends.random.token(4)}`
    const uri = `sip:${dialled}@baton.local`
    const side: Side = {
      ...{ callId, role: 'caller', number, cseq: 1, from, to: `<${uri}>`, target: uri },
      ...{ state: 'asked', talked: false, reason: undefined, pending: undefined },
    }
    side.pending = this.#request(side, 'INVITE', 1, audioSdp('127.0.0.1', 9))
    this.sides.set(callId, side)
    this.#send(side.pending)
  }

  /** What is sent again from now on is only what ends calls: INVITEs that nobody answered are given up. */
  giveUpAsking(): void {
    for (const side of this.sides.values())
      if (side.role === 'caller' && side.state === 'asked') {
        side.state = 'over'
        side.pending = undefined
      }
  }

  /** Calls that both sides hold for real and nobody has ended yet. */
  unfinished(): Side[] {
    return [...this.sides.values()].filter(({ state }) => state === 'confirmed' || state === 'leaving')
  }

  forget(): void {
    this.sides.clear()
  }

  close(): void {
    clearInterval(this.#repeat)
    for (const timer of this.#timers) clearTimeout(timer)
    this.#socket.close()
  }

  #sendPending(): void {
    for (const side of this.sides.values()) if (side.pending !== undefined) this.#send(side.pending)
  }

  #send(text: string): void {
    const { address, port } = this.#ends.server
    this.#socket.send(text, port, address)
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  #take(message: ReceivedMessage): void {
    const side = this.sides.get(message.header('Call-ID') ?? '')
    if (message.status !== undefined) {
      if (side) this.#response(side, message, message.status)
    } else if (message.method === 'INVITE') {
      if (!side) this.#ring(message)
      else if (side.pending !== undefined) this.#send(side.pending)
    } else if (message.method === 'ACK') {
      if (side) this.#acknowledged(side)
    } else if (message.method === 'CANCEL') this.#cancelled(side, message)
    else if (message.method === 'BYE') this.#ended(side, message)
    else this.#send(this.#answer(message, 200, 'OK'))
  }

  #response(side: Side, message: ReceivedMessage, status: number): void {
    if (status < 200) return
    if (message.method === 'BYE') {
      side.state = 'over'
      side.pending = undefined
      return
    }
    if (message.method !== 'INVITE') return
    if (status >= 300) {
      this.#send(this.#request({ ...side, to: message.header('To')! }, 'ACK', side.cseq, '', message.header('Via')))
      if (side.state !== 'asked') return
      side.state = 'over'
      side.pending = undefined
      return
    }
    side.to = message.header('To')!
    side.target = message.contact() ?? side.target
    this.#send(this.#request(side, 'ACK', side.cseq))
    side.talked = true
    if (side.state !== 'asked' && side.state !== 'over') return
    side.state = 'confirmed'
    side.pending = undefined
    this.#planHangUp(side)
  }

  /** A call comes in: rings, and answers or declines after a moment. */
  #ring(invite: ReceivedMessage): void {
    const tag = `;tag=${this.#ends.random.token(4)}`
    const side: Side = {
      callId: invite.header('Call-ID')!,
      role: 'callee',
      number: /<sips?:([^@>]+)@/.exec(invite.header('From') ?? '')?.[1] ?? '',
      cseq: 1,
      from: `${invite.header('To')}${tag}`,
      to: invite.header('From')!,
      target: invite.contact() ?? '',
      ...{ state: 'asked', talked: false, reason: undefined, invite },
      pending: undefined,
    }
    this.sides.set(side.callId, side)
    this.#send(this.#answer(invite, 180, 'Ringing', tag))
    this.#later(this.#ends.random.integer(250), () => {
      if (side.state !== 'asked') return
      if (this.#ends.random.integer(10) === 0) {
        side.state = 'over'
        this.#send(this.#answer(invite, 486, 'Busy Here', tag))
        return
      }
      side.state = 'answered'
      side.pending = this.#answer(invite, 200, 'OK', tag, audioSdp('127.0.0.1', 9))
      this.#send(side.pending)
    })
  }

  #acknowledged(side: Side): void {
    if (side.state !== 'answered') return
    side.state = 'confirmed'
    side.talked = true
    side.pending = undefined
    this.#planHangUp(side)
  }

  #cancelled(side: Side | undefined, cancel: ReceivedMessage): void {
    this.#send(this.#answer(cancel, side ? 200 : 481, side ? 'OK' : 'Gone'))
    if (side?.state !== 'asked' || !side.invite) return
    side.state = 'over'
    this.#send(this.#answer(side.invite, 487, 'Request Terminated', `;tag=${this.#ends.random.token(4)}`))
  }

  #ended(side: Side | undefined, bye: ReceivedMessage): void {
    this.#send(this.#answer(bye, side ? 200 : 481, side ? 'OK' : 'Gone'))
    if (!side || side.state === 'over') return
    side.state = 'over'
    side.pending = undefined
    side.reason = bye.header('Reason') ?? ''
  }

  /** Each side hangs up in one of three calls, within a second and a half; calls that neither ends last. */
  #planHangUp(side: Side): void {
    if (this.#ends.random.integer(3) !== 0) return
    this.#later(100 + this.#ends.random.integer(1_400), () => {
      if (side.state !== 'confirmed' || this.paused) return
      side.state = 'leaving'
      side.pending = this.#request(side, 'BYE', side.cseq + 1)
      this.#send(side.pending)
    })
  }

  #request(side: Side, method: string, cseq: number, body = '', via?: string): string {
    const branch = `z9hG4bK-${this.#user}-${this.#branches++}-${this.#ends.random.token(4)}`
    const lines = [
      `${method} ${side.target} SIP/2.0`,
      `Via: ${via ?? `SIP/2.0/UDP 127.0.0.1:${this.port};branch=${branch};rport`}`,
      'Max-Forwards: 70',
      `From: ${side.from}`,
      `To: ${side.to}`,
      `Call-ID: ${side.callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${this.#user}@127.0.0.1:${this.port}>`,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
    ]
    return `${lines.join('\r\n')}\r\n\r\n${body}`
  }

  #answer(request: ReceivedMessage, status: number, reason: string, tag = '', body = ''): string {
    const lines = [
      `SIP/2.0 ${status} ${reason}`,
      ...request.headers('Via').map((via) => `Via: ${via}`),
      `From: ${request.header('From')}`,
      `To: ${request.header('To')}${tag}`,
      `Call-ID: ${request.header('Call-ID')}`,
      `CSeq: ${request.header('CSeq')}`,
      `Contact: <sip:${this.#user}@127.0.0.1:${this.port}>`,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
    ]
    return `${lines.join('\r\n')}\r\n\r\n${body}`
  }
}
