import { CallError, type HeldLeg, LegEnded, type ServedCall } from '#call'
import type { Person } from '#directory'
import type { Timer } from '#lib'
import { type Sound, type SpokenPart, sayKeys, sayMinutes, sayNumber } from '#media'
import type { Waiting } from './line.ts'
import { planToRing } from './plan-to-ring.ts'
import type { QueueAnnouncer } from './types.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface HeldCallerParts {
  readonly room: WaitingRoom
  readonly announcer: QueueAnnouncer
  readonly caller: HeldLeg
  readonly served: ServedCall
  /** When they came: of another queue where they overflowed. */
  readonly since: number
  /** When they came to this queue: from then on its longest wait counts. */
  readonly entered: number
  enter(turn: Waiting['turn'], changed: () => void): Promise<Waiting>
  left(waiting: Waiting): void
  giveBack(agents: readonly Person[]): void
  missed(agents: readonly Person[]): void
}

/** How the waiting of a caller came to its end. */
export type WaitingEnd = 'joined' | 'too-long' | 'keeps-place'

/** A caller who waits on the line: hears music and announcements, is joined with the first agent who answers. */
export class HeldCaller {
  readonly #parts: HeldCallerParts
  readonly #over = new AbortController()
  /** They have pressed 1. */
  #keepsPlace = false
  /** The queue's settings were changed while they wait: how long they may is another time. */
  #reconsider: () => void = () => {}

  constructor(parts: HeldCallerParts) {
    this.#parts = parts
  }

  /** @throws LegEnded when they hang up */
  async run(): Promise<WaitingEnd> {
    const { room, caller, served, enter, left } = this.#parts
    let arrived: (agents: readonly Person[]) => void = () => {}
    const turns: (readonly Person[])[] = []
    const waiting = await enter(
      (agents) => {
        turns.push(agents)
        arrived(agents)
      },
      () => this.#reconsider(),
    )
    const turn = (): Promise<readonly Person[]> => {
      const { promise, resolve } = Promise.withResolvers<readonly Person[]>()
      arrived = resolve
      if (turns.length > 0) resolve(turns[0] as readonly Person[])
      return promise
    }
    const pressed = this.#pressesOne()
    this.#entertain(waiting).catch(() => {})
    try {
      for (;;) {
        const patience = this.#patience()
        const what = await caller.while(Promise.race([turn(), pressed, patience.over])).finally(patience.stop)
        if (what === 'too-long' || what === 'keeps-place') {
          if (turns.length === 0) return what
          // An agent was found at this very moment.
        }
        const agents = turns.shift() ?? []
        if (await this.#ring(waiting, agents)) return 'joined'
        // Who may wait no longer, or has chosen meanwhile, is not made to hear another agent ring.
        if (this.#until <= served.call.host.core.clock.now()) return 'too-long'
        if (this.#keepsPlace) return 'keeps-place'
        room.again(waiting)
      }
    } finally {
      this.#over.abort()
      for (const agents of turns) this.#parts.giveBack(agents)
      left(waiting)
    }
  }

  /** @returns whether somebody answered, and the two are joined or the caller has gone */
  async #ring(waiting: Waiting, agents: readonly Person[]): Promise<boolean> {
    const { room, caller, served, giveBack } = this.#parts
    const { queue } = room
    const { call } = served
    const { presented } = call.from
    try {
      const plan = planToRing(served, agents, queue)
      const limitMs = queue.ringSeconds * 1_000
      const agent = await served.ring(plan, { role: 'callee', presented, limitMs, during: caller })
      if (agent.ended) return false
      this.#over.abort()
      const joined = await served.join(caller, agent)
      const { person } = agent.party
      if (joined && person) room.talks(call, person.id)
      return true
    } catch (error) {
      // Whoever declines, is busy, does not answer or hangs up at once: somebody else is asked.
      const agentGone = error instanceof CallError || (error instanceof LegEnded && error.leg !== caller)
      if (!agentGone || served.over || caller.ended) throw error
      for (const { id } of agents) waiting.tried.add(id)
      this.#parts.missed(agents)
      return false
    } finally {
      giveBack(agents)
    }
  }

  /** Music, and in between the place and what may be expected. */
  async #entertain(waiting: Waiting): Promise<void> {
    const { room, announcer, caller } = this.#parts
    const { signal } = this.#over
    const music = await announcer.music()
    while (!signal.aborted && !caller.ended) {
      const pause = caller.wait(room.queue.announceSeconds * 1_000)
      caller.play(music, { loop: true })
      await pause
      if (signal.aborted) return
      await caller.say(await this.#announcement(waiting))
    }
  }

  #announcement(waiting: Waiting): Promise<Sound> {
    const { room, announcer } = this.#parts
    const { language, callback } = room.queue
    const parts: SpokenPart[] = ['your-place-is', ...sayNumber(Math.max(1, room.line.placeOf(waiting)), language)]
    const ms = room.expectedWait(waiting)
    if (ms !== undefined) {
      const minutes = Math.min(999, Math.round(ms / 60_000))
      parts.push('expected-wait-is', ...(minutes < 1 ? ['less-than-a-minute' as const] : sayMinutes(minutes, language)))
    }
    parts.push(callback && this.#number() !== '' ? 'press-1-to-keep-place' : 'please-hold')
    return announcer.say(language, parts)
  }

  /** They press 1 to keep the place, and once more when they have heard the number. */
  async #pressesOne(): Promise<'keeps-place'> {
    const { room, caller } = this.#parts
    const never = new Promise<never>(() => {})
    if (this.#number() === '') return never
    const { signal } = this.#over
    try {
      while (!signal.aborted) {
        if ((await caller.digits({ signal })) !== '1' || !room.queue.callback) continue
        this.#keepsPlace = true
        return 'keeps-place'
      }
    } catch {
      // They have hung up.
    }
    return never
  }

  /** The number to call back, '' where it is not known. */
  #number(): string {
    const { presented } = this.#parts.served.call.from
    return presented.hidden ? '' : presented.number
  }

  #patience(): { over: Promise<'too-long'>; stop(): void } {
    const { clock } = this.#parts.served.call.host.core
    let timer: Timer | undefined
    const over = new Promise<'too-long'>((resolve) => {
      this.#reconsider = () => {
        clock.clearTimeout(timer)
        timer = clock.setTimeout(() => resolve('too-long'), Math.max(0, this.#until - clock.now()))
      }
    })
    this.#reconsider()
    const stop = (): void => {
      this.#reconsider = () => {}
      clock.clearTimeout(timer)
    }
    return { over, stop }
  }

  /** Until when they may wait, as the queue is set now. */
  get #until(): number {
    const { entered, room } = this.#parts
    return entered + room.queue.longestWaitSeconds * 1_000
  }
}

/** Whether they want to be called back on this number: they press 1 once more. */
export async function confirmsNumber(
  caller: HeldLeg,
  announcer: QueueAnnouncer,
  language: 'en' | 'de',
  number: string,
): Promise<boolean> {
  caller.clearDigits()
  caller.play(
    await announcer.say(language, [
      'this-is-a-callback-for',
      'the-number',
      ...sayKeys(number),
      'press-1-to-keep-place',
    ]),
  )
  return (await caller.digits({ waitMs: confirmMs })) === '1'
}

/** How long the key that confirms the number is waited for, in ms. */
const confirmMs = 20_000
