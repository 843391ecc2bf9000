import { loadBatonConfig } from '#config.ts'
import { createDirectory, type Directory, type DirectoryAdmin, seedDemo } from '#directory'
import { type Random, seededRandom, silentLog, VirtualClock } from '#lib'
import { createEmbeddedEngine, type MediaEngine, nullSockets } from '#media'
import { createResolver, type Destination, MemoryNetwork, type MemoryNetworkOptions, type NameServer } from '#sip'
import { openStorage, type RecordRow, type Storage } from '#storage'
import { assemble, type House } from '../../src/assemble.ts'
import { Nodes } from '../../src/nodes.ts'
import { Watcher } from '../support/watcher.ts'
import { Mortality } from './mortality.ts'
import { Phone, type PhoneOptions } from './phone.ts'

/** Scenarios that were started and not yet checked for errors. */
export const running: Scenario[] = []

/** A name server that knows nothing: scenarios use addresses. */
const noNames: NameServer = {
  naptr: async () => [],
  srv: async () => [],
  ipv4: async () => [],
  ipv6: async () => [],
} as unknown as NameServer

/** WebRTC's library takes real time to load, which most scenarios do without. */
function withoutWebRtc(engine: MediaEngine): MediaEngine {
  return {
    createLeg: async (options) =>
      options?.kind === 'webrtc' ? { ok: false, refusal: 'unsupported-transport' } : engine.createLeg(options),
    bridge: (one, other) => engine.bridge(one, other),
    unbridge: (leg) => engine.unbridge(leg),
    play: (leg, sound, options) => engine.play(leg, sound, options),
    hearTones: (leg, on) => engine.hearTones(leg, on),
    record: (leg, file, options) => engine.record(leg, file, options),
    pause: (leg, options) => engine.pause(leg, options),
    counters: () => engine.counters(),
    close: () => engine.close(),
  }
}

async function loadWebRtc(engine: MediaEngine): Promise<void> {
  const leg = await engine.createLeg({ kind: 'webrtc' })
  if (!leg.ok) throw new Error(leg.refusal)
  await leg.value.offer()
  await leg.value.close()
}

export interface ScenarioOptions extends Pick<MemoryNetworkOptions, 'delay' | 'loss' | 'reorder'> {
  readonly seed?: number
  /** How long a peer may send no RTP, in ms; 0, the default, for ever: scenarios have no media. */
  readonly silenceMs?: number
  /** Who speaks and tells for requested calls. */
  readonly callbacks?: Parameters<typeof assemble>[0]['callbacks']
  /** Who speaks to callers of queues. */
  readonly queueAnnouncer?: Parameters<typeof assemble>[0]['queueAnnouncer']
  /** What the server has for its storage: the scenario's own, with something in between. */
  readonly storage?: (storage: Storage) => Storage
  /** Stations over WebSocket speak WebRTC; there is its signalling, no media. */
  readonly webRtc?: boolean
  /** The data folder, for tests that record. */
  readonly data?: string
  /** Sends messages that callers leave. */
  readonly voicemailMail?: Parameters<typeof assemble>[0]['voicemailMail']
  /** `sip.digest`. */
  readonly digest?: 'MD5' | 'SHA-256'
  /** The server's name among others on the same database; without one it is alone. */
  readonly node?: string
}

/** The whole server in one process: memory network, virtual time, in-memory database. */
export class Scenario {
  readonly clock: VirtualClock
  readonly random: Random
  readonly network: MemoryNetwork
  readonly server: Destination
  /** What the server logged as an error: bugs and failures that nobody expected. */
  readonly errors: object[] = []
  /** Whose closed desk a push notice can open. */
  readonly pushed = new Set<string>()
  readonly #names: Record<string, string>
  /** What the database sees of the server's process. */
  readonly mortality = new Mortality()
  storage!: Storage
  directory!: Directory & DirectoryAdmin
  media!: MediaEngine
  house!: House<ReturnType<MemoryNetwork['host']>>

  private constructor(options: ScenarioOptions, beside?: Scenario) {
    const address = beside ? '127.0.0.2' : '127.0.0.1'
    this.clock = beside?.clock ?? new VirtualClock()
    this.random = beside?.random ?? seededRandom(options.seed ?? 1)
    this.network = beside?.network ?? new MemoryNetwork({ ...options, clock: this.clock, random: this.random })
    this.server = { protocol: 'udp', address, port: 5060, host: address }
    this.#names = beside ? beside.#names : {}
    this.#names[`${address}:5060`] = options.node ?? 'server'
  }

  /** Starts a server with the demo organisation. */
  static async start(options: ScenarioOptions = {}): Promise<Scenario> {
    const scenario = new Scenario(options)
    running.push(scenario)
    const { clock } = scenario
    scenario.storage = await openStorage({ folder: ':memory:', thread: false, clock })
    await scenario.boot(options)
    await clock.advance(0)
    return scenario
  }

