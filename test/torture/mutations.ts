import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket as TcpSocket } from 'node:net'
import { WebSocket } from 'ws'
import { type Random, seededRandom } from '#lib'
import { parseSdp } from '#sdp'
import { type Message, parseMessage, StreamFramer } from '#sip'
import { freePort } from '../support/ports.ts'
import type { Baton } from '../support/server.ts'
import { audioSdp, ReceivedMessage, SipClient } from '../support/sip-client.ts'
import { mutate } from './mutate.ts'
import { tortureFiles, tortureMessage } from './rfc4475.ts'

export type MutationOptions = {
  readonly baton: Baton
  readonly seed: number
  /** Messages in all. */
  readonly count: number
  /** Told after every few hundred messages; may wait. */
  readonly onProgress?: (sent: number) => void | Promise<void>
}

/** How many messages went which way. `calls` are those that came by the demo trunk, where a mutated INVITE can still ring a phone. */
export type MutationCounts = { udp: number; tcp: number; ws: number; calls: number; answered: number }

/** Messages between two pings: few enough that the server's receive buffer holds them. */
const burst = 200
/** Addresses that strangers send from: one alone would be held back as a flood. */
const strangers = 240

/**
 * Sends mutated messages to a server over UDP, TCP and WebSocket from many addresses, most of them made from the torture set, some from calls
 * that are let in and answered. After each burst the server has to answer a ping.
 * @throws when it does not within 10 s
 */
export async function sendMutations({ baton, seed, count, onProgress }: MutationOptions): Promise<MutationCounts> {
  const random = seededRandom(seed)
  const seeds = [...tortureFiles.map(tortureMessage), ...plainMessages(baton)]
  const counts: MutationCounts = { udp: 0, tcp: 0, ws: 0, calls: 0, answered: 0 }
  const datagrams = await Datagrams.open(baton)
  const streams = new Streams(baton, seed)
  const pages = new Pages(baton)
  const trunk = await Trunk.open(baton, random, counts)
  const ping = await SipClient.open({ server: baton.sip.target, user: 'ping', address: '127.0.0.8' })
  try {
    for (let sent = 0; sent < count; ) {
      const until = Math.min(count, sent + burst)
      for (; sent < until; sent++) {
        if (sent % 25 === 0) {
          trunk.send(seeds)
          counts.calls++
          continue
        }
        const bytes = mutate(seeds[random.integer(seeds.length)]!, random, seeds)
        if (sent % 4 === 1) {
          await streams.send(bytes)
          counts.tcp++
        } else if (sent % 4 === 3) {
          await pages.send(bytes)
          counts.ws++
        } else {
          datagrams.send(bytes)
          counts.udp++
        }
      }
      await ping.ask({ method: 'OPTIONS', uri: 'sip:baton.local' }, 10_000)
      ping.received.length = 0
      await onProgress?.(sent)
    }
  } finally {
    for (const end of [datagrams, streams, pages, trunk, ping]) end.close()
  }
  return counts
}

/** Mutated messages for the parser, the framer and the SDP parser in this process. Returns how many were still well-formed. @throws whatever they throw */
export function parseMutations(seed: number, count: number): number {
  const random = seededRandom(seed)
  const seeds = tortureFiles.map(tortureMessage)
  let read = 0
  for (let i = 0; i < count; i++) {
    const bytes = mutate(seeds[random.integer(seeds.length)]!, random, seeds)
    const result = parseMessage(bytes)
    if (result.ok) {
      read++
      readAll(result.value)
      parseSdp(result.value.body.toString('latin1'))
    } else if (!(result.offset >= 0 && result.offset <= bytes.length)) {
      throw new Error(`seed ${seed}, message ${i}: the fault ${result.code} is at ${result.offset} of ${bytes.length}`)
    }
    if (i % 16 === 0) frameAll(bytes, random)
  }
  return read
}

