import { createHash } from 'node:crypto'
import nodemailer, { type Transporter } from 'nodemailer'
import type { Log } from '#lib'
import { type OutgoingMessage, SendError } from '../message.ts'
import { fitsHeader, mailAddress, messageIdsIn } from './address.ts'
import { ownHeader } from './automatic.ts'
import type { MailThread } from './read-mail.ts'

export interface SenderOptions {
  /** The server that takes our mail: a provider's, or a mail server on this machine. */
  readonly host: string
  readonly port: number
  /**
   * `tls`: from the first byte (port 465). `starttls`: refused without it (587). `opportunistic`: when the server offers it. `none`: never.
   * With a password only the first two, unless the server is on this machine.
   */
  readonly security: 'tls' | 'starttls' | 'opportunistic' | 'none'
  readonly user?: string
  readonly password?: string
  /** Whom mail comes from that answers none; answers come from the address that was written to. */
  readonly from: { readonly address: string; readonly name: string }
  /** Signs every mail (RFC 6376). `privateKey` is PEM. */
  readonly dkim?: { readonly domain: string; readonly selector: string; readonly privateKey: string }
}

interface Parts {
  readonly hostname: string
  readonly accepts: (address: string) => boolean
  readonly log: Log
}

const mostReferences = 20
const loopback = /^(127\.|::1$|localhost$)/

/** Sends answers by SMTP, each to the one person of its thread. */
export class MailSender {
  readonly #options: SenderOptions
  readonly #parts: Parts
  readonly #transport: Transporter
  readonly #underWay = new Map<string, Promise<void>>()

