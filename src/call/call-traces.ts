import type { Timer } from '#lib'
import type { Flow, TrafficTap } from '#sip'
import type { Core } from './core.ts'
import { type CallTrace, decodeTrace } from './trace.ts'
import type { TraceEntry } from './types.ts'

/** How long messages that follow the end of a call still go into its trace, in ms. */
const tailMs = 2_000

/** A call, as far as its trace goes: what stays of it while messages may follow its end. */
export interface TracedCall {
  readonly id: string
  readonly startedAt: number
  readonly trace: CallTrace
  /** Call-IDs of every dialog that belongs to it. */
  readonly sipCallIds: readonly string[]
}

/** The traces of live calls and of those that have just ended: which message belongs to which. */
export class CallTraces {
  readonly #core: Pick<Core, 'clock' | 'storage'>
  readonly #forgotten: (sipCallId: string) => void
  /** By Call-ID. */
  readonly #traces = new Map<string, CallTrace>()
  #tail: (TracedCall & { readonly until: number })[] = []
  #timer: Timer | undefined

  /** @param forgotten told the Call-IDs of a call whose last messages have passed */
  constructor(core: Pick<Core, 'clock' | 'storage'>, forgotten: (sipCallId: string) => void) {
    this.#core = core
    this.#forgotten = forgotten
  }

  /** Puts the messages of calls into their traces; the transaction layer calls it for every message. */
  readonly tap: TrafficTap = (direction, bytes, flow, callId) => {
    this.#traces.get(callId)?.add(this.#core.clock.now(), direction, peerOf(flow), bytes)
  }

  /** Messages with this Call-ID go into the trace. */
  add(sipCallId: string, trace: CallTrace): void {
    this.#traces.set(sipCallId, trace)
  }

  /** The call is over; it is let go at once, its trace a little later. */
  ended({ id, startedAt, trace, sipCallIds }: TracedCall): void {
    const { clock } = this.#core
    this.#tail.push({ id, startedAt, trace, sipCallIds, until: clock.now() + tailMs })
    this.#timer ??= clock.setTimeout(() => this.#dropTails(), tailMs)
  }

  /** What was stored of a call, and what was not yet. */
  async read(id: string, live: TracedCall | undefined): Promise<readonly TraceEntry[]> {
    const { traces } = this.#core.storage
    await traces.flush()
    const stored = decodeTrace(await traces.get(id))
    const open = live ?? this.#tail.find((entry) => entry.id === id)
    return open ? [...stored, ...open.trace.entries()] : stored
  }

  /** Stores what is left. */
  flush(): Promise<void> {
    for (const ended of this.#tail) this.#store(ended)
    return this.#core.storage.traces.flush()
  }

  #dropTails(): void {
    const { clock } = this.#core
    const now = clock.now()
    const due = this.#tail.findIndex((entry) => entry.until > now)
    const dropped = due === -1 ? this.#tail : this.#tail.slice(0, due)
    this.#tail = due === -1 ? [] : this.#tail.slice(due)
    for (const ended of dropped) {
      this.#store(ended)
      for (const sipCallId of ended.sipCallIds) {
        if (this.#traces.get(sipCallId) === ended.trace) this.#traces.delete(sipCallId)
        this.#forgotten(sipCallId)
      }
    }
    this.#timer = this.#tail.length > 0 ? clock.setTimeout(() => this.#dropTails(), 250) : undefined
  }

  #store({ id, startedAt, trace }: TracedCall): void {
    trace.hand((chunk) => this.#core.storage.traces.append(id, startedAt, chunk))
  }
}

const peers = new WeakMap<Flow, string>()

/** The far side as traces name it: `udp 127.0.0.1:5070`. */
export function peerOf(flow: Flow): string {
  let peer = peers.get(flow)
  if (peer === undefined) {
    peer = `${flow.protocol} ${flow.remoteAddress}:${flow.remotePort}`
    peers.set(flow, peer)
  }
  return peer
}
