import type { Clock, Timer } from '#lib'

/** What the beat drives. */
export interface Beaten {
  /** 20 ms have passed. */
  beat(now: number): void
  /** So many beats could not be given, because the thread stood still. */
  skipped(beats: number): void
}

const stepMs = 5
const slots = 4
/** How far the beat is caught up with after a stall; what is longer is skipped. */
const mostLate = 20

/**
 * A beat of 20 ms that does not drift. Who is added gets the emptiest of four slots 5 ms apart, so that a thousand sounds begun at once are
 * no burst of a thousand packets.
 */
export class Beat {
  readonly #clock: Clock
  readonly #now: () => number
  readonly #slots: readonly Set<Beaten>[] = Array.from({ length: slots }, () => new Set())
  #timer: Timer | undefined
  /** The step that was given last; steps are counted from the zero of `now`. */
  #step = 0

  constructor(clock: Clock, now: () => number) {
    this.#clock = clock
    this.#now = now
  }

  add(one: Beaten): void {
    if (!this.#timer) this.#step = Math.floor(this.#now() / stepMs)
    let best = 1
    for (let ahead = 2; ahead <= slots; ahead++)
      if (this.#slot(this.#step + ahead).size < this.#slot(this.#step + best).size) best = ahead
    this.#slot(this.#step + best).add(one)
    this.#arm()
  }

  remove(one: Beaten): void {
    for (const slot of this.#slots) slot.delete(one)
    if (this.#slots.every((slot) => slot.size === 0)) this.close()
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #slot(step: number): Set<Beaten> {
    return this.#slots[step % slots] as Set<Beaten>
  }

  /** Waits for the next step whose slot is not empty. */
  #arm(): void {
    this.#clock.clearTimeout(this.#timer)
    let next = this.#step + 1
    while (this.#slot(next).size === 0) next++
    this.#timer = this.#clock.setTimeout(() => this.#run(), Math.max(0, Math.ceil(next * stepMs - this.#now())))
  }

  #run(): void {
    const now = this.#now()
    const due = Math.floor(now / stepMs)
    if (due - this.#step > mostLate) {
      const beats = Math.floor((due - this.#step) / slots)
      this.#step += beats * slots
      for (const slot of this.#slots) for (const one of slot) one.skipped(beats)
    }
    while (this.#step < due) {
      this.#step++
      for (const one of this.#slot(this.#step)) one.beat(now)
    }
    if (this.#slots.some((slot) => slot.size > 0)) this.#arm()
    else this.close()
  }
}
