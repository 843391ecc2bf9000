import type { Calls } from '#call'
import type { Person } from '#directory'
import type { CallbackRow, QueueCallerRow } from '#storage'
import type { Agents } from './agents.ts'
import type { Waiting } from './line.ts'
import type { QueueCallbacks } from './types.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** After so many agents who were not reached the place is given up. */
const mostAttempts = 20

/** A requested call that is made for a place. */
interface Made {
  readonly waiting: Waiting
  readonly room: WaitingRoom
  readonly agents: readonly Person[]
  /** The agent is ours until the call is over, or waits for another time. */
  held: boolean
}

/**
 * Callers who keep their place and are called back. They stand in the line as if they were on the telephone; when their turn comes, the
 * agent is rung first and then they are, as a requested call. The row of the place is there until that call is over and says which call
 * that is: it is written before the call is asked for, and before the one that reached no agent is called off. So a crash loses neither.
 */
export class KeptPlaces {
  readonly #calls: Calls
  readonly #callbacks: QueueCallbacks
  readonly #agents: Pick<Agents, 'take' | 'giveBack'>
  /** By the id of the requested call. */
  readonly #made = new Map<string, Made>()
  #unwatch: (() => void) | undefined

  constructor(calls: Calls, callbacks: QueueCallbacks, agents: Pick<Agents, 'take' | 'giveBack'>) {
    this.#calls = calls
    this.#callbacks = callbacks
    this.#agents = agents
  }

  start(): void {
    this.#unwatch = this.#callbacks.watch(({ request }) => {
      if (this.#made.has(request.id)) this.#run(this.#follow(request))
    })
  }

  stop(): void {
    this.#unwatch?.()
  }

  /** Somebody stands in the line without being on the telephone. @param tried agents who were not reached */
  enter(row: QueueCallerRow, room: WaitingRoom, tried: Iterable<string> = []): Waiting {
    const waiting = room.enter(row, (agents) => this.#run(this.#call(waiting, room, agents)))
    for (const id of tried) waiting.tried.add(id)
    return waiting
  }

  /** A place that was kept when the server stopped. The call that was being made for it is followed to its end. */
  async resume(row: QueueCallerRow, room: WaitingRoom): Promise<void> {
    // The server may have stopped before it was called off: then two would ring for one place.
    if (row.attempts > 0) await this.#callbacks.cancel(requestIdOf({ ...row, attempts: row.attempts - 1 }), [])
    const request = row.requestId === '' ? undefined : await this.#callbacks.get(row.requestId)
    const waiting = this.enter({ ...row, requestId: request ? row.requestId : '' }, room)
    if (!request) return
    const { dial } = JSON.parse(request.called) as { readonly dial: string }
    const agent = this.#calls.core.directory.personByLogin(dial)
    const agents = agent ? [agent] : []
    this.#agents.take(room.queue, agents)
    waiting.busy = true
    this.#made.set(request.id, { waiting, room, agents, held: true })
    await this.#follow(request)
  }

  async #call(waiting: Waiting, room: WaitingRoom, agents: readonly Person[]): Promise<void> {
    const [agent, ...others] = agents
    // Only one of them is rung: the called of a requested call is one party.
    this.#agents.giveBack(others)
    if (!agent) return
    const requestId = requestIdOf(waiting.row)
    const row: QueueCallerRow = { ...waiting.row, requestId }
    this.#made.set(requestId, { waiting, room, agents: [agent], held: true })
    await this.#storage.wait(row)
    await this.#callbacks.accept(this.#requestOf(row, room, agent))
  }

  async #follow(request: CallbackRow): Promise<void> {
    const made = this.#made.get(request.id)
    if (!made || request.state === 'asking' || request.state === 'ringing') return
    // Not begun yet, or the caller was not reached: they are tried again as any requested call is.
    const noAgent = request.outcome.startsWith('called-') || request.outcome === 'interrupted'
    if (request.state === 'scheduled' && !noAgent) {
      if (request.outcome !== '') this.#freed(made)
      return
    }
    this.#made.delete(request.id)
    this.#freed(made)
    const { waiting, room, agents } = made
    const attempts = waiting.row.attempts + 1
    if (noAgent && request.state !== 'connected' && attempts < mostAttempts) {
      const row: QueueCallerRow = { ...waiting.row, attempts, requestId: '' }
      // In this order: a place whose call is called off counts as given up.
      await this.#storage.wait(row)
      await this.#callbacks.cancel(request.id, [])
      room.line.leave(waiting)
      this.enter(row, room, [...waiting.tried, ...agents.map(({ id }) => id)])
      return
    }
    if (request.state === 'connected') this.#talks(room, agents)
    await this.#storage.left(waiting.row.id)
    room.leave(waiting)
  }

  #talks(room: WaitingRoom, agents: readonly Person[]): void {
    const [agent] = agents
    for (const call of this.#calls.all())
      if (agent && call.callee?.party.person?.id === agent.id) room.talks(call, agent.id)
  }

  #freed(made: Made): void {
    if (!made.held) return
    made.held = false
    this.#agents.giveBack(made.agents)
  }

  #requestOf(row: QueueCallerRow, room: WaitingRoom, agent: Person): CallbackRow {
    const now = this.#calls.core.clock.now()
    const { queue } = room
    return {
      ...{ id: row.requestId, state: 'scheduled', attemptId: '', node: '', dueAt: now, createdAt: now, changedAt: now },
      ...{ askerId: '', personId: row.personId, channel: 'queue', thread: '{}', threadKey: '' },
      ...{ language: row.language, timeZone: queue.timeZone, askedAt: row.enqueuedAt, attempts: 0, outcome: '' },
      called: JSON.stringify({ dial: agent.login, name: `${queue.name}: ${agent.name}`, language: row.language }),
      caller: JSON.stringify({ dial: row.number, name: row.name, language: row.language }),
      ...{ keys: '', note: queue.name, questions: '[]', cancelHash: '', source: '', target: row.number },
    }
  }

  get #storage() {
    return this.#calls.core.storage.queues
  }

  #run(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#calls.core.log.error({ error: String((error as Error)?.stack ?? error) }, 'a kept place failed'),
    )
  }
}

/** The requested call that is made for a place the next time: the same after a crash. */
function requestIdOf({ id, attempts }: QueueCallerRow): string {
  return `queue-${id}-${attempts}`
}
