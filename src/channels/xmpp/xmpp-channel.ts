import { createHash } from 'node:crypto'
import type { Timer } from '#lib'
import { type IncomingMessage, type MessagePort, type OutgoingMessage, type Reception, SendError } from '../message.ts'
import { jidOf } from './address.ts'
import { type LinkParts, XmppLink } from './link.ts'
import { answerPresence, introduce } from './presence.ts'
import { readStanza, type XmppThread } from './read-stanza.ts'
import { type RefusalText, refusalTexts } from './refusals.ts'
import type { Element, OpenStream, XmppOptions } from './stream.ts'

export type XmppParts = LinkParts

type Handler = (message: IncomingMessage) => Promise<Reception>

const mostWaiting = 256
const tries = 6
const stanzas = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const receipts = 'urn:xmpp:receipts'
// "Do not retry" (RFC 6120 section 8.3.2), but for what is often said of a server that is away for a while.
const passing = new Set(['remote-server-not-found', 'remote-server-timeout', 'recipient-unavailable'])
// What XML 1.0 cannot carry: a server would close the stream for it.
const unfit = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/** Messages by XMPP: to every address of a component's domain, or to one account. */
export class XmppChannel implements MessagePort {
  readonly channel = 'xmpp'
  readonly #options: XmppOptions
  readonly #parts: XmppParts
  readonly #link: XmppLink
  readonly #own: string
  /** The last of each sender's messages: they are handled one after the other. */
  readonly #turns = new Map<string, Promise<void>>()
  readonly #sending = new Map<string, Promise<void>>()
  readonly #refused = new Map<string, (error: SendError) => void>()
  readonly #pauses = new Map<Timer, () => void>()
  #handler: Handler | undefined
  #waiting = 0
  #stopped = false

