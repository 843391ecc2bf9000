import type { Clock, Timer } from '#lib'
import { type Sound, type SpokenPart, sayKeys } from '#media'
import type { CallbackRow } from '#storage'
import type { Announcer, CallbackParty } from './types.ts'

/** How long a name may take to be spoken, in ms; then the number is said. */
const speakMs = 2_000

/** What the two sides of a requested call are told, each in their language. */
export class AttemptWords {
  readonly #clock: Clock
  readonly #announcer: Announcer
  readonly #request: CallbackRow

  constructor(clock: Clock, announcer: Announcer, request: CallbackRow) {
    this.#clock = clock
    this.#announcer = announcer
    this.#request = request
  }

  /** @param more behind who asks for the call */
  async whoAsks(called: CallbackParty, more: readonly SpokenPart[] = []): Promise<Sound> {
    return this.say(called, ['callback-requested-by', ...(await this.#asker(this.#languageOf(called))), ...more])
  }

  /** Speaks the asker's name before it is needed; it is remembered. */
  async prepare(called: CallbackParty): Promise<void> {
    await this.#asker(this.#languageOf(called))
  }

  say(to: CallbackParty, parts: readonly (SpokenPart | Sound)[]): Promise<Sound> {
    return this.#announcer.say(this.#languageOf(to), parts)
  }

  /** By name where it can be spoken, else by number. */
  async #asker(language: string): Promise<readonly (SpokenPart | Sound)[]> {
    const { dial, name } = JSON.parse(this.#request.caller) as CallbackParty
    const spoken = name === '' ? undefined : await this.#inTime(this.#announcer.speak?.(name, language))
    return spoken ? [spoken] : ['the-number', ...sayKeys(dial)]
  }

  /** Nobody who has answered waits in silence for a slow voice. */
  async #inTime<T>(work: Promise<T | undefined> | undefined): Promise<T | undefined> {
    let timer: Timer | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = this.#clock.setTimeout(() => resolve(undefined), speakMs)
    })
    try {
      return await Promise.race([work, late])
    } catch {
      return undefined
    } finally {
      this.#clock.clearTimeout(timer)
    }
  }

  #languageOf({ language }: CallbackParty): string {
    return language || this.#request.language || 'en'
  }
}
