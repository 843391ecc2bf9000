import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, Random } from '#lib'
import type { Storage } from '#storage'

/** How long a ticket holds, in ms: as long as one INVITE from node to node may take. */
const holdsMs = 10_000
/** How much later than our own clock allows a ticket may end: the nodes' clocks differ a little. */
const clocksDifferMs = 10_000

/** What one node vouches for to another: who asks for which call, from which station. */
export interface Ticket {
  readonly callId: string
  readonly personId: string
  readonly station: string
}

/**
 * Tickets by which a node passes a request for a call on to the node that has the call: signed with a key that all nodes of a database
 * share (HMAC-SHA256), for ten seconds and for one use.
 */
export class Tickets {
  readonly #key: Buffer
  readonly #clock: Clock
  readonly #random: Random
  /** Used ones and when they would have ended. */
  readonly #used = new Map<string, number>()

  constructor(key: Buffer, clock: Clock, random: Random) {
    this.#key = key
    this.#clock = clock
    this.#random = random
  }

  /** Takes the key from the database; the first node makes it. */
  static async open(values: Storage['values'], clock: Clock, random: Random): Promise<Tickets> {
    return new Tickets(Buffer.from(await values.keep('pickup.key', random.token(32)), 'hex'), clock, random)
  }

  /** A new ticket as text without spaces, for one header. */
  issue({ callId, personId, station }: Ticket): string {
    const claims: Claims = [callId, personId, station, this.#clock.now() + holdsMs, this.#random.token(8)]
    const text = Buffer.from(JSON.stringify(claims)).toString('base64url')
    return `${text}.${this.#sign(text).toString('base64url')}`
  }

  /** What a ticket says, once; `undefined` for one that is not ours, is over, or was used. */
  redeem(text: string): Ticket | undefined {
    const [said = '', signature = '', more] = text.trim().split('.')
    const given = Buffer.from(signature, 'base64url')
    const ours = this.#sign(said)
    if (more !== undefined || given.length !== ours.length || !timingSafeEqual(given, ours)) return undefined
    const [callId, personId, station, until, once] = JSON.parse(Buffer.from(said, 'base64url').toString()) as Claims
    const now = this.#clock.now()
    if (until <= now || until > now + holdsMs + clocksDifferMs || this.#used.has(once)) return undefined
    for (const [one, end] of this.#used) if (end <= now) this.#used.delete(one)
    this.#used.set(once, until)
    return { callId, personId, station }
  }

  #sign(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest()
  }
}

/** Call, person, station, end (ms since 1970), and what makes it unlike any other. */
type Claims = [callId: string, personId: string, station: string, until: number, once: string]
