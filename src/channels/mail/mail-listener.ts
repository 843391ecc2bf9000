import { BlockList, isIPv6 } from 'node:net'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Clock, Log, Timer } from '#lib'
import { mailAddress } from './address.ts'
import type { Arrival, Outcome } from './arrival.ts'

/** A key and its certificate chain in PEM. */
export interface MailCertificate {
  readonly key: string
  readonly cert: string
}

/** Hosts of ours that hand mail on to us and have already checked it. */
export interface TrustedRelay {
  /** `10.0.0.5`, `10.0.0.0/24`, `fd00::/64`. */
  readonly addresses: readonly string[]
  /** The name in the `Authentication-Results` headers that these hosts add (and remove when somebody else wrote it). */
  readonly authservId: string
}

export interface ListenerOptions {
  readonly address: string
  /** 0 takes a free port. */
  readonly port: number
  /** Offers STARTTLS. */
  readonly certificate?: MailCertificate
  readonly trustedRelays?: readonly TrustedRelay[]
  /** In bytes; 2 MiB unless given. */
  readonly largestMail?: number
  /** Connections at a time: 64 in all and 8 of one address unless given. */
  readonly mostConnections?: number
  readonly mostConnectionsOfOne?: number
  /** Mails a minute from one address; 60 unless given. Trusted relays are not counted. */
  readonly mailsPerMinute?: number
}

interface Parts {
  readonly hostname: string
  readonly accepts: (address: string) => boolean
  readonly clock: Clock
  readonly log: Log
  readonly take: (arrival: Arrival) => Promise<Outcome>
}

const idleMs = 60_000
const wholeMs = 10 * 60_000
const minuteMs = 60_000
const mostSources = 10_000
const mostWrongRecipients = 10
const mostRecipients = 20
const stopMs = 5_000

/** What is remembered of one connection. */
interface Visit {
  readonly limit: Timer
  wrongRecipients: number
  /** A mail is being taken: a stop waits for it. */
  taking: boolean
}

/**
 * Takes mail for our own addresses by SMTP (RFC 5321) and for nobody else: it relays nothing and asks for no log-in. A mail is acknowledged
 * once `take` has stored it. Connections, their length, mails a minute and a mail's size are bounded.
 */
export class MailListener {
  readonly #options: ListenerOptions
  readonly #parts: Parts
  readonly #server: SMTPServer
  readonly #relays: readonly { readonly list: BlockList; readonly authservId: string }[]
  readonly #visits = new Map<string, Visit>()
  /** Mails of the running minute by source. */
  readonly #sources = new Map<string, { since: number; count: number }>()
  readonly #largest: number

  constructor(options: ListenerOptions, parts: Parts) {
    this.#options = options
    this.#parts = parts
    this.#largest = options.largestMail ?? 2 * 1024 * 1024
    this.#relays = (options.trustedRelays ?? []).map((relay) => ({ ...relay, list: addressList(relay.addresses) }))
    const mostConnections = options.mostConnections ?? 64
    this.#server = new SMTPServer({
      name: parts.hostname,
      banner: 'Baton',
      size: this.#largest,
      authOptional: true,
      disabledCommands: options.certificate ? ['AUTH'] : ['AUTH', 'STARTTLS'],
      ...(options.certificate ?? {}),
      disableReverseLookup: true,
      logger: false,
      maxClients: mostConnections,
      maxRecipients: mostRecipients,
      maxCommandLength: 4096,
      socketTimeout: idleMs,
      closeTimeout: stopMs,
      onConnect: (session, done) => done(this.#greet(session)),
      onRcptTo: ({ address }, session, done) => done(this.#recipient(address, session)),
      onData: (stream, session, done) => this.#data(stream, session, done),
      onClose: (session) => this.#leave(session.id),
    })
    // Those that are told to come back later are counted too: beyond this the system itself turns them away.
    this.#server.server.maxConnections = mostConnections * 2
    this.#server.on('error', (error) => parts.log.debug({ err: error }, 'a mail connection failed'))
  }

