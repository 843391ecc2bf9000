import type { Clock, Timer } from '#lib'
import { Beat } from './beat.ts'
import { InbandKeys } from './inband.ts'
import { isAllowedTarget } from './latch.ts'
import { PauseWait } from './pause.ts'
import { Playback } from './playback.ts'
import { Player } from './player.ts'
import { PortPool } from './ports.ts'
import type {
  Command,
  InbandCommand,
  PauseCommand,
  PlayCommand,
  RecordCommand,
  RelayEvent,
  RelaySettings,
} from './protocol.ts'
import { flushMs, type Recorded, Recorder } from './recorder.ts'
import { RelayLeg, type RelayShared } from './relay-leg.ts'
import type { SocketFactory } from './sockets.ts'
import type { Handshakes } from './webrtc/handshakes.ts'

export interface RelayOptions extends RelaySettings {
  readonly sockets: SocketFactory
  readonly clock: Clock
  /** A monotonic time in ms with fractions; jitter is measured by it. */
  readonly now: () => number
  readonly emit: (event: RelayEvent) => void
  /** Makes DTLS handshakes possible, once the first WebRTC leg needs them. @param gone they broke down: the next leg begins anew */
  readonly handshakes: (gone: () => void) => Handshakes
}

/** The silence watch looks at all legs at once, at most this often. */
const sweepMs = 250
const internedTables = 1000

/** The RTP relay: legs on ports of a pool, joined in pairs. It takes {@link Command}s and says {@link RelayEvent}s. */
export class Relay {
  readonly #options: RelayOptions
  readonly #pool: PortPool
  readonly #shared: RelayShared
  readonly #beat: Beat
  readonly #recorders = new Map<number, Recorder>()
  readonly #legs = new Map<number, RelayLeg>()
  /** Most calls share a few payload type tables. */
  readonly #types = new Map<string, Int32Array>()
  readonly #routes = new Map<string, Uint16Array>()
  #sweep: Timer | undefined
  #sweepAt = 0
  #growth: Timer | undefined
  #handshakes: Handshakes | undefined

