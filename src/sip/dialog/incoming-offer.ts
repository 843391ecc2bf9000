import type { Buffer } from 'node:buffer'
import type { HeaderLines, Request } from '../message/index.ts'
import type { ServerHandlers, ServerTransaction } from '../transaction/index.ts'
import type { Flow } from '../transport/types.ts'
import { hasHeader } from './core.ts'
import type { LiveDialog } from './dialog.ts'
import type { SessionAgreement } from './session-timer.ts'

/** A re-INVITE or UPDATE with its answer: adds what a 2xx in a dialog has to say, and keeps the books of offers. */
export class IncomingOffer implements ServerTransaction {
  handlers: ServerHandlers = {}
  readonly #dialog: LiveDialog
  readonly #transaction: ServerTransaction
  readonly #agreement: SessionAgreement
  readonly #sessionHeaders: HeaderLines

  constructor(
    dialog: LiveDialog,
    transaction: ServerTransaction,
    agreement: SessionAgreement,
    sessionHeaders: HeaderLines,
  ) {
    this.#dialog = dialog
    this.#transaction = transaction
    this.#agreement = agreement
    this.#sessionHeaders = sessionHeaders
    const invite = transaction.request.method === 'INVITE'
    dialog.offers.theirs = invite ? 'invite' : 'update'
    if (!invite) return
    transaction.handlers = {
      cancelled: (cancel) => {
        this.respond(487)
        this.handlers.cancelled?.(cancel)
      },
      acked: (ack) => {
        const accepted = dialog.offers.unacked !== 'no'
        dialog.offers.unacked = 'no'
        this.handlers.acked?.(ack)
        if (accepted) dialog.acked(ack)
        dialog.offers.pump()
      },
      unacked: () => {
        this.handlers.unacked?.()
        if (dialog.offers.unacked !== 'no') dialog.neverAcked()
      },
    }
  }

  get request(): Request {
    return this.#transaction.request
  }
  get flow(): Flow {
    return this.#transaction.flow
  }
  get merged(): boolean {
    return false
  }
  get toTag(): string {
    return this.#transaction.toTag
  }
  get completed(): boolean {
    return this.#transaction.completed
  }

  respond(status: number, reason?: string, headers: HeaderLines = [], body?: Buffer | string): void {
    if (this.completed) return
    const dialog = this.#dialog
    const { request } = this
    if (status >= 200) {
      dialog.offers.theirs = 'none'
      dialog.pending = undefined
    }
    if (status >= 300 || status < 200) {
      this.#transaction.respond(status, reason, withType(headers, body), body)
      if (status >= 300) dialog.offers.pump()
      return
    }
    if (request.method === 'INVITE') dialog.offers.unacked = request.body.length > 0 ? 'answered' : 'offered'
    this.#transaction.respond(
      status,
      reason,
      [
        ['Contact', `<${dialog.localContact}>`],
        ['Allow', dialog.core.allow],
        ['Supported', dialog.core.supported],
        ...this.#sessionHeaders,
        ...withType(headers, body),
      ],
      body,
    )
    dialog.retarget(request)
    if (dialog.confirmed) dialog.session.agree(this.#agreement)
    if (body) dialog.keepSdp(body.toString())
    dialog.handlers.changed?.(dialog)
    dialog.offers.pump()
  }
}

/** Headers with Content-Type, where there is a body and nobody named its type. */
export function withType(
  headers: HeaderLines,
  body: Buffer | string | undefined,
  type = 'application/sdp',
): HeaderLines {
  if (body === undefined || body.length === 0 || hasHeader(headers, 'content-type')) return headers
  return [...headers, ['Content-Type', type]]
}
