import { type Buffer, isUtf8 } from 'node:buffer'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Clock, Log, Timer } from '#lib'
import { plainAddress } from './addresses.ts'
import type { Connection, ConnectionTable } from './connection.ts'
import type { TransportHandler } from './types.ts'

const PONG = '\r\n'
const TEXT = { binary: false }
const BINARY = { binary: true }

/** What the HTTP server knows better than the socket, behind a proxy that it trusts. */
export interface UpgradeOptions {
  /** The client's own address. */
  readonly remoteAddress?: string
  /** Whether the client spoke TLS to the proxy. */
  readonly secure?: boolean
}

/** What a WebSocket endpoint needs. */
export interface WebSocketOptions {
  readonly handler: TransportHandler
  readonly table: ConnectionTable
  readonly clock: Clock
  readonly log: Log
  /** Whether a page of that origin may connect; `undefined` is a client that is no browser. */
  readonly allowOrigin: (origin: string | undefined) => boolean
}

/** SIP over WebSocket (RFC 7118) on somebody else's HTTP server. Connections are made to us only. */
export class WebSocketEndpoint {
  readonly #options: WebSocketOptions
  readonly #server: WebSocketServer
  #closed = false

  constructor(options: WebSocketOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.table.limits.messageBytes,
      handleProtocols: () => 'sip',
    })
  }

  /** Takes over an HTTP upgrade for `/sip`; every refusal is answered with a sentence. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: UpgradeOptions = {}): void {
    const remote = plainAddress(options.remoteAddress ?? request.socket.remoteAddress)
    const refusal = this.#refusal(request, remote)
    if (refusal) {
      refuse(socket, ...refusal)
      return
    }
    let released = false
    const release = (): void => {
      if (released) return
      released = true
      this.#options.table.release(remote)
    }
    socket.once('close', release)
    const secure = options.secure ?? request.socket instanceof TLSSocket
    try {
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        new WebSocketConnection(webSocket, request, remote, secure, this.#options)
      })
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, 'a WebSocket could not be opened')
      socket.destroy()
    }
  }

  /** Status and sentence where the upgrade cannot be; a client without refusal has been counted. */
  #refusal({ headers }: IncomingMessage, remote: string): [status: number, sentence: string] | undefined {
    if (this.#closed) return [503, 'The server is stopping.']
    if (!offersSip(headers['sec-websocket-protocol']))
      return [400, 'This address speaks SIP over WebSocket (RFC 7118): ask for the subprotocol "sip".']
    if (!this.#options.allowOrigin(headers.origin))
      return [403, 'Pages of this origin may not connect: add it to the allowed origins.']
    if (!this.#options.table.admit(remote)) return [503, 'Too many connections.']
    return undefined
  }

  close(): void {
    this.#closed = true
    this.#server.close()
  }
}

class WebSocketConnection implements Connection {
  readonly id: string
  readonly protocol: 'ws' | 'wss'
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly reliable = true
  readonly outgoing = false
  open = true
  readonly #webSocket: WebSocket
  readonly #options: WebSocketOptions
  #answered = true
  #timer: Timer | undefined

  constructor(
    webSocket: WebSocket,
    request: IncomingMessage,
    remote: string,
    secure: boolean,
    options: WebSocketOptions,
  ) {
    this.#webSocket = webSocket
    this.#options = options
    this.protocol = secure ? 'wss' : 'ws'
    this.id = options.table.nextId(this.protocol)
    this.localAddress = plainAddress(request.socket.localAddress)
    this.localPort = request.socket.localPort ?? 0
    this.remoteAddress = remote
    this.remotePort = request.socket.remotePort ?? 0
    webSocket.binaryType = 'nodebuffer'
    webSocket.on('message', (data) => this.#received(data))
    webSocket.on('pong', () => {
      this.#answered = true
    })
    webSocket.on('error', (error) => options.log.debug({ flow: this.id, error: error.message }, 'WebSocket error'))
    webSocket.on('close', () => this.#gone())
    options.table.add(this)
    this.#ping()
  }

  write(bytes: Buffer): boolean {
    if (!this.open) return false
    // RFC 7118 §5: text frames must be UTF-8, which SIP bodies need not be.
    this.#webSocket.send(bytes, isUtf8(bytes) ? TEXT : BINARY)
    if (this.#webSocket.bufferedAmount <= this.#options.table.limits.pendingBytes) return true
    this.#options.log.warn({ flow: this.id }, 'a peer does not read; its connection is closed')
    this.destroy()
    return false
  }

  end(): void {
    this.#webSocket.close(1001)
  }

  destroy(): void {
    this.#webSocket.terminate()
    this.#gone()
  }

  #received(data: RawData): void {
    const bytes = data as Buffer
    if (bytes.length <= 4 && bytes.every((byte) => byte === 13 || byte === 10)) {
      if (bytes.length === 4) this.#webSocket.send(PONG)
      return
    }
    try {
      this.#options.handler.message(bytes, this)
    } catch (error) {
      this.#options.log.error({ error, flow: this.id }, 'a message could not be handled')
    }
  }

  #ping(): void {
    const { clock, table } = this.#options
    this.#timer = clock.setTimeout(() => {
      if (!this.#answered) {
        this.destroy()
        return
      }
      this.#answered = false
      this.#webSocket.ping()
      this.#ping()
    }, table.limits.pingMs)
  }

  #gone(): void {
    if (!this.open) return
    this.open = false
    this.#options.clock.clearTimeout(this.#timer)
    this.#options.table.remove(this)
    try {
      this.#options.handler.closed(this)
    } catch (error) {
      this.#options.log.error({ error, flow: this.id }, 'the end of a connection could not be handled')
    }
  }
}

function offersSip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((name) => name.trim().toLowerCase() === 'sip')
}

function refuse(socket: Duplex, status: number, sentence: string): void {
  socket.on('error', () => {})
  const body = `${sentence}\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}
