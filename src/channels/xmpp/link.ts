import type { Clock, Log, Random, Timer } from '#lib'
import { SendError } from '../message.ts'
import { type Element, isLoopback, type OpenStream, openStream, type XmppOptions } from './stream.ts'

export interface LinkParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface LinkEvents {
  /** The stream is open, before anything was sent on it. */
  opened(stream: OpenStream): void
  stanza(stanza: Element, stream: OpenStream): void
}

const openMs = 20_000
const answerMs = 20_000
const pingMs = 60_000
/** Pauses before the next try: the first and the longest. */
const awayMs = { first: 1_000, longest: 60_000 }
/** The same where somebody has to mend the settings, so that the server is not asked in vain again and again. */
const refusedMs = { first: 30_000, longest: 300_000 }
const ping = 'urn:xmpp:ping'

/**
 * Keeps one stream to the XMPP server open: opened again after every loss, later and later while the server is away, and slowly while it refuses
 * us, which is logged as an error that says what to mend.
 */
export class XmppLink {
  readonly #options: XmppOptions
  readonly #parts: LinkParts
  readonly #events: LinkEvents
  readonly #pings = new Map<string, (error?: Error) => void>()
  #stream: OpenStream | undefined
  #opening: OpenStream | undefined
  #timer: Timer | undefined
  #failures = 0
  #stopped = false

  constructor(options: XmppOptions, parts: LinkParts, events: LinkEvents) {
    this.#options = options
    this.#parts = parts
    this.#events = events
  }

  /** The open stream. @throws {SendError} not permanent, while there is none */
  get stream(): OpenStream {
    if (!this.#stream) throw new SendError(`not connected to ${this.#server}`, false)
    return this.#stream
  }

  /** Resolves once the first attempt has ended, well or not. Never rejects. */
  async start(): Promise<void> {
    const { host, kind } = this.#options
    if (kind === 'component' && !isLoopback(host))
      this.#parts.log.warn({ host }, 'the XMPP component link has no encryption; keep it inside a private network')
    await this.#attempt()
  }

  /** Resolves once the server has worked off all that was sent before: it answers in order. Rejects when the stream is lost first. */
  flushed(): Promise<void> {
    const { entity, xml, domain } = this.stream
    const { clock, random } = this.#parts
    const id = `p${random.token(8)}`
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clock.clearTimeout(timer)
        if (this.#pings.delete(id)) error ? reject(error) : resolve()
      }
      const late = () => settle(new SendError(`${this.#server} did not answer within ${answerMs / 1000} s`, false))
      const timer = clock.setTimeout(late, answerMs)
      this.#pings.set(id, settle)
      entity
        .send(xml('iq', { type: 'get', id, to: domain }, xml('ping', { xmlns: ping })))
        .catch((error: Error) => settle(new SendError(`${this.#server}: ${error.message}`, false)))
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#parts.clock.clearTimeout(this.#timer)
    const open = [this.#stream, this.#opening]
    this.#stream = undefined
    for (const settle of [...this.#pings.values()]) settle(new SendError('the channel is stopped', false))
    await Promise.all(open.map((stream) => stream?.entity.stop().catch(() => {})))
  }

  get #server(): string {
    const { host } = this.#options
    const where = this.#options.kind === 'component' ? this.#options.domain : this.#options.address
    return `the XMPP server ${host ?? ''} for ${where}`.replace('  ', ' ')
  }

  async #attempt(): Promise<void> {
    const { clock, log } = this.#parts
    const stream = openStream(this.#options)
    this.#opening = stream
    const { entity } = stream
    let fault: Error | undefined
    let timer: Timer | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        entity.on('error', (error) => {
          fault ??= error
          reject(error)
        })
        entity.on('disconnect', () => {
          reject(fault ?? new Error('it closed the connection'))
          this.#lost(stream, fault)
        })
        entity.on('stanza', (stanza) => this.#stanza(stanza, stream))
        entity.on('online', resolve)
        timer = clock.setTimeout(() => reject(new Error(`it did not answer within ${openMs / 1000} s`)), openMs)
        stream
          .service()
          .then((service) => entity.connect(service))
          .then(() => entity.open({ domain: stream.domain }))
          .catch(reject)
      })
      if (this.#stopped) throw new Error('the channel is stopped')
      this.#failures = 0
      this.#stream = stream
      this.#events.opened(stream)
      this.#keepAlive(stream)
      log.info({}, `connected to ${this.#server}`)
    } catch (error) {
      entity.stop().catch(() => {})
      const refused = refusal(error as Error, this.#options)
      if (this.#stopped) return
      if (refused) log.error({}, `${refused}; no messages come or go by XMPP until then; it is tried again slowly`)
      else log.warn({ why: (error as Error).message }, `no connection to ${this.#server}; it is tried again`)
      this.#again(refused ? refusedMs : awayMs)
    } finally {
      clock.clearTimeout(timer)
      this.#opening = undefined
    }
  }

  #lost(stream: OpenStream, fault: Error | undefined): void {
    if (this.#stream !== stream) return
    this.#stream = undefined
    this.#parts.log.warn({ why: fault?.message }, `the connection to ${this.#server} is lost; it is opened again`)
    for (const settle of [...this.#pings.values()])
      settle(new SendError(`the connection to ${this.#server} was lost`, false))
    stream.entity.stop().catch(() => {})
    this.#again()
  }

  #again({ first, longest } = awayMs): void {
    const { clock, random } = this.#parts
    clock.clearTimeout(this.#timer)
    if (this.#stopped) return
    const wait = Math.min(first * 2 ** this.#failures++, longest)
    this.#timer = clock.setTimeout(() => void this.#attempt(), wait / 2 + random.integer(wait / 2))
  }

  /** A peer that vanished without a word is noticed by its silence. */
  #keepAlive(stream: OpenStream): void {
    this.#timer = this.#parts.clock.setTimeout(() => {
      if (this.#stream !== stream) return
      this.flushed().then(
        () => this.#stream === stream && this.#keepAlive(stream),
        (error) => this.#lost(stream, error),
      )
    }, pingMs)
  }

  #stanza(stanza: Element, stream: OpenStream): void {
    const { id, type } = stanza.attrs
    if (stanza.is('iq') && (type === 'result' || type === 'error')) this.#pings.get(id ?? '')?.()
    else this.#events.stanza(stanza, stream)
  }
}

/** What the operator has to mend, or undefined for a fault that passes. */
function refusal(error: Error & { condition?: string }, options: XmppOptions): string | undefined {
  const component = options.kind === 'component'
  if (error.condition === 'not-authorized')
    return component
      ? `the XMPP server refused the component ${options.domain}: the secret is not the one in its settings (Prosody: component_secret)`
      : `the XMPP server refused the log-in of ${options.address}: the password is wrong or there is no such account`
  if (component && error.condition === 'host-unknown')
    return `the XMPP server knows no component ${options.domain}: add it to its settings with the same secret`
  return undefined
}
