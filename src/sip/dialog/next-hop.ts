import { isIP } from 'node:net'
import { parseNameAddr, parseUri, type Uri } from '../message/index.ts'
import type { Target } from '../transaction/index.ts'
import type { Flow, Resolver } from '../transport/types.ts'

/** What decides where a request in a dialog goes. */
export interface Way {
  readonly remoteTarget: string
  readonly routeSet: readonly string[]
  readonly flow: Flow | undefined
}

/** Request-URI and Route of a request in a dialog, for loose and strict routers (RFC 3261 §12.2.1.1). */
export function routed(way: Way): { readonly uri: string; readonly routes: readonly string[] } {
  const [first] = way.routeSet
  if (first === undefined) return { uri: way.remoteTarget, routes: [] }
  const read = parseNameAddr(first)
  if (!read.ok || read.value.uri.params.has('lr')) return { uri: way.remoteTarget, routes: way.routeSet }
  return { uri: read.value.uri.text, routes: [...way.routeSet.slice(1), `<${way.remoteTarget}>`] }
}

/**
 * Where a request in a dialog goes.
 * 1. A connection on which the peer was last heard and that is still open (RFC 5626, RFC 7118): it may be the only way there.
 * 2. Without a route set, a UDP peer whose Contact is a private address or none that exists, other than the one it sends from, is behind a
 *    NAT: back to where it was heard.
 * 3. The first route, else the remote target, looked up; where nothing is found, back to where the peer was heard.
 */
export function nextHop(way: Way, resolver: Resolver): Target | Promise<Target> {
  const { flow } = way
  if (flow?.reliable && flow.open) return { flow }
  const uri = hopUri(way)
  if (!uri) return fallback(flow)
  if (flow && !flow.reliable && way.routeSet.length === 0 && behindNat(uri, flow)) return { flow }
  const now = resolver.resolveNow(uri)
  if (now) return now.length > 0 ? { destinations: now } : fallback(flow)
  return resolver.resolve(uri).then(
    (found) => (found.length > 0 ? { destinations: found } : fallback(flow)),
    () => fallback(flow),
  )
}

function hopUri(way: Way): Uri | undefined {
  const [first] = way.routeSet
  if (first !== undefined) {
    const route = parseNameAddr(first)
    return route.ok ? route.value.uri : undefined
  }
  const target = parseUri(way.remoteTarget)
  return target.ok ? target.value : undefined
}

function fallback(flow: Flow | undefined): Target {
  return flow ? { flow } : { destinations: [] }
}

function behindNat(contact: Uri, flow: Flow): boolean {
  const host = contact.host.startsWith('[') ? contact.host.slice(1, -1) : contact.host
  if (host.endsWith('.invalid')) return true
  if (host === flow.remoteAddress && (contact.port ?? 5060) === flow.remotePort) return !contact.params.has('transport')
  return host !== flow.remoteAddress && isIP(host) !== 0 && isPrivate(host)
}

/** RFC 1918, RFC 6598, link-local, loopback and RFC 4193 addresses. */
export function isPrivate(address: string): boolean {
  if (isIP(address) === 4) {
    const [a = 0, b = 0] = address.split('.', 2).map(Number)
    return (
      a === 10 ||
      a === 127 ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168) ||
      (a === 169 && b === 254) ||
      (a === 100 && b >= 64 && b < 128)
    )
  }
  return /^(f[cd]|fe[89ab])/i.test(address) || address === '::1'
}
