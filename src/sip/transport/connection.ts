import type { Buffer } from 'node:buffer'
import type { Flow, Protocol } from './types.ts'

/** A flow that is a connection: a TCP or TLS stream, or a WebSocket. */
export interface Connection extends Flow {
  readonly reliable: true
  /** Whether we opened it. */
  readonly outgoing: boolean
  /** False once the connection is gone. Never throws. */
  write(bytes: Buffer): boolean
  /** Closes after what was written has gone out. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

/** Bounds that hold for each connection and for all of them. */
export interface ConnectionLimits {
  /** Connections made to us, over all stream transports. */
  readonly connections: number
  /** Connections made to us from one address: a whole office may sit behind it. */
  readonly connectionsPerAddress: number
  /** Connections that we open. */
  readonly outgoing: number
  /** Bytes that may wait for a peer that does not read, before it is cut. */
  readonly pendingBytes: number
  /** Bytes of one message. */
  readonly messageBytes: number
  /** Time in ms for an incomplete message to be completed. */
  readonly incompleteMs: number
  /** Time in ms in which a new connection must bring its first message. */
  readonly firstMessageMs: number
  /** Time in ms after which a silent connection is closed. */
  readonly idleMs: number
  /** Time in ms to open a connection. */
  readonly connectMs: number
  /** Time in ms between WebSocket pings. */
  readonly pingMs: number
}

/** What holds where nothing else is configured. */
export const defaultConnectionLimits: ConnectionLimits = {
  connections: 10_000,
  connectionsPerAddress: 512,
  outgoing: 2_000,
  pendingBytes: 1024 * 1024,
  messageBytes: 65_536,
  incompleteMs: 10_000,
  firstMessageMs: 30_000,
  idleMs: 7_200_000,
  connectMs: 4_000,
  pingMs: 25_000,
}

/** All open connections, by id and by far end, and how many each address has. */
export class ConnectionTable {
  readonly limits: ConnectionLimits
  readonly #byId = new Map<string, Connection>()
  readonly #byKey = new Map<string, Connection>()
  readonly #admitted = new Map<string, number>()
  readonly #boot: string
  #whenEmpty: (() => void)[] = []
  #incoming = 0
  #serial = 0

  /** @param boot a random token: an id of an earlier run never names a connection of this one */
  constructor(limits: ConnectionLimits, boot: string) {
    this.limits = limits
    this.#boot = boot
  }

  nextId(protocol: Protocol): string {
    return `${protocol}-${this.#boot}-${++this.#serial}`
  }

  /** Counts a connection made to us; false when there are too many and it must be closed. */
  admit(address: string): boolean {
    const held = this.#admitted.get(address) ?? 0
    if (this.#incoming >= this.limits.connections || held >= this.limits.connectionsPerAddress) return false
    this.#incoming++
    this.#admitted.set(address, held + 1)
    return true
  }

  /** Takes back one {@link admit}. */
  release(address: string): void {
    const held = this.#admitted.get(address)
    if (held === undefined) return
    this.#incoming--
    if (held > 1) this.#admitted.set(address, held - 1)
    else this.#admitted.delete(address)
  }

  /** @param key what {@link connectionKey} made, where others may reuse the connection */
  add(connection: Connection, key?: string): void {
    this.#byId.set(connection.id, connection)
    if (key !== undefined) this.#byKey.set(key, connection)
  }

  remove(connection: Connection, key?: string): void {
    this.#byId.delete(connection.id)
    if (key !== undefined && this.#byKey.get(key) === connection) this.#byKey.delete(key)
    if (this.#byId.size > 0) return
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
  }

  byId(id: string): Connection | undefined {
    const found = this.#byId.get(id)
    return found?.open ? found : undefined
  }

  byKey(key: string): Connection | undefined {
    const found = this.#byKey.get(key)
    return found?.open ? found : undefined
  }

  /** Resolves when no connection is open. */
  emptied(): Promise<void> {
    if (this.#byId.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenEmpty.push(resolve))
  }

  get all(): Iterable<Connection> {
    return this.#byId.values()
  }

  /** Connections open now, both ways. */
  get size(): number {
    return this.#byId.size
  }
}

/**
 * Under which name a connection is reused. A TLS connection belongs to the host whose certificate was checked: another host on the same
 * address gets its own (RFC 5923 §5).
 */
export function connectionKey(protocol: Protocol, address: string, port: number, host = '', any = false): string {
  return protocol === 'tls' ? `tls ${address} ${port} ${host}${any ? ' any' : ''}` : `${protocol} ${address} ${port}`
}
