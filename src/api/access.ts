import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Clock } from '#lib'
import type { ApiError } from './contract.ts'

/** Why a request is turned away, as it goes out. */
export interface Refusal extends ApiError {
  readonly status: 400 | 401 | 403 | 404 | 421 | 429
  readonly headers?: Readonly<Record<string, string>>
}

export interface AccessOptions {
  readonly demo: boolean
  /** Password of the user `board`; without it nobody reads calls and records outside the demo. */
  readonly boardPassword?: string
  /** Host names that this server is reached by, besides addresses and `localhost`. */
  readonly names?: readonly string[]
  /** Origins whose pages may open WebSockets, e.g. `https://desk.example`; their hosts count as names of this server. */
  readonly origins?: readonly string[]
  /** Addresses or networks (`10.0.0.0/8`) whose X-Forwarded headers are believed. */
  readonly trustedProxies?: readonly string[]
  readonly clock: Clock
}

/** Wrong passwords that one client may send within the window. */
const mostFailures = 10
const windowMs = 60_000
const mostClients = 10_000

/** Decides who may ask for what: by client address, Host, Origin and the board's password. */
export class Access {
  readonly #options: AccessOptions
  readonly #proxies: BlockList
  readonly #names: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>
  readonly #expected: Buffer | undefined
  readonly #failures = new Map<string, { count: number; since: number }>()

