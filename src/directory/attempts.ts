import type { Clock } from '#lib'

/** Counts attempts per key within a window; the number of keys is bounded, the oldest is forgotten first. */
export class Attempts {
  readonly #clock: Clock
  readonly #most: number
  readonly #windowMs: number
  readonly #mostKeys: number
  readonly #counts = new Map<string, { count: number; since: number }>()

  /** @param most attempts that a key has within `windowMs` */
  constructor(clock: Clock, most: number, windowMs: number, mostKeys = 20_000) {
    this.#clock = clock
    this.#most = most
    this.#windowMs = windowMs
    this.#mostKeys = mostKeys
  }

  /** How long a key has to wait, in ms; 0 = it may try. */
  waitMs(key: string): number {
    const entry = this.#current(key)
    return entry && entry.count >= this.#most ? entry.since + this.#windowMs - this.#clock.now() : 0
  }

  /** Counts an attempt; the window begins with the first. */
  add(key: string): void {
    const entry = this.#current(key)
    if (entry) {
      entry.count++
      return
    }
    this.#counts.delete(key)
    if (this.#counts.size >= this.#mostKeys) this.#counts.delete(this.#counts.keys().next().value as string)
    this.#counts.set(key, { count: 1, since: this.#clock.now() })
  }

  /** Takes one attempt back: it turned out to be right. */
  takeBack(key: string): void {
    const entry = this.#current(key)
    if (entry && --entry.count <= 0) this.#counts.delete(key)
  }

  forget(key: string): void {
    this.#counts.delete(key)
  }

  #current(key: string): { count: number; since: number } | undefined {
    const entry = this.#counts.get(key)
    return entry && this.#clock.now() - entry.since < this.#windowMs ? entry : undefined
  }
}
