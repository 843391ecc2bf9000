import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Registry } from 'prom-client'
import type { CallCounters } from '#call'

/** Where the numbers come from; whatever is left out is not shown. Everything is read when somebody asks for the metrics. */
export interface MetricSources {
  readonly version: string
  calls(): CallCounters
  /** Calls that were picked up, by way: into a dummy session (`replaced`), the picker's own INVITE (`answered`), a station we rang (`rung`). */
  pickups?(): Readonly<Record<string, number>>
  /** Ended calls by cause, where they are counted. */
  causes?(): ReadonlyMap<string, number>
  /** Sizes now, and counters since start. */
  sip?(): {
    readonly transactions: number
    readonly dialogs: number
    readonly received: number
    readonly sent: number
    /** Messages of strangers that the flood guard dropped. */
    readonly heldBack: number
    /** Datagrams that the kernel dropped because nobody read them in time. */
    readonly receiveErrors: number
  }
  bindings?(): number
  /** Subscriptions of phones to events. */
  subscriptions?(): number
  media?(): Promise<{
    readonly legs: number
    readonly portsFree: number
    readonly portsUsed: number
    readonly relayed: number
    readonly dropped: number
  }>
  storage?(): { readonly waiting?: number; readonly commits?: number; readonly rows?: number }
  /** Pages that watch the board. */
  readers?(): number
  /** Whether calls are accepted: 1 or 0 in `baton_ready`. */
  ready?(): Promise<boolean>
}

export interface Metrics {
  /** Prometheus text. */
  text(): Promise<string>
  /** Stops measuring the event loop. */
  close(): void
}

