import { Buffer } from 'node:buffer'
import type { Clock, Random } from '#lib'
import { bracketed, canonicalAddress } from './addresses.ts'
import { MemoryFlow } from './memory-flow.ts'
import { type Packet, packetLabel, startLine } from './memory-packet.ts'
import { transportParameter } from './transport.ts'
import type { Destination, Flow, Protocol, Transport, TransportHandler } from './types.ts'

/** What a rule says about a packet: nothing (it passes), gone, or later by some ms. */
export type Verdict = 'drop' | { readonly delay: number } | undefined

export interface MemoryNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  /** Travel time in ms between two addresses, default 1. */
  readonly delay?: (from: string, to: string) => number
  /** Share of UDP packets that is lost (0 … 1), or a decision for each. Connections lose nothing. */
  readonly loss?: number | ((packet: Packet) => boolean)
  /** Share of UDP packets that takes `ms` longer, so that later ones overtake it. */
  readonly reorder?: { readonly share: number; readonly ms: number }
  /** Packets kept in `log`, default 100,000. */
  readonly logSize?: number
}

/** One packet of the log. `from` and `to` are `address:port`. */
export interface LoggedPacket {
  readonly at: number
  readonly from: string
  readonly to: string
  readonly protocol: Protocol
  readonly firstLine: string
  /** `INVITE`, or `200 INVITE` for a response. */
  readonly label: string
  /** Why it did not arrive, '' when it did. */
  readonly dropped: '' | 'loss' | 'rule' | 'nobody'
}

export interface MemoryHostOptions {
  readonly handler: TransportHandler
  /** Protocols that others can reach it by, default UDP only. */
  readonly protocols?: readonly Protocol[]
  /** Names of its own besides the address. */
  readonly ownNames?: readonly string[]
  readonly publicAddress?: string
  /** Whether it may open WebSockets, as a browser does and a server does not. */
  readonly webSocketClient?: boolean
}

/** A network for tests: virtual time, loss, delay, reordering, rules for single packets, connections that can be cut. */
export class MemoryNetwork {
  readonly log: LoggedPacket[] = []
  readonly options: MemoryNetworkOptions
  readonly #hosts = new Map<string, MemoryHost>()
  readonly #rules: ((packet: Packet) => Verdict)[] = []
  readonly #counts = new Map<string, number>()
  #serial = 0

  constructor(options: MemoryNetworkOptions) {
    this.options = options
  }

