export { bracketed, canonicalAddress, isLoopback, isUnicast, unbracketed } from './addresses.ts'
export type { TlsFiles } from './certificates.ts'
export { type ConnectionLimits, defaultConnectionLimits } from './connection.ts'
export { createResolver, type ResolverOptions } from './dns.ts'
export {
  type LoggedPacket,
  MemoryHost,
  type MemoryHostOptions,
  MemoryNetwork,
  type MemoryNetworkOptions,
  type Verdict,
} from './memory.ts'
export type { Packet } from './memory-packet.ts'
export {
  type AddressRecord,
  type NameServer,
  type NaptrRecord,
  type SrvRecord,
  systemNameServer,
} from './name-server.ts'
export { defaultPort, type ResponseTarget, responseTarget } from './response-target.ts'
export { SourceLimiter, type SourceLimits } from './source-limiter.ts'
export {
  type BoundAddress,
  createTransport,
  type ListenAddress,
  type NetworkTransport,
  type TransportOptions,
} from './transport.ts'
export * from './types.ts'
export { udpDrops } from './udp-drops.ts'
export type { UpgradeOptions } from './websocket.ts'
