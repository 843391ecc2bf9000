import { ImapFlow } from 'imapflow'
import type { Clock, Log, Random, Timer } from '#lib'
import type { Arrival, Outcome } from './arrival.ts'

export interface MailboxOptions {
  readonly host: string
  readonly port: number
  /** `tls`: from the first byte (port 993). `starttls`: refused without it (143). `none`: only for a server on this machine. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly user: string
  readonly password: string
  /** `INBOX` unless given. The mailbox is Baton's alone: whatever arrives in it is taken, read or unread. */
  readonly folder?: string
  /** Mails that were taken are moved here; otherwise they stay and are flagged. The folder is made when it is missing. */
  readonly moveTo?: string
  /** The address that mail counts as sent to when its header names none of ours. */
  readonly address: string
  /** The mailbox's server, as it names itself in the `Authentication-Results` it adds; '' when it adds none that can be believed. */
  readonly authservId?: string
  /** In bytes; 2 MiB unless given. Larger mails are flagged and not read. */
  readonly largestMail?: number
  /** Mails that came earlier than this are left alone, so that a mailbox with a past can be used: 7 days unless given. */
  readonly oldestMs?: number
}

interface Parts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly take: (arrival: Arrival) => Promise<Outcome>
}

/** The keyword of a mail that was taken; `\Seen` where the server keeps no keywords of ours. */
const takenFlag = '$BatonTaken'
const dayMs = 24 * 60 * 60_000
const lookAgainMs = 60_000
const firstPauseMs = 1_000
const stopMs = 5_000
const longestPauseMs = 5 * 60_000

/**
 * Reads mail from an IMAP mailbox (RFC 3501, IDLE of RFC 2177). A mail is flagged only once `take` has stored it; one that was taken just
 * before a crash is taken again and known by its Message-ID. A lost connection is made again, with growing pauses.
 */
export class Mailbox {
  readonly #options: MailboxOptions
  readonly #parts: Parts
  #client: ImapFlow | undefined
  #stopped = false
  #failures = 0
  #pause: Timer | undefined
  #nextLook: Timer | undefined
  #round: Promise<void> | undefined
  #again = false

  /** @throws when the password would travel unencrypted */
  constructor(options: MailboxOptions, parts: Parts) {
    if (options.security === 'none' && !/^(127\.|::1$|localhost$)/.test(options.host))
      throw new Error(
        `the password for the mailbox at ${options.host} would travel unencrypted; set its security to tls or starttls`,
      )
    this.#options = options
    this.#parts = parts
  }

  /** Resolves after the first attempt, whether the mailbox could be reached or not. */
  async start(): Promise<void> {
    await this.#connect()
  }