  constructor(options: AccessOptions) {
    this.#options = options
    this.#proxies = networks(options.trustedProxies ?? [])
    this.#origins = new Set((options.origins ?? []).map((origin) => origin.toLowerCase()))
    const names = [...(options.names ?? []), ...[...this.#origins].map((origin) => new URL(origin).hostname)]
    this.#names = new Set(names.map((name) => name.toLowerCase()))
    this.#expected = options.boardPassword ? digest(`board:${options.boardPassword}`) : undefined
  }

  /** The address that the request came from; behind trusted proxies the last one that is none of them. */
  clientAddress(request: IncomingMessage): string {
    let address = plainAddress(request.socket.remoteAddress ?? '')
    if (!this.#isProxy(address)) return address
    const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',')
    while (forwarded.length > 0 && this.#isProxy(address)) {
      const next = plainAddress((forwarded.pop() as string).trim())
      if (!isIP(next)) break
      address = next
    }
    return address
  }

  /** Whether the client's own connection is encrypted. */
  isSecure(request: IncomingMessage): boolean {
    if ((request.socket as { encrypted?: boolean }).encrypted) return true
    const trusted = this.#isProxy(plainAddress(request.socket.remoteAddress ?? ''))
    return (
      trusted &&
      String(request.headers['x-forwarded-proto'] ?? '')
        .split(',')
        .pop()
        ?.trim() === 'https'
    )
  }

  /**
   * The Host header must name this server, so that no foreign name can be pointed at it (DNS rebinding). Addresses are fine: a page can
   * only be served under an address by whoever answers there.
   */
  checkHost(request: IncomingMessage): Refusal | undefined {
    const host = request.headers.host
    if (!host) return { status: 400, code: 'host-missing', message: 'The request has no Host header.' }
    const name = hostName(host)
    if (name !== undefined && (isIP(name) || isLocalName(name) || this.#names.has(name))) return undefined
    return {
      status: 421,
      code: 'host-unknown',
      message:
        'This server is not known by the name in the Host header; use its address or localhost, or add https://NAME to http.allowedOrigins in baton.yaml.',
    }
  }

  /** A WebSocket may be opened by our own pages and by the configured origins. @param optional clients that are no browser send none */
  checkOrigin(request: IncomingMessage, optional: boolean): Refusal | undefined {
    const origin = request.headers.origin?.toLowerCase()
    if (origin === undefined) {
      if (optional) return undefined
      return { status: 403, code: 'origin-missing', message: 'A WebSocket to this address needs an Origin header.' }
    }
    const own = `${this.isSecure(request) ? 'https' : 'http'}://${request.headers.host?.toLowerCase()}`
    if (origin === own || this.#origins.has(origin)) return undefined
    return {
      status: 403,
      code: 'origin-refused',
      message:
        'The page that opens this WebSocket is not one of this server; add its origin to http.allowedOrigins in baton.yaml.',
    }
  }

  /**
   * Requests that change something and are recognised by a cookie come from our own pages only: by Origin where there is one, else by
   * Sec-Fetch-Site. @param cookie whether a cookie speaks for the request; without one, programs send neither
   */
  checkSite(request: IncomingMessage, cookie: boolean): Refusal | undefined {
    const { origin } = request.headers
    if (origin !== undefined) return this.checkOrigin(request, true)
    const site = request.headers['sec-fetch-site']
    if (site === undefined ? !cookie : site === 'same-origin' || site === 'none') return undefined
    return {
      status: 403,
      code: 'origin-missing',
      message:
        'A request with a cookie that changes something needs an Origin header; programs send Authorization: Bearer.',
    }
  }

  /** Whether this machine's own user looks at the demo, whose board is open. */
  isOpenBoard(request: IncomingMessage): boolean {
    return this.#options.demo && this.#isLocal(request)
  }

  /** Where a request comes from, for counting: an IPv4 address or an IPv6 network of 64 bits. */
  source(request: IncomingMessage): string {
    return clientKey(this.clientAddress(request))
  }

  /** Who may read the board, live calls and records: anybody on this machine in the demo, else whoever has the board's password. */
  checkReader(request: IncomingMessage): Refusal | undefined {
    const client = this.clientAddress(request)
    if (this.#options.demo) {
      if (this.#isLocal(request)) return undefined
      return { status: 403, code: 'demo-is-local', message: 'The demo shows its calls on this machine only.' }
    }
    if (!this.#expected) {
      return {
        status: 401,
        code: 'not-logged-in',
        message: 'Log in to see your calls; programs that only watch the board need http.boardPassword in baton.yaml.',
      }
    }
    return this.#checkPassword(request, client, this.#expected)
  }

  /** Metrics hold numbers only: programs on this machine read them as they are, everybody else like the board. */
  checkMetrics(request: IncomingMessage): Refusal | undefined {
    return this.#isLocal(request) ? undefined : this.checkReader(request)
  }

  /** On this machine, and not by way of a proxy that nobody told us about and that may speak for the whole world. */
  #isLocal(request: IncomingMessage): boolean {
    if (!isLoopback(this.clientAddress(request))) return false
    const forwarded = request.headers['x-forwarded-for'] ?? request.headers.forwarded
    return forwarded === undefined || this.#isProxy(plainAddress(request.socket.remoteAddress ?? ''))
  }

  #checkPassword(request: IncomingMessage, client: string, expected: Buffer): Refusal | undefined {
    const key = clientKey(client)
    const now = this.#options.clock.now()
    const failures = this.#failures.get(key)
    const current = failures && now - failures.since < windowMs ? failures : undefined
    if (current && current.count >= mostFailures) {
      const wait = Math.ceil((current.since + windowMs - now) / 1000)
      const message = `Too many wrong passwords from your address: wait ${wait} s.`
      return { status: 429, code: 'too-many-attempts', message, headers: { 'retry-after': String(wait) } }
    }
    const sent = /^Basic +([A-Za-z0-9+/=]{1,1024})$/i.exec(request.headers.authorization ?? '')?.[1]
    if (sent && timingSafeEqual(digest(Buffer.from(sent, 'base64')), expected)) {
      this.#failures.delete(key)
      return undefined
    }
    if (sent) {
      this.#failures.delete(key)
      if (this.#failures.size >= mostClients) this.#failures.delete(this.#failures.keys().next().value as string)
      this.#failures.set(key, { count: (current?.count ?? 0) + 1, since: current?.since ?? now })
    }
    return {
      status: 401,
      code: 'not-logged-in',
      message: 'Log in; programs that only watch the board send the user "board" with http.boardPassword.',
      // No Basic challenge: a browser would open its own dialogue over the page's.
      headers: { 'www-authenticate': 'Bearer realm="Baton"' },
    }
  }

  #isProxy(address: string): boolean {
    return isIP(address) !== 0 && this.#proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
}

/** @throws Error that names the entry which is neither an address nor a network */
function networks(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const longest = family === 'ipv6' ? 128 : 32
    const length = prefix === undefined ? longest : Number(prefix)
    if (!isIP(address) || !Number.isInteger(length) || length < 0 || length > longest)
      throw new Error(`trustedProxies: '${entry}' is no address or network; write e.g. 10.0.0.1 or 10.0.0.0/8`)
    list.addSubnet(address, length, family)
  }
  return list
}

function digest(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest()
}

/** IPv4 as IPv4 also where the socket is IPv6, and without a zone. */
function plainAddress(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  return bare.startsWith('::ffff:') && isIP(bare.slice(7)) === 4 ? bare.slice(7) : bare
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost')
}

/** The name or address of a Host header, in lower case and without port; undefined when it is malformed. */
function hostName(host: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::\d{1,5})?$/i.exec(host)
  return (found?.[1] ?? found?.[2])?.toLowerCase().replace(/\.$/, '')
}

/** Who counts as one client: an IPv4 address or an IPv6 network of 64 bits. */
function clientKey(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (address.includes('::')) {
    const after = tail === '' ? 0 : tail.split(':').length
    while (groups.length < 8 - after) groups.push('0')
  }
  return groups.slice(0, 4).join(':')
}
