import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { LiveCalls } from '#call'
import { type Clock, type Log, systemRandom } from '#lib'
import type { Storage } from '#storage'
import { Access, type AccessOptions } from './access.ts'
import { newsShape } from './callback-shape.ts'
import { type CertificateFiles, readCertificate, watchCertificate } from './certificate.ts'
import type { About } from './contract.ts'
import { EventDoor, refuseUpgrade } from './event-door.ts'
import { Board } from './events.ts'
import type { DeskParts } from './exchange.ts'
import { queueShape } from './handlers/queues.ts'
import { readPages } from './pages.ts'
import { createRoutes, pathOf } from './routes.ts'

/** What the HTTP server needs; names follow the configuration. */
export interface HttpServerOptions {
  /** Where to listen (BATON_HTTP); port 0 takes a free one. */
  readonly address: string
  readonly port: number
  /** HTTPS; the files are read again when they change. */
  readonly certificate?: CertificateFiles
  readonly boardPassword?: string
  readonly trustedProxies?: readonly string[]
  /** Host names besides addresses and `localhost`, e.g. the public name. */
  readonly names?: readonly string[]
  /** Further origins that may open WebSockets. */
  readonly origins?: readonly string[]
  readonly demo: boolean
  readonly version: string
  /** Where phones register, for the first page: `127.0.0.1:5060` and the domain. */
  readonly sip?: { readonly address: string; readonly domain: string }
  /** What stations dial to pick up a colleague's call. */
  readonly pickupCode?: string
  /** What stations dial to hear their messages. */
  readonly voicemailCode?: string
  /** The telephone of the demo's built-in caller. */
  readonly visitorNumber?: string
  /** Demo people for the first page; left out, the four of the demo organisation. */
  readonly demoPeople?: About['people']
  readonly calls: LiveCalls
  readonly storage: Pick<Storage, 'records'>
  /** Log-ins and everything behind them; without it the server shows the board and nothing else. */
  readonly desk?: DeskParts
  /** For /readyz: not ready while starting, draining or without a database. */
  health(): Promise<{ readonly ready: boolean; readonly details: Readonly<Record<string, unknown>> }>
  /** Prometheus text, of {@link createMetrics}. */
  metrics(): Promise<string>
  /** Takes a WebSocket upgrade at `/sip` (RFC 7118); Host and Origin have been checked. Without it, 404. */
  handleSipUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** The built pages, `web/dist`. */
  readonly staticFolder: string
  readonly log: Log
  readonly clock: Clock
}

export interface HttpServer {
  readonly address: string
  readonly port: number
  /** How many pages watch the board. */
  readonly readers: number
  /** Stops listening, tells the pages, and gives running requests two seconds. */
  close(): Promise<void>
}

const closeMs = 2_000

const demoPeople: About['people'] = [
  { login: 'alice', name: 'Alice', extension: '101', password: 'alice-demo' },
  { login: 'bob', name: 'Bob', extension: '102', password: 'bob-demo' },
  { login: 'carol', name: 'Carol', extension: '103', password: 'carol-demo' },
  { login: 'dave', name: 'Dave', extension: '104', password: 'dave-demo' },
]

/**
 * Serves health, metrics, the API, the event WebSocket and the pages.
 * @throws Error in one line that says what to change: port in use, address not of this machine, unreadable certificate
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { calls, clock, log } = options
  const access = new Access(options satisfies AccessOptions)
  const { desk } = options
  // Whoever logs out is no longer rung at that desk.
  const board = new Board({
    ...{ calls, clock, log, run: systemRandom.token(8), records: options.storage.records, directory: desk?.directory },
    ...(desk ? { stands: (id: string) => desk.accounts.stands(id) } : {}),
  })
  const stopListening = desk?.accounts.onEnd((id, personId) => {
    desk.directory.endDeskCredential(id)
    board.endLogin(id, personId)
  })
  const stopMessages = desk?.voicemail?.watch(({ mailbox }) => {
    for (const person of desk.voicemail?.of(mailbox)?.people ?? [])
      board.voicemailChanged(person.id, desk.voicemail?.freshOf(person) ?? 0)
  })
  const stopQueues = desk?.queues?.watch((id, view) => board.queueChanged(id, view ? queueShape(view) : null))
  const { callbacks } = desk ?? {}
  const stopCallbacks = callbacks?.service.watch((view) => board.callbackHappened(newsShape(callbacks, view)))
  const app = createRoutes({
    access,
    calls,
    personChanged: (personId) => board.personChanged(personId),
    desk: options.desk,
    clock,
    records: options.storage.records,
    about: aboutOf(options),
    health: () => options.health(),
    metrics: () => options.metrics(),
    pages: readPages(options.staticFolder),
    log,
  })
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const pair = options.certificate && readCertificate(options.certificate)
  const server: Server | SecureServer = pair ? createSecureServer(pair, listener) : createServer(listener)
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000
  // Upgraded connections too, which the server itself forgets.
  const connections = new Set<Socket>()
  server.on('connection', (connection: Socket) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
  })
  const events = new EventDoor({ access, board, desk, clock, log })

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => log.debug({ err: error }, 'A WebSocket upgrade broke.'))
    const path = pathOf(request)
    const isSip = path === '/sip' && options.handleSipUpgrade !== undefined
    const refused =
      access.checkHost(request) ??
      (isSip || path === '/api/v1/events' ? undefined : unknownPath) ??
      (isSip ? access.checkOrigin(request, true) : undefined)
    if (refused) refuseUpgrade(socket, refused)
    else if (isSip) options.handleSipUpgrade?.(request, socket, head)
    else events.open(request, socket, head)
  })

  try {
    await listen(server, options)
  } catch (error) {
    board.close()
    throw error
  }
  const stopWatching =
    options.certificate &&
    watchCertificate(options.certificate, (fresh) => (server as SecureServer).setSecureContext(fresh), clock, log)
  const { address, port } = server.address() as AddressInfo
  return {
    address,
    port,
    get readers() {
      return board.readers
    },
    close: async () => {
      stopWatching?.()
      stopListening?.()
      stopMessages?.()
      stopQueues?.()
      stopCallbacks?.()
      board.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const limit = clock.setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, closeMs)
      await closed
      clock.clearTimeout(limit)
    },
  }
}

const unknownPath = { status: 404, code: 'not-found', message: 'WebSockets open at /sip and /api/v1/events.' } as const

function aboutOf(options: HttpServerOptions): About {
  return {
    name: 'Baton',
    version: options.version,
    demo: options.demo,
    ...(options.sip ? { sip: { ...options.sip } } : {}),
    ...(options.pickupCode ? { pickupCode: options.pickupCode } : {}),
    ...(options.voicemailCode ? { voicemailCode: options.voicemailCode } : {}),
    ...(options.visitorNumber ? { visitorNumber: options.visitorNumber } : {}),
    people: options.demo ? (options.demoPeople ?? demoPeople) : [],
  }
}

function listen(server: Server | SecureServer, { address, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(listenFault(error, address, port))))
    server.listen({ host: address, port }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function listenFault(error: NodeJS.ErrnoException, address: string, port: number): string {
  const example = `set BATON_HTTP to another address, for example BATON_HTTP=127.0.0.1:${port >= 65_535 ? 8080 : port + 1}`
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${address} is in use: stop the program that listens there, or ${example}`
    case 'EACCES':
      return `port ${port} on ${address} may not be used by this user: ${example}`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address} is no address of this machine: ${example}`
    default:
      return `port ${port} on ${address} cannot be opened (${error.message}): ${example}`
  }
}
