import type { Receive, RtpSocket, SocketFactory } from './sockets.ts'

/** A bound RTP port (even) with its RTCP port (one above). */
export class PortPair {
  readonly port: number
  rtp: RtpSocket | undefined
  rtcp: RtpSocket | undefined
  /** Whoever uses the pair at present; packets without a user are dropped. */
  user: PortUser | undefined
  /** When the pair was given back, in ms. */
  releasedAt = 0

  constructor(port: number) {
    this.port = port
  }
}

export interface PortUser {
  rtp: Receive
  rtcp: Receive
}

export interface PortPoolOptions {
  readonly sockets: SocketFactory
  readonly address: string
  /** First and last port of the range, both included. */
  readonly from: number
  readonly to: number
  /** How long a released pair rests, in ms. */
  readonly restMs: number
  readonly now: () => number
}

const chunk = 16
const retryMs = 1000

/**
 * RTP ports that are bound before they are needed: opening sockets while a call is set up is dear. The pool grows in small steps as calls
 * come. A released pair stays bound and rests, so that late packets of an ended call reach nobody; the one that rested longest goes first.
 */
export class PortPool {
  readonly #options: PortPoolOptions
  readonly #free: PortPair[] = []
  readonly #resting: PortPair[] = []
  /** First in `#free` and `#resting`: shifting long arrays is dear. */
  #freeFirst = 0
  #restingFirst = 0
  #next: number
  /** Pairs of which another program has a port. */
  #foreign: number[] = []
  #retryAt = 0
  #used = 0
  #closed = false

  constructor(options: PortPoolOptions) {
    this.#options = options
    this.#next = options.from + (options.from & 1)
  }

  /** A bound pair, or undefined when none is left. */
  take(): PortPair | undefined {
    this.#wake()
    if (this.#freeFirst === this.#free.length) this.grow()
    const pair = this.#free[this.#freeFirst]
    if (!pair) return undefined
    this.#freeFirst++
    if (this.#freeFirst > 512) {
      this.#free.splice(0, this.#freeFirst)
      this.#freeFirst = 0
    }
    this.#used++
    return pair
  }

  /** Gives a pair back; it rests before it is taken again. */
  release(pair: PortPair): void {
    pair.user = undefined
    pair.releasedAt = this.#options.now()
    this.#used--
    if (this.#closed) shut(pair)
    else this.#resting.push(pair)
  }

  /** Whether any pair is bound. */
  get bound(): boolean {
    return this.#used > 0 || this.#freeFirst < this.#free.length || this.#restingFirst < this.#resting.length
  }

  /** Whether fewer than half a step of bound pairs is left: time to {@link grow}. */
  get low(): boolean {
    return this.#free.length - this.#freeFirst < chunk / 2 && this.#next + 1 <= this.#options.to
  }

  /** Binds a step of further pairs. */
  grow(): void {
    let missing = chunk
    while (missing > 0 && this.#next + 1 <= this.#options.to) {
      if (this.#bind(this.#next)) missing--
      this.#next += 2
    }
    const now = this.#options.now()
    if (missing < chunk || this.#foreign.length === 0 || now < this.#retryAt) return
    this.#retryAt = now + retryMs
    const again = this.#foreign
    this.#foreign = []
    for (const port of again) this.#bind(port)
  }

  #bind(port: number): boolean {
    const { sockets, address } = this.#options
    const pair = new PortPair(port)
    pair.rtp = sockets.bind(address, port, (bytes, from, fromPort) => pair.user?.rtp(bytes, from, fromPort))
    pair.rtcp =
      pair.rtp && sockets.bind(address, port + 1, (bytes, from, fromPort) => pair.user?.rtcp(bytes, from, fromPort))
    if (!pair.rtcp) {
      pair.rtp?.close()
      this.#foreign.push(port)
      return false
    }
    this.#free.push(pair)
    return true
  }

  /** Moves pairs that have rested long enough to the free ones. */
  #wake(): void {
    const until = this.#options.now() - this.#options.restMs
    for (;;) {
      const pair = this.#resting[this.#restingFirst]
      if (!pair || pair.releasedAt > until) break
      this.#free.push(pair)
      this.#restingFirst++
    }
    if (this.#restingFirst > 512 || this.#restingFirst === this.#resting.length) {
      this.#resting.splice(0, this.#restingFirst)
      this.#restingFirst = 0
    }
  }

  /** Single ports (two of a pair): usable ones, bound or not, and those in use. Resting and foreign ones are neither. */
  counts(): { free: number; used: number } {
    this.#wake()
    const unbound = Math.max(0, (this.#options.to + 1 - this.#next) >> 1)
    return { free: 2 * (this.#free.length - this.#freeFirst + unbound), used: 2 * this.#used }
  }

  close(): void {
    this.#closed = true
    for (const pair of this.#free.splice(this.#freeFirst)) shut(pair)
    for (const pair of this.#resting.splice(this.#restingFirst)) shut(pair)
    this.#next = this.#options.to + 1
  }
}

function shut(pair: PortPair): void {
  pair.rtp?.close()
  pair.rtcp?.close()
}
