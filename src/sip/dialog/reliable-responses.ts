import type { Timer } from '#lib'
import { type HeaderLines, parseRAck, type Request } from '../message/index.ts'
import type { ServerTransaction } from '../transaction/index.ts'
import type { Core } from './core.ts'

export interface Provisional {
  readonly status: number
  readonly reason: string | undefined
  readonly headers: HeaderLines
  readonly body: string | undefined
}

/** Reliable provisional responses of one INVITE (RFC 3262 §3): numbered, repeated until their PRACK, one at a time. */
export class ReliableResponses {
  readonly #core: Core
  readonly #transaction: ServerTransaction
  readonly #settled: (acknowledged: boolean) => void
  readonly #queue: Provisional[] = []
  #rseq: number
  #waiting: Provisional | undefined
  #timer: Timer | undefined
  #pause = 0
  #waited = 0

  /** @param settled called when nothing waits for a PRACK any more: all acknowledged, or given up after 64*T1 */
  constructor(core: Core, transaction: ServerTransaction, settled: (acknowledged: boolean) => void) {
    this.#core = core
    this.#transaction = transaction
    this.#settled = settled
    this.#rseq = core.random.integer(1 << 30)
  }

  /** An unacknowledged response carries SDP: the 2xx has to wait for its PRACK (§3). */
  get holdsAnswer(): boolean {
    return this.#waiting?.body !== undefined || this.#queue.some((one) => one.body !== undefined)
  }

  send(provisional: Provisional): void {
    this.#queue.push(provisional)
    this.#next()
  }

  /** Whether this PRACK acknowledges the response that waits for one. */
  acknowledge(prack: Request): boolean {
    const rack = parseRAck(prack.header('rack') ?? '')
    const invite = this.#transaction.request.cseq.number
    if (!this.#waiting || !rack.ok || rack.value.rseq !== this.#rseq || rack.value.cseq !== invite) return false
    if (rack.value.method !== 'INVITE') return false
    this.#core.clock.clearTimeout(this.#timer)
    this.#waiting = undefined
    return true
  }

  /** Goes on after an acknowledged PRACK was answered. */
  proceed(): void {
    if (this.#queue.length > 0) this.#next()
    else this.#settled(true)
  }

  /** The final response goes out. */
  stop(): void {
    this.#core.clock.clearTimeout(this.#timer)
    this.#waiting = undefined
    this.#queue.length = 0
  }

  #next(): void {
    if (this.#waiting) return
    this.#waiting = this.#queue.shift()
    if (!this.#waiting) return
    this.#rseq++
    this.#pause = this.#core.timing.t1
    this.#waited = 0
    this.#transmit()
  }

  #transmit(): void {
    const waiting = this.#waiting
    if (!waiting) return
    const { status, reason, headers, body } = waiting
    const all: HeaderLines = [['Require', '100rel'], ['RSeq', `${this.#rseq}`], ...headers]
    this.#transaction.respond(status, reason, all, body)
    this.#timer = this.#core.clock.setTimeout(() => {
      this.#waited += this.#pause
      this.#pause *= 2
      if (this.#waited < 64 * this.#core.timing.t1) {
        this.#transmit()
        return
      }
      this.stop()
      this.#core.guard(() => this.#settled(false))
    }, this.#pause)
  }
}
