import type { Call, Calls } from '#call'
import type { Timer } from '#lib'
import type { QueueCallerRow } from '#storage'
import type { Agents } from './agents.ts'
import { ExpectedWait } from './expected-wait.ts'
import { isOpen } from './hours.ts'
import { Line, type Waiting } from './line.ts'
import type { Queue } from './settings.ts'
import type { CentreWait, QueueCallerView, QueueView } from './types.ts'

/** How often it is looked who is free, while somebody waits: people come back, rests end, in ms. */
const lookMs = 1_000

/** One queue at work: its line, whose turn it is, what they may expect. Kept in memory; rows of who waits are the service's. */
export class WaitingRoom {
  #queue: Queue
  readonly line = new Line()
  readonly expected = new ExpectedWait()
  readonly #calls: Calls
  readonly #agents: Agents
  readonly #changed: (room: WaitingRoom) => void
  #timer: Timer | undefined
  #stopped = false

  constructor(queue: Queue, calls: Calls, agents: Agents, changed: (room: WaitingRoom) => void) {
    this.#queue = queue
    this.#calls = calls
    this.#agents = agents
    this.#changed = changed
  }

  /** As it is set now: what is read of it is not kept. */
  get queue(): Queue {
    return this.#queue
  }

  /** Other settings hold from now on, also for who waits. */
  change(queue: Queue): void {
    this.#queue = queue
    for (const waiting of [...this.line.all]) waiting.changed?.()
    this.look()
  }

  get isOpen(): boolean {
    return isOpen(this.queue, this.#calls.core.clock.now())
  }

  enter(row: QueueCallerRow, turn: Waiting['turn'], more: Pick<Waiting, 'except' | 'gone' | 'changed'> = {}): Waiting {
    const waiting: Waiting = { row, tried: new Set(), busy: false, turn, ...more }
    this.line.enter(waiting)
    this.#changed(this)
    // Who has just come says first what they want.
    queueMicrotask(() => this.look())
    return waiting
  }

  leave(waiting: Waiting): void {
    this.line.leave(waiting)
    this.#changed(this)
    this.look()
  }

  /** Nobody answered them: they go on waiting in their place. */
  again(waiting: Waiting): void {
    waiting.busy = false
    this.#changed(this)
    this.look()
  }

  /** Gives free agents to who waits, the longest first. */
  look(): void {
    if (this.#stopped) return
    this.#calls.core.clock.clearTimeout(this.#timer)
    for (const waiting of this.line.all) {
      if (waiting.busy) continue
      const agents = this.#agents.choose(this.queue, waiting.tried, waiting.except)
      if (agents.length === 0 && waiting.except === undefined) break
      if (agents.length === 0) continue
      this.#agents.take(this.queue, agents)
      waiting.busy = true
      waiting.turn(agents)
      this.#changed(this)
    }
    if (this.line.size > 0) this.#timer = this.#calls.core.clock.setTimeout(() => this.look(), lookMs)
  }

  /** An agent talks with somebody of this queue: what is learned when the call ends. */
  talks(call: Call, personId: string): void {
    const begun = this.#calls.core.clock.now()
    const restMs = this.queue.wrapUpSeconds * 1_000
    const unwatch = this.#calls.watch((view, change) => {
      if (change !== 'ended' || view.id !== call.id) return
      unwatch()
      this.expected.handled(this.#calls.core.clock.now() - begun + restMs)
      this.#agents.handled(personId, restMs)
      this.look()
    })
  }

  /** Agents who work, free or busy. */
  get working(): number {
    return this.#agents.working(this.queue).length
  }

  /** What who waits may expect, in ms. */
  expectedWait(waiting: Waiting): number | undefined {
    return this.#expectedAt(this.line.placeOf(waiting))
  }

  /** What somebody who came now would wait. */
  get wait(): CentreWait {
    const ms = this.#expectedAt(this.line.size + 1)
    return {
      place: this.line.size + 1,
      expectedWaitSeconds: ms === undefined ? null : Math.round(ms / 1_000),
      open: this.isOpen,
    }
  }

  /** Who waits on the telephone: who is called back takes up no line. */
  get onTheTelephone(): number {
    return this.line.all.filter(({ row }) => row.kind === 'call').length
  }

  view(): QueueView {
    const working = this.working
    const free = this.#agents.free(this.queue).length
    const expectedAt = (place: number): number | undefined => this.expected.at(place, working, free)
    return {
      ...{ queue: this.queue, open: this.isOpen, working, free },
      waiting: this.line.all.map((one, index) => viewOf(one, index + 1, expectedAt(index + 1))),
      expectedWaitMs: expectedAt(this.line.size + 1),
    }
  }

  stop(): void {
    this.#stopped = true
    this.#calls.core.clock.clearTimeout(this.#timer)
  }

  #expectedAt(place: number): number | undefined {
    return this.expected.at(place, this.working, this.#agents.free(this.queue).length)
  }
}

function viewOf({ row, busy }: Waiting, place: number, expectedWaitMs: number | undefined): QueueCallerView {
  const { id, kind, number, name, enqueuedAt } = row
  return { id, kind, number, name, since: enqueuedAt, place, ringing: busy, expectedWaitMs }
}
