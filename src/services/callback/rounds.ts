import type { Clock, Timer } from '#lib'

export interface RoundsParts {
  readonly clock: Clock
  /** Does what is due. @returns ms until the next look */
  round(): Promise<number>
  /** A round failed. @returns ms until the next look */
  failed(error: unknown): number
}

/** Looks for work again and again: at its time, and at once when it is told; one round at a time. */
export class Rounds {
  readonly #parts: RoundsParts
  #timer: Timer | undefined
  #working: Promise<void> | undefined
  #again = false
  #stopped = true

  constructor(parts: RoundsParts) {
    this.#parts = parts
  }

  get stopped(): boolean {
    return this.#stopped
  }

  start(): void {
    this.#stopped = false
    this.look()
  }

  /** Something may be due. */
  look(): void {
    if (this.#stopped) return
    this.#again = true
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
      if (this.#again) this.look()
    })
  }

  /** Begins no more rounds. Resolves once the one under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#parts.clock.clearTimeout(this.#timer)
    await this.#working
  }

  async #work(): Promise<void> {
    const { clock } = this.#parts
    clock.clearTimeout(this.#timer)
    let waitMs = 0
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        waitMs = await this.#parts.round()
      } catch (error) {
        waitMs = this.#parts.failed(error)
      }
    }
    if (!this.#stopped) this.#timer = clock.setTimeout(() => this.look(), waitMs)
  }
}
