import type { Timer } from '#lib'
import { type HeaderLines, parseTokenList, type Request, type Response } from '../message/index.ts'
import type { ServerTransaction } from '../transaction/index.ts'
import { answerOptions, type Core } from './core.ts'
import { LiveDialog } from './dialog.ts'

/** What a notifier says of one event package (RFC 6665 §5.4). */
export interface NotifierPackage {
  /** As it stands in Event. */
  readonly event: string
  /** The type of its bodies, lower case. */
  readonly contentType: string
  /** Seconds: without Expires; the shortest that is taken (423 below); the longest that is granted. */
  readonly expires: { readonly default: number; readonly min: number; readonly max: number }
}

/** Why a notifier ends a subscription (RFC 6665 §4.1.3). */
export type SubscriptionEnd = 'deactivated' | 'timeout' | 'rejected' | 'noresource'

export interface SubscriptionHandlers {
  /**
   * The body of the NOTIFY that leaves now, so that whatever waited is told as it is by then. `undefined`: the subscriber may not know it any
   * more, and the subscription ends as `rejected`.
   */
  state(): string | undefined
  /** Over, by whatever way; nothing is asked any more. */
  ended?(): void
}

/** A subscription that somebody has with us. */
export interface Subscription {
  readonly ended: boolean
  /** The state has changed: a NOTIFY leaves now, or once the one under way is answered. */
  notify(): void
  /** Ends it with a last NOTIFY. */
  terminate(reason: SubscriptionEnd): void
}

