import type { Clock, Timer } from './clock.ts'

interface Entry {
  at: number
  order: number
  run: (() => void) | undefined
}

/** A clock for tests: time moves only when asked to, and between two timers everything that was promised has settled. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  readonly #heap: Entry[] = []

  /** @param start the first `now()`, in ms since 1970 */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  setTimeout(run: () => void, ms: number): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#order++, run }
    push(this.#heap, entry)
    return entry
  }

  clearTimeout(timer: Timer | undefined): void {
    if (timer) (timer as Entry).run = undefined
  }

  /** How many timers are still waiting: a finished scenario leaves none. */
  get pending(): number {
    return this.#heap.filter((entry) => entry.run).length
  }

  /** Lets `ms` milliseconds pass, running every timer that falls due in order, each with its promises settled. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const next = this.#heap[0]
      if (!next || next.at > end) break
      pop(this.#heap)
      if (!next.run) continue
      this.#now = next.at
      const run = next.run
      next.run = undefined
      run()
      await settle()
    }
    this.#now = end
  }

  /** Advances in steps until `condition` holds; throws after `limit` ms of virtual time. */
  async until(condition: () => boolean, limit = 120_000): Promise<void> {
    const end = this.#now + limit
    await settle()
    while (!condition()) {
      const next = this.#heap[0]
      if (!next || next.at > end)
        throw new Error(`the condition did not become true within ${limit} ms of virtual time`)
      await this.advance(next.at - this.#now)
    }
  }
}

/** Lets promise chains run to their end: a turn of the event loop empties the microtask queue. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length
  heap.push(entry)
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent] as Entry
    if (!before(entry, above)) break
    heap[index] = above
    index = parent
  }
  heap[index] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop() as Entry
  if (heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++
    if (!before(heap[child] as Entry, last)) break
    heap[index] = heap[child] as Entry
    index = child
  }
  heap[index] = last
}
