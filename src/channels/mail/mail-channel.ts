import type { Clock, Log, Random } from '#lib'
import type { IncomingMessage, MessagePort, OutgoingMessage, Reception } from '../message.ts'
import { SendError } from '../message.ts'
import { domainOf } from './address.ts'
import type { Arrival, Outcome } from './arrival.ts'
import { type DnsResolver, systemResolver } from './authenticity.ts'
import { type ListenerOptions, type MailCertificate, MailListener } from './mail-listener.ts'
import { MailSender, type SenderOptions } from './mail-sender.ts'
import { Mailbox, type MailboxOptions } from './mailbox.ts'
import { readMail } from './read-mail.ts'

export interface MailOptions {
  /** What we call ourselves in greetings: `baton.example.org`. */
  readonly hostname: string
  /** Whether an address (lower case, domain in ASCII) is one that Baton takes mail for. */
  readonly accepts: (address: string) => boolean
  /** How mail comes in: by our own listener, from a mailbox, or not at all. */
  readonly listener?: ListenerOptions
  readonly mailbox?: MailboxOptions
  /** How mail goes out; without it nothing can be answered. */
  readonly sender?: SenderOptions
}

export interface MailParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The machine's own name servers unless given. */
  readonly resolver?: DnsResolver
}

type Handler = (message: IncomingMessage) => Promise<Reception>

/** E-mail in and out. */
export class MailChannel implements MessagePort {
  readonly channel = 'mail'
  readonly #options: MailOptions
  readonly #parts: MailParts
  readonly #resolver: DnsResolver
  readonly #listener: MailListener | undefined
  readonly #mailbox: Mailbox | undefined
  readonly #sender: MailSender | undefined
  #handler: Handler | undefined
  #port = 0

  /** @throws with a sentence when the options cannot be, as a password that would travel unencrypted */
  constructor(options: MailOptions, parts: MailParts) {
    this.#options = options
    this.#parts = parts
    this.#resolver = parts.resolver ?? systemResolver()
    const { hostname, accepts } = options
    const common = { hostname, accepts, ...parts, take: (arrival: Arrival) => this.#take(arrival) }
    this.#listener = options.listener && new MailListener(options.listener, common)
    this.#mailbox = options.mailbox && new Mailbox(options.mailbox, common)
    this.#sender = options.sender && new MailSender(options.sender, common)
  }

  /** The port that the listener took; 0 before the start and without a listener. */
  get port(): number {
    return this.#port
  }

  /** Opens the port and reads the mailbox. Rejects when the port cannot be opened; a mailbox that is away is tried again for ever. */
  async start(handler: Handler): Promise<void> {
    this.#handler = handler
    if (this.#listener) this.#port = await this.#listener.start()
    await this.#mailbox?.start()
  }

  async send(message: OutgoingMessage): Promise<void> {
    if (!this.#sender) throw new SendError('no server for outgoing mail is set', false)
    await this.#sender.send(message)
  }

  /** By what an answer to a message of ours is found (one of its `threadKeys`), for a message that began a thread; '' when none can go out. */
  threadKeyOf(messageId: string): string {
    return this.#sender?.wireId(messageId) ?? ''
  }

  /** The listener's new certificate, when it has changed. */
  useCertificate(certificate: MailCertificate): void {
    this.#listener?.useCertificate(certificate)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#listener?.stop(), this.#mailbox?.stop()])
    await this.#sender?.stop()
  }

  async #take(arrival: Arrival): Promise<Outcome> {
    const { log, clock } = this.#parts
    const { accepts, hostname, mailbox } = this.#options
    const reading = await readMail(arrival, {
      accepts,
      hostname,
      clock,
      resolver: this.#resolver,
      mailboxAddress: mailbox?.address,
    })
    if (reading.kind !== 'message') {
      log.info({ why: reading.why }, reading.kind === 'ignored' ? 'a mail was ignored' : 'a mail was refused')
      return { kind: reading.kind === 'ignored' ? 'taken' : 'refused', why: reading.why }
    }
    const { message, notes } = reading
    const reception = await this.#handler!(message)
    // The sender's domain, never the whole address or the text.
    log.info(
      { domain: domainOf(message.from.address), notes, became: reception.kind, why: reception.why },
      'a mail came in',
    )
    return { kind: reception.kind === 'retry' ? 'retry' : 'taken', why: reception.why }
  }
}
