import { isIP } from 'node:net'
import type { Clock, Log, Random, Timer } from '#lib'
import type { Uri } from '../message/types.ts'
import { canonicalAddress, isUnicast } from './addresses.ts'
import type { NameServer, SrvRecord } from './name-server.ts'
import { Recent } from './recent.ts'
import { defaultPort } from './response-target.ts'
import type { Destination, Protocol, Resolver } from './types.ts'

/** What can be connected to. */
type Dialled = 'udp' | 'tcp' | 'tls'

export interface ResolverOptions {
  readonly nameServer: NameServer
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Protocols that this server can speak, in the order of preference; default UDP, TCP, TLS. */
  readonly protocols?: readonly ('udp' | 'tcp' | 'tls')[]
  /** Whether IPv4 and IPv6 addresses are of use; default both, IPv4 first. */
  readonly ipv4?: boolean
  readonly ipv6?: boolean
  /** Names remembered; default 5,000. */
  readonly cacheSize?: number
  /** Lookups under way at once; default 1,000. More get an empty answer. */
  readonly pending?: number
}

/** The time in ms that a lookup has for NAPTR, then SRV, then addresses: 2 s together. */
const NAPTR_MS = 600
const SRV_MS = 600
const ADDRESS_MS = 800
/** How long one address family waits for the other once it has an answer. */
const OTHER_FAMILY_MS = 150
/** Bounds in ms for how long answers are used. SRV and NAPTR come without their TTL, so they count as the shortest. */
const MIN_TTL_MS = 5_000
const SRV_TTL_MS = 60_000
const MAX_TTL_MS = 3_600_000
const NEGATIVE_TTL_MS = 10_000
/** How long a failed lookup may fall back to what was known before. */
const STALE_MS = 3_600_000
const MAX_TARGETS = 10
const MAX_DESTINATIONS = 20

const NONE: readonly Destination[] = []
const services: Readonly<Record<string, Dialled>> = { 'sip+d2u': 'udp', 'sip+d2t': 'tcp', 'sips+d2t': 'tls' }

/** One SRV target with its addresses, or all addresses of a plain name. */
interface Choice {
  readonly priority: number
  readonly weight: number
  readonly destinations: readonly Destination[]
}

interface Entry {
  readonly until: number
  readonly choices: readonly Choice[]
}

interface Found {
  readonly choices: readonly Choice[]
  readonly ttl: number
  /** Whether the name server failed, so that older knowledge is better. */
  readonly failed: boolean
}

/** A resolver as RFC 3263 §4 describes. Failure is an empty list, never an exception. */
export function createResolver(options: ResolverOptions): Resolver {
  return new CachingResolver(options)
}

class CachingResolver implements Resolver {
  readonly #options: ResolverOptions
  readonly #cache: Recent<Entry>
  readonly #pending = new Map<string, Promise<Entry>>()

  constructor(options: ResolverOptions) {
    this.#options = options
    this.#cache = new Recent(options.cacheSize ?? 5_000)
  }

