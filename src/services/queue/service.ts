import type { AnsweringService, Call, Calls, HeldLeg, ServedCall } from '#call'
import { type DirectoryAdmin, DirectoryError } from '#directory'
import type { QueueCallerRow } from '#storage'
import type { QueueLines } from '../types.ts'
import { Agents } from './agents.ts'
import { confirmsNumber, HeldCaller } from './held-caller.ts'
import { KeptPlaces } from './kept-places.ts'
import type { Waiting } from './line.ts'
import { RequestedPlaces } from './requested-places.ts'
import { ringElsewhere } from './ring-elsewhere.ts'
import { checkQueue, mailboxIn, mailboxPrefix, type Queue, type QueueInput, queueSettingsSchema } from './settings.ts'
import type { CentreWait, QueueAnnouncer, QueueCallbacks, QueueMailboxes, QueueView } from './types.ts'
import { WaitingRoom } from './waiting-room.ts'

export interface QueueParts {
  readonly calls: Calls
  readonly announcer: QueueAnnouncer
  readonly callbacks: QueueCallbacks
  readonly mailboxes: QueueMailboxes
  /** Knows what leads to the queues, so that nobody else gets it. */
  readonly directory: Pick<DirectoryAdmin, 'putQueue' | 'loadQueue' | 'removeQueue'>
}

/** From one queue to the next, so that two that overflow into each other do not keep a caller for ever. */
const mostOverflows = 3

/**
 * Centres of our own: callers wait with music until an agent is free.
 *
 *   caller          server                    agent 1     agent 2
 *     |--INVITE 600-->|                          |           |
 *     |<--200---------|                          |           |   context, dialog and the place in the line are stored first
 *     |<==music=======|                          |           |
 *     |<==your place==|                          |           |   each n seconds, with the expected wait
 *     |               |---INVITE---------------->|           |   who is free, by the strategy of the queue
 *     |               |---CANCEL---------------->|           |   no answer: the next
 *     |               |---INVITE---------------------------->|
 *     |               |<--200--------------------------------|   record is stored
 *     |<==============joined================================>|
 *
 * Who presses 1, hears their number and presses 1 again hangs up and keeps the place: when it is their turn the agent is rung, then they
 * are. Too many or too long: the call goes on to where the queue overflows to; who is missed there may be left a message.
 */
