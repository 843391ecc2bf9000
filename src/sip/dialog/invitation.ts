import type { Timer } from '#lib'
import type { HeaderLines, Request } from '../message/index.ts'
import type { ServerTransaction } from '../transaction/index.ts'
import type { Flow } from '../transport/types.ts'
import { type Core, requires, supportsOf } from './core.ts'
import { LiveDialog } from './dialog.ts'
import { withType } from './incoming-offer.ts'
import { type Provisional, ReliableResponses } from './reliable-responses.ts'
import { answerSession } from './session-timer.ts'
import type { Dialog, Invitation } from './types.ts'

/** Pauses in ms before an unreliable 1xx is sent again: soon, because a lone 180 is often lost, then each minute (RFC 3261 §13.3.1.1). */
const REPEATS = [500, 1000, 60_000]

/** An INVITE that came in, until its final response is acknowledged. */
export class LiveInvitation implements Invitation {
  handlers: Invitation['handlers'] = {}
  readonly #core: Core
  readonly #transaction: ServerTransaction
  readonly #reliable: 'must' | 'may' | 'no'
  #dialog: LiveDialog | undefined
  #responses: ReliableResponses | undefined
  #repeat: Timer | undefined
  /** The 2xx that waits for a PRACK. */
  #held: { readonly headers: HeaderLines; readonly body: string } | undefined

  constructor(core: Core, transaction: ServerTransaction) {
    this.#core = core
    this.#transaction = transaction
    const { request } = transaction
    this.#reliable = requires(request, '100rel') ? 'must' : supportsOf(request).has('100rel') ? 'may' : 'no'
    transaction.handlers = {
      cancelled: (cancel) => this.#givenUp(cancel),
      acked: (ack) => {
        if (!this.#dialog?.confirmed) return
        // From here on the dialog holds nothing of its INVITE.
        this.#dialog.prack = undefined
        this.handlers.acked?.(ack)
        this.#dialog.acked(ack)
      },
      unacked: () => {
        const dialog = this.#dialog
        if (!dialog?.confirmed) return
        const live = !dialog.ended
        if (live) this.handlers.unacked?.()
        dialog.neverAcked()
      },
    }
  }

  get request(): Request {
    return this.#transaction.request
  }

  get flow(): Flow {
    return this.#transaction.flow
  }

  get localTag(): string {
    return this.#transaction.toTag
  }

  get completed(): boolean {
    return this.#transaction.completed
  }

  get early(): Dialog | undefined {
    return this.#dialog
  }

  progress(
    status: number,
    options: { readonly reason?: string; readonly headers?: HeaderLines; readonly body?: string } = {},
  ): void {
    if (this.completed || this.#held || status <= 100 || status > 199) return
    this.#early()
    const { reason, body } = options
    const headers = this.#dialogHeaders(withType(options.headers ?? [], body))
    const provisional: Provisional = { status, reason, headers, body }
    this.#core.clock.clearTimeout(this.#repeat)
    if (this.#reliable === 'must' || (this.#reliable === 'may' && body !== undefined)) this.#sendReliably(provisional)
    else this.#send(provisional, 0)
  }

  answer(options: { readonly headers?: HeaderLines; readonly body: string }): Dialog {
    const dialog = this.#early()
    if (this.completed || this.#held) {
      // The caller was faster.
      if (!dialog.confirmed) dialog.drop()
      return dialog
    }
    this.#core.clock.clearTimeout(this.#repeat)
    dialog.offers.unacked = this.request.body.length > 0 ? 'answered' : 'offered'
    const answer = { headers: options.headers ?? [], body: options.body }
    if (this.#responses?.holdsAnswer) this.#held = answer
    else this.#accept(answer)
    return dialog
  }

  reject(status: number, reason?: string, headers?: HeaderLines): void {
    if (this.completed) return
    this.#end()
    this.#transaction.respond(status, reason, headers)
  }

  #accept(answer: { readonly headers: HeaderLines; readonly body: string }): void {
    const dialog = this.#early()
    this.#held = undefined
    this.#responses?.stop()
    dialog.prack = (transaction) => this.#pracked(transaction)
    dialog.earlyBye = undefined
    const session = answerSession(this.#core, this.request, dialog.session.agreement, dialog.peerAllows.has('UPDATE'))
    const headers = this.#dialogHeaders([
      ['Supported', this.#core.supported],
      ['Server', this.#core.userAgent],
      ...session.headers,
      ...withType(answer.headers, answer.body),
    ])
    dialog.confirmed = true
    dialog.keepSdp(answer.body)
    this.#transaction.respond(200, undefined, headers, answer.body)
    if (session.ok && !dialog.ended) dialog.session.agree(session.agreement)
  }

  /** The dialog exists from the first response with our tag. */
  #early(): LiveDialog {
    if (this.#dialog) return this.#dialog
    const dialog = LiveDialog.ofRequest(this.#core, this.#transaction)
    dialog.prack = (transaction) => this.#pracked(transaction)
    dialog.earlyBye = (request) => this.#givenUp(request)
    this.#dialog = dialog
    return dialog
  }

  #dialogHeaders(headers: HeaderLines): HeaderLines {
    return [['Contact', `<${this.#early().localContact}>`], ['Allow', this.#core.allow], ...headers]
  }

  #send(provisional: Provisional, turn: number): void {
    const { status, reason, headers, body } = provisional
    this.#transaction.respond(status, reason, headers, body)
    const pause = REPEATS[Math.min(turn, REPEATS.length - 1)]
    this.#repeat = this.#core.clock.setTimeout(() => this.#send(provisional, turn + 1), pause as number)
  }

  #sendReliably(provisional: Provisional): void {
    this.#responses ??= new ReliableResponses(this.#core, this.#transaction, (acknowledged) =>
      this.#settled(acknowledged),
    )
    this.#responses.send(provisional)
    const quiet = { ...provisional, body: undefined, headers: this.#dialogHeaders([]) }
    this.#repeat = this.#core.clock.setTimeout(() => this.#sendReliably(quiet), 60_000)
  }

  #pracked(transaction: ServerTransaction): void {
    const { request } = transaction
    if (!this.#responses?.acknowledge(request)) {
      transaction.respond(481)
      return
    }
    // A new offer in PRACK is refused; where our response carried the offer, this is its answer.
    transaction.respond(request.body.length > 0 && this.request.body.length > 0 ? 488 : 200)
    this.handlers.pracked?.(request)
    this.#responses.proceed()
  }

  /** No PRACK is awaited any more. One that never came means that the caller is gone (RFC 3262 §3). */
  #settled(acknowledged: boolean): void {
    if (this.#held) this.#accept(this.#held)
    else if (!acknowledged && !this.completed) {
      this.reject(504, 'No PRACK')
      this.handlers.unacked?.()
    }
  }

  /** CANCEL, or BYE to the early dialog. */
  #givenUp(request: Request): void {
    if (this.completed) return
    const answered = this.#held ? this.#dialog : undefined
    this.#end()
    this.#transaction.respond(487)
    this.handlers.cancelled?.(request)
    answered?.handlers.lost?.('gone')
  }

  #end(): void {
    this.#core.clock.clearTimeout(this.#repeat)
    this.#responses?.stop()
    this.#held = undefined
    this.#dialog?.drop()
  }
}
