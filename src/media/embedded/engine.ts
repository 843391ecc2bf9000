import { isIP } from 'node:net'
import { type Clock, type Log, type Random, systemClock, systemRandom } from '#lib'
import { type Codec, staticCodec } from '#sdp'
import {
  type LegOptions,
  type MediaEngine,
  type MediaLeg,
  type MediaResult,
  type Playing,
  type PlayOptions,
  type Recording,
  type RecordOptions,
  refusedPlaying,
  refusedRecording,
} from '../port.ts'
import type { Sound } from '../voices/sound.ts'
import { EmbeddedLeg, type LegEngine } from './leg.ts'
import { Playings } from './playings.ts'
import type { Command, LegNumbers, RelayCounters, RelayEvent, RelaySettings } from './protocol.ts'
import { Recordings } from './recordings.ts'
import { routeBetween, soundOf } from './routes.ts'
import { type SocketFactory, udpSockets } from './sockets.ts'
import { inlineWire, ThreadWire, type Wire } from './wire.ts'

export interface EmbeddedEngineOptions {
  /** Numeric address that RTP is received on. */
  readonly address: string
  /** Numeric address that SDP names; default: `address`. */
  readonly publicAddress?: string
  /** First and last RTP port, both included; each leg takes an even port for RTP and the next for RTCP. */
  readonly ports: { readonly from: number; readonly to: number }
  /** How long a released port rests before it is used again, in ms. Default 5,000. */
  readonly restMs?: number
  /** Silence of a peer that counts as its end, in ms; 0 turns the watch off. Default 60,000. */
  readonly silenceMs?: number
  /** The engine's own codecs in order of preference. Default and choice: PCMU, PCMA. Others pass through where both legs have them. */
  readonly codecs?: readonly ('PCMU' | 'PCMA')[]
  readonly clock?: Clock
  readonly random?: Random
  readonly log: Log
  /** False runs the relay in this thread, for tests. Default true. */
  readonly thread?: boolean
  /** Only without a thread: where sockets come from. */
  readonly sockets?: SocketFactory
  /** The thread's program; only tests of crashes set it. */
  readonly program?: URL
}

/**
 * Starts the embedded media engine. Rejects with a sentence that says what to change when an option is wrong or no port of the range can
 * be bound.
 */
export async function createEmbeddedEngine(options: EmbeddedEngineOptions): Promise<MediaEngine> {
  const { address, publicAddress = address, ports, restMs = 5000 } = options
  const family = isIP(address)
  if (family === 0)
    throw new Error(`the media address must be a numeric IPv4 or IPv6 address, it is ${quoted(address)}`)
  if (isIP(publicAddress) !== family)
    throw new Error(`the public media address must be a numeric IPv${family} address, it is ${quoted(publicAddress)}`)
  const { from, to } = ports
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 1 || to > 65_535 || to < from + (from & 1) + 1)
    throw new Error(
      `the RTP ports must be FROM-TO within 1-65535 with at least one even port and the next, they are ${from}-${to}`,
    )
  const engine = new EmbeddedEngine(options, { address, publicAddress, from, to, restMs }, family as 4 | 6)
  if (!(await engine.started)) {
    await engine.close()
    throw new Error(
      `no RTP port of ${address} ${from}-${to} can be bound: choose another address or range (BATON_RTP_PORTS)`,
    )
  }
  return engine
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

type Reply = LegNumbers | RelayCounters | number | string | undefined

class EmbeddedEngine implements MediaEngine, LegEngine {
  readonly publicAddress: string
  readonly family: 4 | 6
  readonly codecs: readonly Codec[]
  readonly random: Random
  /** Whether the relay started with a port at least. */
  readonly started: Promise<boolean>
  readonly #log: Log
  readonly #silenceMs: number
  readonly #wire: Wire
  readonly #legs = new Map<number, EmbeddedLeg>()
  readonly #requests = new Map<number, (reply: Reply) => void>()
  readonly #playings: Playings
  readonly #recordings: Recordings
  #starting: ((bound: boolean) => void) | undefined
  #lastLeg = 0
  #lastRequest = 0
  #closed = false

