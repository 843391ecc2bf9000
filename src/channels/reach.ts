import { BlockList, isIP, isIPv6 } from 'node:net'

/** Whether a request of this server may go to an IP address. */
export type MayReach = (address: string) => boolean

// Two lists, because a list of both would find IPv4 in what it says of IPv6.
const inner = { ipv4: new BlockList(), ipv6: new BlockList() }
const loopback = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inner.ipv4.addSubnet(net, bits, 'ipv4')
// Only global unicast is outside; of that, the ways that lead to IPv4 or to examples are not.
for (const [net, bits] of [
  ['::', 3],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['4000::', 2],
  ['8000::', 1],
] as const)
  inner.ipv6.addSubnet(net, bits, 'ipv6')
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Addresses that anybody may name as the target of a request: the public Internet's, no private, loopback or link-local ones.
 * @param onlyLoopback this server is reached by its own machine only, so its loopback may be named too
 */
export function mayReach(onlyLoopback: boolean): MayReach {
  return (address) => {
    if (isIP(address) === 0) return false
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    return !inner[family].check(address, family) || (onlyLoopback && loopback.check(address, family))
  }
}

/**
 * What is wrong with the address of a push service, undefined when nothing is. Names are looked up when something is sent: what they
 * lead to is checked then.
 */
export function endpointFault(endpoint: string, reachable: MayReach): string | undefined {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url?.username !== '' || url.password !== '') return 'must be the https address of a push service'
  const host = hostOf(url)
  const ownMachine = reachable('127.0.0.1') && (host === 'localhost' || (loopbackOnly(host) && reachable(host)))
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && ownMachine)) return 'must begin with https://'
  if (host === 'localhost' ? !ownMachine : isIP(host) !== 0 && !reachable(host))
    return 'must be an address on the public Internet'
  return undefined
}

function loopbackOnly(host: string): boolean {
  return isIP(host) !== 0 && loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}

/** The host of a URL without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}