  /** Starts another server with the same network, time and database. */
  static async beside(first: Scenario, node: string): Promise<Scenario> {
    const scenario = new Scenario({ node }, first)
    running.push(scenario)
    scenario.storage = first.storage
    await scenario.boot({ node })
    return scenario
  }

  /** Starts (again) on the same database: what a crashed server's successor does. */
  async boot(options: ScenarioOptions = {}): Promise<void> {
    const { clock, random } = this
    this.mortality.lives()
    const storage = this.mortality.of(options.storage?.(this.storage) ?? this.storage)
    const log = { ...silentLog, error: (fields: object, sentence: string) => this.errors.push({ ...fields, sentence }) }
    const defaults = loadBatonConfig({ environment: {} })
    const node = options.node ?? defaults.node
    const { address } = this.server
    const nodes = options.node && (await Nodes.join({ storage, node, address: `udp ${address}:5060`, clock, log }))
    const data = options.data ?? '/nonexistent'
    const config = { ...defaults, node, data, sip: { ...defaults.sip, digest: options.digest ?? defaults.sip.digest } }
    this.directory = await createDirectory({ storage, clock, random, log, demo: true })
    await seedDemo(this.directory)
    const engine = await createEmbeddedEngine({
      address,
      ports: { from: 30_000, to: 49_999 },
      clock,
      random,
      log,
      thread: false,
      silenceMs: options.silenceMs ?? 0,
      sockets: nullSockets,
    })
    this.media = options.webRtc ? engine : withoutWebRtc(engine)
    if (options.webRtc) await loadWebRtc(engine)
    this.house = await assemble({
      config,
      clock,
      random,
      log,
      storage,
      directory: this.directory,
      media: this.media,
      resolver: createResolver({ nameServer: noNames, clock, random, log }),
      ...(nodes ? { nodes } : {}),
      reachableByPush: (personId) => this.pushed.has(personId),
      ...(options.callbacks ? { callbacks: options.callbacks } : {}),
      ...(options.queueAnnouncer ? { queueAnnouncer: options.queueAnnouncer } : {}),
      ...(options.voicemailMail ? { voicemailMail: options.voicemailMail } : {}),
      openTransport: async (handler) =>
        this.network.host(address, 5060, { handler, protocols: ['udp', 'tcp', 'ws'], ownNames: ['baton.local'] }),
    })
  }

  /** Kills the server: no packet leaves or reaches it any more, it writes and reads nothing more, nothing is cleaned up. */
  async crash(): Promise<void> {
    this.mortality.dies()
    await this.house.transport.close()
  }

  /** A phone on an address of its own. @param name shown in ladders */
  phone(name: string, options: PhoneOptions): Phone {
    const phone = new Phone(this, name, options)
    this.#names[`${options.address}:${options.port ?? 5060}`] = name
    return phone
  }

  /** A registered phone of a demo person. */
  async registered(name: string, login: string, address: string, more: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = this.phone(name, { address, user: login, ...more })
    await this.during(phone.register())
    return phone
  }

  /** A phone that watches others by subscriptions, with the account of a demo person. */
  watcher(name: string, user: string, address: string, event = 'dialog'): Watcher {
    this.#names[`${address}:5060`] = name
    const handler = { message: (bytes: Buffer) => watcher.receive(bytes), malformed() {}, closed() {} }
    const host = this.network.host(address, 5060, { handler })
    const flow = host.connect(this.server)
    const send = (bytes: Buffer): void => void flow.then((to) => host.send(bytes, to))
    const watcher: Watcher = new Watcher({ send, address, port: 5060, user, password: `${user}-demo`, event })
    return watcher
  }

  /** Lets time pass until a promise settles. @param limit ms of virtual time */
  async during<T>(promise: Promise<T>, limit = 70_000): Promise<T> {
    let settled = false
    const watched = promise.finally(() => {
      settled = true
    })
    watched.catch(() => {})
    await this.clock.until(() => settled, limit)
    return watched
  }

  /** Lets `ms` of virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms)
  }

  /** What went over the wire since `from` (an earlier `mark()`), one line a message: `alice -> server INVITE`. */
  ladder(from = 0): string[] {
    return this.network.log.slice(from).map(({ from: source, to, label, dropped }) => {
      const name = (address: string): string => this.#names[address] ?? address
      return `${name(source)} ${dropped ? '-x' : '->'} ${name(to)} ${label}`
    })
  }

  mark(): number {
    return this.network.log.length
  }

  async records(): Promise<readonly RecordRow[]> {
    await this.clock.advance(50)
    return (await this.storage.records.list({ limit: 1000 })).records
  }
}
