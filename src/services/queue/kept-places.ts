import type { Calls } from '#call'
import type { Person } from '#directory'
import type { CallbackRow, QueueCallerRow } from '#storage'
import type { Waiting } from './line.ts'
import type { QueueCallbacks } from './types.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** After so many agents who were not reached the place is given up. */
const mostAttempts = 20

/**
 * Callers who keep their place and are called back. They stand in the line as if they were on the telephone; when their turn comes, the
 * agent is rung first and then they are, as a requested call. The row of the place is there until that call is over: a crash loses neither.
 */
export class KeptPlaces {
  readonly #calls: Calls
  readonly #callbacks: QueueCallbacks
  readonly #giveBack: (agents: readonly Person[]) => void
  /** By the id of the requested call. */
  readonly #made = new Map<string, { waiting: Waiting; room: WaitingRoom; agents: readonly Person[] }>()
  #unwatch: (() => void) | undefined

  constructor(calls: Calls, callbacks: QueueCallbacks, giveBack: (agents: readonly Person[]) => void) {
    this.#calls = calls
    this.#callbacks = callbacks
    this.#giveBack = giveBack
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
  enter(row: QueueCallerRow, room: WaitingRoom, tried: Iterable<string> = []): void {
    const waiting = room.enter(row, (agents) => this.#run(this.#call(waiting, room, agents)))
    for (const id of tried) waiting.tried.add(id)
  }

  /** A place whose call was being made when the server stopped. */
  async resume(row: QueueCallerRow, room: WaitingRoom): Promise<void> {
    const request = row.requestId === '' ? undefined : await this.#callbacks.get(row.requestId)
    if (request && (request.state === 'connected' || request.state === 'cancelled' || request.state === 'failed')) {
      await this.#storage.left(row.id)
      return
    }
    if (request) await this.#callbacks.cancel(request.id, [])
    this.enter({ ...row, requestId: '', attempts: row.attempts + (request ? 1 : 0) }, room)
  }

  async #call(waiting: Waiting, room: WaitingRoom, agents: readonly Person[]): Promise<void> {
    const [agent, ...others] = agents
    // Only one of them is rung: the called of a requested call is one party.
    this.#giveBack(others)
    if (!agent) return
    const requestId = `queue-${waiting.row.id}-${waiting.row.attempts}`
    const row: QueueCallerRow = { ...waiting.row, requestId }
    this.#made.set(requestId, { waiting, room, agents: [agent] })
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
      if (request.state === 'scheduled') await this.#callbacks.cancel(request.id, [])
      const row: QueueCallerRow = { ...waiting.row, attempts, requestId: '' }
      await this.#storage.wait(row)
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

  #freed(made: { agents: readonly Person[] }): void {
    this.#giveBack(made.agents)
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
