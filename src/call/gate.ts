import type { Directory } from '#directory'
import type { Clock } from '#lib'
import { SourceLimiter, type TrafficTap, type TransportHandler } from '#sip'

/** How late a timer may be, in ms, before the process counts as overloaded; looked at four times a second. */
const lateMs = 400
const everyMs = 250

/**
 * The server's door: counts what goes in and out, holds back strangers who send too much, and tells when the process cannot keep up, so
 * that new calls get a 503 while calls under way go on (RFC 7339's aim by simple means).
 */
export class Gate {
  received = 0
  sent = 0
  /** Messages of strangers that were dropped unread. */
  heldBack = 0
  readonly #directory: Pick<Directory, 'isKnownSource'>
  readonly #clock: Clock
  readonly #limiter: SourceLimiter
  #overloadedUntil = 0
  #timer

  constructor(directory: Pick<Directory, 'isKnownSource'>, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
    this.#limiter = new SourceLimiter(clock)
    this.#timer = this.#look(clock.now() + everyMs)
  }

  /** True for a second after the event loop was late. */
  get overloaded(): boolean {
    return this.#clock.now() < this.#overloadedUntil
  }

  /** A handler that passes on what the guard lets through. */
  guard(handler: TransportHandler): TransportHandler {
    return {
      ...handler,
      message: (bytes, flow) => {
        if (
          !this.#directory.isKnownSource(flow.remoteAddress, flow.remotePort) &&
          !this.#limiter.allow(flow.remoteAddress)
        ) {
          this.heldBack++
          return
        }
        handler.message(bytes, flow)
      },
    }
  }

  /** A tap that counts on its way. */
  count(tap: TrafficTap): TrafficTap {
    return (direction, bytes, flow, callId) => {
      if (direction === 'in') this.received++
      else this.sent++
      tap(direction, bytes, flow, callId)
    }
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
  }

  #look(expected: number) {
    return this.#clock.setTimeout(() => {
      const now = this.#clock.now()
      if (now - expected > lateMs) this.#overloadedUntil = now + 1000
      this.#timer = this.#look(now + everyMs)
    }, everyMs)
  }
}
