import { Resolver as CaresResolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import type { Clock } from '#lib'
import { canonicalAddress } from './addresses.ts'

/** One NAPTR record (RFC 3403). */
export interface NaptrRecord {
  readonly order: number
  readonly preference: number
  readonly flags: string
  readonly service: string
  readonly replacement: string
}

/** One SRV record (RFC 2782). */
export interface SrvRecord {
  readonly priority: number
  readonly weight: number
  readonly name: string
  readonly port: number
}

/** One A or AAAA record; `ttl` in seconds. */
export interface AddressRecord {
  readonly address: string
  readonly ttl: number
}

/** Asks the DNS. A name or record that does not exist is an empty list; everything else that fails rejects. */
export interface NameServer {
  naptr(name: string): Promise<readonly NaptrRecord[]>
  srv(name: string): Promise<readonly SrvRecord[]>
  a(name: string): Promise<readonly AddressRecord[]>
  aaaa(name: string): Promise<readonly AddressRecord[]>
}

const ABSENT = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])
/** How long what was read from the hosts file is used, in ms. */
const HOSTS_TTL = 30_000

/**
 * The machine's name servers through c-ares, which never takes a thread of the pool that file access needs, and the hosts file before them.
 * @param hostsFile other than `/etc/hosts` in tests
 */
export function systemNameServer(clock: Clock, hostsFile = '/etc/hosts'): NameServer {
  const resolver = new CaresResolver({ timeout: 1000, tries: 2 })
  let hosts: { readonly until: number; readonly names: Promise<ReadonlyMap<string, readonly string[]>> } | undefined
  const fromHosts = async (name: string, v6: boolean): Promise<AddressRecord[]> => {
    if (!hosts || clock.now() >= hosts.until) hosts = { until: clock.now() + HOSTS_TTL, names: readHosts(hostsFile) }
    const found = (await hosts.names).get(name) ?? []
    return found.filter((address) => address.includes(':') === v6).map((address) => ({ address, ttl: 30 }))
  }
  const addresses = async (name: string, v6: boolean): Promise<readonly AddressRecord[]> => {
    const local = await fromHosts(name, v6)
    if (local.length > 0) return local
    return orNone(v6 ? resolver.resolve6(name, { ttl: true }) : resolver.resolve4(name, { ttl: true }))
  }
  return {
    naptr: (name) => orNone(resolver.resolveNaptr(name)),
    srv: (name) => orNone(resolver.resolveSrv(name)),
    a: (name) => addresses(name, false),
    aaaa: (name) => addresses(name, true),
  }
}

async function orNone<T>(asked: Promise<T[]>): Promise<readonly T[]> {
  try {
    return await asked
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

async function readHosts(file: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, string[]>()
  const text = await readFile(file, 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const [address, ...aliases] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (!address) continue
    for (const alias of aliases) {
      const key = alias.toLowerCase()
      names.set(key, [...(names.get(key) ?? []), canonicalAddress(address)])
    }
  }
  return names
}