  /** Finishes the mail that is being taken. */
  async stop(): Promise<void> {
    this.#stopped = true
    const { clock } = this.#parts
    clock.clearTimeout(this.#pause)
    clock.clearTimeout(this.#nextLook)
    const client = this.#client
    // A server that no longer answers is not waited for.
    const limit = clock.setTimeout(() => client?.close(), stopMs)
    await this.#round
    this.#client = undefined
    await client?.logout().catch(() => client.close())
    clock.clearTimeout(limit)
  }

  async #connect(): Promise<void> {
    const { host, port, security, user, password, folder = 'INBOX' } = this.#options
    const client = new ImapFlow({
      host,
      port,
      secure: security === 'tls',
      doSTARTTLS: security === 'tls' ? undefined : security === 'starttls',
      auth: { user, pass: password },
      logger: false,
      autoIdleDelay: 200,
      maxIdleTime: 4 * 60_000,
      connectionTimeout: 20_000,
      maxLiteralSize: 2 * this.#largest,
      maxResponseSize: 4 * this.#largest,
      // The library's own name and version are nobody's business.
      clientInfo: { name: 'Baton' },
    })
    this.#client = client
    let known = false
    const lost = (why: string) => {
      if (known || this.#client !== client) return
      known = true
      this.#lost(why)
    }
    client.on('error', (error) => lost(error.message))
    client.on('close', () => lost('the connection was closed'))
    client.on('exists', () => this.#look())
    try {
      await client.connect()
      await client.mailboxOpen(folder)
      // Old servers refuse to make a folder that is there; one that is really missing shows when a mail is moved.
      if (this.#options.moveTo) await client.mailboxCreate(this.#options.moveTo).catch(() => undefined)
    } catch (error) {
      lost((error as { responseText?: string }).responseText ?? (error as Error).message)
      return client.close()
    }
    if (this.#stopped) return client.close()
    this.#failures = 0
    this.#parts.log.info({ host }, 'mail is read from the mailbox')
    this.#look()
  }

  get #largest(): number {
    return this.#options.largestMail ?? 2 * 1024 * 1024
  }

  #lost(why: string): void {
    const { clock, random, log } = this.#parts
    this.#client = undefined
    clock.clearTimeout(this.#nextLook)
    if (this.#stopped) return
    const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures++)
    const pause = longest / 2 + random.integer(Math.ceil(longest / 2))
    log.warn({ host: this.#options.host, why, pauseMs: pause }, 'the mailbox cannot be read; it is tried again')
    this.#pause = clock.setTimeout(() => void this.#connect(), pause)
  }

  /** Looks for new mail, now or once the running look is over. */
  #look(): void {
    if (this.#stopped) return
    if (this.#round) {
      this.#again = true
      return
    }
    const { clock, log } = this.#parts
    clock.clearTimeout(this.#nextLook)
    this.#again = false
    const client = this.#client
    this.#round = this.#readNew()
      .catch((error) => {
        log.warn({ err: error }, 'the mailbox could not be read')
        // A fresh connection, after a pause, sees again what this one left.
        client?.close()
      })
      .finally(() => {
        this.#round = undefined
        if (this.#again) this.#look()
        else if (!this.#stopped && this.#client) this.#nextLook = clock.setTimeout(() => this.#look(), lookAgainMs)
      })
  }

  async #readNew(): Promise<void> {
    const client = this.#client
    if (!client?.mailbox) return
    const kept = client.mailbox.permanentFlags
    const flag = kept && !kept.has('\\*') && !kept.has(takenFlag) ? '\\Seen' : takenFlag
    const since = new Date(this.#parts.clock.now() - (this.#options.oldestMs ?? 7 * dayMs))
    const search = flag === takenFlag ? { unKeyword: takenFlag, since } : { seen: false, since }
    const found = (await client.search({ ...search, deleted: false }, { uid: true })) || []
    for (const uid of found) {
      if (this.#stopped || this.#client !== client) return
      await this.#readOne(client, uid, flag)
    }
  }

  async #readOne(client: ImapFlow, uid: number, flag: string): Promise<void> {
    const { log, take } = this.#parts
    const range = String(uid)
    const outline = await client.fetchOne(range, { size: true }, { uid: true })
    if (!outline) return
    if ((outline.size ?? 0) > this.#largest)
      log.info({ uid, size: outline.size }, 'a mail in the mailbox is too large and is not read')
    else {
      const mail = await client.fetchOne(range, { source: true }, { uid: true })
      const raw = mail ? mail.source : undefined
      if (!raw) return
      const { authservId = '' } = this.#options
      const outcome = await take({ raw, to: '', sender: undefined, peer: undefined, authservId }).catch(
        (error): Outcome => {
          log.error({ err: error, uid }, 'a mail could not be taken')
          return { kind: 'retry', why: 'an error of this server' }
        },
      )
      if (outcome.kind === 'retry')
        return log.info({ uid, why: outcome.why }, 'a mail stays in the mailbox and is taken later')
      if (outcome.kind === 'refused') log.info({ uid, why: outcome.why }, 'a mail in the mailbox is left out')
    }
    await client.messageFlagsAdd(range, flag === '\\Seen' ? [flag] : [flag, '\\Seen'], { uid: true })
    if (!this.#options.moveTo) return
    const moved = await client.messageMove(range, this.#options.moveTo, { uid: true }).catch(() => false)
    if (!moved)
      log.warn({ uid, folder: this.#options.moveTo }, 'a mail was taken and could not be moved; it stays, flagged')
  }
}
