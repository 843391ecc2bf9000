import { isIPv6 } from 'node:net'
import type { Clock } from '#lib'
import { canonicalAddress } from './addresses.ts'
import { Recent } from './recent.ts'

interface Bucket {
  tokens: number
  at: number
}

/** How much one source may send. */
export interface SourceLimits {
  /** Messages per second in the long run; default 200. */
  readonly rate?: number
  /** Messages at once; default 400. */
  readonly burst?: number
  /** Sources remembered (a little more than this); default 10,000. */
  readonly sources?: number
}

/**
 * A flood guard: a token bucket per source address, in bounded memory. The caller asks only for sources that it does not know; trunks and
 * bindings are never limited here. An IPv6 source is its /64, since one host owns all of that.
 */
export class SourceLimiter {
  readonly #clock: Clock
  readonly #rate: number
  readonly #burst: number
  readonly #buckets: Recent<Bucket>

  constructor(clock: Clock, limits: SourceLimits = {}) {
    this.#clock = clock
    this.#rate = limits.rate ?? 200
    this.#burst = limits.burst ?? 400
    this.#buckets = new Recent(limits.sources ?? 10_000)
  }

  /** Counts one message of that source; false when it has sent too many. */
  allow(address: string): boolean {
    const key = address.includes(':') ? network(address) : address
    const now = this.#clock.now()
    const bucket = this.#buckets.get(key)
    if (!bucket) {
      this.#buckets.set(key, { tokens: this.#burst - 1, at: now })
      return true
    }
    // A clock that was set back must not drain the bucket.
    const elapsed = Math.max(0, now - bucket.at)
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (elapsed * this.#rate) / 1000)
    bucket.at = now
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  /** Sources remembered now. */
  get size(): number {
    return this.#buckets.size
  }
}

function network(address: string): string {
  const host = canonicalAddress(address)
  if (!isIPv6(host)) return host
  const groups: string[] = []
  const [head = '', tail] = host.split('::')
  if (head) groups.push(...head.split(':'))
  if (tail !== undefined) {
    const right = tail ? tail.split(':') : []
    while (groups.length + right.length < 8) groups.push('0')
    groups.push(...right)
  }
  return groups.slice(0, 4).join(':')
}
