import { isIP, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** An IPv6 address in brackets, anything else as it is: how a host is written in a URI or in Via. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** The opposite: `[2001:db8::1]` becomes `2001:db8::1`. */
export function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

/** An IPv4 address that came in through an IPv6 socket loses its `::ffff:`. */
export function plainAddress(address: string | undefined): string {
  if (!address) return ''
  return address.startsWith('::ffff:') && isIPv4(address.slice(7)) ? address.slice(7) : address
}

/** Whether an address is this machine's own loopback. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.')
}

/** Whether an address stands for "every address of this machine". */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** Whether a literal address is one single host: no multicast, broadcast or unspecified address, which no message may ever go to. */
export function isUnicast(address: string): boolean {
  if (isIPv4(address)) {
    const first = Number.parseInt(address, 10)
    return first > 0 && first < 224
  }
  if (!isIPv6(address)) return false
  const mapped = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : ''
  if (isIPv4(mapped)) return isUnicast(mapped)
  return !address.toLowerCase().startsWith('ff') && address !== '::' && !/^[0:]+$/.test(address)
}

/** The one spelling of an address that comparisons use: IPv6 as RFC 5952 writes it; names and IPv4 in lower case. */
export function canonicalAddress(text: string): string {
  const host = unbracketed(text).toLowerCase()
  if (isIP(host) !== 6 || host.includes('%')) return host
  return plainAddress(unbracketed(new URL(`http://[${host}]`).hostname))
}

interface Interface {
  readonly address: string
  readonly bits: bigint
  readonly prefix: number
  readonly loopback: boolean
  readonly v6: boolean
}

/** The addresses of this machine, as asked for now. */
export function localAddresses(): Interface[] {
  const found: Interface[] = []
  for (const list of Object.values(networkInterfaces())) {
    for (const item of list ?? []) {
      const v6 = item.family === 'IPv6'
      const prefix = Number(item.cidr?.split('/')[1] ?? (v6 ? 128 : 32))
      found.push({ address: item.address, bits: toBits(item.address), prefix, loopback: item.internal, v6 })
    }
  }
  return found
}

/** Which of our addresses a peer would see: one in its own network, else the first that is not loopback. */
export function localAddressTowards(remote: string, interfaces = localAddresses()): string | undefined {
  const v6 = isIPv6(remote)
  const loopback = isLoopback(remote)
  const bits = toBits(remote)
  const width = v6 ? 128 : 32
  let fallback: string | undefined
  for (const one of interfaces) {
    if (one.v6 !== v6) continue
    if (one.loopback !== loopback) continue
    const shift = BigInt(width - one.prefix)
    if (one.bits >> shift === bits >> shift) return one.address
    if (!one.address.startsWith('fe80:')) fallback ??= one.address
  }
  return fallback
}

function toBits(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const bare = address.split('%')[0] ?? ''
  if (!isIPv6(bare)) return 0n
  const host = unbracketed(new URL(`http://[${bare}]`).hostname)
  const [head = '', tail] = host.split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(Number.parseInt(group, 16)), 0n)
}
