import type { Device, Person } from '#directory'
import { eventOf, type NotifierPackage, type ServerTransaction, type Subscription } from '#sip'
import type { CallHost } from './call.ts'
import { type CallErrorCode, refusalOf } from './errors.ts'
import { dialledOf } from './redirect.ts'

/** One thing that phones can subscribe to (RFC 6665 §5). */
export interface EventPackage extends NotifierPackage {
  /**
   * Begins to watch for somebody.
   * @param user whom or what, as dialled
   * @param changed to be called whenever there is news: a NOTIFY follows
   * @param device the watcher's phone
   * @returns the refusal where there is no such thing or the person may not see it
   */
  watch(watcher: Person, user: string, changed: () => void, device: Device): Watched | CallErrorCode
}

/** What somebody watches. */
export interface Watched {
  /** The body of the NOTIFY that leaves now; `undefined`: the watcher may see it no more. */
  state(): string | undefined
  /** Nobody watches any more. */
  stop(): void
}

/** The subscriptions of phones to events: who may have one, and for what. They live in memory; after a restart phones subscribe anew. */
export class Subscriptions {
  readonly #host: CallHost
  readonly #packages = new Map<string, EventPackage>()
  readonly #live = new Set<Subscription>()
  readonly #perDevice = new Map<string, number>()

  constructor(host: CallHost) {
    this.#host = host
  }

  /** Lets phones subscribe to one more thing. */
  add(kind: EventPackage): void {
    this.#packages.set(kind.event, kind)
  }

  /** Names of the packages, for Allow-Events. */
  get events(): string {
    return [...this.#packages.keys()].join(', ')
  }

  get size(): number {
    return this.#live.size
  }

  /** A SUBSCRIBE outside a dialog, of a device that has proved who it is. */
  receive(transaction: ServerTransaction, person: Person, device: Device): void {
    const { core } = this.#host
    const { request } = transaction
    const kind = this.#packages.get(eventOf(request)?.event ?? '')
    if (!kind) {
      transaction.respond(489, 'Bad Event', [['Allow-Events', this.events]])
      return
    }
    const { maxSubscriptions, maxSubscriptionsPerDevice } = core.settings
    if (this.#live.size >= maxSubscriptions) {
      transaction.respond(503, 'Too many subscriptions', [['Retry-After', '60']])
      return
    }
    if ((this.#perDevice.get(device.id) ?? 0) >= maxSubscriptionsPerDevice) {
      transaction.respond(403, 'Too many subscriptions of this device')
      return
    }
    const user = dialledOf(this.#host, request.uri.text)
    let subscription: Subscription | undefined
    const watched = user === undefined ? 'not-found' : kind.watch(person, user, () => subscription?.notify(), device)
    if (typeof watched === 'string') {
      const { sip, text } = refusalOf(watched)
      transaction.respond(sip, text)
      return
    }
    subscription = core.ua.acceptSubscription(transaction, kind, {
      state: () => (core.directory.deviceById(device.id) ? watched.state() : undefined),
      ended: () => {
        watched.stop()
        if (subscription && this.#live.delete(subscription)) this.#count(device, -1)
      },
    })
    if (!subscription) watched.stop()
    else if (!subscription.ended) {
      this.#live.add(subscription)
      this.#count(device, 1)
    }
  }

  /** The server stops: phones are told to subscribe anew (RFC 6665 §4.1.3). */
  stop(): void {
    for (const subscription of [...this.#live]) subscription.terminate('deactivated')
  }

  #count(device: Device, by: 1 | -1): void {
    const left = (this.#perDevice.get(device.id) ?? 0) + by
    if (left > 0) this.#perDevice.set(device.id, left)
    else this.#perDevice.delete(device.id)
  }
}
