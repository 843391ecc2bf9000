import { createHash, randomBytes } from 'node:crypto'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket as TcpSocket } from 'node:net'
import { WebSocket } from 'ws'

/** A SIP message as it came, read by the few rules that tests need. Independent of the server's own stack. */
export class ReceivedMessage {
  readonly text: string
  /** First line. */
  readonly startLine: string
  /** Of a response; undefined for a request. */
  readonly status: number | undefined
  /** Of a request, or the one that a response answers. */
  readonly method: string
  readonly body: string
  readonly #headers: string[]

  constructor(text: string) {
    this.text = text
    const end = text.indexOf('\r\n\r\n')
    const [startLine = '', ...headers] = text.slice(0, end < 0 ? text.length : end).split('\r\n')
    this.startLine = startLine
    this.#headers = headers
    this.body = end < 0 ? '' : text.slice(end + 4)
    const response = /^SIP\/2\.0 (\d{3})/.exec(startLine)
    this.status = response ? Number(response[1]) : undefined
    this.method = response ? (this.header('CSeq') ?? '').split(' ')[1]! : startLine.split(' ')[0]!
  }

  /** Every value of a header, in order; one for each line. */
  headers(name: string): string[] {
    const start = `${name.toLowerCase()}:`
    const ours = this.#headers.filter((line) =>
      line
        .toLowerCase()
        .replace(/^([^:\s]+)\s*:/, '$1:')
        .startsWith(start),
    )
    return ours.map((line) => line.slice(line.indexOf(':') + 1).trim())
  }

  /** The first value of a header. */
  header(name: string): string | undefined {
    return this.headers(name)[0]
  }

  /** The tag of From or To. */
  tag(name: 'From' | 'To'): string | undefined {
    return /;\s*tag=([^;\s>]+)/.exec(this.header(name) ?? '')?.[1]
  }

  /** The URI of the first Contact. */
  contact(): string | undefined {
    const value = this.header('Contact')
    return value && (/<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0])
  }
}

export type SipClientOptions = {
  transport?: 'udp' | 'tcp' | 'ws'
  /** The server's `address:port`; for `ws` its URL (`ws://127.0.0.1:8080/sip`). */
  server: string
  /** Where it sends from (UDP, TCP). Default 127.0.0.1 and any port. */
  address?: string
  port?: number
  /** Its user. Default `tester`. */
  user?: string
  /** Domain of From and To. Default baton.local. */
  domain?: string
}

/** What a request is made of; everything has a default that makes it valid. */
export type RequestParts = {
  method: string
  /** Default: the domain. */
  uri?: string
  /** Whole values; the tag is added to From unless there is one. */
  from?: string
  to?: string
  callId?: string
  cseq?: number
  /** Default: a new one. */
  branch?: string
  /** More headers, or others in the place of the default ones (`Contact`, `Max-Forwards`); undefined leaves one out. */
  headers?: Record<string, string | readonly string[] | undefined>
  body?: string
}

type Match = { method?: string; status?: number; callId?: string } | ((message: ReceivedMessage) => boolean)
type Wire = { send(data: Buffer): void; close(): void; port: number }

/** A SIP endpoint that does what a test says, right or wrong: raw bytes out, messages in. It answers nothing by itself. */
export class SipClient {
  readonly user: string
  readonly domain: string
  readonly transport: 'udp' | 'tcp' | 'ws'
  /** Its own address and port, as it writes them in Via and Contact. */
  readonly host: string
  readonly tag = randomBytes(6).toString('hex')
  /** All messages so far. */
  readonly received: ReceivedMessage[] = []
  #unread: ReceivedMessage[] = []
  #waiters: { matches: (message: ReceivedMessage) => boolean; take: (message: ReceivedMessage) => void }[] = []
  readonly #wire: Wire
  #cseq = 0

  private constructor(options: SipClientOptions, host: string, wire: Wire) {
    this.user = options.user ?? 'tester'
    this.domain = options.domain ?? 'baton.local'
    this.transport = options.transport ?? 'udp'
    this.host = host
    this.#wire = wire
  }

  /** Opens the socket or connection. */
  static async open(options: SipClientOptions): Promise<SipClient> {
    let client: SipClient | undefined
    const take = (text: string) => client!.#take(new ReceivedMessage(text))
    const wire = await openWire(options, take)
    const host =
      options.transport === 'ws'
        ? `${randomBytes(6).toString('hex')}.invalid`
        : `${options.address ?? '127.0.0.1'}:${wire.port}`
    client = new SipClient(options, host, wire)
    return client
  }

  /** The Contact that it gives: where it can be reached. */
  get contact(): string {
    return `<sip:${this.user}@${this.host};transport=${this.transport}>`
  }

