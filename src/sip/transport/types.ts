import type { Buffer } from 'node:buffer'
import type { Uri } from '../message/types.ts'

export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'

/** Where a message came from or goes to: our socket or connection and the far address. */
export interface Flow {
  /** Unique per process and connection; for UDP one per (listener, remote address and port). */
  readonly id: string
  readonly protocol: Protocol
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  /** TCP, TLS and WebSocket: no retransmission of requests, no Timer A/E/G. */
  readonly reliable: boolean
  /** False once the connection is gone; a UDP flow stays open. */
  readonly open: boolean
}

/** One address to try (RFC 3263). */
export interface Destination {
  readonly protocol: Protocol
  readonly address: string
  readonly port: number
  /** The host name that was looked up, for TLS server name and certificate check. */
  readonly host: string
  /** UDP only: send from the socket of this flow, as answers must (RFC 3581 §4). */
  readonly from?: Flow
  /** TLS only: take any certificate, for a trunk configured so. Connections of both kinds are never mixed. */
  readonly acceptAnyCertificate?: boolean
}

/** What the transport tells the layer above. */
export interface TransportHandler {
  /** A complete message as bytes: a datagram, a framed stream message or a WebSocket message. The layer above parses. */
  message(bytes: Buffer, flow: Flow): void
  /** A stream stopped making sense; `bytes` is what could not be framed. Answer it on `flow` at once if possible: the connection is closed after the flush. */
  malformed?(bytes: Buffer, flow: Flow, code: string): void
  /** A connection is gone; everything bound to the flow ends or moves. */
  closed(flow: Flow): void
}

/** A tap that sees every message that goes in or out with its Call-ID: traces. */
export type TrafficTap = (direction: 'in' | 'out', bytes: Buffer, flow: Flow, callId: string) => void

/** All listeners together. */
export interface Transport {
  /** Sends on a flow; false when it is gone (the caller then looks for another way). Never throws. */
  send(bytes: Buffer, flow: Flow): boolean
  /** A flow to that destination: UDP at once, an open connection is reused, else one is opened (rejects after 4 s or on refusal). */
  connect(destination: Destination): Promise<Flow>
  /** A UDP or still open connection flow without waiting, undefined when one would have to be opened. */
  existing(destination: Destination): Flow | undefined
  /** The flow with that id, if it is still open. A UDP flow's id stays good over a restart, a connection's never matches again. */
  flow(id: string): Flow | undefined
  /** Our Via sent-by for a flow: `host:port`, with the public address where one is set. */
  sentBy(flow: Flow): string
  /** Our Contact URI for a flow, e.g. `<sip:192.0.2.1:5060;transport=tcp>` without angle brackets. */
  contactUri(flow: Flow): string
  /** Whether host and port name one of our listeners (addresses, public address, `localhost`, the domain). */
  isOurs(host: string, port: number | undefined): boolean
  close(): Promise<void>
}

/** Finds the destinations of a URI in the order to try them: RFC 3263 with NAPTR, SRV, A and AAAA, never blocking calls; cached; literal addresses at once. */
export interface Resolver {
  /** At once for literal addresses and cached names (`undefined` when it would have to ask). */
  resolveNow(uri: Uri): readonly Destination[] | undefined
  resolve(uri: Uri): Promise<readonly Destination[]>
}
