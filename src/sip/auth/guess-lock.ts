import type { Clock } from '#lib'

export interface GuessLockOptions {
  /** Wrong passwords for one account from one source before it is locked; default 10. */
  readonly triesPerAccount?: number
  /** Wrong passwords from one source for any accounts before it is locked; default 50. */
  readonly triesPerSource?: number
  /** One failure is forgiven every so many ms; default 30,000. */
  readonly forgiveMs?: number
  /** How long a lock lasts in ms; default 60,000. */
  readonly lockMs?: number
  /** How many accounts and sources are remembered, each; default 10,000. */
  readonly maxEntries?: number
}

interface Entry {
  failures: number
  at: number
  lockedUntil: number
}

/**
 * Slows the guessing of passwords: counts failures by account and source address, and by source address alone. An account is never locked for
 * other sources, so nobody can lock a person out from afar. Memory is bounded; the entry that was quiet for longest goes first.
 */
export class GuessLock {
  readonly #clock: Clock
  readonly #triesPerAccount: number
  readonly #triesPerSource: number
  readonly #forgiveMs: number
  readonly #lockMs: number
  readonly #maxEntries: number
  readonly #accounts = new Map<string, Entry>()
  readonly #sources = new Map<string, Entry>()

  constructor(clock: Clock, options: GuessLockOptions = {}) {
    this.#clock = clock
    this.#triesPerAccount = options.triesPerAccount ?? 10
    this.#triesPerSource = options.triesPerSource ?? 50
    this.#forgiveMs = options.forgiveMs ?? 30_000
    this.#lockMs = options.lockMs ?? 60_000
    this.#maxEntries = options.maxEntries ?? 10_000
  }

  /** How many accounts and sources are remembered. */
  get size(): number {
    return this.#accounts.size + this.#sources.size
  }

  /** For how many ms more this account is locked for this source; 0 when it is not. */
  lockedFor(username: string, address: string): number {
    const source = sourceOf(address)
    const now = this.#clock.now()
    const account = this.#accounts.get(accountKey(username, source))?.lockedUntil ?? 0
    return Math.max(0, account - now, (this.#sources.get(source)?.lockedUntil ?? 0) - now)
  }

  /** A wrong password. */
  failed(username: string, address: string): void {
    const source = sourceOf(address)
    this.#count(this.#accounts, accountKey(username, source), this.#triesPerAccount)
    this.#count(this.#sources, source, this.#triesPerSource)
  }

  /** A right password: the account's failures from this source are forgotten, the source's are not. */
  succeeded(username: string, address: string): void {
    if (this.#accounts.size > 0) this.#accounts.delete(accountKey(username, sourceOf(address)))
  }

  #count(entries: Map<string, Entry>, key: string, tries: number): void {
    const now = this.#clock.now()
    const entry = entries.get(key) ?? { failures: 0, at: now, lockedUntil: 0 }
    const forgiven = Math.floor((now - entry.at) / this.#forgiveMs)
    entry.failures = Math.max(0, entry.failures - forgiven) + 1
    // The rest of a started period is kept, or one try per period would never be forgiven.
    entry.at = entry.failures === 1 ? now : entry.at + forgiven * this.#forgiveMs
    if (entry.failures >= tries) {
      entry.lockedUntil = now + this.#lockMs
      entry.failures = Math.floor(tries / 2)
    }
    entries.delete(key)
    entries.set(key, entry)
    if (entries.size > this.#maxEntries) {
      const oldest = entries.keys().next()
      if (!oldest.done) entries.delete(oldest.value)
    }
  }
}

/** User names come from strangers and may be long: what is kept is bounded. */
function accountKey(username: string, source: string): string {
  return `${source} ${username.length > 128 ? username.slice(0, 128) : username}`
}

/** The source that is counted: an IPv4 address, or the /64 of an IPv6 address, of which one host has billions. */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  const [left = '', right] = address.split('%')[0]!.toLowerCase().split('::')
  const groups = left === '' ? [] : left.split(':')
  if (right !== undefined) {
    const tail = right === '' ? 0 : right.split(':').length
    while (groups.length + tail < 8) groups.push('0')
    if (right !== '') groups.push(...right.split(':'))
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