  /** The text of a request. */
  request({ method, uri, from, to, callId, cseq, branch, headers, body = '' }: RequestParts): string {
    const aor = `<sip:${this.user}@${this.domain}>`
    const own = from ?? aor
    const all: Record<string, string | readonly string[] | undefined> = {
      Via: `SIP/2.0/${this.transport.toUpperCase()} ${this.host};branch=${branch ?? newBranch()};rport`,
      'Max-Forwards': '70',
      From: own.includes(';tag=') ? own : `${own};tag=${this.tag}`,
      To: to ?? (method === 'REGISTER' ? aor : `<${uri ?? `sip:${this.domain}`}>`),
      'Call-ID': callId ?? newCallId(),
      CSeq: `${cseq ?? ++this.#cseq} ${method}`,
      Contact: ['INVITE', 'REGISTER', 'UPDATE', 'REFER', 'SUBSCRIBE'].includes(method) ? this.contact : undefined,
      ...headers,
    }
    return write(`${method} ${uri ?? `sip:${this.domain}`} SIP/2.0`, all, body)
  }

  /** The text of a response to a request that came in. To gets this client's tag, except on 100. */
  response(
    request: ReceivedMessage,
    status: number,
    reason: string,
    { headers = {}, body = '' } = {} as Pick<RequestParts, 'headers' | 'body'>,
  ): string {
    const to = request.header('To') ?? ''
    const all = {
      Via: request.headers('Via'),
      'Record-Route': request.headers('Record-Route'),
      From: request.header('From'),
      To: status === 100 || request.tag('To') ? to : `${to};tag=${this.tag}`,
      'Call-ID': request.header('Call-ID'),
      CSeq: request.header('CSeq'),
      Contact: status >= 180 && status < 300 ? this.contact : undefined,
      ...headers,
    }
    return write(`SIP/2.0 ${status} ${reason}`, all, body)
  }

  /** Sends a message or any bytes, as they are. */
  send(message: string | Buffer): void {
    this.#wire.send(typeof message === 'string' ? Buffer.from(message) : message)
  }

  /** Sends a request and waits for its final response. */
  async ask(parts: RequestParts, timeout = 30_000): Promise<ReceivedMessage> {
    const callId = parts.callId ?? newCallId()
    this.send(this.request({ ...parts, callId }))
    const final = (message: ReceivedMessage) =>
      (message.status ?? 0) >= 200 && message.header('Call-ID') === callId && message.method === parts.method
    return this.expect(final, timeout)
  }

  /** As {@link ask}, and answers one digest challenge. */
  async askWithPassword(parts: RequestParts, password: string): Promise<ReceivedMessage> {
    const callId = parts.callId ?? newCallId()
    const first = await this.ask({ ...parts, callId })
    if (first.status !== 401 && first.status !== 407) return first
    const [challenge, name] =
      first.status === 401 ? ['WWW-Authenticate', 'Authorization'] : ['Proxy-Authenticate', 'Proxy-Authorization']
    const authorization = digest(first.header(challenge)!, {
      method: parts.method,
      uri: parts.uri ?? `sip:${this.domain}`,
      user: this.user,
      password,
    })
    return this.ask({ ...parts, callId, headers: { ...parts.headers, [name]: authorization } })
  }

  /** Registers this client's contact; returns the final response. */
  register(password: string, expires = 300): Promise<ReceivedMessage> {
    return this.askWithPassword({ method: 'REGISTER', headers: { Expires: String(expires) } }, password)
  }

  /**
   * The next message that matches and was not taken yet, waiting for it if need be; others are left for later.
   * @throws after `timeout` ms, with the messages that came
   */
  expect(match: Match, timeout = 30_000): Promise<ReceivedMessage> {
    const matches = typeof match === 'function' ? match : matcher(match)
    const known = this.#unread.findIndex(matches)
    if (known >= 0) return Promise.resolve(this.#unread.splice(known, 1)[0]!)
    return new Promise((resolve, reject) => {
      const waiter = {
        matches,
        take: (message: ReceivedMessage) => {
          clearTimeout(timer)
          resolve(message)
        },
      }
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        const seen = this.received.map((message) => message.startLine).join('\n  ')
        const wanted = typeof match === 'function' ? 'that matches' : JSON.stringify(match)
        reject(
          new Error(
            `${this.user} received no message ${wanted} within ${timeout} ms; received:\n  ${seen || 'nothing'}`,
          ),
        )
      }, timeout)
      this.#waiters.push(waiter)
    })
  }

  close(): void {
    this.#wire.close()
  }

  #take(message: ReceivedMessage): void {
    this.received.push(message)
    const waiter = this.#waiters.find((one) => one.matches(message))
    if (!waiter) this.#unread.push(message)
    else {
      this.#waiters = this.#waiters.filter((one) => one !== waiter)
      waiter.take(message)
    }
  }
}

/** A branch as RFC 3261 wants it. */
export function newBranch(): string {
  return `z9hG4bK-${randomBytes(8).toString('hex')}`
}

export function newCallId(): string {
  return `${randomBytes(8).toString('hex')}@test`
}

