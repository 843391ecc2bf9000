import type { Timer } from '#lib'
import type { HeaderLines, Response } from '../message/index.ts'
import type { LiveDialog } from './dialog.ts'
import { minimumOf, sessionOffer } from './session-timer.ts'

interface Waiting {
  readonly sdp: string
  readonly headers: HeaderLines | undefined
  readonly done: (response: Response | undefined) => void
  tries: number
  minSE?: number
}

/** How often a refused (491) offer is tried again. */
const MOST_TRIES = 8

/** The offers of one dialog, ours and the peer's, one at a time (RFC 3261 §14, RFC 3311 §5). */
export class Offers {
  /** An offer of the peer that is not answered yet. */
  theirs: 'none' | 'invite' | 'update' = 'none'
  /** A 2xx of ours to INVITE whose ACK has not come. */
  unacked: 'no' | 'answered' | 'offered' = 'no'
  readonly #dialog: LiveDialog
  readonly #queue: Waiting[] = []
  #sending: Waiting | undefined
  #retry: Timer | undefined

  constructor(dialog: LiveDialog) {
    this.#dialog = dialog
  }

  /** An INVITE of ours is out. */
  get ours(): boolean {
    return this.#sending !== undefined
  }

  add(sdp: string, headers: HeaderLines | undefined): Promise<Response | undefined> {
    return new Promise((done) => {
      this.#queue.push({ sdp, headers, done, tries: 0 })
      this.pump()
    })
  }

  /** Takes back an offer of ours that waits after a 491. False when it does not wait. */
  withdraw(sdp: string): boolean {
    if (!this.#retry || this.#queue[0]?.sdp !== sdp) return false
    this.#dialog.core.clock.clearTimeout(this.#retry)
    this.#retry = undefined
    this.#queue.shift()?.done(undefined)
    return true
  }

  /** Sends the next offer where nothing is in its way. */
  pump(): void {
    const dialog = this.#dialog
    if (this.#sending || this.#retry || this.theirs !== 'none' || this.unacked !== 'no' || !dialog.confirmed) return
    const next = this.#queue.shift()
    if (!next) return
    this.#sending = next
    this.#send(next)
  }

  /** The dialog is over. */
  end(): void {
    this.#dialog.core.clock.clearTimeout(this.#retry)
    this.#retry = undefined
    for (const waiting of this.#queue.splice(0)) waiting.done(undefined)
  }

  #send(waiting: Waiting): void {
    const dialog = this.#dialog
    const headers: (readonly [string, string])[] = [
      ['Allow', dialog.core.allow],
      ['Supported', dialog.core.supportedUnreliable],
      ...sessionOffer(dialog.core, dialog.session.agreement, waiting.minSE),
    ]
    if (waiting.headers) headers.push(...waiting.headers)
    dialog.exchange(
      'INVITE',
      { headers, body: waiting.sdp },
      {
        final: (response) => this.#final(waiting, response),
        failed: (failure) => {
          this.#sending = undefined
          if (failure === 'timeout') dialog.gone(true)
          waiting.done(undefined)
          this.pump()
        },
      },
    )
  }

  #final(waiting: Waiting, response: Response): void {
    const dialog = this.#dialog
    const { status } = response
    this.#sending = undefined
    if (status < 300) {
      dialog.acknowledge(response.cseq.number)
      if (!dialog.ended) {
        dialog.refreshed(response)
        dialog.keepSdp(waiting.sdp)
      }
    } else if (!dialog.ended && this.#again(waiting, response)) return
    else if (status === 408 || status === 481) dialog.gone(status === 408)
    waiting.done(response)
    this.pump()
  }

  /** Whether the offer is made once more. */
  #again(waiting: Waiting, response: Response): boolean {
    const dialog = this.#dialog
    if (++waiting.tries > MOST_TRIES) return false
    if (response.status === 491) {
      this.#queue.unshift(waiting)
      this.#retry = dialog.core.clock.setTimeout(() => {
        this.#retry = undefined
        this.pump()
      }, this.glarePause())
      return true
    }
    if (response.status !== 422 || waiting.minSE !== undefined) return false
    waiting.minSE = minimumOf(dialog.core, response)
    if (waiting.minSE === undefined) return false
    this.#sending = waiting
    this.#send(waiting)
    return true
  }

  /** How long to wait after a 491, in ms (§14.1): the owner of the Call-ID 2.1 to 4 s, the other up to 2 s, in steps of 10 ms. */
  glarePause(): number {
    const { random } = this.#dialog.core
    return this.#dialog.initiator ? 2100 + 10 * random.integer(191) : 10 * random.integer(201)
  }
}
