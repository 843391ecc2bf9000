import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import type { Baton } from '../support/server.ts'
import { newBranch, newCallId, ReceivedMessage } from '../support/sip-client.ts'

export type TortureTransport = 'udp' | 'tcp' | 'ws'

/** What EXPECTED.json says of a message. */
export type Expected = {
  /** `response`: silence, for it is no request. */
  readonly cls: 'valid' | 'invalid' | 'semantic' | 'response' | 'unreferenced'
  /** The statuses to aim at, and those that will do. */
  readonly strict: readonly number[]
  readonly accept: readonly number[]
  readonly udp_silent_ok: boolean
}

/** What came back for one message. */
export type Outcome = {
  /** The first final status, else the first provisional one; undefined for silence. */
  readonly status: number | undefined
  /** Every response, in order. */
  readonly statuses: readonly number[]
  /** The server closed the connection. */
  readonly closed: boolean
}

const folder = join(import.meta.dirname, 'rfc4475')

/** The names of the messages, and what is expected of each. */
export const expectations = JSON.parse(readFileSync(join(folder, 'EXPECTED.json'), 'utf8')) as Record<string, Expected>

export const tortureFiles: readonly string[] = readdirSync(folder).filter((name) => name.endsWith('.dat'))

export function tortureMessage(name: string): Buffer {
  return readFileSync(join(folder, name))
}

/** Whether an outcome is one that the manifest allows, and whether it is what the manifest aims at. */
export function verdictOf(name: string, { status, closed }: Outcome): { accepted: boolean; strict: boolean } {
  const { cls, strict, accept, udp_silent_ok } = expectations[name]!
  if (cls === 'response') return { accepted: status === undefined, strict: status === undefined }
  if (status === undefined) return { accepted: udp_silent_ok, strict: closed && udp_silent_ok }
  const meets = strict.includes(status)
  return { accepted: meets || accept.includes(status), strict: meets }
}

/** Answers to the set carry no `rport` and so go to the Via's port: these are all that its Vias name. */
const viaPorts = [5060, 5050, 5070]

/**
 * Sends torture messages to a server, from an address of its own: answers go to that address and the Via's port (RFC 3261 §18.2.2), which on
 * the server's own address would be somebody else's.
 */
export class Tormentor {
  readonly #baton: Baton
  readonly #sockets: ReadonlyMap<number, UdpSocket>
  readonly #received: ReceivedMessage[] = []
  /** Texts of earlier answers: what is repeated for a lost ACK is no answer to the next message. */
  readonly #earlier = new Set<string>()
  /** How often a start and Via were sent. */
  readonly #uses = new Map<string, number>()
  #notify = (): void => {}

  private constructor(baton: Baton, sockets: ReadonlyMap<number, UdpSocket>) {
    this.#baton = baton
    this.#sockets = sockets
    for (const socket of sockets.values()) {
      socket.on('message', (data) => {
        this.#received.push(new ReceivedMessage(data.toString()))
        this.#notify()
      })
    }
  }

  /** Binds the Via's ports on a loopback address that has them free. */
  static async open(baton: Baton): Promise<Tormentor> {
    for (let last = 9; last < 250; last++) {
      const sockets = await bindAll(`127.0.0.${last}`)
      if (sockets) return new Tormentor(baton, sockets)
    }
    throw new Error(`no loopback address has the UDP ports ${viaPorts.join(', ')} free`)
  }

  get address(): string {
    return this.#sockets.get(5060)!.address().address
  }

  /** Sends one message and sees what comes back until a ping that follows it is answered. */
  send(name: string, transport: TortureTransport): Promise<Outcome> {
    const bytes = this.#distinct(tortureMessage(name))
    if (transport === 'udp') return this.#overUdp(bytes)
    if (transport === 'tcp') return this.#overTcp(bytes, expectations[name]!.udp_silent_ok)
    return this.#overWebSocket(bytes)
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close()
  }

