import type { MemoryHost } from './memory.ts'
import type { Flow, Protocol } from './types.ts'

/** A flow of a memory network; a connection has one at each end. */
export class MemoryFlow implements Flow {
  readonly id: string
  readonly protocol: Protocol
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly reliable: boolean
  readonly host: MemoryHost
  open = true
  /** The other end of a connection. */
  peer: MemoryFlow | undefined
  /** When the last thing sent on a connection arrives. */
  arrival = 0

  constructor(
    id: string,
    protocol: Protocol,
    host: MemoryHost,
    localPort: number,
    remoteAddress: string,
    remotePort: number,
  ) {
    this.id = id
    this.protocol = protocol
    this.host = host
    this.localAddress = host.address
    this.localPort = localPort
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
    this.reliable = protocol !== 'udp'
  }
}
