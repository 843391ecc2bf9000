import { type Core, notifyBinding } from '#call'
import type { Binding, Person } from '#directory'
import type { Timer } from '#lib'
import type { MessageLight } from './light.ts'
import type { Mailboxes } from './mailboxes.ts'

/** Phones that subscribe do so within this time of their registration, in ms. */
const patienceMs = 5_000
/** This phone takes no such NOTIFY: no such subscription, unknown event, method not allowed. */
const unwanted = new Set([405, 481, 489])

/**
 * The light on phones that never ask for it (RFC 3842 without a subscription, as PBXs do): many take a NOTIFY for their own account.
 *   phone            server
 *     |--REGISTER------>|
 *     |                 |       five seconds pass without a SUBSCRIBE
 *     |<--NOTIFY--------|       Event: message-summary; only where the mailbox holds something
 *     |--200----------->|       or 405, 481, 489: this binding is left alone
 *     |                 |       somebody leaves a message
 *     |<--NOTIFY--------|
 *
 * A NOTIFY that is lost is made up for with the next registration.
 */
export class UnaskedLight {
  readonly #core: Core
  readonly #mailboxes: Mailboxes
  readonly #light: MessageLight
  /** What each binding has taken, by its id. */
  readonly #told = new Map<string, string>()
  readonly #refused = new Set<string>()
  readonly #busy = new Set<string>()
  readonly #timers = new Map<string, Timer>()
  #stop: (() => void)[] = []

  constructor(core: Core, mailboxes: Mailboxes, light: MessageLight) {
    this.#core = core
    this.#mailboxes = mailboxes
    this.#light = light
  }

  start(): void {
    const { directory, clock } = this.#core
    const looks = (binding: Binding): void => {
      if (this.#timers.has(binding.id)) return
      const look = (): void => {
        this.#timers.delete(binding.id)
        this.#look(binding)
      }
      this.#timers.set(binding.id, clock.setTimeout(look, patienceMs))
    }
    this.#stop = [
      directory.onBinding((binding, change) => (change === 'removed' ? this.#forget(binding.id) : looks(binding))),
      this.#mailboxes.watch(({ mailbox }) => {
        const people = this.#mailboxes.of(mailbox)?.people ?? []
        for (const binding of people.flatMap((person) => this.#bindingsOf(person))) this.#look(binding)
      }),
    ]
  }

  stop(): void {
    for (const stop of this.#stop.splice(0)) stop()
    for (const timer of this.#timers.values()) this.#core.clock.clearTimeout(timer)
    this.#timers.clear()
  }

  #bindingsOf({ id }: Person): readonly Binding[] {
    const { directory } = this.#core
    return directory.devicesOf(id).flatMap((device) => directory.bindingsOfDevice(device.id))
  }

  /** As it is now: the device may have been changed since. */
  #live({ id, device }: Binding): Binding | undefined {
    return this.#core.directory.bindingsOfDevice(device.id).find((one) => one.id === id)
  }

  #forget(id: string): void {
    this.#core.clock.clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.#told.delete(id)
    this.#refused.delete(id)
  }

  #look(binding: Binding): void {
    if (this.#busy.has(binding.id)) return
    this.#busy.add(binding.id)
    this.#tell(binding)
      .catch((error: unknown) => this.#core.log.error({ error: String(error) }, 'telling a phone of messages failed'))
      .finally(() => this.#busy.delete(binding.id))
  }

  /** One NOTIFY at a time for each binding, so that none overtakes another; what changes meanwhile follows. */
  async #tell(binding: Binding): Promise<void> {
    const { id } = binding
    for (;;) {
      const body = this.#stateFor(binding)
      if (body === undefined || body === this.#told.get(id)) return
      const { event, contentType } = this.#light
      const status = await notifyBinding(this.#core, binding, { event, contentType, body })
      if (!this.#live(binding)) return
      if (unwanted.has(status)) this.#refused.add(id)
      if (status < 200 || status > 299) return
      this.#told.set(id, body)
    }
  }

  /** What is to be said to a binding: of all messages that its person hears at the code; `undefined`: nothing. */
  #stateFor(binding: Binding): string | undefined {
    const { id } = binding
    const device = this.#live(binding)?.device
    const person = device && this.#core.directory.personById(device.personId)
    if (!device || !person || device.settings.kind === 'desk' || this.#refused.has(id)) return undefined
    const { messageLight } = device.settings
    if (messageLight === 'never' || (messageLight === 'auto' && this.#light.isSubscribed(device))) return undefined
    const counts = this.#mailboxes.heardBy(person).map((mailbox) => this.#mailboxes.countsOf(mailbox.id))
    const fresh = counts.reduce((sum, count) => sum + count.fresh, 0)
    const heard = counts.reduce((sum, count) => sum + count.heard, 0)
    // Phones begin dark.
    return fresh + heard === 0 && !this.#told.has(id) ? undefined : this.#light.body({ fresh, heard })
  }
}