  /**
   * The server takes a second message with the same Via and branch for a retransmission of the first. Some of the set share them, and each comes
   * by three transports: what comes first goes as it is, the others get a branch and a Call-ID of their own.
   */
  #distinct(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1')
    const key = `${text.split(' ', 1)[0]} ${/^(?:via|v)[ \t]*:.*$/im.exec(text)?.[0]}`
    const before = this.#uses.get(key) ?? 0
    this.#uses.set(key, before + 1)
    if (before === 0) return bytes
    const own = text.replace(/branch=z9hG4bK/, `$&-${before}-`).replace(/^(?:call-id|i)[ \t]*:\s*/im, `$&${before}-`)
    return Buffer.from(own, 'latin1')
  }

  async #overUdp(bytes: Buffer): Promise<Outcome> {
    const socket = this.#sockets.get(5060)!
    const [host, port] = [this.#baton.sip.address, this.#baton.sip.udpPort]
    const ping = pingOf('UDP', `${this.address}:5060`)
    socket.send(bytes, port, host)
    socket.send(ping.text, port, host)
    await this.#until(() => this.#received.some(isAnswerTo(ping.callId)))
    await new Promise(setImmediate) // the other sockets' datagrams came before the ping's answer: let them be read
    const answers = this.#received.splice(0).filter((message) => !isAnswerTo(ping.callId)(message))
    const fresh = answers.filter((message) => !this.#earlier.has(message.text))
    for (const message of fresh) {
      this.#earlier.add(message.text)
      const ack = ackOf(bytes, message)
      if (ack) socket.send(ack, port, host)
    }
    return outcomeOf(fresh, false)
  }

  /** @param swallows whether the message may take what follows it for its body or headers */
  async #overTcp(bytes: Buffer, swallows: boolean): Promise<Outcome> {
    const [host, port] = [this.#baton.sip.address, this.#baton.sip.udpPort]
    const socket = connect({ host, port, localAddress: this.address })
    await once(socket, 'connect')
    const ping = pingOf('TCP', `${this.address}:${socket.localPort}`)
    let stream = ''
    let closed = false
    const over = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`neither an answer to the ping nor an end came:\n${stream}`)),
        10_000,
      )
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      socket.on('data', (data) => {
        stream += data.toString()
        if (messagesIn(stream).some(isAnswerTo(ping.callId))) done()
      })
      socket.on('error', () => {}) // a hard close is an outcome; 'close' follows
      socket.on('close', () => {
        closed = true
        done()
      })
    })
    socket.write(Buffer.concat([bytes, Buffer.from(ping.text)]))
    if (swallows) socket.end() // the end of the stream is the fence then
    await over
    const answers = messagesIn(stream).filter((message) => !isAnswerTo(ping.callId)(message))
    for (const message of answers) {
      const ack = ackOf(bytes, message)
      if (ack && !closed) socket.write(ack)
    }
    socket.end()
    return outcomeOf(answers, closed)
  }

  async #overWebSocket(bytes: Buffer): Promise<Outcome> {
    const socket = new WebSocket(`${this.#baton.http.replace('http', 'ws')}/sip`, 'sip', { localAddress: this.address })
    await once(socket, 'open')
    const ping = pingOf('WS', 'torture.invalid')
    const answers: ReceivedMessage[] = []
    let closed = false
    const over = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('neither an answer to the ping nor an end came')), 10_000)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      socket.on('message', (data) => {
        const message = new ReceivedMessage(String(data))
        if (isAnswerTo(ping.callId)(message)) done()
        else answers.push(message)
      })
      socket.on('close', () => {
        closed = true
        done()
      })
    })
    socket.send(bytes)
    socket.send(Buffer.from(ping.text))
    await over
    for (const message of answers) {
      const ack = ackOf(bytes, message)
      if (ack && !closed) socket.send(Buffer.from(ack))
    }
    socket.close()
    return outcomeOf(answers, closed)
  }

  async #until(met: () => boolean): Promise<void> {
    const late = AbortSignal.timeout(45_000)
    while (!met()) {
      if (late.aborted) throw new Error('the ping was not answered within 45 s')
      await new Promise<void>((resolve) => {
        this.#notify = resolve
        late.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
}

async function bindAll(address: string): Promise<ReadonlyMap<number, UdpSocket> | undefined> {
  const sockets = new Map<number, UdpSocket>()
  for (const port of viaPorts) {
    const socket = createSocket('udp4')
    sockets.set(port, socket)
    try {
      socket.bind(port, address)
      await once(socket, 'listening')
    } catch {
      for (const bound of sockets.values()) bound.close()
      return undefined
    }
  }
  return sockets
}

/** An OPTIONS whose answer shows that everything before it has been dealt with. */
function pingOf(transport: string, sentBy: string): { text: string; callId: string } {
  const callId = newCallId()
  const lines = [
    'OPTIONS sip:baton.local SIP/2.0',
    `Via: SIP/2.0/${transport} ${sentBy};branch=${newBranch()}`,
    'Max-Forwards: 70',
    'From: <sip:ping@baton.local>;tag=ping',
    'To: <sip:baton.local>',
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ]
  return { text: `${lines.join('\r\n')}\r\n\r\n`, callId }
}

function isAnswerTo(callId: string): (message: ReceivedMessage) => boolean {
  return (message) => message.status !== undefined && message.header('Call-ID') === callId
}

/** Acknowledges a refused INVITE, so that its transaction ends. */
function ackOf(invite: Buffer, answer: ReceivedMessage): string | undefined {
  if ((answer.status ?? 0) < 300 || answer.method !== 'INVITE') return undefined
  const uri = invite.toString('latin1').split(' ')[1]
  const headers = ['Via', 'From', 'To', 'Call-ID'].map((name) => `${name}: ${answer.header(name)}`)
  const cseq = `CSeq: ${Number.parseInt(answer.header('CSeq') ?? '1', 10)} ACK`
  return `${[`ACK ${uri} SIP/2.0`, ...headers, cseq, 'Content-Length: 0'].join('\r\n')}\r\n\r\n`
}

function outcomeOf(answers: readonly ReceivedMessage[], closed: boolean): Outcome {
  const statuses = answers.map((message) => message.status).filter((status) => status !== undefined)
  return { status: statuses.find((status) => status >= 200) ?? statuses[0], statuses, closed }
}

/** The whole messages in a stream; the server's carry their length. */
function messagesIn(stream: string): ReceivedMessage[] {
  const found: ReceivedMessage[] = []
  for (let rest = stream; ; ) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return found
    const length = Number(/^content-length\s*:\s*(\d+)/im.exec(rest.slice(0, end))?.[1] ?? 0)
    const size = end + 4 + length
    if (rest.length < size) return found
    found.push(new ReceivedMessage(rest.slice(0, size)))
    rest = rest.slice(size)
  }
}
