import type { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { isIP, isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Clock, type Log, type Random, systemRandom, type Timer } from '#lib'
import {
  bracketed,
  canonicalAddress,
  isLoopback,
  isUnicast,
  isWildcard,
  localAddresses,
  localAddressTowards,
} from './addresses.ts'
import { Certificates, type TlsFiles } from './certificates.ts'
import { type Connection, type ConnectionLimits, ConnectionTable, defaultConnectionLimits } from './connection.ts'
import { StreamDialer, StreamListener } from './stream.ts'
import type { StreamContext } from './stream-connection.ts'
import type { Destination, Flow, Protocol, Transport, TransportHandler } from './types.ts'
import { UdpFlow, UdpListener } from './udp.ts'
import { type UpgradeOptions, WebSocketEndpoint } from './websocket.ts'

/** Where to listen. Port 0 takes any free one; the real one is in {@link NetworkTransport.addresses}. */
export interface ListenAddress {
  readonly address: string
  readonly port: number
}

/** A port that is open. */
export interface BoundAddress extends ListenAddress {
  readonly protocol: 'udp' | 'tcp' | 'tls'
}

export interface TransportOptions {
  readonly listeners: {
    readonly udp?: readonly ListenAddress[]
    readonly tcp?: readonly ListenAddress[]
    readonly tls?: readonly ListenAddress[]
  }
  readonly tls?: TlsFiles
  /** What Via and Contact say instead of the listening address (a NAT, a load balancer): an address or a name. */
  readonly publicAddress?: string
  /** Names that are this server: its domain and what else people dial. */
  readonly ownNames: readonly string[]
  readonly handler: TransportHandler
  readonly clock: Clock
  readonly log: Log
  readonly random?: Random
  /** Which pages may open a SIP WebSocket; `undefined` is a client without Origin, which no browser is. Default: only those. */
  readonly allowOrigin?: (origin: string | undefined) => boolean
  readonly limits?: Partial<ConnectionLimits>
}

/** A transport over real sockets. */
export interface NetworkTransport extends Transport {
  readonly addresses: readonly BoundAddress[]
  /** Takes over an HTTP upgrade for `/sip` (RFC 7118). */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options?: UpgradeOptions): void
  /** Reads the certificate files again (also done when they change). @returns whether something changed */
  reloadCertificates(): boolean
  /** Open connections, for metrics and leak tests. */
  readonly connections: number
}

/** Opens all listeners, or none: rejects with a sentence that says what to change. */
export async function createTransport(options: TransportOptions): Promise<NetworkTransport> {
  const { listeners, handler, clock, log } = options
  const limits = { ...defaultConnectionLimits, ...options.limits }
  const table = new ConnectionTable(limits, (options.random ?? systemRandom).token(4))
  const context: StreamContext = { handler, table, clock, log }
  const certificates = options.tls ? new Certificates(options.tls, clock, log) : undefined
  const udp: UdpListener[] = []
  const streams: StreamListener[] = []
  try {
    for (const { address, port } of listeners.udp ?? []) udp.push(await UdpListener.open(address, port, handler, log))
    for (const { address, port } of listeners.tcp ?? [])
      streams.push(await StreamListener.open('tcp', address, port, context))
    for (const { address, port } of listeners.tls ?? [])
      streams.push(await StreamListener.open('tls', address, port, context, certificates))
  } catch (error) {
    for (const stream of streams) stream.close()
    for (const socket of udp) await socket.close()
    certificates?.close()
    throw error
  }
  return new SocketTransport(options, context, udp, streams, certificates)
}

/** How long the interfaces of this machine are remembered, in ms. */
const INTERFACES_MS = 30_000
/** How long connections may take to send what was written before the end. */
const CLOSE_MS = 1_000

class SocketTransport implements NetworkTransport {
  readonly addresses: readonly BoundAddress[]
  readonly #options: TransportOptions
  readonly #context: StreamContext
  readonly #udp: readonly UdpListener[]
  readonly #streams: readonly StreamListener[]
  readonly #certificates: Certificates | undefined
  readonly #dialer: StreamDialer
  readonly #webSockets: WebSocketEndpoint
  readonly #names: Set<string>
  readonly #ports = new Set<number>()
  readonly #wildcard: boolean
  /** Via sent-by of each flow that was asked for; nothing is kept for flows that are gone. */
  readonly #sentBy = new WeakMap<Flow, string>()
  #interfaces = localAddresses()
  #interfacesUntil: number

  constructor(
    options: TransportOptions,
    context: StreamContext,
    udp: readonly UdpListener[],
    streams: readonly StreamListener[],
    certificates: Certificates | undefined,
  ) {
    this.#options = options
    this.#context = context
    this.#udp = udp
    this.#streams = streams
    this.#certificates = certificates
    this.#dialer = new StreamDialer(context, certificates)
    this.#interfacesUntil = options.clock.now() + INTERFACES_MS
    const allowOrigin = options.allowOrigin ?? ((origin) => origin === undefined)
    this.#webSockets = new WebSocketEndpoint({ ...context, allowOrigin })
    this.addresses = [
      ...udp.map(({ address, port }) => ({ protocol: 'udp' as const, address, port })),
      ...streams.map(({ protocol, address, port }) => ({ protocol, address, port })),
    ]
    this.#names = new Set(['localhost', ...options.ownNames.map(canonicalAddress)])
    if (options.publicAddress) this.#names.add(canonicalAddress(options.publicAddress))
    for (const { address, port } of this.addresses) {
      if (!isWildcard(address)) this.#names.add(canonicalAddress(address))
      this.#ports.add(port)
    }
    this.#wildcard = this.addresses.some(({ address }) => isWildcard(address))
  }