  /** Resolves once the port is open. @returns the port */
  start(): Promise<number> {
    const { address, port } = this.#options
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) =>
        reject(new Error(`mail cannot be taken at ${address} port ${port}: ${error.code ?? error.message}`))
      this.#server.once('error', failed)
      this.#server.listen(port, address, () => {
        this.#server.off('error', failed)
        resolve((this.#server.server.address() as { port: number }).port)
      })
    })
  }

  /** New connections use this certificate. Only for a listener that had one when it started. */
  useCertificate(certificate: MailCertificate): void {
    this.#server.updateSecureContext({ ...certificate })
  }

  /** How many connections are open: for tests and for the log. */
  get connections(): number {
    return this.#server.connections.size
  }

  /** Takes no more connections; mails that are being taken are answered first, for five seconds at most. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#server.connections) {
      if (!this.#visits.get(connection.id)?.taking) connection.send(421, 'Baton is being stopped; try again later')
    }
    await closed
    for (const { limit } of this.#visits.values()) this.#parts.clock.clearTimeout(limit)
    this.#visits.clear()
  }

  #greet({ id, remoteAddress }: SMTPServerSession): Error | null {
    const { clock } = this.#parts
    const most = this.#options.mostConnectionsOfOne ?? 8
    const mine = [...this.#server.connections].filter(
      (other) => sourceOf(other.remoteAddress) === sourceOf(remoteAddress),
    )
    if (!this.#relayOf(remoteAddress) && mine.length > most)
      return answer(421, `at most ${most} connections from one address; try again later`)
    const limit = clock.setTimeout(() => this.#connection(id)?.send(421, 'the connection took too long'), wholeMs)
    this.#visits.set(id, { limit, wrongRecipients: 0, taking: false })
    return null
  }

  #leave(id: string): void {
    this.#parts.clock.clearTimeout(this.#visits.get(id)?.limit)
    this.#visits.delete(id)
  }

  #connection(id: string) {
    return [...this.#server.connections].find((connection) => connection.id === id)
  }

  #recipient(address: string, session: SMTPServerSession): Error | null {
    const visit = this.#visits.get(session.id)
    const plain = mailAddress(address)
    if (plain && this.#parts.accepts(plain)) {
      return session.envelope.rcptTo.length > 0 || this.#mayMail(session.remoteAddress)
        ? null
        : answer(451, 'too many mails from your address; try again in a minute')
    }
    if (visit && ++visit.wrongRecipients >= mostWrongRecipients) return answer(421, 'too many unknown recipients')
    return answer(550, 'no such address here; this server takes mail for its own addresses only')
  }

  /** Counts one mail of a source; false when it has sent its share of this minute. */
  #mayMail(address: string): boolean {
    if (this.#relayOf(address)) return true
    const now = this.#parts.clock.now()
    const source = sourceOf(address)
    const known = this.#sources.get(source)
    if (known && now - known.since < minuteMs) return ++known.count <= (this.#options.mailsPerMinute ?? 60)
    this.#sources.delete(source)
    const [oldest] = this.#sources.keys()
    if (this.#sources.size >= mostSources && oldest !== undefined) this.#sources.delete(oldest)
    this.#sources.set(source, { since: now, count: 1 })
    return true
  }

  #data(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null, text?: string) => void,
  ): void {
    const visit = this.#visits.get(session.id)
    const chunks: Buffer[] = []
    let size = 0
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= this.#largest) chunks.push(chunk)
      else if (chunks.length > 0) {
        // Told at once, while it still streams; the rest is read and thrown away for a few seconds so that the sender sees the answer.
        chunks.length = 0
        const connection = this.#connection(session.id)
        connection?.send(552, `the mail is larger than ${this.#largest} bytes; send it without its attachments`)
        connection?.close()
      }
    })
    stream.on('error', () => {
      chunks.length = 0
    })
    stream.on('end', () => {
      if (size > this.#largest) return
      if (visit) visit.taking = true
      this.#take(Buffer.concat(chunks), session)
        .then(({ kind, why }) => {
          if (kind === 'taken') done(null, 'taken')
          else done(kind === 'retry' ? answer(451, `not taken now: ${why}`) : answer(550, `refused: ${why}`))
        })
        .finally(() => {
          if (visit) visit.taking = false
        })
    })
  }

  async #take(raw: Buffer, session: SMTPServerSession): Promise<Outcome> {
    const { rcptTo, mailFrom } = session.envelope
    const relay = this.#relayOf(session.remoteAddress)
    try {
      return await this.#parts.take({
        raw,
        to: mailAddress(rcptTo[0]!.address)!,
        sender: mailFrom ? mailFrom.address : '',
        peer: relay ? undefined : { address: session.remoteAddress, helo: session.hostNameAppearsAs || '' },
        authservId: relay?.authservId ?? '',
      })
    } catch (error) {
      this.#parts.log.error({ err: error }, 'a mail could not be taken')
      return { kind: 'retry', why: 'an error of this server; try again later' }
    }
  }

  #relayOf(address: string) {
    return this.#relays.find(({ list }) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
  }
}

/** Addresses count one by one, of IPv6 by the /64 that one subscriber has. */
function sourceOf(address: string): string {
  if (!isIPv6(address)) return address
  const [front, back] = address.split('::').map((part) => part.split(':').filter((group) => group !== '')) as [
    string[],
    string[]?,
  ]
  const zeros = Array<string>(Math.max(0, 8 - front.length - (back?.length ?? 0))).fill('0')
  return [...front, ...zeros, ...(back ?? [])].slice(0, 4).join(':')
}

function addressList(addresses: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of addresses) {
    const [address = '', bits] = entry.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** An answer of the server as its library wants it. */
function answer(responseCode: number, sentence: string): Error {
  return Object.assign(new Error(sentence), { responseCode })
}