  /** Adds a host; one port serves all its protocols. */
  host(address: string, port: number, options: MemoryHostOptions): MemoryHost {
    const name = `${bracketed(address)}:${port}`
    if (this.#hosts.has(name)) throw new Error(`${name} is taken in this network`)
    const host = new MemoryHost(this, address, port, options)
    this.#hosts.set(name, host)
    return host
  }

  /** Adds a rule that sees every packet before chance does; the first verdict counts. @returns removes the rule */
  rule(rule: (packet: Packet) => Verdict): () => void {
    this.#rules.push(rule)
    return () => {
      const index = this.#rules.indexOf(rule)
      if (index >= 0) this.#rules.splice(index, 1)
    }
  }

  /** Cuts a connection: both ends hear of it at once. */
  cut(flow: Flow): void {
    if (!(flow instanceof MemoryFlow) || !flow.open) return
    const peer = flow.peer
    this.#end(flow)
    if (peer) this.#end(peer)
  }

  /** The log as lines such as `0.001 alice -> server INVITE`. @param names `address:port` to the name that is shown */
  ladder(names: Readonly<Record<string, string>> = {}): string {
    const start = this.log[0]?.at ?? 0
    return this.log
      .map(({ at, from, to, label, dropped }) => {
        const arrow = dropped ? `-x ${names[to] ?? to}` : `-> ${names[to] ?? to}`
        return `${((at - start) / 1000).toFixed(3)} ${names[from] ?? from} ${arrow} ${label}`
      })
      .join('\n')
  }

  /** For hosts: the one behind an address, where it can be reached by that protocol. */
  find(address: string, port: number, protocol: Protocol): MemoryHost | undefined {
    const host = this.#hosts.get(`${bracketed(address)}:${port}`)
    return host?.protocols.has(protocol) ? host : undefined
  }

  /** For hosts. */
  remove(host: MemoryHost): void {
    this.#hosts.delete(`${bracketed(host.address)}:${host.port}`)
  }

  /** For hosts: a number that no other connection has. */
  nextSerial(): number {
    return ++this.#serial
  }

  /** For hosts: travel time of one way. */
  delay(from: string, to: string): number {
    return this.options.delay?.(from, to) ?? 1
  }

  /** For hosts: puts a packet on its way. */
  carry(bytes: Buffer, flow: MemoryFlow): void {
    const { clock, loss, reorder } = this.options
    const from = `${bracketed(flow.localAddress)}:${flow.localPort}`
    const to = `${bracketed(flow.remoteAddress)}:${flow.remotePort}`
    const label = packetLabel(bytes)
    const counted = `${from} ${to} ${label}`
    const count = (this.#counts.get(counted) ?? 0) + 1
    this.#counts.set(counted, count)
    const packet: Packet = {
      from,
      to,
      bytes,
      protocol: flow.protocol,
      label,
      count,
      get text() {
        return bytes.toString('latin1')
      },
    }
    let later = 0
    let dropped: LoggedPacket['dropped'] = ''
    const verdict = this.#judge(packet)
    if (verdict === 'drop') dropped = 'rule'
    else if (verdict) later = verdict.delay
    if (!dropped && !flow.reliable) {
      if (typeof loss === 'function' ? loss(packet) : this.#chance(loss)) dropped = 'loss'
      else if (reorder && this.#chance(reorder.share)) later += reorder.ms
    }
    const target = flow.reliable ? flow.peer?.host : this.find(flow.remoteAddress, flow.remotePort, 'udp')
    if (!dropped && !target) dropped = 'nobody'
    this.log.push({ at: clock.now(), from, to, protocol: flow.protocol, firstLine: startLine(bytes), label, dropped })
    if (this.log.length > (this.options.logSize ?? 100_000)) this.log.shift()
    if (dropped || !target) return
    let wait = this.delay(flow.localAddress, flow.remoteAddress) + later
    if (flow.reliable) {
      // What was sent first arrives first.
      flow.arrival = Math.max(flow.arrival, clock.now() + wait)
      wait = flow.arrival - clock.now()
    }
    clock.setTimeout(() => {
      if (!flow.reliable) target.receive(bytes, target.udpFlow(flow.localAddress, flow.localPort))
      else if (flow.peer?.open) target.receive(bytes, flow.peer)
    }, wait)
  }

  #end(flow: MemoryFlow): void {
    if (!flow.open) return
    flow.open = false
    flow.host.forget(flow)
    flow.host.handler.closed(flow)
  }

  #judge(packet: Packet): Verdict {
    for (const rule of this.#rules) {
      const verdict = rule(packet)
      if (verdict) return verdict
    }
    return undefined
  }

  #chance(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.options.random.integer(1_000_000) < share * 1_000_000
  }
}

/** One address of a memory network: a whole transport. */
export class MemoryHost implements Transport {
  readonly address: string
  readonly port: number
  readonly protocols: ReadonlySet<Protocol>
  handler: TransportHandler
  readonly #network: MemoryNetwork
  readonly #options: MemoryHostOptions
  readonly #udp = new Map<string, MemoryFlow>()
  readonly #connections = new Map<string, MemoryFlow>()
  readonly #names: Set<string>
  #ephemeral = 49_152
  #closed = false

  /** Made by {@link MemoryNetwork.host}. */
  constructor(network: MemoryNetwork, address: string, port: number, options: MemoryHostOptions) {
    this.#network = network
    this.#options = options
    this.address = address
    this.port = port
    this.handler = options.handler
    this.protocols = new Set(options.protocols ?? ['udp'])
    this.#names = new Set([canonicalAddress(address), 'localhost', ...(options.ownNames ?? []).map(canonicalAddress)])
    if (options.publicAddress) this.#names.add(canonicalAddress(options.publicAddress))
  }