  /** @throws with a sentence when the options cannot be */
  constructor(options: XmppOptions, parts: XmppParts) {
    this.#options = options
    this.#parts = parts
    const jid = jidOf(options.kind === 'component' ? `${options.localpart}@${options.domain}` : options.address)
    if (!jid?.local)
      throw new Error(
        options.kind === 'component'
          ? `the XMPP component needs a domain like calls.example.org and a local part like calls, not '${options.domain}' and '${options.localpart}'`
          : `the XMPP account must be like baton@example.org, not '${options.address}'`,
      )
    this.#own = options.kind === 'component' ? jid.domain : jid.bare
    this.#link = new XmppLink(options, parts, {
      opened: (stream) => introduce(stream, options),
      stanza: (stanza, stream) => this.#stanza(stanza, stream),
    })
  }

  /**
   * Resolves once the first try to connect has ended. Never rejects: a server that is away is tried again for ever, and slowly one that does not
   * know us or refuses the password, which is logged as an error.
   */
  async start(handler: Handler): Promise<void> {
    this.#handler = handler
    await this.#link.start()
  }

  /**
   * Resolves once our server has worked the message off; attachments are left out. Two calls for one message at a time are one.
   * @throws {SendError} permanent when the server says that there is no such address or that we may not; not while there is no connection
   */
  send(message: OutgoingMessage): Promise<void> {
    const running = this.#sending.get(message.messageId)
    if (running) return running
    const sending = this.#send(message).finally(() => this.#sending.delete(message.messageId))
    this.#sending.set(message.messageId, sending)
    return sending
  }

  /** Waits for the messages that are being handled; those that wait for another try are given back to their senders or the server. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const [timer, go] of this.#pauses) {
      this.#parts.clock.clearTimeout(timer)
      go()
    }
    await Promise.allSettled([...this.#turns.values(), ...this.#sending.values()])
    await this.#link.stop()
  }

  // ---- out -------------------------------------------------------------------------------------------------------------------------

  async #send(message: OutgoingMessage): Promise<void> {
    const { to, from, type = 'chat', thread, subject } = this.#threadOf(message.thread)
    const stream = this.#link.stream
    const { entity, xml } = stream
    const id = `baton-${createHash('sha256').update(message.messageId).digest('hex').slice(0, 40)}`
    const about = subject || (type === 'normal' ? message.subject : '')
    const stanza = xml(
      'message',
      { id, to, type, 'xml:lang': message.language, ...(this.#options.kind === 'component' ? { from } : {}) },
      ...(about ? [xml('subject', {}, legal(about))] : []),
      xml('body', {}, legal(message.text)),
      ...(thread ? [xml('thread', {}, legal(thread))] : []),
      xml('origin-id', { xmlns: 'urn:xmpp:sid:0', id }),
    )
    const refused = new Promise<never>((_resolve, reject) => this.#refused.set(id, reject))
    try {
      const sent = entity.send(stanza).catch((error: Error) => {
        throw new SendError(`the XMPP server could not be written to: ${error.message}`, false)
      })
      await Promise.race([sent.then(() => this.#link.flushed()), refused])
    } finally {
      this.#refused.delete(id)
    }
  }

  /** The thread of an answer, checked: it comes from a database and went in from outside. */
  #threadOf(given: unknown): XmppThread {
    const { to, from, type, thread, subject } = (given ?? {}) as Partial<Record<keyof XmppThread, unknown>>
    const recipient = typeof to === 'string' ? jidOf(to) : undefined
    if (!recipient?.local)
      throw new SendError('the message names no XMPP address like anna@example.org to send it to', true)
    const sender = typeof from === 'string' ? jidOf(from) : undefined
    return {
      to: recipient.bare,
      from: sender?.domain === this.#own ? sender.bare : `${this.#localpart}@${this.#own}`,
      type: type === 'normal' ? 'normal' : 'chat',
      ...(typeof thread === 'string' ? { thread } : {}),
      ...(typeof subject === 'string' ? { subject } : {}),
    }
  }

  get #localpart(): string {
    return this.#options.kind === 'component' ? this.#options.localpart : ''
  }

  // ---- in --------------------------------------------------------------------------------------------------------------------------

  #stanza(stanza: Element, stream: OpenStream): void {
    if (stanza.is('presence')) answerPresence(stanza, stream, this.#options)
    if (!stanza.is('message')) return
    if (stanza.attrs.type === 'error') this.#failed(stanza)
    else this.#read(stanza, stream)
  }

  #read(stanza: Element, stream: OpenStream): void {
    const { random, log } = this.#parts
    const identity = { own: this.#own, kind: this.#options.kind, freshId: () => random.token() }
    const reading = readStanza(stanza, identity)
    if (reading.kind === 'ignored') log.debug({ why: reading.why }, 'an XMPP message was ignored')
    if (reading.kind === 'refused') {
      log.info({ why: reading.why }, 'an XMPP message was refused')
      this.#refuse(stanza, stream, reading.condition, 'modify', reading.why, reading.language)
    }
    if (reading.kind === 'message') this.#queue(reading.message, stanza, stream)
  }

  #queue(message: IncomingMessage, stanza: Element, stream: OpenStream): void {
    if (this.#stopped || this.#waiting >= mostWaiting) {
      this.#refuse(stanza, stream, 'resource-constraint', 'wait', 'busy', message.language)
      return
    }
    this.#waiting++
    const release = stream.hold()
    const sender = message.from.address
    const turn = (this.#turns.get(sender) ?? Promise.resolve())
      .then(() => this.#handle(message, stanza, stream, release))
      .finally(() => {
        this.#waiting--
        if (this.#turns.get(sender) === turn) this.#turns.delete(sender)
      })
    this.#turns.set(sender, turn)
  }

  /** Never rejects. */
  async #handle(message: IncomingMessage, stanza: Element, stream: OpenStream, release: () => void): Promise<void> {
    const { log } = this.#parts
    for (let attempt = 0; attempt < tries; attempt++) {
      if (attempt > 0) await this.#pause(500 * 2 ** attempt)
      if (attempt > 0 && this.#stopped) break
      const reception = await this.#handler!(message).catch((error: Error): Reception => {
        log.error({ error: String(error.stack ?? error) }, 'an XMPP message could not be handled')
        return { kind: 'retry', why: 'it could not be handled' }
      })
      if (reception.kind === 'retry') continue
      log.info(
        { domain: jidOf(message.from.address)?.domain, became: reception.kind, why: reception.why },
        'an XMPP message came in',
      )
      if (reception.kind === 'accepted') this.#receipt(stanza, stream)
      return release()
    }
    this.#refuse(stanza, stream, 'resource-constraint', 'wait', 'busy', message.language)
    release()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#parts.clock.setTimeout(() => {
        this.#pauses.delete(timer)
        resolve()
      }, ms)
      this.#pauses.set(timer, resolve)
      if (this.#stopped) resolve()
    })
  }

  /** XEP-0184: only to a message that asks for it and has an id. */
  #receipt(stanza: Element, { entity, xml }: OpenStream): void {
    const { id, from, to, type } = stanza.attrs
    if (!id || !stanza.getChild('request', receipts)) return
    const answer = { to: from, ...this.#from(to), type, id: `r${this.#parts.random.token(8)}` }
    entity.send(xml('message', answer, xml('received', { xmlns: receipts, id }))).catch(() => {})
  }

  #refuse(
    stanza: Element,
    { entity, xml }: OpenStream,
    condition: string,
    type: 'modify' | 'wait',
    text: RefusalText,
    language: 'en' | 'de' | '',
  ): void {
    const { id, from, to } = stanza.attrs
    const lang = language || 'en'
    const answer = { to: from, ...this.#from(to), id, type: 'error' }
    const said = xml('text', { xmlns: stanzas, 'xml:lang': lang }, refusalTexts[lang][text])
    const error = xml('error', { type }, xml(condition, { xmlns: stanzas }), said)
    entity.send(xml('message', answer, error)).catch(() => {})
  }

  #from(to: string | undefined): { from?: string } {
    return this.#options.kind === 'component' ? { from: to } : {}
  }

  /** A message of ours came back. */
  #failed(stanza: Element): void {
    const error = stanza.getChild('error')
    const parts = error?.getChildElements() ?? []
    const condition = parts.find((part) => part.name !== 'text')?.name ?? 'undefined-condition'
    const said = (error?.getChildText('text') ?? '').replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 200)
    const permanent = error?.attrs.type !== 'wait' && !passing.has(condition)
    this.#parts.log.warn({ condition }, 'an XMPP message came back')
    const why = `the XMPP server gave the message back: ${condition}${said ? `, ${said}` : ''}`
    this.#refused.get(stanza.attrs.id ?? '')?.(new SendError(why, permanent))
  }
}

function legal(text: string): string {
  return text.replace(unfit, '\uFFFD')
}
