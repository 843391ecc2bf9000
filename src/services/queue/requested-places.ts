import type { Calls, ServedCall } from '#call'
import type { Person } from '#directory'
import type { Timer } from '#lib'
import type { QueueCallerRow } from '#storage'
import type { PlaceInLine, QueueLines, Turn, WaitAtQueue, WaitedInVain, WhoWaits } from '../types.ts'
import type { Agents } from './agents.ts'
import { opensAt } from './hours.ts'
import type { Waiting } from './line.ts'
import { planToRing } from './plan-to-ring.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface RequestedPlacesParts {
  readonly calls: Calls
  readonly agents: Pick<Agents, 'giveBack' | 'missed'>
  roomOf(queueId: string): WaitingRoom | undefined
}

/** How often it is looked whether there is still something to wait for, and whether the place has changed, in ms. */
const lookMs = 5_000

/** Requested calls in the lines of queues. Their requests are durable: a place is in memory only, and follows from the time asked for. */
export class RequestedPlaces implements QueueLines {
  readonly #parts: RequestedPlacesParts

  constructor(parts: RequestedPlacesParts) {
    this.#parts = parts
  }

  wait(queueId: string): WaitAtQueue | undefined {
    return this.#parts.roomOf(queueId)?.wait
  }

  opensAt(queueId: string, at: number): number | undefined {
    const room = this.#parts.roomOf(queueId)
    return room && opensAt(room.queue, at)
  }

  enter(queueId: string, who: WhoWaits): PlaceInLine | undefined {
    const room = this.#parts.roomOf(queueId)
    return room && new RequestedPlace(this.#parts, room, who)
  }
}

class RequestedPlace implements PlaceInLine {
  readonly #parts: RequestedPlacesParts
  readonly #room: WaitingRoom
  readonly #who: WhoWaits
  readonly #waiting: Waiting
  /** What has happened, until it is asked for. */
  #next: Turn | WaitedInVain | undefined
  #told: ((what: Turn | WaitedInVain) => void) | undefined
  #timer: Timer | undefined
  #left = false
  #nobodySince: number | undefined
  #shown = ''

  constructor(parts: RequestedPlacesParts, room: WaitingRoom, who: WhoWaits) {
    this.#parts = parts
    this.#room = room
    this.#who = who
    const more = { gone: () => this.#end('gone'), ...(who.personId === '' ? {} : { except: who.personId }) }
    this.#waiting = room.enter(this.#row(), (agents) => this.#given(agents), more)
    this.#shown = this.#shows()
    this.#look()
  }

  get place(): number {
    return this.#room.line.placeOf(this.#waiting)
  }

  get expectedWaitMs(): number | undefined {
    return this.#room.expectedWait(this.#waiting)
  }

  turn(): Promise<Turn | WaitedInVain> {
    const { promise, resolve } = Promise.withResolvers<Turn | WaitedInVain>()
    const next = this.#next ?? (this.#left ? 'left' : undefined)
    this.#next = undefined
    if (next === undefined) this.#told = resolve
    else resolve(next)
    return promise
  }

  leave(): void {
    this.#end('left')
  }

  #given(agents: readonly Person[]): void {
    this.#happened(this.#turnOf(agents))
  }

  #turnOf(agents: readonly Person[]): Turn {
    const { agents: all } = this.#parts
    const room = this.#room
    return {
      ringMs: room.queue.ringSeconds * 1_000,
      planFor: (served: ServedCall) => planToRing(served, agents, room.queue),
      again: () => {
        all.missed(agents)
        all.giveBack(agents)
        for (const { id } of agents) this.#waiting.tried.add(id)
        if (!this.#left) room.again(this.#waiting)
      },
      over: ({ call }: ServedCall, joined: boolean) => {
        all.giveBack(agents)
        const agent = call.callee?.party.person
        if (joined && agent) room.talks(call, agent.id)
        this.leave()
      },
    }
  }

  #happened(what: Turn | WaitedInVain): void {
    const told = this.#told
    this.#told = undefined
    if (told) told(what)
    else this.#next = what
  }

  #end(why: WaitedInVain): void {
    if (this.#left) return
    this.#left = true
    this.#parts.calls.core.clock.clearTimeout(this.#timer)
    this.#room.leave(this.#waiting)
    // Agents whose turn came in this very moment are not rung.
    const unheard = this.#next
    this.#next = undefined
    if (unheard !== undefined && typeof unheard !== 'string') unheard.again()
    this.#happened(why)
  }

  #look(): void {
    const { clock } = this.#parts.calls.core
    if (!this.#waiting.busy) {
      const why = this.#inVain(clock.now())
      if (why) {
        this.#end(why)
        return
      }
      const shows = this.#shows()
      if (shows !== this.#shown) this.#who.moved()
      this.#shown = shows
    }
    this.#timer = clock.setTimeout(() => this.#look(), lookMs)
  }

  /** Whether there is nothing to wait for any more. */
  #inVain(now: number): WaitedInVain | undefined {
    const room = this.#room
    if (!room.isOpen) return 'closed'
    this.#nobodySince = room.working > 0 ? undefined : (this.#nobodySince ?? now)
    const patienceMs = room.queue.longestWaitSeconds * 1_000
    return this.#nobodySince !== undefined && now - this.#nobodySince >= patienceMs ? 'nobody' : undefined
  }

  #shows(): string {
    return `${this.place} ${Math.round((this.expectedWaitMs ?? -1) / 60_000)}`
  }

  #row(): QueueCallerRow {
    const { id, number, name, personId, language, since } = this.#who
    return {
      ...{ id, queueId: this.#room.queue.id, node: this.#parts.calls.core.settings.node, kind: 'callback' },
      ...{ number, name, personId, language, enqueuedAt: since, attempts: 0, requestId: id },
    }
  }
}
