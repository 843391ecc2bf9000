import { BlockList, isIP, SocketAddress } from 'node:net'
import { parseSource } from './settings.ts'
import type { Trunk } from './types.ts'

/** The demo trunk's numbers: alice … dave (DESIGN: fixed names). */
export const demoNumbers: readonly string[] = ['+12025550101', '+12025550102', '+12025550103', '+12025550104']

/** What tells whose trunk a request is. */
export interface TrunkRequest {
  readonly address: string
  readonly port: number
  readonly requestUser: string
  readonly requestHost: string
  readonly fromUser: string
}

/** What the demo trunk's rule has to know beside the request. */
export interface DemoRule {
  readonly enabled: boolean
  isTelephoneNumber(text: string): boolean
  isOurNumber(number: string): boolean
  holdsBinding(address: string, port: number): boolean
}

interface Entry {
  trunk: Trunk
  readonly exact: ReadonlySet<string>
  readonly ranges: BlockList | undefined
  readonly hosts: ReadonlySet<string>
  readonly unhealthy: Set<string>
}

/** Whose trunk a request is, and which trunks and gateways take a call. */
export class Trunks {
  readonly #entries = new Map<string, Entry>()
  readonly #demo: DemoRule
  /** Those with hosts go first: they are the more exact. */
  #inbound: Entry[] = []
  #outbound: Entry[] = []
  #all: readonly Trunk[] = []
  #out: readonly Trunk[] = []

  constructor(demo: DemoRule) {
    this.#demo = demo
  }

  all(): readonly Trunk[] {
    return this.#all
  }

  get(id: string): Trunk | undefined {
    return this.#entries.get(id)?.trunk
  }

  put(trunk: Trunk): void {
    const exact = new Set<string>()
    let ranges: BlockList | undefined
    for (const source of trunk.settings.sources) {
      const parsed = parseSource(source)
      if (!parsed) continue
      if (parsed.bits !== undefined) {
        ranges ??= new BlockList()
        ranges.addSubnet(parsed.address, parsed.bits, isIP(parsed.address) === 6 ? 'ipv6' : 'ipv4')
      } else
        exact.add(parsed.port === undefined ? written(parsed.address) : flowKey(written(parsed.address), parsed.port))
    }
    const unhealthy = new Set<string>()
    for (const gateway of this.#entries.get(trunk.id)?.unhealthy ?? []) {
      if (trunk.settings.gateways.includes(gateway)) unhealthy.add(gateway)
    }
    this.#entries.set(trunk.id, { trunk, exact, ranges, hosts: new Set(trunk.settings.hosts), unhealthy })
    this.#order()
  }

  remove(id: string): void {
    if (this.#entries.delete(id)) this.#order()
  }

  /** By source address and, where configured, host; the demo trunk by its own rule. */
  of(request: TrunkRequest): Trunk | undefined {
    if (this.#inbound.length === 0) return undefined
    const address = plainAddress(request.address)
    for (const entry of this.#inbound) {
      if (entry.trunk.settings.demo) {
        if (this.#isDemo(address, request)) return entry.trunk
        continue
      }
      if (!isFrom(entry, address, request.port)) continue
      if (entry.hosts.size === 0 || entry.hosts.has(request.requestHost.toLowerCase())) return entry.trunk
    }
    return undefined
  }

  /** Whether a trunk sends from this address: its messages are never held back by the flood guard. */
  sendsFrom(address: string, port: number): boolean {
    const plain = plainAddress(address)
    return this.#inbound.some((entry) => isFrom(entry, plain, port))
  }

  /** Trunks with gateways: healthy ones first, then by priority and name; a trunk whose gateways all fail is tried last. */
  forOutside(): readonly Trunk[] {
    return this.#out
  }

  /** A trunk's gateways in the order to try, those that fail their health check last. */
  gateways(id: string): readonly string[] {
    const entry = this.#entries.get(id)
    if (!entry) return []
    const { gateways } = entry.trunk.settings
    if (entry.unhealthy.size === 0) return gateways
    return [
      ...gateways.filter((one) => !entry.unhealthy.has(one)),
      ...gateways.filter((one) => entry.unhealthy.has(one)),
    ]
  }

  setHealth(id: string, gateway: string, ok: boolean): void {
    const entry = this.#entries.get(id)
    if (!entry?.trunk.settings.gateways.includes(gateway)) return
    if (ok) entry.unhealthy.delete(gateway)
    else entry.unhealthy.add(gateway)
    this.#order()
  }

  #isDemo(address: string, request: TrunkRequest): boolean {
    return (
      this.#demo.enabled &&
      address === '127.0.0.1' &&
      demoNumbers.includes(request.requestUser) &&
      this.#demo.isTelephoneNumber(request.fromUser) &&
      !this.#demo.isOurNumber(request.fromUser) &&
      !this.#demo.holdsBinding(address, request.port)
    )
  }

  #order(): void {
    const entries = [...this.#entries.values()]
    this.#inbound = entries.toSorted((a, b) => Number(b.hosts.size > 0) - Number(a.hosts.size > 0))
    const down = (entry: Entry) => Number(entry.unhealthy.size >= entry.trunk.settings.gateways.length)
    this.#outbound = entries
      .filter((entry) => entry.trunk.settings.gateways.length > 0)
      .sort(
        (a, b) =>
          down(a) - down(b) ||
          a.trunk.settings.priority - b.trunk.settings.priority ||
          (a.trunk.name < b.trunk.name ? -1 : 1),
      )
    this.#all = entries.map((entry) => entry.trunk)
    this.#out = this.#outbound.map((entry) => entry.trunk)
  }
}

function isFrom(entry: Entry, address: string, port: number): boolean {
  if (entry.exact.has(address) || entry.exact.has(flowKey(address, port))) return true
  return entry.ranges?.check(address, address.includes(':') ? 'ipv6' : 'ipv4') ?? false
}

/** An address as sockets write it: IPv6 shortened. */
function written(address: string): string {
  return isIP(address) === 6 ? plainAddress(new SocketAddress({ address, family: 'ipv6' }).address) : address
}

/** An IPv4 address that came in over a dual-stack socket, as itself; without brackets; IPv6 in small letters. */
export function plainAddress(address: string): string {
  if (address.charCodeAt(0) === 91) return plainAddress(address.slice(1, -1))
  if (!address.includes(':')) return address
  const small = address.toLowerCase()
  return small.startsWith('::ffff:') && small.includes('.') ? small.slice(7) : small
}

/** One string for an address and port. */
export function flowKey(address: string, port: number): string {
  return `${plainAddress(address)}|${port}`
}
