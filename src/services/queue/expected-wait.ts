/** How much of the mean a new call makes: about the last twenty count. */
const weight = 0.1
/** What a call takes before one has been seen, in ms. */
const firstGuessMs = 180_000

/**
 * How long callers of a queue wait.
 *
 * Where c agents are busy with calls of mean length h, one of them becomes free each h / c. Who is at place n leaves at the n-th time, so
 * the wait is expected to be n · h / c (the delay in a M/M/c system given the number of those who wait: Whitt, "Predicting Queueing
 * Delays", Management Science 45(6), 1999). h moves: h ← h + α (length − h), α = 0.1, with what an agent needs after the call.
 */
export class ExpectedWait {
  #handlingMs = firstGuessMs

  /** Mean length of a call with what follows it, in ms. */
  get handlingMs(): number {
    return this.#handlingMs
  }

  /** A call was handled. @param ms its length, with wrap-up */
  handled(ms: number): void {
    this.#handlingMs += weight * (ms - this.#handlingMs)
  }

  /**
   * @param place 1 = the next
   * @param agents who works, free or busy
   * @param free who is free: the first so many are served at once
   * @returns ms; `undefined` when nobody works
   */
  at(place: number, agents: number, free: number): number | undefined {
    if (agents <= 0) return undefined
    return (Math.max(0, place - free) * this.#handlingMs) / agents
  }
}
