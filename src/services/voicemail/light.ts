import type { CallErrorCode, Core, EventPackage, Watched } from '#call'
import type { Device, Person } from '#directory'
import type { Mailboxes } from './mailboxes.ts'

/**
 * The light on phones that says that messages wait (RFC 3842).
 *   phone            server
 *     |--SUBSCRIBE----->|       sip:102@…, Event: message-summary
 *     |<--200, NOTIFY---|       Messages-Waiting: no
 *     |                 |       somebody leaves a message
 *     |<--NOTIFY--------|       Messages-Waiting: yes
 */
export class MessageLight implements EventPackage {
  readonly event = 'message-summary'
  readonly contentType = 'application/simple-message-summary'
  readonly expires = { default: 3600, min: 60, max: 86_400 }
  readonly #core: Core
  readonly #mailboxes: Mailboxes
  readonly #code: string
  readonly #watchers = new Map<string, Set<() => void>>()
  /** How many subscriptions a device has. */
  readonly #devices = new Map<string, number>()

  constructor(core: Core, mailboxes: Mailboxes, code: string) {
    this.#core = core
    this.#mailboxes = mailboxes
    this.#code = code
    mailboxes.watch(({ mailbox }) => {
      for (const changed of this.#watchers.get(mailbox) ?? []) changed()
    })
  }

  watch(watcher: Person, user: string, changed: () => void, device: Device): Watched | CallErrorCode {
    const id = this.#mailboxOf(watcher, user)
    if (id === undefined) return 'not-found'
    const mayHear = (): boolean => {
      const person = this.#core.directory.personById(watcher.id)
      return person !== undefined && this.#mailboxes.heardBy(person).some((mailbox) => mailbox.id === id)
    }
    if (!mayHear()) return 'not-allowed'
    const watchers = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, watchers.add(changed))
    this.#count(device, 1)
    return {
      state: () => (mayHear() ? this.body(this.#mailboxes.countsOf(id)) : undefined),
      stop: () => {
        this.#count(device, -1)
        watchers.delete(changed)
        if (watchers.size === 0) this.#watchers.delete(id)
      },
    }
  }

  /** Whether this phone asks for it by itself. */
  isSubscribed({ id }: Device): boolean {
    return this.#devices.has(id)
  }

  /** What phones are told (RFC 3842 §3.5). */
  body({ fresh, heard }: { readonly fresh: number; readonly heard: number }): string {
    return [
      `Messages-Waiting: ${fresh > 0 ? 'yes' : 'no'}`,
      `Message-Account: sip:${this.#code}@${this.#core.settings.domain}`,
      `Voice-Message: ${fresh}/${heard} (0/0)`,
      '',
    ].join('\r\n')
  }

  #count({ id }: Device, by: 1 | -1): void {
    const left = (this.#devices.get(id) ?? 0) + by
    if (left > 0) this.#devices.set(id, left)
    else this.#devices.delete(id)
  }

  /** A phone means its own person by an extension, a log-in, its user name or the code of the mailbox. */
  #mailboxOf(watcher: Person, user: string): string | undefined {
    const { directory } = this.#core
    if (user === this.#code) return watcher.id
    const device = directory.deviceByUsername(user)
    if (device) return device.personId
    const dial = directory.dial(user, { kind: 'station', person: watcher })
    const found = dial.ok ? dial.destination : undefined
    if (found?.kind === 'person') return found.person.id
    return found?.kind === 'group' ? found.group.id : undefined
  }
}
