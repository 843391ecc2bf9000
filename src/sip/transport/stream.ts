import { createServer, isIP, isIPv6, type Server, type Socket, connect as tcpConnect } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer, connect as tlsConnect } from 'node:tls'
import { plainAddress } from './addresses.ts'
import { type Certificates, checkSipIdentity } from './certificates.ts'
import { connectionKey } from './connection.ts'
import { listenError } from './listen-error.ts'
import { StreamConnection, type StreamContext } from './stream-connection.ts'
import type { Destination, Flow } from './types.ts'

/** A TCP or TLS port that is open. */
export class StreamListener {
  readonly protocol: 'tcp' | 'tls'
  readonly address: string
  readonly port: number
  readonly #server: Server

  private constructor(protocol: 'tcp' | 'tls', server: Server) {
    const bound = server.address() as { address: string; port: number }
    this.protocol = protocol
    this.address = bound.address
    this.port = bound.port
    this.#server = server
  }

  /**
   * Opens a port; rejects with a sentence that says what to change. Port 0 takes any free one.
   * @param certificates needed for TLS; a reload reaches the listener
   */
  static async open(
    protocol: 'tcp' | 'tls',
    address: string,
    port: number,
    context: StreamContext,
    certificates?: Certificates,
  ): Promise<StreamListener> {
    const server = protocol === 'tls' ? tlsServer(context, certificates) : tcpServer(context)
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, protocol, address, port)))
      server.listen({ host: address, port, ipv6Only: isIPv6(address), exclusive: true, backlog: 1024 }, resolve)
    })
    server.removeAllListeners('error')
    server.on('error', (error) => context.log.warn({ error: error.message }, 'a listener reported an error'))
    const listener = new StreamListener(protocol, server)
    context.log.debug({ address: listener.address, port: listener.port }, `listening on ${protocol.toUpperCase()}`)
    return listener
  }

  /** Takes no more connections; those that exist are closed by their table. */
  close(): void {
    this.#server.close()
  }
}

function tcpServer(context: StreamContext): Server {
  return createServer({ noDelay: true }, (socket) => {
    if (admitted(socket, context)) accept(socket, 'tcp', context)
  })
}

function tlsServer(context: StreamContext, certificates: Certificates | undefined): TlsServer {
  if (!certificates) throw new Error('a TLS listener needs a certificate: set tls.certFile and tls.keyFile')
  const server = createTlsServer({ ...certificates.options, handshakeTimeout: 10_000 }, (socket) =>
    accept(socket, 'tls', context),
  )
  // Counted before the handshake, which is what a flood would make us pay for.
  server.prependListener('connection', (socket: Socket) => admitted(socket, context))
  server.on('tlsClientError', (error) => context.log.debug({ error: error.message }, 'a TLS handshake failed'))
  const stop = certificates.onChange((options) => server.setSecureContext(options))
  server.once('close', stop)
  return server
}

function admitted(socket: Socket, context: StreamContext): boolean {
  socket.on('error', () => {})
  const remote = plainAddress(socket.remoteAddress)
  if (remote !== '' && context.table.admit(remote)) {
    socket.once('close', () => context.table.release(remote))
    return true
  }
  context.log.debug({ remote }, 'too many connections')
  socket.destroy()
  return false
}

function accept(socket: Socket, protocol: 'tcp' | 'tls', context: StreamContext): void {
  if (socket.destroyed || !socket.remoteAddress || socket.remotePort === undefined) return
  // A TLS client is known by its flow only: its certificate was not asked for, so no host may be reached through it.
  const key =
    protocol === 'tcp' ? connectionKey('tcp', plainAddress(socket.remoteAddress), socket.remotePort) : undefined
  new StreamConnection(socket, protocol, false, key, context)
}

/** Opens connections, one for each far end however many ask at once. */
export class StreamDialer {
  readonly #context: StreamContext
  readonly #certificates: Certificates | undefined
  readonly #pending = new Map<string, Promise<Flow>>()
  readonly #sockets = new Set<Socket>()
  #outgoing = 0
  #closed = false

  constructor(context: StreamContext, certificates?: Certificates) {
    this.#context = context
    this.#certificates = certificates
  }

  /** The connection that a destination can use already. */
  existing(destination: Destination): Flow | undefined {
    return this.#context.table.byKey(keyOf(destination))
  }

  /** Opens a connection or joins the attempt under way. Rejects after the time limit, on refusal, and when a certificate does not fit. */
  connect(destination: Destination): Promise<Flow> {
    const key = keyOf(destination)
    const open = this.#context.table.byKey(key)
    if (open) return Promise.resolve(open)
    let pending = this.#pending.get(key)
    if (!pending) {
      pending = this.#dial(destination, key).finally(() => this.#pending.delete(key))
      this.#pending.set(key, pending)
    }
    return pending
  }

  /** Gives up attempts under way. */
  close(): void {
    this.#closed = true
    for (const socket of this.#sockets) socket.destroy()
  }

  async #dial(destination: Destination, key: string): Promise<Flow> {
    const { clock, table } = this.#context
    const where = `${destination.address}:${destination.port}/${destination.protocol}`
    if (this.#closed) throw new Error('the transport is closed')
    if (this.#outgoing >= table.limits.outgoing) throw new Error('too many outgoing connections')
    const socket = this.#open(destination)
    this.#outgoing++
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#outgoing--
      this.#sockets.delete(socket)
    })
    const ready = destination.protocol === 'tls' ? 'secureConnect' : 'connect'
    return new Promise<Flow>((resolve, reject) => {
      const fail = (why: string): void => {
        clock.clearTimeout(timer)
        socket.destroy()
        reject(new Error(`no connection to ${where}: ${why}`))
      }
      const timer = clock.setTimeout(() => fail('it took too long'), table.limits.connectMs)
      socket.on('error', (error) => fail(error.message))
      const ended = (): void => fail('it was closed')
      socket.once('close', ended)
      socket.once(ready, () => {
        clock.clearTimeout(timer)
        socket.off('close', ended)
        this.#sockets.delete(socket)
        resolve(new StreamConnection(socket, destination.protocol as 'tcp' | 'tls', true, key, this.#context))
      })
    })
  }

  #open(destination: Destination): Socket {
    const { address: host, port } = destination
    if (destination.protocol === 'tcp') return tcpConnect({ host, port, noDelay: true })
    const name = destination.host.replace(/^\[|\]$/g, '')
    return tlsConnect({
      ...this.#certificates?.options,
      host,
      port,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: !destination.acceptAnyCertificate,
      checkServerIdentity: (_host, certificate) => checkSipIdentity(name, certificate),
    })
  }
}

function keyOf(destination: Destination): string {
  const { protocol, address, port, host, acceptAnyCertificate } = destination
  return connectionKey(protocol, address, port, host, acceptAnyCertificate)
}