  send(bytes: Buffer, flow: Flow): boolean {
    if (this.#closed || !(flow instanceof MemoryFlow) || !flow.open || flow.host !== this) return false
    this.#network.carry(bytes, flow)
    return true
  }

  existing(destination: Destination): Flow | undefined {
    const { protocol, address, port } = destination
    if (protocol === 'udp') return this.udpFlow(address, port)
    for (const flow of this.#connections.values())
      if (flow.protocol === protocol && flow.remoteAddress === address && flow.remotePort === port) return flow
    return undefined
  }

  async connect(destination: Destination): Promise<Flow> {
    const existing = this.existing(destination)
    if (existing) return existing
    const { protocol, address, port } = destination
    const where = `${bracketed(address)}:${port}/${protocol}`
    if ((protocol === 'ws' || protocol === 'wss') && !this.#options.webSocketClient)
      throw new Error(`${where} cannot be connected to: WebSockets only come in`)
    const { clock } = this.#network.options
    const trip = this.#network.delay(this.address, address) + this.#network.delay(address, this.address)
    await new Promise<void>((resolve) => clock.setTimeout(resolve, trip))
    // Somebody else may have opened it during the trip.
    const meanwhile = this.existing(destination)
    if (meanwhile) return meanwhile
    const host = this.#network.find(address, port, protocol)
    if (!host || this.#closed) throw new Error(`no connection to ${where}: refused`)
    const here = this.#ephemeral++
    const serial = this.#network.nextSerial()
    const near = new MemoryFlow(`${protocol}-${serial}a`, protocol, this, here, address, port)
    const far = new MemoryFlow(`${protocol}-${serial}b`, protocol, host, host.port, this.address, here)
    near.peer = far
    far.peer = near
    this.#connections.set(near.id, near)
    host.#connections.set(far.id, far)
    return near
  }

  flow(id: string): Flow | undefined {
    if (!id.startsWith('udp ')) return this.#connections.get(id)
    const remote = id.slice(4)
    const colon = remote.lastIndexOf(':')
    return this.udpFlow(remote.slice(0, colon).replace(/^\[|\]$/g, ''), Number(remote.slice(colon + 1)))
  }

  sentBy(flow: Flow): string {
    // WebSocket clients cannot be connected to: their Via names an invalid host (RFC 7118 §5.2), here their own.
    return `${bracketed(this.#options.publicAddress ?? flow.localAddress)}:${this.port}`
  }

  contactUri(flow: Flow): string {
    return `sip:${this.sentBy(flow)}${transportParameter(flow.protocol)}`
  }

  isOurs(host: string, port: number | undefined): boolean {
    return (port === undefined || port === this.port) && this.#names.has(canonicalAddress(host))
  }

  /** Takes the host off the network and cuts its connections. */
  async close(): Promise<void> {
    this.#closed = true
    this.#network.remove(this)
    for (const flow of [...this.#connections.values()]) this.#network.cut(flow)
  }

  /** Connections open now. */
  get connections(): readonly Flow[] {
    return [...this.#connections.values()]
  }

  /** For the network: the flow to a far end, always the same object. */
  udpFlow(address: string, port: number): MemoryFlow {
    const key = `${bracketed(address)}:${port}`
    let flow = this.#udp.get(key)
    if (!flow) {
      flow = new MemoryFlow(`udp ${key}`, 'udp', this, this.port, address, port)
      this.#udp.set(key, flow)
    }
    return flow
  }

  /** For the network. */
  receive(bytes: Buffer, flow: MemoryFlow): void {
    if (!this.#closed) this.handler.message(Buffer.from(bytes), flow)
  }

  /** For the network. */
  forget(flow: MemoryFlow): void {
    this.#connections.delete(flow.id)
  }
}
