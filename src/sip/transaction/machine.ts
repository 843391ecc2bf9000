import type { Clock, Timer } from '#lib'
import type { Pace, Table, Timing } from './tables.ts'

/** What a machine needs from outside; one object for all of them. */
export interface MachineContext {
  readonly clock: Clock
  readonly timing: Timing
}

/** Runs one transaction by its table: looks the event up, changes state with its timers, then acts. Knows nothing of SIP. */
export abstract class Machine<S extends string, E extends string, A extends string, Input> {
  state: S
  readonly #table: Table<S, E, A>
  readonly #context: MachineContext
  #reliable: boolean
  #pace: Timer | undefined
  #pause = 0
  #limit: Timer | undefined

  constructor(table: Table<S, E, A>, context: MachineContext, initial: S, reliable: boolean) {
    this.#table = table
    this.#context = context
    this.state = initial
    this.#reliable = reliable
  }

  /** Carries out an action of the table. */
  protected abstract act(action: A, input: Input | undefined): void
  /** The last state was reached: the machine is to be forgotten. */
  protected abstract ended(): void

  /** Starts the timers of the first state. */
  protected begin(reliable: boolean): void {
    this.#reliable = reliable
    this.#startPace(this.#table[this.state].pace)
    this.#startLimit()
  }

  /** Feeds an event; false where the state has no row for it. */
  run(event: E, input?: Input): boolean {
    const row = this.#table[this.state].on[event]
    if (row === undefined) return false
    const instant = row.next !== undefined && row.next !== this.state && this.#enter(row.next)
    const entered = this.state
    for (const action of row.do) this.act(action, input)
    // A limit of 0 ms: the state exists for its actions only.
    if (instant && this.state === entered) {
      const { limit } = this.#table[entered]
      if (limit) this.run(limit.name as E)
    }
    return true
  }

  /** Changes the timers and the state; true where the new state ends at once. */
  #enter(next: S): boolean {
    const before = this.#table[this.state]
    const after = this.#table[next]
    this.state = next
    if (before.pace?.name !== after.pace?.name) {
      this.#stopPace()
      this.#startPace(after.pace)
    }
    if (before.limit?.name !== after.limit?.name) {
      this.#stopLimit()
      if (this.#startLimit()) return true
    }
    if (next === 'terminated') this.ended()
    return false
  }

  #startPace(pace: Pace | undefined): void {
    const first = pace?.first(this.#context.timing, this.#reliable)
    if (first !== undefined) this.#tick(first)
  }

  #tick(pause: number): void {
    this.#pause = pause
    this.#pace = this.#context.clock.setTimeout(() => {
      this.#pace = undefined
      const { pace } = this.#table[this.state]
      if (!pace) return
      const next = pace.next(this.#pause, this.#context.timing)
      // Set before the event runs, so that a change of state stops it again.
      if (next !== undefined) this.#tick(next)
      this.run(pace.name as E)
    }, pause)
  }

  /** True where the limit is over at once. */
  #startLimit(): boolean {
    const { limit } = this.#table[this.state]
    if (!limit) return false
    const after = limit.after(this.#context.timing, this.#reliable)
    if (after === 0) return true
    const { name } = limit
    this.#limit = this.#context.clock.setTimeout(() => {
      this.#limit = undefined
      this.run(name as E)
    }, after)
    return false
  }

  #stopPace(): void {
    if (this.#pace) this.#context.clock.clearTimeout(this.#pace)
    this.#pace = undefined
  }

  #stopLimit(): void {
    if (this.#limit) this.#context.clock.clearTimeout(this.#limit)
    this.#limit = undefined
  }
}
