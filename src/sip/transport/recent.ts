/**
 * A map that holds at most about `2 * size` entries and forgets what was not used lately. Two generations instead of a linked list: a hit costs
 * one lookup, and nothing is moved while an entry is young.
 */
export class Recent<V> {
  readonly #size: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  /** @param size entries of one generation, at least 1 */
  constructor(size: number) {
    this.#size = size
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) {
      this.#old.delete(key)
      this.set(key, old)
    }
    return old
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#size && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  /** Entries held now. */
  get size(): number {
    return this.#young.size + this.#old.size
  }
}
