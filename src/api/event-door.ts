import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock, Log } from '#lib'
import type { Access, Refusal } from './access.ts'
import { eventHello, eventQuery } from './contract.ts'
import type { Resume } from './event-reader.ts'
import { type Board, logInAgain } from './events.ts'
import type { DeskParts } from './exchange.ts'
import { recognise, tokenOfHeader, type Viewer, viewerOfToken } from './viewer.ts'

/** Who has not said within this who they are is closed, in ms. */
const helloMs = 5_000
const mostStrangers = 200
const eventScope = 'calls:read'
const peopleScope = 'directory:read'

export interface EventDoorParts {
  readonly access: Access
  readonly board: Board
  readonly desk: DeskParts | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Lets readers in at `/api/v1/events`: by cookie, by header, by a first message, or in the demo as they are. */
export class EventDoor {
  readonly #parts: EventDoorParts
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 4096, perMessageDeflate: false })
  #strangers = 0

  constructor(parts: EventDoorParts) {
    this.#parts = parts
  }

  /** Answers an upgrade whose Host has been checked. */
  open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { access, desk, board } = this.#parts
    const query = eventQuery.safeParse(Object.fromEntries(new URL(request.url ?? '/', 'http://localhost').searchParams))
    if (!query.success) {
      refuseUpgrade(socket, badQuery)
      return
    }
    const byMessage = query.data.auth === 'message'
    const byHeader = tokenOfHeader(request) !== undefined
    // Only pages are recognised by something that they do not hold in their hands, so only they have to say where they are from.
    const foreign = access.checkOrigin(request, byMessage || byHeader)
    if (foreign) {
      refuseUpgrade(socket, foreign)
      return
    }
    const { run, cursor } = query.data
    const people = query.data.people !== undefined
    const resume = run !== undefined && cursor !== undefined ? { run, cursor } : undefined
    if (byMessage) {
      if (this.#strangers >= mostStrangers) refuseUpgrade(socket, full)
      else this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#askWho(webSocket, request, people))
      return
    }
    const found = recognise(access, desk, request)
    if ('refusal' in found) {
      // A page cannot see the status of a refused upgrade, but the code of a closed connection it can.
      if (byHeader || found.refusal.status !== 401 || request.headers.authorization)
        refuseUpgrade(socket, found.refusal)
      else
        this.#sockets.handleUpgrade(request, socket, head, (webSocket) => webSocket.close(logInAgain, 'log in first'))
      return
    }
    const refusal = refusalFor(found.viewer, people) ?? (board.hasRoom(found.viewer) ? undefined : full)
    if (refusal) refuseUpgrade(socket, refusal)
    else
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) =>
        board.add(webSocket, found.viewer, resume, people),
      )
  }

  /** Waits for the first message, which says who this is. */
  #askWho(socket: WebSocket, request: IncomingMessage, people: boolean): void {
    const { clock, desk, board, access, log } = this.#parts
    this.#strangers++
    const failures = access.source(request)
    const timer = clock.setTimeout(() => socket.close(logInAgain, 'send {"token": "…"} first'), helloMs)
    const known = () => {
      this.#strangers--
      clock.clearTimeout(timer)
      socket.off('close', known)
    }
    socket.on('close', known)
    socket.on('error', (error) => log.debug({ err: error, source: failures }, 'An event connection broke.'))
    socket.once('message', (data) => {
      known()
      let hello: unknown
      try {
        hello = JSON.parse(String(data))
      } catch {
        // Told below.
      }
      const said = eventHello.safeParse(hello)
      if (!said.success) {
        socket.close(1008, 'send {"token": "…"} first')
        return
      }
      const viewer = desk && viewerOfToken(desk, said.data.token, 'bearer')
      if (!viewer || refusalFor(viewer, people)) socket.close(logInAgain, 'log in first')
      else if (!board.hasRoom(viewer)) socket.close(1013, 'too many connections')
      else {
        const { run, cursor } = said.data
        const resume: Resume | undefined = run !== undefined && cursor !== undefined ? { run, cursor } : undefined
        board.add(socket, viewer, resume, people)
      }
    })
  }
}

const badQuery: Refusal = {
  status: 400,
  code: 'bad-query',
  message: 'Allowed are run and cursor (both, to resume), people=1 and auth=message; tokens never go into the address.',
}
const full = { status: 503, code: 'too-many-connections', message: 'Too many event connections.' } as const

function refusalFor(viewer: Viewer, people: boolean): Refusal | undefined {
  if (viewer.kind !== 'person' || viewer.login === 'session') return undefined
  const missing = (people ? [eventScope, peopleScope] : [eventScope]).find((scope) => !viewer.scopes.includes(scope))
  if (missing === undefined) return undefined
  return { status: 403, code: 'scope-missing', message: `This token lacks the scope ${missing}.` }
}

/** Answers an upgrade with a refusal instead. */
export function refuseUpgrade(socket: Duplex, refusal: Omit<Refusal, 'status'> & { readonly status: number }): void {
  const body = JSON.stringify({ code: refusal.code, message: refusal.message })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...refusal.headers }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nconnection: close\r\n${lines.join('')}\r\n${body}`)
}