export class QueueService {
  readonly #parts: QueueParts
  readonly #agents: Agents
  readonly #kept: KeptPlaces
  /** Where requested calls stand in line. */
  readonly lines: QueueLines
  readonly #rooms = new Map<string, WaitingRoom>()
  readonly #watchers = new Set<(id: string, view: QueueView | undefined) => void>()

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#agents = new Agents(parts.calls)
    this.#kept = new KeptPlaces(parts.calls, parts.callbacks, this.#agents)
    const roomOf = (id: string): WaitingRoom | undefined => this.#rooms.get(id)
    this.lines = new RequestedPlaces({ calls: parts.calls, agents: this.#agents, roomOf })
    parts.calls.answerBy((call, cause) => (cause === undefined ? this.#serviceFor(call) : undefined))
  }

  /** Before the first call: the queues as they are stored. */
  async load(): Promise<void> {
    const { storage, log } = this.#core
    for (const { id, name, settings: text } of await storage.queues.list()) {
      const read = queueSettingsSchema.safeParse(JSON.parse(text))
      if (read.success) {
        this.#parts.directory.loadQueue({ id, name, ...read.data })
        this.#show({ id, name, ...read.data })
      } else log.error({ queue: name }, 'Stored settings of a queue cannot be read: it takes no calls.')
    }
  }

  /** Callers who waited on the telephone when the last run died are gone; who keeps a place has it. */
  async start(): Promise<void> {
    const { storage, settings } = this.#core
    this.#kept.start()
    for (const row of await storage.queues.waiting(settings.node)) {
      const room = this.#rooms.get(row.queueId)
      if (row.kind === 'callback' && room) await this.#kept.resume(row, room)
      else await storage.queues.left(row.id)
    }
  }

  stop(): void {
    this.#kept.stop()
    for (const room of this.#rooms.values()) room.stop()
  }

  // ---- the queues ----------------------------------------------------------------------------------------------------------------

  list(): readonly Queue[] {
    return [...this.#rooms.values()].map(({ queue }) => queue)
  }

  view(id: string): QueueView | undefined {
    return this.#rooms.get(id)?.view()
  }

  /** What a caller who came now would wait; `undefined` for no such queue. */
  wait(id: string): CentreWait | undefined {
    const room = this.#rooms.get(id)
    if (!room) return undefined
    return room.wait
  }

  /**
   * Adds a queue, or changes the one with this id; who waits in it goes on waiting.
   * @throws DirectoryError with the field, what was wrong and what is allowed
   */
  async put(given: QueueInput): Promise<Queue> {
    const { directory, random, storage } = this.#core
    const input = checkQueue(given)
    const id = input.id ?? random.token(8)
    const numbers = input.numbers.map((number) => directory.normalise(number))
    const closedTo = this.#checkedTarget('closedTo', input.closedTo)
    const overflowTo = this.#checkedTarget('overflowTo', input.overflowTo)
    const queue: Queue = { ...input, id, numbers, closedTo, overflowTo }
    this.#check(queue)
    const { id: _id, name, ...settings } = queue
    const row = { id, name, settings: JSON.stringify(settings) }
    await this.#parts.directory.putQueue(queue, () => storage.queues.put(row))
    this.#show(queue)
    return queue
  }

  /** Removes a queue. Who waits in it on the telephone goes on to its agents; places that were kept are gone. */
  async remove(id: string): Promise<void> {
    const room = this.#rooms.get(id)
    if (!room) throw new DirectoryError('missing', 'id', `there is no queue ${JSON.stringify(id)}`)
    await this.#parts.directory.removeQueue(id, () => this.#core.storage.queues.remove(id))
    this.#rooms.delete(id)
    for (const waiting of [...room.line.all]) {
      if (waiting.row.kind !== 'callback') continue
      room.line.leave(waiting)
      waiting.gone?.()
    }
    for (const watcher of this.#watchers) watcher(id, undefined)
  }

  /** Called after each change of a queue or its line; without a view when it was removed. Returns an unsubscribe function. */
  watch(listener: (id: string, view: QueueView | undefined) => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  #check({ id, name, people, groups }: Queue): void {
    const { directory } = this.#core
    const others = this.list().filter((other) => other.id !== id)
    if (others.some((other) => other.name === name))
      throw new DirectoryError('taken', 'name', `there is another queue named ${name}; allowed: one that is free`)
    for (const one of people)
      if (!directory.personById(one)) throw new DirectoryError('missing', 'people', `there is no person ${one}`)
    for (const one of groups)
      if (!directory.groupById(one)) throw new DirectoryError('missing', 'groups', `there is no group ${one}`)
  }

  /** A mailbox is kept by its id, which stays when extensions change. */
  #checkedTarget(field: 'closedTo' | 'overflowTo', to: string): string {
    const whose = mailboxIn(to)
    if (whose === undefined) return to
    const id = this.#parts.mailboxes.find(whose)
    if (id !== undefined) return `${mailboxPrefix}${id}`
    const allowed = 'the extension or id of a person or a group, or a log-in'
    throw new DirectoryError('missing', field, `there is no mailbox of ${JSON.stringify(whose)}; allowed: ${allowed}`)
  }

  #show(queue: Queue): void {
    const room = this.#rooms.get(queue.id)
    if (room) room.change(queue)
    else this.#rooms.set(queue.id, new WaitingRoom(queue, this.#parts.calls, this.#agents, (one) => this.#tell(one)))
    this.#tell(this.#rooms.get(queue.id) as WaitingRoom)
  }

  // ---- calls ---------------------------------------------------------------------------------------------------------------------

  #serviceFor(call: Call): AnsweringService | undefined {
    const room = this.#rooms.get(call.plan?.queue ?? '')
    if (!room) return undefined
    return { station: '', serve: (caller, served) => this.#serve(room, caller, served) }
  }

  /** The queue that a dialled string leads to, if any. */
  #roomOf(dialled: string): WaitingRoom | undefined {
    const decision = this.#core.directory.destinationOf(dialled, { kind: 'service' })
    const to = decision.ok ? decision.destination : undefined
    return to?.kind === 'queue' ? this.#rooms.get(to.id) : undefined
  }

  async #serve(room: WaitingRoom, caller: HeldLeg, served: ServedCall): Promise<void> {
    if (caller.party.trunk) caller.hearTones()
    const since = this.#core.clock.now()
    let next: WaitingRoom | undefined = room
    for (let hops = 0; next && hops < mostOverflows; hops++) next = await this.#waitIn(next, caller, served, since)
    if (next) await this.#goodbye(next.queue, caller, 'unavailable')
  }

  /** @returns the queue that has the caller now, where there is one */
  async #waitIn(
    room: WaitingRoom,
    caller: HeldLeg,
    served: ServedCall,
    since: number,
  ): Promise<WaitingRoom | undefined> {
    const { clock } = this.#core
    if (!room.isOpen) return this.#goOn(room, 'closed', caller, served)
    if (room.onTheTelephone >= room.queue.mostWaiting) return this.#goOn(room, 'unavailable', caller, served)
    const row = this.#rowOf(room, served, since)
    const entered = clock.now()
    const kept: QueueCallerRow = { ...row, kind: 'callback' }
    let keepsPlace = false
    try {
      while (!keepsPlace) {
        const end = await this.#held(room, row, caller, served, since, entered).run()
        if (end === 'joined') return undefined
        if (end === 'too-long') return await this.#goOn(room, 'unavailable', caller, served)
        if (await confirmsNumber(caller, this.#parts.announcer, room.queue.language, row.number)) {
          // Stored before they hear of it.
          await this.#core.storage.queues.wait(kept)
          keepsPlace = true
        }
      }
    } finally {
      if (!keepsPlace) await this.#core.storage.queues.left(row.id)
    }
    this.#kept.enter(kept, room)
    await this.#goodbye(room.queue, caller, 'callback-noted')
    return undefined
  }

  #held(
    room: WaitingRoom,
    row: QueueCallerRow,
    caller: HeldLeg,
    served: ServedCall,
    since: number,
    entered: number,
  ): HeldCaller {
    const { announcer } = this.#parts
    return new HeldCaller({
      ...{ room, announcer, caller, served, since, entered },
      enter: async (turn: Waiting['turn'], changed: () => void) => {
        await this.#core.storage.queues.wait(row)
        return room.enter(row, turn, { changed })
      },
      left: (waiting) => room.leave(waiting),
      giveBack: (agents) => this.#agents.giveBack(agents),
      missed: (agents) => this.#agents.missed(agents),
    })
  }

  /** The call goes on to where callers are sent now; without that they hear why. */
  async #goOn(
    { queue }: WaitingRoom,
    words: 'closed' | 'unavailable',
    caller: HeldLeg,
    served: ServedCall,
  ): Promise<WaitingRoom | undefined> {
    const to = words === 'closed' ? queue.closedTo : queue.overflowTo
    const mailbox = mailboxIn(to)
    if (mailbox !== undefined) {
      const id = this.#parts.mailboxes.find(mailbox)
      if (await this.#leaveMessage(id, queue, words, caller, served)) return undefined
    }
    const ahead = mailbox === undefined ? to : ''
    const other = ahead === '' ? undefined : this.#roomOf(ahead)
    if (other) return other
    if (ahead !== '') {
      const missed = await ringElsewhere(ahead, caller, served)
      if (!missed) return undefined
      // As with any call to them; their greeting says it all.
      const id = this.#parts.mailboxes.ofMissed(missed)
      if (await this.#leaveMessage(id, queue, 'unavailable', caller, served)) return undefined
    }
    await this.#goodbye(queue, caller, words)
    return undefined
  }

  /** @returns false where they cannot: there is no such mailbox */
  async #leaveMessage(
    id: string | undefined,
    { language }: Queue,
    words: 'closed' | 'unavailable',
    caller: HeldLeg,
    served: ServedCall,
  ): Promise<boolean> {
    const { mailboxes, announcer } = this.#parts
    if (id === undefined) return false
    // What the greeting does not tell.
    if (words === 'closed') await caller.say(await announcer.say(language, ['closed']))
    caller.clearDigits()
    await mailboxes.take(id, caller, served)
    return true
  }

  async #goodbye(queue: Queue, caller: HeldLeg, words: 'closed' | 'unavailable' | 'callback-noted'): Promise<void> {
    await caller.say(await this.#parts.announcer.say(queue.language, [words, 'goodbye']))
  }

  #rowOf({ queue }: WaitingRoom, served: ServedCall, since: number): QueueCallerRow {
    const { id, from } = served.call
    const { presented, person } = from
    const hidden = presented.hidden
    return {
      ...{
        id,
        queueId: queue.id,
        node: this.#core.settings.node,
        kind: 'call',
        number: hidden ? '' : presented.number,
      },
      ...{ name: hidden ? '' : presented.name, personId: person?.id ?? '', language: queue.language },
      ...{ enqueuedAt: since, attempts: 0, requestId: '' },
    }
  }

  #tell(room: WaitingRoom): void {
    if (this.#watchers.size === 0) return
    const view = room.view()
    for (const watcher of this.#watchers) watcher(view.queue.id, view)
  }

  get #core() {
    return this.#parts.calls.core
  }
}