/** The value of Authorization for a challenge (RFC 8760: MD5 and SHA-256; qop auth when offered). @param ha1 in the place of the password */
export function digest(
  challenge: string,
  {
    method,
    uri,
    user,
    password = '',
    ha1,
    nc = 1,
  }: { method: string; uri: string; user: string; password?: string; ha1?: string; nc?: number },
): string {
  const parameter = (name: string) =>
    new RegExp(`(?:^|[\\s,])${name}=(?:"([^"]*)"|([^,\\s]*))`, 'i')
      .exec(challenge)
      ?.slice(1)
      .find((value) => value !== undefined)
  const algorithm = parameter('algorithm') ?? 'MD5'
  const hash = (text: string) =>
    createHash(/^sha-256/i.test(algorithm) ? 'sha256' : 'md5')
      .update(text)
      .digest('hex')
  const [realm, nonce, opaque] = [parameter('realm')!, parameter('nonce')!, parameter('opaque')]
  const cnonce = randomBytes(6).toString('hex')
  const count = nc.toString(16).padStart(8, '0')
  const secret = ha1 ?? hash(`${user}:${realm}:${password}`)
  const withQop = parameter('qop') !== undefined
  const middle = withQop ? `${nonce}:${count}:${cnonce}:auth` : nonce
  const parts = [
    `username="${user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${hash(`${secret}:${middle}:${hash(`${method}:${uri}`)}`)}"`,
    `algorithm=${algorithm}`,
    ...(withQop ? ['qop=auth', `nc=${count}`, `cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ]
  return `Digest ${parts.join(', ')}`
}

/** A plain audio description, PCMU and telephone events at this address and port. */
export function audioSdp(address: string, port: number, direction = 'sendrecv'): string {
  return [
    'v=0',
    `o=tester 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    `a=${direction}`,
    '',
  ].join('\r\n')
}

function matcher({ method, status, callId }: { method?: string; status?: number; callId?: string }) {
  return (message: ReceivedMessage) =>
    message.status === status &&
    (method === undefined || message.method === method) &&
    (callId === undefined || message.header('Call-ID') === callId)
}

function write(
  startLine: string,
  headers: Record<string, string | readonly string[] | undefined>,
  body: string,
): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => {
    const values = value === undefined ? [] : typeof value === 'string' ? [value] : value
    return values.map((one) => `${name}: ${one}`)
  })
  if (body && !Object.keys(headers).some((name) => /^content-type$/i.test(name)))
    lines.push('Content-Type: application/sdp')
  return `${[startLine, ...lines, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`
}

async function openWire(
  { transport = 'udp', server, address = '127.0.0.1', port = 0 }: SipClientOptions,
  take: (text: string) => void,
): Promise<Wire> {
  if (transport === 'ws') {
    const socket = new WebSocket(server, 'sip')
    await once(socket, 'open')
    socket.on('message', (data) => take(String(data)))
    return { send: (data) => socket.send(data), close: () => socket.terminate(), port: 0 }
  }
  const [host = '', remotePort] = server.split(/:(?=\d+$)/)
  return transport === 'udp'
    ? openUdp(host, Number(remotePort), address, port, take)
    : openTcp(host, Number(remotePort), address, port, take)
}

async function openUdp(
  host: string,
  remotePort: number,
  address: string,
  port: number,
  take: (text: string) => void,
): Promise<Wire> {
  const socket: UdpSocket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  socket.on('message', (data) => {
    if (data.toString('latin1').trim() !== '') take(data.toString('utf8')) // blank ones keep a path open
  })
  return {
    send: (data) => socket.send(data, remotePort, host),
    close: () => socket.close(),
    port: socket.address().port,
  }
}

async function openTcp(
  host: string,
  remotePort: number,
  address: string,
  port: number,
  take: (text: string) => void,
): Promise<Wire> {
  const socket: TcpSocket = connect({
    host,
    port: remotePort,
    localAddress: address,
    ...(port ? { localPort: port } : {}),
  })
  await once(socket, 'connect')
  socket.on('error', () => {}) // a server that closes hard is something tests may look for in what they received
  let buffered: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    buffered = Buffer.concat([buffered, data])
    for (let size = messageSize(buffered); size > 0; size = messageSize(buffered)) {
      const text = buffered.toString('utf8', 0, size)
      buffered = buffered.subarray(size)
      if (text.trim() !== '') take(text)
    }
  })
  return { send: (data) => socket.write(data), close: () => socket.destroy(), port: socket.localPort! }
}

/** The length of the first message (or blank lines) in a stream; 0 while it is not complete. */
function messageSize(buffered: Buffer): number {
  const text = buffered.toString('latin1')
  const blank = /^(\r\n)+/.exec(text)
  if (blank) return blank[0].length
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return 0
  const length = Number(/^(?:content-length|l)\s*:\s*(\d+)/im.exec(text.slice(0, end))?.[1] ?? 0)
  return buffered.length >= end + 4 + length ? end + 4 + length : 0
}