/** Package and `id` of an Event header, in lower case and as written; `undefined` where there is none that can be read. */
export function eventOf(request: Request): { readonly event: string; readonly id: string } | undefined {
  const [event = '', ...params] = (request.header('event') ?? '').split(';').map((part) => part.trim())
  if (!/^[\w.!%*+`'~-]+$/.test(event)) return undefined
  const id = params.find((param) => /^id\s*=/i.test(param))
  return { event: event.toLowerCase(), id: id?.slice(id.indexOf('=') + 1).trim() ?? '' }
}

/** Longest wait that a Retry-After of a watcher gets, in seconds. */
const MOST_PATIENCE = 60

/** The notifier's side of one subscription and of its dialog (RFC 6665 §4.2): one NOTIFY at a time, the newest state after it. */
export class LiveSubscription implements Subscription {
  ended = false
  readonly #dialog: LiveDialog
  readonly #package: NotifierPackage
  readonly #id: string
  readonly #handlers: SubscriptionHandlers
  #expiresAt = 0
  #expiry: Timer | undefined
  /** A NOTIFY waits for its answer, or for the time that the watcher asked for. */
  #busy = false
  /** The state has changed since the last NOTIFY. */
  #behind = false
  /** Why the next NOTIFY is the last. */
  #last: SubscriptionEnd | undefined

  private constructor(dialog: LiveDialog, kind: NotifierPackage, id: string, handlers: SubscriptionHandlers) {
    this.#dialog = dialog
    this.#package = kind
    this.#id = id
    this.#handlers = handlers
    dialog.confirmed = true
    dialog.subscription = this
  }

  /** See {@link UserAgent.acceptSubscription}. */
  static accept(
    core: Core,
    transaction: ServerTransaction,
    kind: NotifierPackage,
    handlers: SubscriptionHandlers,
  ): Subscription | undefined {
    const { request } = transaction
    const asked = eventOf(request)
    const refusal =
      asked?.event !== kind.event
        ? ({ status: 489, headers: [['Allow-Events', kind.event]] } as const)
        : request.contacts.length !== 1
          ? ({ status: 400, reason: 'SUBSCRIBE needs one Contact' } as const)
          : accepts(request, kind.contentType)
            ? tooBrief(request, kind)
            : ({ status: 406, headers: [['Accept', kind.contentType]] } as const)
    if (refusal || !asked) {
      transaction.respond(refusal?.status ?? 489, refusal?.reason, refusal?.headers)
      return undefined
    }
    const made = new LiveSubscription(LiveDialog.ofRequest(core, transaction), kind, asked.id, handlers)
    made.#grant(transaction)
    return made
  }

  notify(): void {
    if (this.ended) return
    this.#behind = true
    this.#pump()
  }

  terminate(reason: SubscriptionEnd): void {
    if (this.ended || this.#last) return
    this.#last = reason
    // Whoever refreshes now is told that there is nothing to refresh.
    this.#dialog.drop()
    this.#dialog.core.clock.clearTimeout(this.#expiry)
    this.#behind = true
    this.#pump()
  }

  /** A request of the watcher in the dialog of the subscription. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction
    if (request.method === 'OPTIONS') {
      answerOptions(this.#dialog.core, transaction)
      return
    }
    const asked = request.method === 'SUBSCRIBE' ? eventOf(request) : undefined
    if (asked?.event !== this.#package.event || asked.id !== this.#id) {
      transaction.respond(481, 'Subscription Does Not Exist')
      return
    }
    const refusal = tooBrief(request, this.#package)
    if (refusal) {
      transaction.respond(refusal.status, refusal.reason, refusal.headers)
      return
    }
    this.#dialog.retarget(request)
    this.#grant(transaction)
  }

  /** 200, and the NOTIFY that follows every SUBSCRIBE (§4.2.1.2); with `Expires: 0` it is the last. */
  #grant(transaction: ServerTransaction): void {
    const { core, localContact } = this.#dialog
    const seconds = Math.min(secondsOf(transaction.request, this.#package), this.#package.expires.max)
    transaction.respond(200, undefined, [
      ['Expires', String(seconds)],
      ['Contact', `<${localContact}>`],
    ])
    core.clock.clearTimeout(this.#expiry)
    if (seconds === 0) {
      this.terminate('timeout')
      return
    }
    this.#expiresAt = core.clock.now() + seconds * 1000
    this.#expiry = core.clock.setTimeout(() => core.guard(() => this.terminate('timeout')), seconds * 1000)
    this.notify()
  }

  #pump(): void {
    if (this.#busy || !this.#behind) return
    const { core } = this.#dialog
    this.#behind = false
    let body: string | undefined
    const known = this.#last !== 'rejected' && this.#last !== 'noresource'
    if (known) core.guard(() => (body = this.#handlers.state()))
    if (known && body === undefined && !this.#last) {
      this.terminate('rejected')
      return
    }
    this.#busy = true
    const headers: HeaderLines = [
      ['Event', this.#id === '' ? this.#package.event : `${this.#package.event};id=${this.#id}`],
      ['Subscription-State', this.#stateLine(core.clock.now())],
    ]
    const parts = body === undefined ? { headers } : { headers, body, contentType: this.#package.contentType }
    const last = this.#last !== undefined
    if (last) this.#end()
    this.#dialog.exchange('NOTIFY', parts, {
      final: (response) => this.#answered(response),
      failed: () => this.#end(),
    })
  }

  #stateLine(now: number): string {
    if (this.#last) return `terminated;reason=${this.#last}`
    return `active;expires=${Math.max(0, Math.ceil((this.#expiresAt - now) / 1000))}`
  }

  /** A refusal ends the subscription, unless it says when to come again (§4.2.2). */
  #answered(response: Response): void {
    if (this.ended) return
    if (response.status < 300) {
      this.#next()
      return
    }
    const seconds = Number.parseInt(response.header('retry-after') ?? '', 10)
    if (response.status === 481 || !Number.isFinite(seconds)) {
      this.#end()
      return
    }
    const { core } = this.#dialog
    this.#behind = true
    core.clock.setTimeout(() => core.guard(() => this.#next()), Math.min(Math.max(seconds, 1), MOST_PATIENCE) * 1000)
  }

  #next(): void {
    this.#busy = false
    if (!this.ended) this.#pump()
  }

  #end(): void {
    if (this.ended) return
    this.ended = true
    const { core } = this.#dialog
    core.clock.clearTimeout(this.#expiry)
    this.#dialog.drop()
    core.guard(() => this.#handlers.ended?.())
  }
}

/** Whether a body of this type may be sent; without Accept the package's own is meant (RFC 6665 §4.1.2.1). */
function accepts(request: Request, contentType: string): boolean {
  const lines = request.headerLines('accept')
  if (lines.length === 0) return true
  const group = contentType.replace(/\/.*/, '/*')
  return lines
    .flatMap((line) => parseTokenList(line))
    .some((type) => type === contentType || type === group || type === '*/*')
}

/** Seconds that are asked for; the package's default without Expires and where it cannot be read. */
function secondsOf(request: Request, { expires }: NotifierPackage): number {
  const given = request.header('expires')?.trim() ?? ''
  return /^\d{1,10}$/.test(given) ? Number(given) : expires.default
}

function tooBrief(request: Request, kind: NotifierPackage) {
  const seconds = secondsOf(request, kind)
  if (seconds === 0 || seconds >= kind.expires.min) return undefined
  const headers: HeaderLines = [['Min-Expires', String(kind.expires.min)]]
  return { status: 423, reason: 'Interval Too Brief', headers } as const
}