  constructor(options: RelayOptions) {
    this.#options = options
    const { address, publicAddress, now } = options
    this.#pool = new PortPool(options)
    this.#beat = new Beat(options.clock, now)
    this.#shared = {
      address,
      publicAddress,
      onLoopback: isAllowedTarget(address, 1, true) && !isAllowedTarget(address, 1, false),
      now,
      relayed: 0,
      dropped: 0,
      clock: options.clock,
      fault: (error) => this.#fault(error),
      pressed: (leg, digit, durationMs) => options.emit({ op: 'digit', leg, digit, durationMs, source: 'event' }),
    }
    this.#pool.grow()
  }

  /** Whether any port could be bound. */
  get bound(): boolean {
    return this.#pool.bound
  }

  /** Does what the facade asks; never throws. */
  handle(command: Command): void {
    try {
      this.#handle(command)
    } catch (error) {
      this.#fault(error)
    }
  }

  #handle(command: Command): void {
    const { emit } = this.#options
    switch (command.op) {
      case 'open': {
        const pair = this.#pool.take()
        if (pair) {
          const leg = new RelayLeg(command.leg, pair, command.silenceMs, this.#shared)
          pair.user = leg
          this.#legs.set(command.leg, leg)
        }
        emit({ op: 'opened', request: command.request, port: pair?.port ?? 0 })
        if (this.#pool.low && !this.#growth) this.#growth = this.#options.clock.setTimeout(() => this.#grow(), 0)
        break
      }
      case 'set': {
        const leg = this.#legs.get(command.leg)
        leg?.set(
          command,
          interned(this.#types, command.types, () => new Int32Array(128)),
        )
        if (leg) this.#watch(leg)
        break
      }
      case 'secure':
        void this.#secure(command.request, command.leg)
        break
      case 'ice':
        this.#legs.get(command.leg)?.ice(command)
        break
      case 'dtls':
        this.#legs.get(command.leg)?.dtls(command.fingerprints)
        break
      case 'bridge':
        this.#bridge(command.one, command.other, command.there, command.back)
        break
      case 'unbridge':
        this.#part(this.#legs.get(command.leg))
        break
      case 'play':
        this.#play(command)
        break
      case 'stop': {
        const leg = this.#legs.get(command.leg)
        if (leg?.playback?.player.id === command.playing) this.#quieten(leg)
        break
      }
      case 'inband':
        this.#inband(command)
        break
      case 'pause':
        this.#pause(command)
        break
      case 'record':
        this.#record(command)
        break
      case 'endRecord':
        void this.#recorders.get(command.recording)?.end('stopped')
        break
      case 'statistics':
        emit({ op: 'numbers', request: command.request, numbers: this.#legs.get(command.leg)?.numbers() })
        break
      case 'close': {
        const leg = this.#legs.get(command.leg)
        emit({ op: 'numbers', request: command.request, numbers: leg?.numbers() })
        if (!leg) break
        this.#part(leg)
        this.#quieten(leg)
        leg.close()
        this.#legs.delete(command.leg)
        this.#pool.release(leg.pair)
        if (this.#legs.size === 0) this.#stopSweep()
        break
      }
      case 'counters': {
        const { free, used } = this.#pool.counts()
        const { relayed, dropped } = this.#shared
        const counters = { legs: this.#legs.size, portsFree: free, portsUsed: used, relayed, dropped }
        emit({ op: 'counters', request: command.request, counters })
      }
    }
  }

  /** Makes a leg one of WebRTC; the answer waits for the DTLS library, which the first such leg loads. */
  async #secure(request: number, id: number): Promise<void> {
    const { emit } = this.#options
    try {
      this.#handshakes ??= this.#options.handshakes(() => {
        this.#handshakes = undefined
      })
      const handshakes = this.#handshakes
      const fingerprint = await handshakes.fingerprint
      const leg = this.#legs.get(id)
      leg?.secure(handshakes, (reason) => emit({ op: 'insecure', leg: id, reason }))
      emit({ op: 'secured', request, fingerprint: leg ? fingerprint : '' })
    } catch (error) {
      this.#fault(error)
      emit({ op: 'secured', request, fingerprint: '' })
    }
  }

  #grow(): void {
    this.#growth = undefined
    if (this.#pool.low) this.#pool.grow()
  }

  #bridge(oneId: number, otherId: number, there: readonly number[], back: readonly number[]): void {
    const one = this.#legs.get(oneId)
    const other = this.#legs.get(otherId)
    if (!one || !other) return
    if (one.partner !== other) {
      this.#part(one)
      this.#part(other)
    }
    const table = () => new Uint16Array(128)
    one.join(other, interned(this.#routes, there, table))
    other.join(one, interned(this.#routes, back, table))
    this.#watch(one)
    this.#watch(other)
  }

  #play({ leg: id, playing, cuts, loop, seed }: PlayCommand): void {
    const leg = this.#legs.get(id)
    if (!leg) return
    this.#quieten(leg)
    leg.playback = new Playback(leg, new Player(playing, cuts, loop, seed), (how) => {
      this.#quieten(leg)
      this.#options.emit({ op: 'played', leg: id, playing, how })
    })
    this.#beat.add(leg.playback)
  }

  #inband({ leg: id, on }: InbandCommand): void {
    const leg = this.#legs.get(id)
    if (!leg) return
    const { hearing } = leg
    for (const listener of hearing.listeners) if (listener instanceof InbandKeys) hearing.listeners.delete(listener)
    if (!on) return
    const keys = new InbandKeys((digit, durationMs) => {
      if (!hearing.pressesEvents) this.#options.emit({ op: 'digit', leg: id, digit, durationMs, source: 'inband' })
    })
    hearing.listeners.add(keys)
  }

  #pause({ request, leg: id, quietMs, timeoutMs }: PauseCommand): void {
    const { emit, clock, now } = this.#options
    const listeners = this.#legs.get(id)?.hearing.listeners
    if (!listeners) {
      emit({ op: 'paused', request, how: 'gone' })
      return
    }
    const wait = new PauseWait(clock, now, quietMs, timeoutMs, (how) => {
      listeners.delete(wait)
      emit({ op: 'paused', request, how })
    })
    listeners.add(wait)
  }

  #record({ leg: id, recording, path, both, law, mostMs }: RecordCommand): void {
    const { emit, clock, now } = this.#options
    const hearing = this.#legs.get(id)?.hearing
    if (!hearing) {
      emit({ op: 'recorded', recording, how: 'failed', ms: 0, reason: 'the leg is gone' })
      return
    }
    const done = (recorded: Recorded): void => {
      this.#recorders.delete(recording)
      emit({ op: 'recorded', recording, ...recorded })
    }
    const ended = (): void => {
      hearing.listeners.delete(recorder.peer)
      if (recorder.sent) hearing.overhearers.delete(recorder.sent)
    }
    const firstMs = (flushMs * (1 + (recording % 25))) / 25
    const recorder = new Recorder({ path, both, law, mostMs, firstMs, clock, now, ended, done })
    this.#recorders.set(recording, recorder)
    hearing.listeners.add(recorder.peer)
    if (recorder.sent) hearing.overhearers.add(recorder.sent)
  }

  /** Ends what is played to a leg. */
  #quieten(leg: RelayLeg): void {
    if (leg.playback) this.#beat.remove(leg.playback)
    leg.playback = undefined
  }

  #part(leg: RelayLeg | undefined): void {
    leg?.partner?.part()
    leg?.part()
  }

  #watch(leg: RelayLeg): void {
    if (leg.heardAt !== 0) this.#sweepBy(leg.heardAt + leg.silenceMs)
  }

  /** Sees to it that a sweep happens at `due` (of `now()`), or a little later. */
  #sweepBy(due: number): void {
    if (this.#sweep && this.#sweepAt <= due) return
    this.#options.clock.clearTimeout(this.#sweep)
    const wait = Math.max(due - this.#options.now(), 1)
    this.#sweepAt = due
    this.#sweep = this.#options.clock.setTimeout(() => this.#look(), Math.ceil(wait))
  }

  #look(): void {
    this.#sweep = undefined
    const now = this.#options.now()
    let next = Number.POSITIVE_INFINITY
    for (const leg of this.#legs.values()) {
      if (leg.heardAt === 0) continue
      const due = leg.heardAt + leg.silenceMs
      if (due > now) next = Math.min(next, due)
      else {
        // Told once; the next negotiation or bridge watches anew.
        leg.heardAt = 0
        this.#options.emit({ op: 'silent', leg: leg.id })
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#sweepBy(Math.max(next, now + sweepMs))
  }

  #stopSweep(): void {
    this.#options.clock.clearTimeout(this.#sweep)
    this.#sweep = undefined
  }

  #fault(error: unknown): void {
    this.#shared.dropped++
    const sentence = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#options.emit({ op: 'fault', sentence })
  }

  /** Closes all legs and sockets. @returns resolves when recordings are complete and the handshakes' thread has ended */
  async close(): Promise<void> {
    this.#stopSweep()
    this.#options.clock.clearTimeout(this.#growth)
    this.#beat.close()
    this.#pool.close()
    for (const leg of this.#legs.values()) {
      leg.close()
      this.#pool.release(leg.pair)
    }
    this.#legs.clear()
    const recordings = [...this.#recorders.values()].map((recorder) => recorder.end('closed'))
    await Promise.all([this.#handshakes?.close(), ...recordings])
  }
}

/** The table of `pairs` (index, value, index, value …), made once for all that are alike. */
function interned<T extends Int32Array | Uint16Array>(
  tables: Map<string, T>,
  pairs: readonly number[],
  make: () => T,
): T {
  const key = pairs.join(',')
  const known = tables.get(key)
  if (known) return known
  const table = make()
  for (let i = 0; i + 1 < pairs.length; i += 2) table[(pairs[i] as number) & 0x7f] = pairs[i + 1] as number
  // Peers choose the numbers: a bound keeps them from filling the memory.
  if (tables.size >= internedTables) tables.clear()
  tables.set(key, table)
  return table
}