/** Asks a message for everything it has. */
function readAll(message: Message): void {
  void [message.from, message.to, message.via, message.vias, message.contacts, message.cseq, message.callId]
  void [message.body.length, message.contentType, message.allHeaders(), message.headerList('route')]
  void (message.kind === 'request' ? message.uri : message.reason)
}

/** Gives bytes to a framer in random pieces: every byte must be accounted for. */
function frameAll(bytes: Buffer, random: Random): void {
  const framer = new StreamFramer()
  let framed = 0
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.integer(600)
    framer.push(bytes.subarray(at, at + size))
    at += size
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      if (Buffer.isBuffer(frame)) framed += frame.length
      else if (typeof frame === 'object') return
    }
  }
  if (framed + framer.waiting > bytes.length) throw new Error(`the framer made ${framed} bytes of ${bytes.length}`)
}

/** Sound requests and responses of every method, as seeds besides the torture set. */
function plainMessages(baton: Baton): Buffer[] {
  const line = (start: string, method: string, more: string[] = [], body = '') =>
    Buffer.from(
      `${[
        start,
        'Via: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bK-plain;rport',
        'Max-Forwards: 70',
        'From: "A" <sip:alice@baton.local>;tag=from',
        'To: <sip:bob@baton.local>',
        `Call-ID: plain-${method}`,
        `CSeq: 1 ${method}`,
        ...more,
        `Content-Length: ${body.length}`,
      ].join('\r\n')}\r\n\r\n${body}`,
    )
  const contact = 'Contact: <sip:alice@127.0.0.9:5060>'
  const digest =
    'Digest username="alice", realm="baton.local", nonce="0011", uri="sip:baton.local", response="00112233445566778899aabbccddeeff", qop=auth, nc=00000001, cnonce="aa", algorithm=MD5'
  const request = (method: string, more: string[] = [], body = '') =>
    line(`${method} sip:bob@baton.local SIP/2.0`, method, more, body)
  return [
    request('REGISTER', [contact, 'Expires: 60', `Authorization: ${digest}`]),
    request(
      'INVITE',
      [contact, 'Content-Type: application/sdp', 'Supported: 100rel, timer'],
      audioSdp('127.0.0.9', 4_000),
    ),
    request('INVITE', [contact, 'Replaces: a@b;to-tag=1;from-tag=2;early-only', `Proxy-Authorization: ${digest}`]),
    ...['ACK', 'BYE', 'CANCEL', 'OPTIONS', 'UPDATE', 'INFO', 'PUBLISH'].map((method) => request(method)),
    request('PRACK', ['RAck: 1 1 INVITE']),
    request('REFER', ['Refer-To: <sip:carol@baton.local?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>', contact]),
    request('SUBSCRIBE', ['Event: dialog', contact]),
    request(
      'NOTIFY',
      ['Event: refer', 'Subscription-State: active', 'Content-Type: message/sipfrag'],
      'SIP/2.0 200 OK',
    ),
    request('MESSAGE', ['Content-Type: text/plain'], 'hello'),
    line('SIP/2.0 200 OK', 'INVITE', [`Via: SIP/2.0/UDP ${baton.sip.target};branch=z9hG4bK-ours`, contact]),
    line('SIP/2.0 407 Proxy Authentication Required', 'INVITE', ['Proxy-Authenticate: Digest realm="x", nonce="y"']),
  ]
}

/** UDP from many addresses. Answers go to the Via's port there, where nobody listens. */
class Datagrams {
  readonly #baton: Baton
  readonly #sockets: readonly UdpSocket[]
  #next = 0

  private constructor(baton: Baton, sockets: readonly UdpSocket[]) {
    this.#baton = baton
    this.#sockets = sockets
  }

  static async open(baton: Baton): Promise<Datagrams> {
    const sockets: UdpSocket[] = []
    for (let i = 0; i < strangers; i++) {
      const socket = createSocket('udp4').bind(0, `127.0.1.${10 + i}`)
      await once(socket, 'listening')
      socket.on('message', () => {})
      sockets.push(socket)
    }
    return new Datagrams(baton, sockets)
  }