  /** @throws when the options cannot be: a password that would travel in the clear, a From address that is none */
  constructor(options: SenderOptions, parts: Parts) {
    this.#options = options
    this.#parts = parts
    const { host, port, security, user, password, dkim } = options
    const from = mailAddress(options.from.address)
    if (!from)
      throw new Error(`the From address of outgoing mail must be like baton@example.org, not '${options.from.address}'`)
    if (user && (security === 'opportunistic' || security === 'none') && !loopback.test(host))
      throw new Error(
        `the password for ${host} would travel unencrypted; set the security of outgoing mail to tls or starttls`,
      )
    this.#transport = nodemailer.createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      // Whoever takes any certificate when it is not asked for does so knowingly: opportunistic TLS keeps out listeners only.
      ...(security === 'opportunistic' ? { tls: { rejectUnauthorized: false } } : {}),
      ...(user ? { auth: { user, pass: password ?? '' } } : {}),
      ...(dkim ? { dkim: { domainName: dkim.domain, keySelector: dkim.selector, privateKey: dkim.privateKey } } : {}),
      name: parts.hostname,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 60_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  /** The id, without angle brackets, that a message of ours has on the wire: answers to it name it in `In-Reply-To`. */
  wireId(messageId: string): string {
    const domain = this.#options.from.address.split('@').at(-1)!
    return `baton-${createHash('sha256').update(messageId).digest('hex').slice(0, 40)}@${domain}`
  }

  /**
   * Resolves once the server has taken the message; two calls for one message at a time are one.
   * @throws {SendError} `permanent` for a message that cannot be sent and for an answer of 5xx; not for a server that is away or asks us to wait
   */
  send(message: OutgoingMessage): Promise<void> {
    const running = this.#underWay.get(message.messageId)
    if (running) return running
    const sending = this.#send(message).finally(() => this.#underWay.delete(message.messageId))
    this.#underWay.set(message.messageId, sending)
    return sending
  }

  /** Waits for what is being sent. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#underWay.values())
    this.#transport.close()
  }

  async #send(message: OutgoingMessage): Promise<void> {
    const { to, from, subject, inReplyTo, references } = threadOf(message.thread)
    const written = subject ? answerSubject(subject) : message.subject
    if (!fitsHeader(written)) throw new SendError('the subject holds a line break or another control character', true)
    const faulty = message.attachments?.find(
      ({ name, type }) => !fitsHeader(name) || !/^[\w.+-]+\/[\w.+-]+$/.test(type),
    )
    if (faulty) throw new SendError('an attachment has a name or a type that cannot stand in a mail', true)
    const answered = from !== undefined && this.#parts.accepts(from) ? from : undefined
    const address = answered ?? mailAddress(this.#options.from.address)!
    const id = this.wireId(message.messageId)
    try {
      await this.#transport.sendMail({
        // The author is one of ours; the envelope names it too, so that SPF is aligned. Its bounces are recognised by their null sender.
        envelope: { from: address, to: [to] },
        from: { name: this.#options.from.name, address },
        to: { name: '', address: to },
        subject: written,
        text: message.text,
        messageId: `<${id}>`,
        ...(inReplyTo
          ? {
              inReplyTo: `<${inReplyTo}>`,
              references: (references ?? [inReplyTo]).map((each) => `<${each}>`).join(' '),
            }
          : {}),
        headers: {
          'Auto-Submitted': inReplyTo ? 'auto-replied' : 'auto-generated',
          'X-Auto-Response-Suppress': 'All',
          'Content-Language': message.language,
          [ownHeader]: id.split('@')[0]!,
        },
        attachments: (message.attachments ?? []).map(({ name, type, content }) => ({
          filename: name,
          contentType: type,
          content,
          contentDisposition: 'attachment' as const,
        })),
      })
    } catch (error) {
      throw this.#failure(error as Error & { code?: string; responseCode?: number; response?: string })
    }
  }

  #failure(error: Error & { code?: string; responseCode?: number; response?: string }): SendError {
    const { code, responseCode = 0, response = '' } = error
    // A refused log-in is mended by the operator: no message is given up for it.
    const permanent = code !== 'EAUTH' && (responseCode >= 500 || (code === 'EENVELOPE' && responseCode === 0))
    const said = response.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 200)
    this.#parts.log.warn({ code, responseCode }, 'a mail could not be sent')
    if (code === 'EAUTH')
      return new SendError(`the mail server ${this.#options.host} refused our log-in: ${said}`, false)
    if (said) return new SendError(`the mail server ${this.#options.host} refused the mail: ${said}`, permanent)
    return new SendError(
      `the mail server ${this.#options.host} could not be reached: ${code ?? error.message}`,
      permanent,
    )
  }
}

/** The thread of an answer, checked: it comes from a database and went in from outside. */
function threadOf(thread: unknown): MailThread {
  const { to, from, subject, inReplyTo, references } = (thread ?? {}) as Partial<Record<keyof MailThread, unknown>>
  const recipient = typeof to === 'string' ? mailAddress(to) : undefined
  if (!recipient) throw new SendError('the message names no address like anna@example.org to send it to', true)
  if (typeof subject === 'string' && !fitsHeader(subject))
    throw new SendError('the subject holds a line break or another control character', true)
  const ids = (value: unknown) => (typeof value === 'string' ? messageIdsIn(`<${value}>`) : [])
  const [answers] = ids(inReplyTo)
  if (typeof inReplyTo === 'string' && answers !== inReplyTo)
    throw new SendError('the thread names a message id that is none', true)
  const chain = Array.isArray(references) ? references.flatMap(ids) : []
  return {
    to: recipient,
    ...(typeof from === 'string' ? { from: mailAddress(from) } : {}),
    ...(typeof subject === 'string' && subject !== '' ? { subject } : {}),
    ...(answers ? { inReplyTo: answers } : {}),
    // The first of a thread and the nearest count (RFC 5322 section 3.6.4).
    ...(chain.length > 0
      ? { references: chain.length > mostReferences ? [chain[0]!, ...chain.slice(1 - mostReferences)] : chain }
      : {}),
  }
}

function answerSubject(subject: string): string {
  return /^(re|aw|antw)(\[\d+\])?:/i.test(subject) ? subject : `Re: ${subject}`
}
