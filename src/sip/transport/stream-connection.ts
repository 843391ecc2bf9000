import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Clock, Log, Timer } from '#lib'
import { StreamFramer } from '../message/index.ts'
import { plainAddress } from './addresses.ts'
import type { Connection, ConnectionTable } from './connection.ts'
import type { TransportHandler } from './types.ts'

const PONG = Buffer.from('\r\n')
/** How long bytes that were written before the end may take to leave. */
const FLUSH_MS = 1_000

/** What every stream connection shares. */
export interface StreamContext {
  readonly handler: TransportHandler
  readonly table: ConnectionTable
  readonly clock: Clock
  readonly log: Log
}

/** One TCP or TLS connection that is established. */
export class StreamConnection implements Connection {
  readonly id: string
  readonly protocol: 'tcp' | 'tls'
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly reliable = true
  readonly outgoing: boolean
  open = true
  readonly #socket: Socket
  readonly #context: StreamContext
  readonly #key: string | undefined
  readonly #framer: StreamFramer
  /** When something last arrived or left. */
  #active: number
  /** Since when an incomplete message waits for its rest; 0 when none does. */
  #incompleteSince = 0
  #spoke: boolean
  #timer: Timer | undefined

  /** @param key the name under which others may reuse it */
  constructor(
    socket: Socket,
    protocol: 'tcp' | 'tls',
    outgoing: boolean,
    key: string | undefined,
    context: StreamContext,
  ) {
    this.#socket = socket
    this.#context = context
    this.#key = key
    this.#framer = new StreamFramer({ maxBytes: context.table.limits.messageBytes })
    this.#active = context.clock.now()
    this.#spoke = outgoing
    this.id = context.table.nextId(protocol)
    this.protocol = protocol
    this.outgoing = outgoing
    this.localAddress = plainAddress(socket.localAddress)
    this.localPort = socket.localPort ?? 0
    this.remoteAddress = plainAddress(socket.remoteAddress)
    this.remotePort = socket.remotePort ?? 0
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.on('data', (chunk) => this.#received(chunk))
    socket.on('error', (error) => context.log.debug({ flow: this.id, error: error.message }, 'connection error'))
    socket.on('close', () => this.#gone())
    context.table.add(this, key)
    this.#watch()
  }

  write(bytes: Buffer): boolean {
    if (!this.open || !this.#socket.writable) return false
    this.#active = this.#context.clock.now()
    this.#socket.write(bytes)
    if (this.#socket.writableLength <= this.#context.table.limits.pendingBytes) return true
    this.#context.log.warn({ flow: this.id }, 'a peer does not read; its connection is closed')
    this.destroy()
    return false
  }

  end(): void {
    this.#socket.destroySoon()
    this.#context.clock.clearTimeout(this.#timer)
    this.#timer = this.#context.clock.setTimeout(() => this.#socket.destroy(), FLUSH_MS)
  }

  destroy(): void {
    this.#socket.destroy()
    this.#gone()
  }

  #received(chunk: Buffer): void {
    if (!this.open) return
    const { handler, log } = this.#context
    const now = this.#context.clock.now()
    this.#active = now
    this.#framer.push(chunk)
    for (let frame = this.#framer.next(); frame !== undefined; frame = this.#framer.next()) {
      this.#incompleteSince = 0
      this.#spoke = true
      if (frame === 'pong') continue
      if (frame === 'ping') {
        this.write(PONG)
        continue
      }
      try {
        if (Buffer.isBuffer(frame)) handler.message(frame, this)
        else {
          handler.malformed?.(frame.bytes, this, frame.error)
          this.end()
          return
        }
      } catch (error) {
        log.error({ error, flow: this.id }, 'a message could not be handled')
      }
      if (!this.open) return
    }
    if (this.#framer.waiting === 0) this.#incompleteSince = 0
    else if (this.#incompleteSince === 0) {
      this.#incompleteSince = now
      this.#watch()
    }
  }

  /** One timer for the three patience limits, set for the nearest and looked at again when it runs. */
  #watch(): void {
    const { clock, table, log } = this.#context
    const { incompleteMs, firstMessageMs, idleMs } = table.limits
    let due = this.#active + (this.#spoke ? idleMs : firstMessageMs)
    if (this.#incompleteSince > 0) due = Math.min(due, this.#incompleteSince + incompleteMs)
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(
      () => {
        const now = clock.now()
        const late = this.#incompleteSince > 0 && now - this.#incompleteSince >= incompleteMs
        if (late || now - this.#active >= (this.#spoke ? idleMs : firstMessageMs)) {
          log.info({ flow: this.id }, late ? 'an incomplete message took too long' : 'a connection was silent too long')
          this.destroy()
        } else this.#watch()
      },
      Math.max(1, due - clock.now()),
    )
  }

  #gone(): void {
    if (!this.open) return
    this.open = false
    const { clock, table, handler, log } = this.#context
    clock.clearTimeout(this.#timer)
    table.remove(this, this.#key)
    try {
      handler.closed(this)
    } catch (error) {
      log.error({ error, flow: this.id }, 'the end of a connection could not be handled')
    }
  }
}
