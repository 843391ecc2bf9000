import type { Clock, Log, Random, Timer } from '#lib'
import { isTelephoneEvent, parseSdp } from '#sdp'
import {
  createResolver,
  createSipStack,
  createTransport,
  type Dialog,
  type Invitation,
  type NetworkTransport,
  type OutgoingCall,
  type UserAgent,
} from '#sip'
import { type Media, RtpPlayer } from './rtp-player.ts'

/** A call that the demo caller does not make; `code` is for programs. */
export class DemoCallerError extends Error {
  readonly code: 'unknown-person' | 'busy'
  constructor(code: DemoCallerError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface DemoCallerOptions {
  /** Where the demo server listens for SIP over UDP, on loopback. */
  readonly server: { readonly address: string; readonly port: number }
  /** Log-in and telephone number of those who can be rung. */
  readonly people: ReadonlyMap<string, string>
  /** μ-law samples, of {@link readVoice}. */
  readonly voice: Buffer
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface DemoCaller {
  /** Where it is called: the gateway of the demo trunk. */
  readonly gateway: string
  /**
   * Rings a demo person over the demo trunk and says its piece when somebody answers. Resolves once the INVITE is on its way.
   * @throws DemoCallerError for somebody who is no demo person, and while too many of its calls go on
   */
  ring(login: string): Promise<void>
  /** Calls that ring or talk. */
  readonly calls: number
  /** Hangs up and closes its sockets. */
  close(): Promise<void>
}

/** The telephone number of the demo caller: it calls from there, and answers there. */
export const demoCallerNumber = '+12025550199'

const mostCalls = 3
const ringMs = 60_000
/** How long it lets its own telephone ring. */
const answerMs = 2_000
/** A requested call asks for a key before it is joined: pressed so long after the answer, while the voice is silent still. */
const keyMs = 1_500
const pauseMs = { calling: 1_000, called: 3_000 }
const timesSaid = 2

interface Line {
  readonly player: RtpPlayer
  outgoing: OutgoingCall | undefined
  dialog: Dialog | undefined
  timer: Timer | undefined
}

/** A telephone outside with a recorded voice, that calls and can be called: whoever tries the demo needs no other phone. */
export async function createDemoCaller(options: DemoCallerOptions): Promise<DemoCaller> {
  const { server, people, voice, clock, random, log } = options
  const lines = new Set<Line>()
  let closed = false
  const { ua, transport } = await openStack(options, (invitation) => {
    take(invitation).catch((error: unknown) => {
      log.error({ error: String((error as Error)?.stack ?? error) }, 'the demo caller could not take a call')
      if (!invitation.completed) invitation.reject(500)
    })
  })
  const own = transport.addresses[0] ?? server

  const begin = async (): Promise<Line> => {
    const player = await RtpPlayer.open(server.address, clock, random)
    const line: Line = { player, outgoing: undefined, dialog: undefined, timer: undefined }
    lines.add(line)
    return line
  }

  const end = (line: Line): void => {
    if (!lines.delete(line)) return
    clock.clearTimeout(line.timer)
    line.player.close()
  }

  const talk = (line: Line, dialog: Dialog, media: Media | undefined, silentMs: number): void => {
    clock.clearTimeout(line.timer)
    line.dialog = dialog
    dialog.handlers = {
      bye: () => end(line),
      lost: () => end(line),
      // Hold and its end: the same sound goes on, to where the other side wants it.
      offer: (transaction) => {
        transaction.respond(200, undefined, sdpHeaders, describe(server.address, line.player.port))
      },
    }
    const hangUp = (): void => {
      dialog.bye()
      end(line)
    }
    if (media) line.player.play(voice, media, timesSaid, silentMs, hangUp)
    else hangUp()
  }

  const take = async (invitation: Invitation): Promise<void> => {
    const { request } = invitation
    if (request.uri.user !== demoCallerNumber)
      return invitation.reject(404, `Outside the demo there is only ${demoCallerNumber}`)
    const media = mediaOf(request.body.toString('utf8'))
    if (!media) return invitation.reject(488)
    if (closed || lines.size >= mostCalls) return invitation.reject(486)
    const line = await begin()
    const gone = (): void => end(line)
    invitation.handlers = { cancelled: gone, unacked: gone }
    if (invitation.completed) return end(line)
    invitation.progress(180)
    line.timer = clock.setTimeout(() => {
      const dialog = invitation.answer({ body: describe(server.address, line.player.port) })
      talk(line, dialog, media, pauseMs.called)
      line.timer = clock.setTimeout(() => line.player.press(1), keyMs)
    }, answerMs)
  }

  const ring = async (login: string): Promise<void> => {
    const called = people.get(login)
    if (called === undefined) {
      const allowed = [...people.keys()].join(', ')
      throw new DemoCallerError('unknown-person', `the demo caller knows ${allowed}, not '${login.slice(0, 64)}'`)
    }
    if (lines.size >= mostCalls)
      throw new DemoCallerError('busy', 'the demo caller has no line free; hang up one of its calls first')
    const line = await begin()
    line.timer = clock.setTimeout(() => line.outgoing?.cancel(), ringMs)
    const uri = `sip:${called}@${server.address}:${server.port}`
    line.outgoing = ua.invite(
      {
        uri,
        target: {
          destinations: [{ protocol: 'udp', address: server.address, port: server.port, host: server.address }],
        },
        from: `"Demo caller" <sip:${demoCallerNumber}@${own.address}>`,
        to: `<${uri}>`,
        body: describe(server.address, line.player.port),
        reliable: false,
      },
      {
        answered: (response, dialog) => talk(line, dialog, mediaOf(response.body.toString('utf8')), pauseMs.calling),
        failed: () => end(line),
        crossed: () => end(line),
      },
    )
  }

  return {
    gateway: `sip:${own.address}:${own.port}`,
    ring,
    get calls() {
      return lines.size
    },
    async close() {
      closed = true
      for (const line of lines) {
        if (line.dialog) line.dialog.bye()
        else line.outgoing?.cancel()
        end(line)
      }
      await transport.close()
    },
  }
}

const sdpHeaders = [['Content-Type', 'application/sdp']] as const

async function openStack(
  { server, clock, random, log }: DemoCallerOptions,
  invite: (invitation: Invitation) => void,
): Promise<{ ua: UserAgent; transport: NetworkTransport }> {
  // It only ever talks to one address, so no name is looked up.
  const resolver = createResolver({ nameServer: { resolve: async () => [] } as never, clock, random, log })
  const stack = createSipStack({
    clock,
    random,
    log,
    resolver,
    handler: { invite, request: (transaction) => transaction.respond(405) },
    options: { userAgent: 'Baton demo caller', allow: ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS'], supported: [] },
  })
  const transport = await createTransport({
    listeners: { udp: [{ address: server.address, port: 0 }] },
    ownNames: [],
    handler: stack.handler,
    clock,
    log,
    random,
  })
  return { ua: stack.start(transport), transport }
}

/** Offer and answer are the same: G.711 μ-law and keys. */
function describe(address: string, port: number): string {
  return [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
    'a=sendrecv',
    '',
  ].join('\r\n')
}

function mediaOf(sdp: string): Media | undefined {
  const parsed = parseSdp(sdp)
  if (!parsed.ok) return undefined
  const audio = parsed.value.media.find(({ kind, port }) => kind === 'audio' && port > 0)
  const connection = audio?.connection ?? parsed.value.connection
  if (!audio || !connection) return undefined
  const keys = audio.codecs.find(isTelephoneEvent)?.payloadType
  return { address: connection.address, port: audio.port, ...(keys === undefined ? {} : { keys }) }
}
