import { Buffer } from 'node:buffer'
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Clock, Random } from '#lib'

export interface NonceOptions {
  readonly clock: Clock
  readonly random: Random
  /** How long a nonce waits for its first use, in ms; default 5 minutes. */
  readonly firstUseMs?: number
  /** How long a used nonce may be used again with a higher count, in ms since it was made; default 1 hour. */
  readonly reuseMs?: number
  /** How many used nonces are remembered; default 50,000. When there are more, the oldest become stale. */
  readonly maxTracked?: number
}

/** What is known of a nonce that was used. */
interface Use {
  readonly username: string
  readonly madeAt: number
  /** The highest nonce count so far. */
  highest: number
  /** Bit k is set when `highest - k` was used: counts may come out of order by up to 63. */
  seen: bigint
}

/** Time (6 bytes), randomness (8) and signature (16). */
const BYTES = 30
const SIGNED = 14
const WINDOW = 64

/**
 * Makes and checks the nonces of the whole server (RFC 7616 §3.3). A nonce carries its time and randomness under an HMAC that also covers the
 * source address (not the port, which changes with every NAT rebinding): nothing is stored before it was used with success. A new process has a
 * new key, so older nonces are stale.
 */
export class NonceMint {
  readonly #clock: Clock
  readonly #random: Random
  readonly #key: KeyObject
  readonly #firstUseMs: number
  readonly #reuseMs: number
  readonly #maxTracked: number
  readonly #uses = new Map<string, Use>()
  /** Nonces made up to here may have been forgotten: unknown ones of that age are stale, or forgetting would allow a replay. */
  #forgottenUpTo = 0

  constructor(options: NonceOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#key = createSecretKey(Buffer.from(options.random.token(32), 'hex'))
    this.#firstUseMs = options.firstUseMs ?? 300_000
    this.#reuseMs = Math.max(this.#firstUseMs, options.reuseMs ?? 3_600_000)
    this.#maxTracked = options.maxTracked ?? 50_000
  }

  /** How many nonces are remembered. */
  get tracked(): number {
    return this.#uses.size
  }

  /** A nonce for a sender at this address: 40 characters. */
  mint(address: string): string {
    const bytes = Buffer.allocUnsafe(BYTES)
    bytes.writeUIntBE(this.#clock.now(), 0, 6)
    bytes.write(this.#random.token(8), 6, 'hex')
    this.#sign(bytes, address).copy(bytes, SIGNED, 0, BYTES - SIGNED)
    return bytes.toString('base64url')
  }

  /** Whether a nonce is ours, was made for this address and is young enough to be used. Says nothing about its count. */
  isFresh(nonce: string, address: string): boolean {
    if (nonce.length !== 40) return false
    const bytes = Buffer.from(nonce, 'base64url')
    // The second comparison refuses other spellings of the same bytes.
    if (bytes.length !== BYTES || bytes.toString('base64url') !== nonce) return false
    const signature = this.#sign(bytes, address).subarray(0, BYTES - SIGNED)
    if (!timingSafeEqual(signature, bytes.subarray(SIGNED))) return false
    const madeAt = bytes.readUIntBE(0, 6)
    const age = this.#clock.now() - madeAt
    if (this.#uses.has(nonce)) return age < this.#reuseMs
    return age < this.#firstUseMs && madeAt > this.#forgottenUpTo
  }

  /** Who used this nonce with success before, `undefined` when nobody did. */
  usedBy(nonce: string): string | undefined {
    return this.#uses.get(nonce)?.username
  }

  /**
   * Takes note of a use of a fresh nonce after its digest was found right.
   * @param count the nonce count; 0 for credentials without qop, which may use a nonce once only
   * @returns false when this count was used already, or is too old to tell
   */
  use(nonce: string, username: string, count: number): boolean {
    const use = this.#uses.get(nonce)
    if (use === undefined) {
      const madeAt = Buffer.from(nonce.slice(0, 8), 'base64url').readUIntBE(0, 6)
      this.#forget()
      this.#uses.set(nonce, { username, madeAt, highest: count, seen: 1n })
      return true
    }
    if (count === 0 || use.highest === 0 || use.username !== username) return false
    const ahead = count - use.highest
    if (ahead > 0) {
      use.seen = ahead >= WINDOW ? 1n : BigInt.asUintN(WINDOW, use.seen << BigInt(ahead)) | 1n
      use.highest = count
      return true
    }
    if (-ahead >= WINDOW) return false
    const bit = 1n << BigInt(-ahead)
    if ((use.seen & bit) !== 0n) return false
    use.seen |= bit
    return true
  }

  /** Makes room for one more: drops what is over its time, and the oldest when there are too many. */
  #forget(): void {
    const now = this.#clock.now()
    for (const [nonce, use] of this.#uses) {
      const over = now - use.madeAt >= this.#reuseMs
      if (!over && this.#uses.size < this.#maxTracked) return
      this.#uses.delete(nonce)
      if (!over && use.madeAt > this.#forgottenUpTo) this.#forgottenUpTo = use.madeAt
    }
  }

  #sign(bytes: Buffer, address: string): Buffer {
    return createHmac('sha256', this.#key).update(bytes.subarray(0, SIGNED)).update(address).digest()
  }
}
