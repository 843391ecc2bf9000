import type { Via } from '../message/types.ts'
import { canonicalAddress, isLoopback, isUnicast } from './addresses.ts'
import type { Destination, Flow } from './types.ts'

/** Where a response goes: back on a flow, or to an address. */
export type ResponseTarget = { readonly flow: Flow } | Destination

/** The port that a protocol has when a URI or Via names none (RFC 3261 §18.2.2, RFC 7118 §8). */
export function defaultPort(protocol: Flow['protocol']): number {
  if (protocol === 'ws') return 80
  if (protocol === 'wss') return 443
  return protocol === 'tls' ? 5061 : 5060
}

/**
 * Where the response to a request goes (RFC 3261 §18.2.2, RFC 3581 §4).
 * A connection: back on it, or to the Via's port by a new one once it is gone (never for a WebSocket). UDP: with `rport` back to where the
 * request came from, else to the received address and the Via's port. `maddr` is followed only to a single host, and to loopback only when the
 * request came from there: a response must not become a weapon.
 * @param via the topmost Via of the request
 * @param flow the flow that brought the request
 */
export function responseTarget(via: Via, flow: Flow): ResponseTarget {
  if (flow.reliable) {
    if (flow.open || flow.protocol === 'ws' || flow.protocol === 'wss') return { flow }
    const port = viaPort(via, flow)
    return { protocol: flow.protocol, address: flow.remoteAddress, port, host: flow.remoteAddress }
  }
  const maddr = via.params.get('maddr')
  if (maddr) {
    const address = canonicalAddress(maddr)
    if (isUnicast(address) && (!isLoopback(address) || isLoopback(flow.remoteAddress)))
      return { protocol: 'udp', address, port: viaPort(via, flow), host: address, from: flow }
  }
  if (via.params.has('rport')) return { flow }
  const port = viaPort(via, flow)
  if (port === flow.remotePort) return { flow }
  return { protocol: 'udp', address: flow.remoteAddress, port, host: flow.remoteAddress, from: flow }
}

function viaPort(via: Via, flow: Flow): number {
  const port = via.port ?? defaultPort(flow.protocol)
  return port > 0 && port < 65_536 ? port : flow.remotePort
}