  send(bytes: Buffer): void {
    const socket = this.#sockets[this.#next++ % this.#sockets.length]!
    socket.send(bytes.subarray(0, 65_000), this.#baton.sip.udpPort, this.#baton.sip.address)
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
  }
}

/** TCP: a new connection wherever the server closed the last, or its stream has become one long unfinished message. */
class Streams {
  readonly #baton: Baton
  readonly #random: Random
  #socket: TcpSocket | undefined
  #opened = 0
  #left = 0

  constructor(baton: Baton, seed: number) {
    this.#baton = baton
    this.#random = seededRandom(seed ^ 0x7c9)
  }

  async send(bytes: Buffer): Promise<void> {
    if (!this.#socket || this.#socket.destroyed || !this.#socket.writable || this.#left === 0) {
      this.#socket?.destroy()
      this.#left = 1 + this.#random.integer(12)
      this.#socket = connect({
        host: this.#baton.sip.address,
        port: this.#baton.sip.udpPort,
        localAddress: `127.0.2.${10 + (this.#opened++ % strangers)}`,
      })
      this.#socket.on('error', () => {}).resume()
      await once(this.#socket, 'connect')
    }
    this.#left--
    this.#socket.write(bytes)
  }

  close(): void {
    this.#socket?.destroy()
  }
}

/** WebSocket: one message a frame; text and binary alike. */
class Pages {
  readonly #baton: Baton
  #socket: WebSocket | undefined
  #opened = 0
  #sent = 0

  constructor(baton: Baton) {
    this.#baton = baton
  }

  async send(bytes: Buffer): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN || this.#sent % 50 === 0) {
      this.#socket?.terminate()
      const localAddress = `127.0.3.${10 + (this.#opened++ % strangers)}`
      this.#socket = new WebSocket(`${this.#baton.http.replace('http', 'ws')}/sip`, 'sip', { localAddress })
      this.#socket.on('error', () => {})
      await once(this.#socket, 'open')
    }
    this.#sent++
    if (this.#sent % 3 === 0) this.#socket.send(bytes.toString('latin1'))
    else this.#socket.send(bytes)
  }

  close(): void {
    this.#socket?.terminate()
  }
}

/**
 * Calls by the demo trunk to carol, whose phone answers whatever gets through: mutations that pass admission reach negotiation, ringing and
 * answer, and her phone's own answers are mutated too.
 */
class Trunk {
  readonly #baton: Baton
  readonly #random: Random
  readonly #socket: UdpSocket
  /** Writes carol's messages; they go through her phone's socket. */
  readonly #carol: SipClient
  readonly #phone: UdpSocket
  readonly #counts: MutationCounts
  #made = 0

  private constructor(
    baton: Baton,
    random: Random,
    sockets: { trunk: UdpSocket; phone: UdpSocket },
    carol: SipClient,
    counts: MutationCounts,
  ) {
    this.#baton = baton
    this.#random = random
    this.#socket = sockets.trunk
    this.#phone = sockets.phone
    this.#carol = carol
    this.#counts = counts
    this.#socket.on('message', (data) => this.#answered(new ReceivedMessage(data.toString())))
    this.#phone.on('message', (data) => this.#ring(new ReceivedMessage(data.toString())))
  }

  static async open(baton: Baton, random: Random, counts: MutationCounts): Promise<Trunk> {
    const port = await freePort()
    const carol = await SipClient.open({ server: baton.sip.target, user: 'carol', port })
    const registered = await carol.register('carol-demo', 3_600)
    carol.close()
    if (registered.status !== 200) throw new Error(`carol's phone could not register: ${registered.startLine}`)
    const [trunk, phone] = [createSocket('udp4').bind(0, '127.0.0.1'), createSocket('udp4').bind(port, '127.0.0.1')]
    await Promise.all([once(trunk, 'listening'), once(phone, 'listening')])
    return new Trunk(baton, random, { trunk, phone }, carol, counts)
  }

