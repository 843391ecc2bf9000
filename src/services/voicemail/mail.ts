import type { Core } from '#call'
import type { Timer } from '#lib'
import type { VoicemailRow } from '#storage'
import type { Mailboxes } from './mailboxes.ts'

/** Sends one message by e-mail; rejects where it cannot, and is asked again. */
export type VoicemailMail = (mail: {
  /** The same for the same message to the same person, however often it is tried. */
  readonly id: string
  readonly to: string
  readonly language: 'en' | 'de'
  readonly subject: string
  readonly text: string
  readonly attachment: { readonly name: string; readonly type: 'audio/wav'; readonly content: Buffer }
}) => Promise<void>

/** Between tries, in ms. */
const againMs = 300_000
/** A message that could not be sent for so long stays on the desk only. */
const giveUpMs = 86_400_000

const texts = {
  en: {
    unknown: 'an unknown number',
    subject: (who: string, length: string) => `Voicemail from ${who} (${length})`,
    text: (who: string, when: string, length: string) => `${who} left a message of ${length} on ${when}.`,
    partial: 'The end of the message is missing.',
  },
  de: {
    unknown: 'unbekannter Nummer',
    subject: (who: string, length: string) => `Sprachnachricht von ${who} (${length})`,
    text: (who: string, when: string, length: string) => `Nachricht von ${who}, ${when}, Länge ${length}.`,
    partial: 'Das Ende der Nachricht fehlt.',
  },
} as const

/** Sends messages to their people by e-mail; what is due survives a restart. A crash between sending and noting it sends twice. */
export class MessageMail {
  readonly #core: Core
  readonly #mailboxes: Mailboxes
  readonly #send: VoicemailMail
  #running: Promise<void> | undefined
  #timer: Timer | undefined
  #stopped = false
  /** More came while messages were being sent. */
  #more = false

  constructor(core: Core, mailboxes: Mailboxes, send: VoicemailMail) {
    this.#core = core
    this.#mailboxes = mailboxes
    this.#send = send
  }

  /** Sends what is due. */
  look(): void {
    this.#more = true
    if (this.#stopped || this.#running) return
    this.#more = false
    this.#running = this.#round()
      .catch((error: unknown) => {
        this.#core.log.error({ error: String(error) }, 'messages could not be mailed')
        return true
      })
      .then((more) => {
        this.#running = undefined
        if (this.#more) this.look()
        if (more && !this.#stopped) this.#timer ??= this.#core.clock.setTimeout(() => this.#again(), againMs)
      })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#core.clock.clearTimeout(this.#timer)
    await this.#running
  }

  #again(): void {
    this.#timer = undefined
    this.look()
  }

  /** @returns whether something is left to be tried again */
  async #round(): Promise<boolean> {
    const { storage, settings, clock, log } = this.#core
    let left = false
    // What came while this round ran is looked at, too.
    for (const tried = new Set<string>(); ; ) {
      const row = (await storage.voicemail.toMail(settings.node)).find(({ id }) => !tried.has(id))
      if (!row || this.#stopped) return left
      tried.add(row.id)
      const over = clock.now() - row.at > giveUpMs
      try {
        if (!over) await this.#mail(row)
        await storage.voicemail.mailed(row.id, over ? '' : 'sent')
      } catch (error) {
        log.warn({ message: row.id, error: String(error) }, 'mailing a message failed; it is tried again for a day')
        left = true
      }
    }
  }

  async #mail(row: VoicemailRow): Promise<void> {
    const content = await this.#mailboxes.audio(row.id)
    if (!content) return
    for (const { email, settings } of this.#mailboxes.of(row.ownerId)?.people ?? []) {
      if (email === '') continue
      const words = texts[settings.language]
      const known = row.callerNumber !== '' && row.callerNumber !== 'anonymous'
      const who = row.callerName || (known ? row.callerNumber : words.unknown)
      const seconds = Math.round(row.ms / 1000)
      const length = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
      const { language, timeZone } = settings
      const when = new Date(row.at).toLocaleString(language, { dateStyle: 'long', timeStyle: 'short', timeZone })
      const lines = [words.text(known && row.callerName ? `${who} (${row.callerNumber})` : who, when, length)]
      if (row.partial) lines.push(words.partial)
      const attachment = { name: 'message.wav', type: 'audio/wav', content } as const
      await this.#send({
        ...{ id: `voicemail ${row.id} ${email}`, to: email, language, subject: words.subject(who, length) },
        ...{ text: `${lines.join('\n\n')}\n`, attachment },
      })
    }
  }
}
