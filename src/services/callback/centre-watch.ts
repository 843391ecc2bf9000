import type { Clock, Timer } from '#lib'
import type { ExpectedAtCentre, InLine } from './types.ts'

/** How often a centre is asked while somebody waits there, in ms. */
const everyMs = 15_000
/** Longer than this nobody is waited for, whatever the centre says, in ms. */
const mostMs = 3 * 3_600_000
/** How much longer than it says one waits, in ms. */
const moreMs = 5 * 60_000

export interface CentreWatchParts {
  readonly clock: Clock
  /** What the centre says now; never rejects. */
  readonly ask: () => Promise<ExpectedAtCentre | undefined>
  /** Told of the place and wait, when they are others than before. */
  readonly told: (line: InLine) => void
}

/** A centre of others while its line is waited in: it is asked for place and wait, and what it says decides how long one waits and when the asker is rung. */
export class CentreWatch {
  readonly #parts: CentreWatchParts
  readonly #ringNow = new AbortController()
  readonly #startedAt: number
  #until = 0
  #before = ''
  #timer: Timer | undefined
  #stopped = false

  constructor(parts: CentreWatchParts) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
    void this.#look()
  }

  /** Aborted once the wait is so short that the asker is to be rung. */
  get ringNow(): AbortSignal {
    return this.#ringNow.signal
  }

  /** Until when the centre is worth waiting for by what it has said, in ms since 1970; 0 where it has said nothing. */
  get until(): number {
    return this.#until
  }

  stop(): void {
    this.#stopped = true
    this.#parts.clock.clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const { clock, ask, told } = this.#parts
    const said = await ask()
    if (this.#stopped) return
    this.#timer = clock.setTimeout(() => void this.#look(), everyMs)
    if (!said) return
    const { place, expectedWaitSeconds, ringNow } = said
    const line = { place, expectedWaitSeconds }
    if (expectedWaitSeconds !== null)
      this.#until = Math.min(clock.now() + expectedWaitSeconds * 1_500 + moreMs, this.#startedAt + mostMs)
    if (JSON.stringify(line) !== this.#before) told(line)
    this.#before = JSON.stringify(line)
    if (ringNow) this.#ringNow.abort()
  }
}
