import { answerChallenge } from '../auth/index.ts'
import type { HeaderLines, Response } from '../message/index.ts'
import type { ClientTransaction, Failure } from '../transaction/index.ts'
import { type Core, requires } from './core.ts'
import { LiveDialog } from './dialog.ts'
import { withType } from './incoming-offer.ts'
import { minimumOf, sessionOffer } from './session-timer.ts'
import type { InviteOptions, OutgoingCall, OutgoingHandlers } from './types.ts'

/** The Via branch of an INVITE that is sent once more, where that of the first was given. */
export function branchOfRepeat(branch: string): string {
  return `${branch}r`
}

interface Fork {
  readonly dialog: LiveDialog
  /** RSeq of the last reliable response, -1 before the first. */
  rseq: number
}

/** An INVITE of ours with all that answers it: early dialogs by To-tag, one winner (RFC 3261 §13.2). */
export class LiveOutgoingCall implements OutgoingCall {
  readonly callId: string
  readonly localTag: string
  readonly #core: Core
  readonly #options: InviteOptions
  readonly #handlers: OutgoingHandlers
  readonly #forks = new Map<string, Fork>()
  #transaction: ClientTransaction
  #cseq: number
  /** For the INVITE as it is sent next; made anew where it is `undefined`. */
  #branch: string | undefined
  #cancelled = false
  /** Headers of our CANCEL: a BYE that has to follow it says the same. */
  #reason: HeaderLines | undefined
  #challenged = false
  #minSE: number | undefined
  #authorization: readonly [string, string] | undefined

  constructor(core: Core, options: InviteOptions, handlers: OutgoingHandlers) {
    this.#core = core
    this.#options = options
    this.#handlers = handlers
    this.callId = options.callId ?? core.random.token(16)
    this.localTag = options.localTag ?? core.random.token(8)
    this.#cseq = options.cseq ?? 1 + core.random.integer(1 << 16)
    this.#branch = options.branch
    this.#transaction = this.#send()
  }

  cancel(headers?: HeaderLines): void {
    if (this.#cancelled) return
    this.#cancelled = true
    this.#reason = headers
    this.#transaction.cancel(headers)
  }

  #send(): ClientTransaction {
    const { uri, from, to, body, routeSet, maxForwards, reliable, target } = this.#options
    const core = this.#core
    const headers: (readonly [string, string])[] = [['Max-Forwards', `${maxForwards ?? 70}`]]
    if (routeSet) for (const route of routeSet) headers.push(['Route', route])
    headers.push(
      ['From', `${from};tag=${this.localTag}`],
      ['To', to],
      ['Call-ID', this.callId],
      ['CSeq', `${this.#cseq} INVITE`],
      ['Allow', core.allow],
      ['Supported', reliable === false ? core.supportedUnreliable : core.supported],
      ['User-Agent', core.userAgent],
      ...sessionOffer(core, { interval: 0, ours: false }, this.#minSE),
    )
    if (this.#authorization) headers.push(this.#authorization)
    headers.push(...withType(this.#options.headers ?? [], body))
    return core.transactions.request(
      {
        ...{ method: 'INVITE', uri, headers, body, callId: this.callId, contact: true },
        ...(this.#branch ? { branch: this.#branch } : {}),
      },
      target,
      {
        provisional: (response) => this.#progress(response),
        final: (response) => this.#final(response),
        failed: (failure) => this.#fail(undefined, failure),
      },
    )
  }

  #progress(response: Response): void {
    if (response.status === 100) return
    if (response.toTag === '') {
      if (!this.#cancelled) this.#handlers.progress?.(response, undefined)
      return
    }
    const fork = this.#fork(response)
    if (requires(response, '100rel') && !this.#acknowledge(fork, response)) return
    if (!this.#cancelled) this.#handlers.progress?.(response, fork.dialog)
  }

  #fork(response: Response): Fork {
    const known = this.#forks.get(response.toTag)
    if (known) return known
    const fork = { dialog: this.#newDialog(response), rseq: -1 }
    this.#forks.set(response.toTag, fork)
    return fork
  }

  #newDialog(response: Response): LiveDialog {
    const { flow } = this.#transaction
    const contact = flow ? this.#core.transport.contactUri(flow) : ''
    const dialog = LiveDialog.ofResponse(this.#core, response, flow, contact)
    dialog.credentials = this.#options.credentials
    dialog.authorization = this.#authorization
    return dialog
  }

  /** PRACKs a reliable response (RFC 3262 §4); false where it is a repetition or came out of order. */
  #acknowledge(fork: Fork, response: Response): boolean {
    const rseq = Number(response.header('rseq'))
    if (!Number.isInteger(rseq) || rseq < 0) return false
    if (fork.rseq >= 0 && rseq !== fork.rseq + 1) return false
    fork.rseq = rseq
    fork.dialog.retarget(response)
    fork.dialog.exchange(
      'PRACK',
      { headers: [['RAck', `${rseq} ${response.cseq.number} INVITE`]] },
      { final() {}, failed() {} },
    )
    return true
  }

  #final(response: Response): void {
    if (response.status < 300) this.#accepted(response)
    else if (this.#cancelled || !this.#again(response)) this.#fail(response)
  }

  #accepted(response: Response): void {
    const fork = this.#forks.get(response.toTag)
    const dialog = fork?.dialog ?? this.#newDialog(response)
    this.#forks.delete(response.toTag)
    this.#dropForks()
    dialog.confirm(response)
    if (this.#cancelled) {
      dialog.acknowledge(response.cseq.number)
      dialog.bye(this.#reason)
      this.#handlers.crossed?.(response)
      return
    }
    dialog.keepSdp(this.#options.body)
    dialog.owesAck = response.cseq.number
    const pay = () => dialog.payAck()
    let stored: unknown
    try {
      stored = this.#handlers.answered(response, dialog)
    } finally {
      if (stored instanceof Promise) stored.then(pay, pay)
      else pay()
    }
  }

  /** Sends the INVITE once more where the refusal says how it would be taken. */
  #again(response: Response): boolean {
    const { credentials, uri } = this.#options
    if (response.status === 422 && this.#minSE === undefined) {
      this.#minSE = minimumOf(this.#core, response)
      if (this.#minSE === undefined) return false
      // A nonce count is good once.
      this.#authorization = undefined
      this.#challenged = false
    } else if ((response.status === 401 || response.status === 407) && credentials && !this.#challenged) {
      this.#challenged = true
      this.#authorization = answerChallenge(response, credentials, 'INVITE', uri, 1, this.#core.random.token(8))
      if (!this.#authorization) return false
    } else return false
    this.#dropForks()
    this.#cseq++
    // Only the first repetition can be cancelled by another run: a challenge is the rule with a provider, more are not.
    this.#branch = this.#branch === this.#options.branch && this.#branch ? branchOfRepeat(this.#branch) : undefined
    this.#transaction = this.#send()
    return true
  }

  #fail(response: Response | undefined, failure?: Failure): void {
    this.#dropForks()
    this.#handlers.failed(response, failure)
  }

  #dropForks(): void {
    for (const { dialog } of this.#forks.values()) dialog.drop()
    this.#forks.clear()
  }
}