  resolveNow(uri: Uri): readonly Destination[] | undefined {
    const protocol = protocolOf(uri)
    if (protocol === 'none') return NONE
    const target = targetOf(uri)
    if (isIP(target) > 0) return this.#literal(uri, protocol, target)
    if (target === 'localhost' || target.endsWith('.localhost')) {
      const { ipv4 = true } = this.#options
      return this.#literal(uri, protocol, ipv4 ? '127.0.0.1' : '::1')
    }
    if (!isName(target)) return NONE
    const entry = this.#cache.get(cacheKey(uri, protocol, target))
    if (!entry || entry.until <= this.#options.clock.now()) return undefined
    return this.#order(entry.choices)
  }

  async resolve(uri: Uri): Promise<readonly Destination[]> {
    const now = this.resolveNow(uri)
    if (now) return now
    const protocol = protocolOf(uri)
    if (protocol === 'none') return NONE
    const key = cacheKey(uri, protocol, targetOf(uri))
    let pending = this.#pending.get(key)
    if (!pending) {
      if (this.#pending.size >= (this.#options.pending ?? 1_000)) return NONE
      pending = this.#lookUp(key, uri, protocol).finally(() => this.#pending.delete(key))
      this.#pending.set(key, pending)
    }
    return this.#order((await pending).choices)
  }

  #literal(uri: Uri, protocol: Dialled | undefined, address: string): readonly Destination[] {
    const chosen = protocol ?? (uri.scheme === 'sips' ? 'tls' : 'udp')
    if (!isUnicast(address) || !this.#speaks(chosen)) return NONE
    return [{ protocol: chosen, address, port: uri.port ?? defaultPort(chosen), host: bare(uri.host) }]
  }

  async #lookUp(key: string, uri: Uri, protocol: Dialled | undefined): Promise<Entry> {
    const { clock, log } = this.#options
    const found = await this.#ask(uri, protocol)
    const now = clock.now()
    const known = this.#cache.get(key)
    if (
      found.choices.length === 0 &&
      found.failed &&
      known &&
      known.choices.length > 0 &&
      now - known.until < STALE_MS
    ) {
      log.warn({ host: uri.host }, 'the name server does not answer; the last known addresses are used')
      return known
    }
    if (found.choices.length === 0) log.info({ host: uri.host, failed: found.failed }, 'a SIP host was not found')
    const ttl = found.choices.length === 0 ? NEGATIVE_TTL_MS : Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, found.ttl))
    const entry = { until: now + ttl, choices: found.choices }
    this.#cache.set(key, entry)
    return entry
  }

  async #ask(uri: Uri, fixed: Dialled | undefined): Promise<Found> {
    const target = targetOf(uri)
    const host = bare(uri.host)
    const secure = uri.scheme === 'sips'
    if (uri.port !== undefined) return this.#addresses(target, fixed ?? (secure ? 'tls' : 'udp'), uri.port, host)
    const services = fixed ? [serviceOf(fixed, target)] : await this.#naptr(target, secure)
    const asked = await Promise.all(
      services.map(async ({ protocol, name }) => ({ protocol, ...(await this.#srv(name)) })),
    )
    let failed = asked.some((one) => one.failed)
    const some = asked.filter((one) => one.records.length > 0)
    if (some.length === 0) {
      const found = await this.#addresses(target, fixed ?? (secure ? 'tls' : 'udp'), undefined, host)
      return { ...found, failed: failed || found.failed }
    }
    const choices: Choice[] = []
    let rank = 0
    let ttl = SRV_TTL_MS
    for (const { protocol, records } of some) {
      const targets = [...records].sort((a, b) => a.priority - b.priority).slice(0, MAX_TARGETS)
      const found = await Promise.all(targets.map((one) => this.#target(one, protocol, host)))
      // One protocol comes after the other: its priorities start where those before it ended.
      for (const [index, { priority, weight }] of targets.entries()) {
        const { choices: inner, ttl: innerTtl, failed: innerFailed } = found[index] as Found
        failed ||= innerFailed
        ttl = Math.min(ttl, innerTtl)
        for (const choice of inner) choices.push({ ...choice, priority: rank + priority, weight })
      }
      rank += 65_536
    }
    return { choices, ttl, failed }
  }

  #target(record: SrvRecord, protocol: Dialled, host: string): Promise<Found> {
    return this.#addresses(record.name.toLowerCase(), protocol, record.port, host)
  }

  /** The SRV names to ask, in order of preference: those of NAPTR, else one for each protocol that we speak. */
  async #naptr(target: string, secure: boolean): Promise<{ protocol: Dialled; name: string }[]> {
    const { value } = await this.#within(NAPTR_MS, this.#options.nameServer.naptr(target))
    const named: { protocol: Dialled; name: string }[] = []
    const sorted = [...(value ?? [])].sort((a, b) => a.order - b.order || a.preference - b.preference)
    for (const record of sorted.slice(0, MAX_TARGETS)) {
      const protocol = services[record.service.toLowerCase()]
      if (!protocol || record.flags.toLowerCase() !== 's' || !isName(record.replacement)) continue
      if (!this.#speaks(protocol) || (secure && protocol !== 'tls')) continue
      named.push({ protocol, name: record.replacement.toLowerCase() })
    }
    if (named.length > 0) return named
    const protocols = secure ? (['tls'] as const) : (this.#options.protocols ?? (['udp', 'tcp', 'tls'] as const))
    return protocols.filter((one) => this.#speaks(one)).map((one) => serviceOf(one, target))
  }

  async #srv(name: string): Promise<{ records: readonly SrvRecord[]; failed: boolean }> {
    const { value, failed } = await this.#within(SRV_MS, this.#options.nameServer.srv(name))
    // A target of "." says that the service is decidedly not there.
    const records = (value ?? []).filter((one) => isName(one.name) && one.port > 0)
    return { records, failed }
  }

  async #addresses(name: string, protocol: Dialled, port: number | undefined, host: string): Promise<Found> {
    const { nameServer, ipv4 = true, ipv6 = true } = this.#options
    if (!this.#speaks(protocol)) return { choices: [], ttl: 0, failed: false }
    if (isIP(name) > 0) {
      const destinations = [{ protocol, address: name, port: port ?? defaultPort(protocol), host }]
      return {
        choices: isUnicast(name) ? [{ priority: 0, weight: 0, destinations }] : [],
        ttl: SRV_TTL_MS,
        failed: false,
      }
    }
    const a = ipv4 ? this.#within(ADDRESS_MS, nameServer.a(name)) : undefined
    const aaaa = ipv6 ? this.#within(ADDRESS_MS, nameServer.aaaa(name)) : undefined
    const answers = await this.#bothSoon(a, aaaa)
    const records = answers.flatMap((answer) => answer?.value ?? []).filter((one) => isUnicast(one.address))
    const failed = answers.some((answer) => answer === undefined || answer.failed)
    if (records.length === 0) return { choices: [], ttl: 0, failed }
    const destinations = records
      .slice(0, MAX_TARGETS)
      .map(({ address }) => ({ protocol, address, port: port ?? defaultPort(protocol), host }))
    const ttl = Math.min(...records.map((one) => one.ttl * 1000))
    return { choices: [{ priority: 0, weight: 0, destinations }], ttl, failed }
  }

  /** Both families, or the first with an answer when the other keeps us waiting. An `undefined` in the result is one that did not come. */
  async #bothSoon<T>(
    first: Promise<Answer<T>> | undefined,
    second: Promise<Answer<T>> | undefined,
  ): Promise<(Answer<T> | undefined)[]> {
    const asked = [first, second].filter((one) => one !== undefined)
    const answers: (Answer<T> | undefined)[] = asked.map(() => undefined)
    const { clock } = this.#options
    let timer: Timer | undefined
    await new Promise<void>((resolve) => {
      let open = asked.length
      for (const [index, one] of asked.entries()) {
        void one.then((answer) => {
          answers[index] = answer
          if (--open === 0) resolve()
          else if (hasRecords(answer)) timer ??= clock.setTimeout(resolve, OTHER_FAMILY_MS)
        })
      }
      if (open === 0) resolve()
    })
    clock.clearTimeout(timer)
    return answers
  }

  async #within<T>(ms: number, asked: Promise<T>): Promise<Answer<T>> {
    const { clock } = this.#options
    let timer: Timer | undefined
    const late = new Promise<Answer<T>>((resolve) => {
      timer = clock.setTimeout(() => resolve({ failed: true }), ms)
    })
    const answer = asked.then(
      (value): Answer<T> => ({ value, failed: false }),
      (): Answer<T> => ({ failed: true }),
    )
    const first = await Promise.race([answer, late])
    clock.clearTimeout(timer)
    return first
  }

  /** By priority, and by weighted chance within one (RFC 2782). */
  #order(choices: readonly Choice[]): readonly Destination[] {
    if (choices.length <= 1) return choices[0]?.destinations ?? NONE
    const rest = [...choices].sort((a, b) => a.priority - b.priority || a.weight - b.weight)
    const ordered: Destination[] = []
    while (rest.length > 0) {
      const priority = rest[0]?.priority
      let last = rest.findIndex((one) => one.priority !== priority)
      if (last < 0) last = rest.length
      let total = 0
      for (let i = 0; i < last; i++) total += rest[i]?.weight ?? 0
      let drawn = this.#options.random.integer(total + 1)
      let picked = 0
      while (picked < last - 1 && drawn > (rest[picked]?.weight ?? 0)) drawn -= rest[picked++]?.weight ?? 0
      ordered.push(...(rest.splice(picked, 1)[0]?.destinations ?? NONE))
    }
    return ordered.length > MAX_DESTINATIONS ? ordered.slice(0, MAX_DESTINATIONS) : ordered
  }

  #speaks(protocol: Dialled): boolean {
    return this.#options.protocols?.includes(protocol) ?? true
  }
}