  get connections(): number {
    return this.#context.table.size
  }

  send(bytes: Buffer, flow: Flow): boolean {
    if (flow instanceof UdpFlow) return flow.listener.send(bytes, flow)
    const connection = 'write' in flow ? (flow as Connection) : this.#context.table.byId(flow.id)
    return connection?.write(bytes) ?? false
  }

  existing(destination: Destination): Flow | undefined {
    const { protocol, address, port, from } = destination
    if (protocol !== 'udp') return this.#dialer.existing(destination)
    if (!isUnicast(address) || !isPort(port)) return undefined
    if (from instanceof UdpFlow && from.listener.reaches(address)) return from.listener.flow(address, port)
    return this.#udp.find((listener) => listener.reaches(address))?.flow(address, port)
  }

  async connect(destination: Destination): Promise<Flow> {
    const { protocol, address, port } = destination
    const existing = this.existing(destination)
    if (existing) return existing
    const where = `${bracketed(address)}:${port}/${protocol}`
    if (!isUnicast(address) || !isPort(port)) throw new Error(`${where} is no address of a single host`)
    if (protocol === 'udp') throw new Error(`no UDP listener can reach ${where}`)
    if (protocol === 'ws' || protocol === 'wss')
      throw new Error(`${where} cannot be connected to: WebSockets only come in`)
    return this.#dialer.connect(destination)
  }

  flow(id: string): Flow | undefined {
    if (!id.startsWith('udp ')) return this.#context.table.byId(id)
    const [, local = '', remote = ''] = id.split(' ')
    const listener = this.#udp.find((one) => `${bracketed(one.address)}:${one.port}` === local)
    const colon = remote.lastIndexOf(':')
    const address = remote.slice(0, colon).replace(/^\[|\]$/g, '')
    const port = Number(remote.slice(colon + 1))
    return listener && isUnicast(address) && isPort(port) ? listener.flow(address, port) : undefined
  }

  sentBy(flow: Flow): string {
    const known = this.#sentBy.get(flow)
    if (known !== undefined) return known
    const text = `${bracketed(this.#host(flow))}:${this.#port(flow)}`
    this.#sentBy.set(flow, text)
    return text
  }

  contactUri(flow: Flow): string {
    return `sip:${this.sentBy(flow)}${transportParameter(flow.protocol)}`
  }

  isOurs(host: string, port: number | undefined): boolean {
    if (port !== undefined && !this.#ports.has(port)) return false
    const name = canonicalAddress(host)
    if (this.#names.has(name) || name.endsWith('.localhost')) return true
    if (!this.#wildcard || isIP(name) === 0) return false
    return isLoopback(name) || this.#local().some((one) => one.address === name)
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options?: UpgradeOptions): void {
    // The HTTP port becomes one that our Contact names.
    if (request.socket.localPort !== undefined) this.#ports.add(request.socket.localPort)
    this.#webSockets.handleUpgrade(request, socket, head, options)
  }

  reloadCertificates(): boolean {
    return this.#certificates?.reload() ?? false
  }

  async close(): Promise<void> {
    const { clock, table } = this.#context
    for (const stream of this.#streams) stream.close()
    this.#webSockets.close()
    this.#dialer.close()
    this.#certificates?.close()
    for (const connection of table.all) connection.end()
    let timer: Timer | undefined
    await Promise.race([
      table.emptied(),
      new Promise<void>((resolve) => {
        timer = clock.setTimeout(resolve, CLOSE_MS)
      }),
    ])
    clock.clearTimeout(timer)
    for (const connection of [...table.all]) connection.destroy()
    await Promise.all(this.#udp.map((listener) => listener.close()))
  }

  #host(flow: Flow): string {
    const { publicAddress } = this.#options
    // A public IPv4 address is of no use to a peer that came over IPv6, and the other way round.
    if (publicAddress && (isIP(publicAddress) === 0 || isIPv6(publicAddress) === isIPv6(flow.remoteAddress)))
      return publicAddress
    if (!isWildcard(flow.localAddress)) return flow.localAddress
    return localAddressTowards(flow.remoteAddress, this.#local()) ?? flow.localAddress
  }

  /** The port where a new connection would reach us: a connection that we opened has one that nobody listens on. */
  #port(flow: Flow): number {
    if (flow.protocol !== 'tcp' && flow.protocol !== 'tls') return flow.localPort
    const v6 = isIPv6(flow.localAddress)
    let found: number | undefined
    for (const { protocol, address, port } of this.#streams) {
      if (protocol !== flow.protocol || isIPv6(address) !== v6) continue
      if (port === flow.localPort) return port
      found ??= port
    }
    return found ?? flow.localPort
  }

  #local(): ReturnType<typeof localAddresses> {
    const now = this.#options.clock.now()
    if (now >= this.#interfacesUntil) {
      this.#interfaces = localAddresses()
      this.#interfacesUntil = now + INTERFACES_MS
    }
    return this.#interfaces
  }
}

/** The `;transport=` of a Contact URI: none for UDP, `ws` also for secure WebSockets (RFC 7118 §5.4). */
export function transportParameter(protocol: Protocol): string {
  if (protocol === 'udp') return ''
  return `;transport=${protocol === 'wss' ? 'ws' : protocol}`
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536
}