/** The server's numbers for Prometheus. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const loop = monitorEventLoopDelay({ resolution: 20 })
  loop.enable()

  const gauge = (name: string, help: string) => new Gauge({ name: `baton_${name}`, help, registers })
  const count = (name: string, help: string) => new Counter({ name: `baton_${name}_total`, help, registers })
  const counts = <T extends string>(name: string, help: string, label: T) =>
    new Counter({ name: `baton_${name}_total`, help, labelNames: [label], registers })
  const updates: (() => void | Promise<void>)[] = []
  /** Counters elsewhere only grow, so ours are set to them. */
  const set = (counter: Counter, value: number | undefined) => {
    counter.reset()
    counter.inc(value ?? 0)
  }

  new Gauge({ name: 'baton_info', help: 'The version, as a label.', labelNames: ['version'], registers }).set(
    { version: sources.version },
    1,
  )
  const live = gauge('calls_live', 'Calls that ring or are answered.')
  const started = count('calls_started', 'Calls that began.')
  const answered = count('calls_answered', 'Calls that somebody answered.')
  const failed = count('calls_failed', 'Calls that ended unanswered.')
  const refused = counts('calls_refused', 'Refused calls by code.', 'code')
  updates.push(() => {
    const calls = sources.calls()
    live.set(calls.live)
    set(started, calls.started)
    set(answered, calls.answered)
    set(failed, calls.failed)
    refused.reset()
    for (const [code, value] of calls.refused) refused.inc({ code }, value)
  })

  if (sources.pickups) {
    const read = sources.pickups
    const pickups = counts('pickups', 'Calls that somebody picked up for a colleague, by way.', 'way')
    updates.push(() => {
      pickups.reset()
      for (const [way, value] of Object.entries(read())) pickups.inc({ way }, value)
    })
  }
  if (sources.causes) {
    const read = sources.causes
    const ended = counts('calls_ended', 'Ended calls by cause.', 'cause')
    updates.push(() => {
      ended.reset()
      for (const [cause, value] of read()) ended.inc({ cause }, value)
    })
  }
  if (sources.sip) {
    const read = sources.sip
    const transactions = gauge('sip_transactions', 'SIP transactions in memory.')
    const dialogs = gauge('sip_dialogs', 'SIP dialogs in memory.')
    const messages = counts('sip_messages', 'SIP messages.', 'direction')
    const heldBack = count('sip_held_back', 'Messages of strangers that sent too many, dropped unread.')
    const receiveErrors = count('udp_receive_errors', 'Datagrams that the kernel dropped before they were read.')
    updates.push(() => {
      const sip = read()
      transactions.set(sip.transactions)
      dialogs.set(sip.dialogs)
      messages.reset()
      messages.inc({ direction: 'in' }, sip.received)
      messages.inc({ direction: 'out' }, sip.sent)
      set(heldBack, sip.heldBack)
      set(receiveErrors, sip.receiveErrors)
    })
  }
  if (sources.bindings) {
    const read = sources.bindings
    const bindings = gauge('bindings', 'Registered contacts.')
    updates.push(() => bindings.set(read()))
  }
  if (sources.subscriptions) {
    const read = sources.subscriptions
    const subscriptions = gauge('subscriptions', 'Subscriptions of phones to events, such as BLF keys.')
    updates.push(() => subscriptions.set(read()))
  }
  if (sources.media) {
    const read = sources.media
    const legs = gauge('media_legs', 'Media legs.')
    const ports = new Gauge({ name: 'baton_media_ports', help: 'RTP ports.', labelNames: ['state'], registers })
    const relayed = count('media_packets_relayed', 'Packets that were passed on.')
    const dropped = count('media_packets_dropped', 'Packets from strangers or for nobody.')
    updates.push(async () => {
      const media = await read()
      legs.set(media.legs)
      ports.set({ state: 'free' }, media.portsFree)
      ports.set({ state: 'used' }, media.portsUsed)
      set(relayed, media.relayed)
      set(dropped, media.dropped)
    })
  }
  if (sources.storage) {
    const read = sources.storage
    const waiting = gauge('storage_waiting', 'Writes that wait for their commit.')
    const commits = count('storage_commits', 'Commits.')
    const rows = count('storage_writes', 'Writes.')
    updates.push(() => {
      const storage = read()
      waiting.set(storage.waiting ?? 0)
      set(commits, storage.commits)
      set(rows, storage.rows)
    })
  }
  if (sources.readers) {
    const read = sources.readers
    const readers = gauge('board_readers', 'Pages that watch the board.')
    updates.push(() => readers.set(read()))
  }
  if (sources.ready) {
    const read = sources.ready
    const ready = gauge('ready', '1 while calls are accepted.')
    updates.push(async () => ready.set((await read()) ? 1 : 0))
  }
  updates.push(processNumbers(registers, loop))

  return {
    text: async () => {
      for (const update of updates) await update()
      return registry.metrics()
    },
    close: () => loop.disable(),
  }
}

function processNumbers(registers: Registry[], loop: ReturnType<typeof monitorEventLoopDelay>): () => void {
  const delay = new Gauge({
    name: 'baton_event_loop_delay_seconds',
    help: 'How late timers ran since the metrics were last read.',
    labelNames: ['quantile'],
    registers,
  })
  const memory = new Gauge({
    name: 'baton_memory_bytes',
    help: 'Memory of the process.',
    labelNames: ['kind'],
    registers,
  })
  const cpu = new Counter({ name: 'process_cpu_seconds_total', help: 'CPU time of all threads.', registers })
  const start = new Gauge({ name: 'process_start_time_seconds', help: 'When the process started.', registers })
  start.set(performance.timeOrigin / 1000)
  return () => {
    // The histogram counts whole intervals of 20 ms; what is above that is delay.
    const seconds = (nanoseconds: number) => Math.max(0, (nanoseconds || 0) / 1e9 - 0.02)
    delay.set({ quantile: '0.5' }, seconds(loop.percentile(50)))
    delay.set({ quantile: '0.99' }, seconds(loop.percentile(99)))
    delay.set({ quantile: '1' }, seconds(loop.count > 0 ? loop.max : 0))
    loop.reset()
    const { rss, heapUsed, external } = process.memoryUsage()
    memory.set({ kind: 'resident' }, rss)
    memory.set({ kind: 'heap' }, heapUsed)
    memory.set({ kind: 'external' }, external)
    const { user, system } = process.cpuUsage()
    cpu.reset()
    cpu.inc((user + system) / 1e6)
  }
}
