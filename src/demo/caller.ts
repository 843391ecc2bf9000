import type { Clock, Log, Random } from '#lib'
import { parseSdp } from '#sdp'
import {
  createResolver,
  createSipStack,
  createTransport,
  type Dialog,
  type NetworkTransport,
  type OutgoingCall,
  type UserAgent,
} from '#sip'
import { RtpPlayer } from './rtp-player.ts'

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

const mostCalls = 3
const ringMs = 60_000
const timesSaid = 2
const number = '+12025550199'

interface Line {
  readonly player: RtpPlayer
  outgoing: OutgoingCall | undefined
  dialog: Dialog | undefined
  stopRinging(): void
}

/** A telephone outside with a recorded voice: whoever tries the demo needs no other phone. Opens its sockets with the first call. */
export function createDemoCaller(options: DemoCallerOptions): DemoCaller {
  const { server, people, voice, clock, random, log } = options
  const lines = new Set<Line>()
  let opening: Promise<{ ua: UserAgent; transport: NetworkTransport }> | undefined

  const end = (line: Line): void => {
    if (!lines.delete(line)) return
    line.stopRinging()
    line.player.close()
  }

  const ring = async (login: string): Promise<void> => {
    const called = people.get(login)
    if (called === undefined) {
      const allowed = [...people.keys()].join(', ')
      throw new DemoCallerError('unknown-person', `the demo caller knows ${allowed}, not '${login.slice(0, 64)}'`)
    }
    if (lines.size >= mostCalls)
      throw new DemoCallerError('busy', 'the demo caller has no line free; hang up one of its calls first')
    opening ??= openStack(options)
    const { ua, transport } = await opening
    const player = await RtpPlayer.open(server.address, clock, random)
    const line: Line = { player, outgoing: undefined, dialog: undefined, stopRinging: () => clock.clearTimeout(timer) }
    const timer = clock.setTimeout(() => line.outgoing?.cancel(), ringMs)
    lines.add(line)
    const uri = `sip:${called}@${server.address}:${server.port}`
    const host = transport.addresses[0]?.address ?? server.address
    line.outgoing = ua.invite(
      {
        uri,
        target: {
          destinations: [{ protocol: 'udp', address: server.address, port: server.port, host: server.address }],
        },
        from: `"Demo caller" <sip:${number}@${host}>`,
        to: `<${uri}>`,
        body: offer(server.address, player.port),
        reliable: false,
      },
      {
        answered: (response, dialog) => {
          line.stopRinging()
          line.dialog = dialog
          const to = mediaOf(response.body.toString('utf8'))
          dialog.handlers = {
            bye: () => end(line),
            lost: () => end(line),
            // Hold and its end: the same sound goes on, to where the other side wants it.
            offer: (transaction) => {
              transaction.respond(200, undefined, sdpHeaders, offer(server.address, player.port))
            },
          }
          if (to) {
            player.play(voice, to, timesSaid, () => {
              dialog.bye()
              end(line)
            })
          } else {
            dialog.bye()
            end(line)
          }
        },
        failed: () => end(line),
        crossed: () => end(line),
      },
    )
  }

  return {
    ring,
    get calls() {
      return lines.size
    },
    async close() {
      for (const line of lines) {
        if (line.dialog) line.dialog.bye()
        else line.outgoing?.cancel()
        end(line)
      }
      const opened = await opening?.catch((error: unknown) => {
        log.warn({ error: String(error) }, 'the demo caller never opened its sockets')
        return undefined
      })
      await opened?.transport.close()
    },
  }
}

const sdpHeaders = [['Content-Type', 'application/sdp']] as const

async function openStack({ server, clock, random, log }: DemoCallerOptions) {
  // It only ever talks to one address, so no name is looked up.
  const resolver = createResolver({ nameServer: { resolve: async () => [] } as never, clock, random, log })
  const stack = createSipStack({
    clock,
    random,
    log,
    resolver,
    handler: { invite: (invitation) => invitation.reject(486), request: (transaction) => transaction.respond(405) },
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

function offer(address: string, port: number): string {
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

function mediaOf(sdp: string): { address: string; port: number } | undefined {
  const parsed = parseSdp(sdp)
  if (!parsed.ok) return undefined
  const audio = parsed.value.media.find(({ kind, port }) => kind === 'audio' && port > 0)
  const connection = audio?.connection ?? parsed.value.connection
  return audio && connection ? { address: connection.address, port: audio.port } : undefined
}
