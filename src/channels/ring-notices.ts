import type { PushSubscriptions } from './push-subscriptions.ts'
import type { PushNotice, WebPush } from './web-push.ts'

/** What is told about a call: who calls. */
export interface RingingParty {
  readonly number: string
  readonly name: string
}

export interface RingNoticesOptions {
  readonly subscriptions: PushSubscriptions
  readonly push: Pick<WebPush, 'send'>
  /** Whether a log-in still stands. */
  readonly stands: (loginId: string) => boolean
  readonly languageOf: (personId: string) => 'en' | 'de'
}

const words = {
  en: { calls: (who: string) => `${who} calls`, nobody: 'Unknown caller', over: 'No longer rings' },
  de: { calls: (who: string) => `${who} ruft an`, nobody: 'Unbekannt', over: 'Klingelt nicht mehr' },
}

/** Tells people's browsers when a call begins to ring for them, and when it no longer does. */
export class RingNotices {
  readonly #options: RingNoticesOptions
  /** Who has been told of which call; the second word waits for the first. */
  readonly #told = new Map<string, Map<string, Promise<void>>>()

  constructor(options: RingNoticesOptions) {
    this.#options = options
  }

  /** A call has changed. @param people whom it rings for now; empty once it is answered or over */
  changed(callId: string, people: ReadonlySet<string>, caller: RingingParty): void {
    const { subscriptions } = this.#options
    let told = this.#told.get(callId)
    for (const personId of people) {
      if (told?.has(personId) || subscriptions.of(personId).length === 0) continue
      if (!told) {
        told = new Map()
        this.#told.set(callId, told)
      }
      told.set(personId, this.#tell(personId, this.#notice(callId, 'ringing', personId, caller)))
    }
    if (!told) return
    for (const [personId, before] of told) {
      if (people.has(personId)) continue
      told.delete(personId)
      void before.then(() => this.#tell(personId, this.#notice(callId, 'over', personId, caller)))
    }
    if (told.size === 0) this.#told.delete(callId)
  }

  /** Whether nothing has to be watched: nobody has a browser to be told, and nobody has been. */
  get idle(): boolean {
    return this.#options.subscriptions.empty && this.#told.size === 0
  }

  #notice(callId: string, state: PushNotice['state'], personId: string, { number, name }: RingingParty): PushNotice {
    const language = this.#options.languageOf(personId)
    const text = words[language]
    const who = (name || number || text.nobody).slice(0, 120)
    const body = state === 'over' ? text.over : name ? number.slice(0, 120) : ''
    return { callId, state, title: text.calls(who), body, language }
  }

  async #tell(personId: string, notice: PushNotice): Promise<void> {
    const { subscriptions, push, stands } = this.#options
    await Promise.all(
      subscriptions.of(personId).map(async ({ endpoint, keys, loginId }) => {
        const gone = !stands(loginId) || (await push.send({ endpoint, keys }, notice)) === 'gone'
        if (gone) await subscriptions.remove(personId, endpoint).catch(() => {})
      }),
    )
  }
}