  send(seeds: readonly Buffer[]): void {
    const n = this.#made++
    const { port } = this.#socket.address()
    const contact = `Contact: <sip:+12025550199@127.0.0.1:${port}>`
    const body = audioSdp('127.0.0.1', 9)
    const sound = Buffer.from(
      `${[
        'INVITE sip:+12025550103@baton.local SIP/2.0',
        `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${n}-${this.#random.token(4)};rport`,
        'Max-Forwards: 70',
        `From: <sip:+12025550199@127.0.0.1>;tag=t${n}`,
        'To: <sip:+12025550103@baton.local>',
        `Call-ID: mutated-${n}-${this.#random.token(4)}`,
        'CSeq: 1 INVITE',
        contact,
        'Supported: 100rel, timer, replaces',
        'Session-Expires: 1800',
        'Content-Type: application/sdp',
        `Content-Length: ${body.length}`,
      ].join('\r\n')}\r\n\r\n${body}`,
    )
    const bytes = mutate(sound, this.#random, seeds)
    // What is let in is answered at its Contact: one that names another host would lead away from this machine.
    this.#transmit(staysHere(bytes, contact) ? bytes : sound)
  }

  #transmit(bytes: Buffer | string): void {
    this.#socket.send(bytes, this.#baton.sip.udpPort, this.#baton.sip.address)
  }

  /** The caller's side: acknowledges an answer and hangs up, so that the call makes room for the next. */
  #answered(message: ReceivedMessage): void {
    if (message.status === undefined) {
      if (message.method !== 'ACK') this.#transmit(this.#carol.response(message, 200, 'OK'))
      return
    }
    if (message.method !== 'INVITE' || message.status < 200) return
    const final = message.status < 300
    if (final) this.#counts.answered++
    const uri = final ? (message.contact() ?? 'sip:baton.local') : 'sip:+12025550103@baton.local'
    const same = ['From', 'To', 'Call-ID'].map((name) => `${name}: ${message.header(name)}`)
    const request = (method: string, cseq: number, via: string) =>
      `${[`${method} ${uri} SIP/2.0`, via, ...same, `CSeq: ${cseq} ${method}`, 'Max-Forwards: 70', 'Content-Length: 0'].join('\r\n')}\r\n\r\n`
    const via = (branch: string) =>
      `Via: SIP/2.0/UDP 127.0.0.1:${this.#socket.address().port};branch=z9hG4bK-${branch};rport`
    const cseq = Number.parseInt(message.header('CSeq') ?? '1', 10)
    this.#transmit(request('ACK', cseq, final ? via(`ack-${this.#random.token(6)}`) : `Via: ${message.header('Via')}`))
    if (final) this.#transmit(request('BYE', cseq + 1, via(`bye-${this.#random.token(6)}`)))
  }

  /** Carol's phone: answers, half of the time with something mutated before. */
  #ring(message: ReceivedMessage): void {
    if (message.status !== undefined || message.method === 'ACK') return
    const answer = (bytes: Buffer | string) => this.#phone.send(bytes, this.#baton.sip.udpPort, this.#baton.sip.address)
    if (message.method !== 'INVITE') {
      answer(this.#carol.response(message, 200, 'OK'))
      return
    }
    const sound = this.#carol.response(message, 200, 'OK', { body: audioSdp('127.0.0.1', 9) })
    if (this.#random.integer(2) === 0) {
      const bytes = mutate(Buffer.from(sound), this.#random)
      if (staysHere(bytes, `Contact: ${this.#carol.contact}`)) answer(bytes)
    }
    answer(sound)
  }

  close(): void {
    this.#socket.close()
    this.#phone.close()
  }
}

/** Whether a message still has this Contact alone, so that no request can follow it elsewhere. */
function staysHere(bytes: Buffer, contact: string): boolean {
  const text = bytes.toString('latin1')
  const routing = text.match(/(?:^|\n)[ \t]*(?:contact|m|record-route|route|path)[ \t]*:/gi) ?? []
  return routing.length === 1 && text.includes(`\r\n${contact}\r\n`)
}