  constructor(options: EmbeddedEngineOptions, settings: RelaySettings, family: 4 | 6) {
    this.publicAddress = settings.publicAddress
    this.family = family
    this.random = options.random ?? systemRandom
    this.#recordings = new Recordings((command) => this.send(command))
    this.#playings = new Playings((command) => this.send(command), this.random)
    this.codecs = (options.codecs ?? ['PCMU', 'PCMA']).map((name) => staticCodec(name === 'PCMU' ? 0 : 8) as Codec)
    this.#log = options.log
    this.#silenceMs = options.silenceMs ?? 60_000
    this.started = new Promise((resolve) => {
      this.#starting = resolve
    })
    const clock = options.clock ?? systemClock
    const listener = { event: (event: RelayEvent) => this.#event(event), gone: () => this.#gone() }
    const program = options.program ?? new URL('./worker.ts', import.meta.url)
    this.#wire =
      options.thread === false
        ? inlineWire(settings, options.sockets ?? udpSockets, clock, listener)
        : new ThreadWire(settings, program, clock, options.log, listener)
  }

  async createLeg(options: LegOptions = {}): Promise<MediaResult<MediaLeg>> {
    const number = ++this.#lastLeg
    const silenceMs = options.silenceMs ?? this.#silenceMs
    const port = (await this.#ask((request) => ({ op: 'open', request, leg: number, silenceMs }))) as number | undefined
    if (port === undefined) return { ok: false, refusal: 'engine-gone' }
    if (port === 0) return { ok: false, refusal: 'no-ports' }
    const leg = new EmbeddedLeg(this, number, port, options)
    this.#legs.set(number, leg)
    return { ok: true, value: leg }
  }

  async bridge(one: MediaLeg, other: MediaLeg): Promise<'bridged' | 'converted' | 'incompatible'> {
    if (!(one instanceof EmbeddedLeg && other instanceof EmbeddedLeg) || one === other) return 'incompatible'
    if (!this.#has(one) || !this.#has(other)) return 'incompatible'
    const there = routeBetween(one.agreed, other.agreed)
    const back = routeBetween(other.agreed, one.agreed)
    if (there.verdict === 'impossible' || back.verdict === 'impossible') return 'incompatible'
    if (one.partner !== other) {
      part(one)
      part(other)
      one.partner = other
      other.partner = one
    }
    this.send({ op: 'bridge', one: one.number, other: other.number, there: there.entries, back: back.entries })
    return there.verdict === 'converted' || back.verdict === 'converted' ? 'converted' : 'bridged'
  }

  async unbridge(leg: MediaLeg): Promise<void> {
    if (!(leg instanceof EmbeddedLeg) || !this.#has(leg)) return
    part(leg)
    this.send({ op: 'unbridge', leg: leg.number })
  }

  play(leg: MediaLeg, sound: Sound, options: PlayOptions = {}): Playing {
    if (!(leg instanceof EmbeddedLeg)) return refusedPlaying('unsupported')
    return this.#has(leg) ? this.#playings.play(leg, sound, options) : refusedPlaying('gone')
  }

  hearTones(leg: MediaLeg, on: boolean): void {
    if (leg instanceof EmbeddedLeg && this.#has(leg)) this.send({ op: 'inband', leg: leg.number, on })
  }

  async pause(
    leg: MediaLeg,
    { quietMs = 800, timeoutMs = 30_000 }: { quietMs?: number; timeoutMs?: number } = {},
  ): Promise<'pause' | 'timeout' | 'gone'> {
    if (!(leg instanceof EmbeddedLeg) || !this.#has(leg)) return 'gone'
    const how = await this.#ask((request) => ({ op: 'pause', request, leg: leg.number, quietMs, timeoutMs }))
    return (how as 'pause' | 'timeout' | 'gone' | undefined) ?? 'gone'
  }

  record(leg: MediaLeg, file: string, options: RecordOptions = {}): Recording {
    if (!(leg instanceof EmbeddedLeg)) return refusedRecording('unsupported')
    if (!this.#has(leg)) return refusedRecording('gone')
    if (leg.session && soundOf(leg.session.codecs) === 0) return refusedRecording('no-g711')
    return this.#recordings.record(leg, file, options)
  }

  async counters(): Promise<RelayCounters> {
    const counters = (await this.#ask((request) => ({ op: 'counters', request }))) as RelayCounters | undefined
    return counters ?? { legs: 0, portsFree: 0, portsUsed: 0, relayed: 0, dropped: 0 }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#wire.close()
    this.#gone()
  }

  send(command: Command): void {
    this.#wire.send(command)
  }

  numbers(op: 'statistics' | 'close', leg: number): Promise<LegNumbers | undefined> {
    return this.#ask((request) => ({ op, request, leg })) as Promise<LegNumbers | undefined>
  }

  async secure(leg: number): Promise<string | undefined> {
    return (await this.#ask((request) => ({ op: 'secure', request, leg }))) as string | undefined
  }

  reroute(leg: EmbeddedLeg): void {
    const { partner } = leg
    if (!partner) return
    const there = routeBetween(leg.agreed, partner.agreed).entries
    const back = routeBetween(partner.agreed, leg.agreed).entries
    this.send({ op: 'bridge', one: leg.number, other: partner.number, there, back })
  }

  closed(leg: EmbeddedLeg): void {
    part(leg)
    this.#playings.over(leg.number)
    this.#legs.delete(leg.number)
  }

  #has(leg: EmbeddedLeg): boolean {
    return this.#legs.get(leg.number) === leg
  }

  /** Sends a command with a reply; undefined when the relay is gone. */
  #ask(command: (request: number) => Command): Promise<Reply> {
    if (this.#closed || !this.#wire.alive) return Promise.resolve(undefined)
    const request = ++this.#lastRequest
    return new Promise((resolve) => {
      this.#requests.set(request, resolve)
      this.#wire.send(command(request))
    })
  }

  #reply(request: number, reply: Reply): void {
    const resolve = this.#requests.get(request)
    this.#requests.delete(request)
    resolve?.(reply)
  }

  #event(event: RelayEvent): void {
    switch (event.op) {
      case 'ready':
        this.#starting?.(event.bound)
        if (!this.#starting) {
          if (event.bound) this.#log.info({}, 'the RTP relay is ready again')
          else this.#log.error({}, 'the RTP relay started again but can bind no port')
        }
        this.#starting = undefined
        break
      case 'opened':
        this.#reply(event.request, event.port)
        break
      case 'secured':
        this.#reply(event.request, event.fingerprint)
        break
      case 'insecure':
        this.#log.warn({ leg: `rtp-${event.leg}`, reason: event.reason }, 'a WebRTC peer gets no media')
        break
      case 'numbers':
        this.#reply(event.request, event.numbers)
        break
      case 'counters':
        this.#reply(event.request, event.counters)
        break
      case 'silent':
        this.#tell(() => this.#legs.get(event.leg)?.handlers.silent?.())
        break
      case 'digit': {
        const { digit, durationMs, source } = event
        this.#tell(() => this.#legs.get(event.leg)?.handlers.digit?.(digit, durationMs, source))
        break
      }
      case 'paused':
        this.#reply(event.request, event.how)
        break
      case 'recorded': {
        const { how, ms, reason } = event
        this.#recordings.recorded(event.recording, reason === undefined ? { how, ms } : { how, ms, reason })
        break
      }
      case 'played':
        this.#playings.played(event.leg, event.playing, event.how)
        break
      case 'fault':
        this.#log.error(
          { error: event.sentence },
          'the RTP relay dropped a packet or command because of a fault of its own',
        )
    }
  }

  #gone(): void {
    this.#starting?.(false)
    this.#starting = undefined
    const requests = [...this.#requests.values()]
    this.#requests.clear()
    for (const resolve of requests) resolve(undefined)
    this.#recordings.lost()
    const legs = [...this.#legs.values()]
    this.#legs.clear()
    for (const leg of legs) {
      this.#playings.over(leg.number)
      if (this.#closed) leg.handlers = {}
      this.#tell(() => leg.lose())
    }
  }

  /** A handler that throws must not hurt other legs. */
  #tell(handler: () => void): void {
    try {
      handler()
    } catch (error) {
      this.#log.error({ error: String(error) }, 'a media handler failed')
    }
  }
}

function part(leg: EmbeddedLeg): void {
  if (leg.partner) leg.partner.partner = undefined
  leg.partner = undefined
}