interface Answer<T> {
  readonly value?: T
  readonly failed: boolean
}

function hasRecords(answer: Answer<unknown>): boolean {
  return Array.isArray(answer.value) && answer.value.length > 0
}

/** What the URI itself fixes; `undefined` when DNS decides, 'none' when nothing can be connected to. */
function protocolOf(uri: Uri): Dialled | 'none' | undefined {
  const secure = uri.scheme === 'sips'
  if (!secure && uri.scheme !== 'sip') return 'none'
  const named = uri.params.get('transport')?.toLowerCase() as Protocol | undefined
  if (named === undefined) return undefined
  if (named === 'tls' || (secure && named === 'tcp')) return 'tls'
  if (!secure && (named === 'udp' || named === 'tcp')) return named
  return 'none'
}

function targetOf(uri: Uri): string {
  return canonicalAddress(uri.params.get('maddr') || uri.host)
}

function serviceOf(protocol: Dialled, target: string): { protocol: Dialled; name: string } {
  const prefix = protocol === 'tls' ? '_sips._tcp' : `_sip._${protocol}`
  return { protocol, name: `${prefix}.${target}` }
}

function cacheKey(uri: Uri, protocol: Dialled | undefined, target: string): string {
  return `${uri.scheme} ${protocol ?? ''} ${uri.port ?? ''} ${target} ${uri.host}`
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

/** Letters, digits, hyphen, underscore and dots in labels of at most 63: nothing else is worth a question. */
function isName(name: string): boolean {
  if (name.length === 0 || name.length > 253) return false
  let label = 0
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code === 46) {
      if (label === 0) return false
      label = 0
    } else {
      const letter = (code | 32) >= 97 && (code | 32) <= 122
      if (!letter && !(code >= 48 && code <= 57) && code !== 45 && code !== 95) return false
      if (++label > 63) return false
    }
  }
  return true
}
