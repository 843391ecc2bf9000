import { Worker } from 'node:worker_threads'
import { type Clock, type Log, systemClock, type Timer } from '#lib'
import type { Command, RelayEvent, RelaySettings, ThreadCommand } from './protocol.ts'
import { Relay } from './relay.ts'
import type { SocketFactory } from './sockets.ts'
import { localHandshakes } from './webrtc/handshakes.ts'

/** The way to a relay, in this thread or in one of its own. */
export interface Wire {
  /** False while there is no relay to talk to. */
  readonly alive: boolean
  send(command: Command): void
  close(): Promise<void>
}

export interface WireListener {
  event(event: RelayEvent): void
  /** The relay died with all its legs. */
  gone(): void
}

/** A relay in this thread: what is asked is done at once. */
export function inlineWire(
  settings: RelaySettings,
  sockets: SocketFactory,
  clock: Clock,
  listener: WireListener,
): Wire {
  const relay = new Relay({
    ...settings,
    sockets,
    clock,
    now: () => clock.now(),
    emit: (event) => listener.event(event),
    handshakes: localHandshakes,
  })
  listener.event({ op: 'ready', bound: relay.bound })
  return {
    alive: true,
    send: (command) => relay.handle(command),
    close: async () => relay.close(),
  }
}

const restartMs = 1000
/** How long a thread may take for its end. */
const endMs = 10_000

/** A relay in a thread of its own. Commands of one turn of the event loop go over as one message. A dead thread is started again. */
export class ThreadWire implements Wire {
  readonly #settings: RelaySettings
  readonly #program: URL
  readonly #clock: Clock
  readonly #log: Log
  readonly #listener: WireListener
  #worker: Worker | undefined
  #queue: ThreadCommand[] = []
  #ready = false
  #closing = false
  #restart: Timer | undefined

  constructor(settings: RelaySettings, program: URL, clock: Clock, log: Log, listener: WireListener) {
    this.#settings = settings
    this.#program = program
    this.#clock = clock
    this.#log = log
    this.#listener = listener
    this.#start()
  }

  get alive(): boolean {
    return this.#ready
  }

  send(command: Command): void {
    if (!this.#ready) return
    if (this.#queue.push(command) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    if (queue.length > 0) this.#worker?.postMessage(queue)
  }

  #start(): void {
    const worker = new Worker(this.#program, { workerData: this.#settings, name: 'baton-rtp', execArgv: [] })
    this.#worker = worker
    worker.on('message', (events: RelayEvent[]) => {
      for (const event of events) {
        if (event.op === 'ready') this.#ready = true
        this.#listener.event(event)
      }
    })
    worker.on('error', (error) => this.#log.error({ error: String(error) }, 'the RTP relay crashed'))
    worker.on('exit', (code) => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#ready = false
      this.#queue = []
      if (this.#closing) return
      this.#log.error({ code, restartMs }, 'the RTP relay is gone with all its legs, it is started again')
      this.#restart = this.#clock.setTimeout(() => this.#start(), restartMs)
      this.#listener.gone()
    })
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#ready = false
    this.#clock.clearTimeout(this.#restart)
    const worker = this.#worker
    if (!worker) return
    // Node 24 aborts the whole process when a thread is terminated while it makes a key, so a thread is asked to end.
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    const late = systemClock.setTimeout(() => {
      this.#log.warn({ endMs }, 'the RTP relay does not end, it is stopped')
      void worker.terminate()
    }, endMs)
    this.#queue.push({ op: 'end' })
    this.#flush()
    await ended
    systemClock.clearTimeout(late)
  }
}
