import { createHash } from 'node:crypto'
import PostalMime, { addressParser, decodeWords, type Email, type Header } from 'postal-mime'
import type { Clock } from '#lib'
import { fitsHeader, mailAddress, messageIdsIn } from './address.ts'
import type { Arrival, Reading } from './arrival.ts'
import { type DnsResolver, proofOf } from './authenticity.ts'
import { automaticReason } from './automatic.ts'
import { type CalendarReading, readCalendar } from './invitation.ts'
import { htmlToText, tidyText, withoutQuotes } from './mail-text.ts'

export interface ReadingOptions {
  /** Whether an address (lower case) is one that Baton takes mail for. */
  readonly accepts: (address: string) => boolean
  /** The address a mailbox's mail counts as sent to when its header names none of ours. */
  readonly mailboxAddress?: string
  /** Our own name, as in the greeting. */
  readonly hostname: string
  readonly resolver: DnsResolver
  readonly clock: Clock
}

/** What an answer needs to be put into the thread: plain JSON. */
export interface MailThread {
  readonly to: string
  /** The address of ours that was written to: the answer comes from it. */
  readonly from?: string
  readonly subject?: string
  /** Message ids without angle brackets. */
  readonly inReplyTo?: string
  readonly references?: readonly string[]
}

const mostHeaderBytes = 128 * 1024
const mostSubject = 500
const mostFrom = 2_000
const mostName = 100

/**
 * Reads a mail: who sent it and whether that is proven, what it says, which thread it belongs to. Never throws for what a sender wrote.
 * @throws what the resolver throws unexpectedly; the mail should then be taken again later
 */
export async function readMail(arrival: Arrival, options: ReadingOptions): Promise<Reading> {
  const fault = headerFault(arrival.raw)
  if (fault) return refused(fault)
  const mail = await parsed(arrival.raw)
  if (!mail) return refused('it is not built as a mail is (RFC 5322, RFC 2045)')
  const { headers } = mail
  const author = authorOf(headers)
  if (typeof author === 'string') return refused(author)
  const subject = decodeWords(firstOf(headers, 'subject')).trim()
  if (!fitsHeader(subject)) return refused('its Subject holds a line break or another control character')
  const to = arrival.to || recipientOf(headers, options)
  const calendar = calendarOf(mail)
  const automatic = automaticReason({
    headers,
    sender: arrival.sender,
    from: author.address,
    subject,
    invites: calendar?.invitation !== undefined && calendar.method !== '',
    accepts: options.accepts,
  })
  if (automatic) return { kind: 'ignored', why: automatic }
  // A calendar's own yes or no to a meeting.
  if (/^(REPLY|REFRESH|COUNTER|DECLINECOUNTER)$/.test(calendar?.method ?? ''))
    return { kind: 'ignored', why: 'it is a calendar answering an invitation' }

  const [id] = messageIdsIn(firstOf(headers, 'message-id'))
  const messageId = id ?? fingerprint(arrival.raw, mail, author.address)
  const references = messageIdsIn(firstOf(headers, 'references'))
  const answers = messageIdsIn(firstOf(headers, 'in-reply-to'))
  const threadKeys = [...new Set([...answers, ...references.toReversed()])]
  const text = mail.text?.trim() ? mail.text : htmlToText(mail.html ?? '')
  const proof = await proofOf(arrival, headers, author.address, options)
  const thread: MailThread = {
    to: author.address,
    ...(to ? { from: to } : {}),
    subject: subject.slice(0, mostSubject),
    ...(id ? { inReplyTo: id, references: [...(references.length > 0 ? references : answers.slice(0, 1)), id] } : {}),
  }
  return {
    kind: 'message',
    notes: [proof.how, ...(calendar?.fault ? [calendar.fault] : [])],
    message: {
      channel: 'mail',
      messageId,
      threadKeys,
      threadKey: messageId,
      from: { address: author.address, name: author.name, verified: proof.verified, keys: [] },
      to,
      subject: subject.slice(0, mostSubject),
      text: tidyText(threadKeys.length > 0 ? withoutQuotes(text) : text),
      ...(calendar?.invitation ? { invitation: calendar.invitation } : {}),
      ...(calendar?.fault ? { invitationFault: calendar.fault } : {}),
      timeZone: '',
      language: languageOf(firstOf(headers, 'content-language')),
      thread,
    },
  }
}

function refused(why: string): Reading {
  return { kind: 'refused', why }
}

/** What is wrong with the header as bytes: everything that two readers could read differently. */
function headerFault(raw: Buffer): string | undefined {
  const end = raw.indexOf('\r\n\r\n')
  if (end > mostHeaderBytes || (end < 0 && raw.length > mostHeaderBytes)) return 'its header is larger than 128 KB'
  const header = (end < 0 ? raw : raw.subarray(0, end)).toString('latin1')
  if (header.includes('\0')) return 'its header holds a NUL character'
  if (/\r(?!\n)|(?<!\r)\n/.test(header)) return 'its header holds a line break that is not CR LF'
  return undefined
}

async function parsed(raw: Buffer): Promise<Email | undefined> {
  try {
    return await PostalMime.parse(raw, { maxNestingDepth: 30, attachmentEncoding: 'arraybuffer' })
  } catch {
    return undefined
  }
}

function firstOf(headers: readonly Header[], key: string): string {
  return headers.find((header) => header.key === key)?.value ?? ''
}

/** Who wrote it, or why that cannot be told (RFC 5322 section 3.6.2; one author only). */
function authorOf(headers: readonly Header[]): { address: string; name: string } | string {
  const fields = headers.filter(({ key }) => key === 'from')
  if (fields.length === 0) return 'it has no From header'
  if (fields.length > 1) return 'it has more than one From header'
  const value = fields[0]!.value
  if (value.length > mostFrom) return `its From header is longer than ${mostFrom} characters`
  // What follows the address in its angle brackets is read as part of it by some, and by others not.
  const bare = value.replace(/"(?:[^"\\]|\\.)*"|\([^()]*\)/g, '').trim()
  if (/[<>]/.test(bare) && !/^[^<>]*<[^<>]*>$/.test(bare)) return 'its From header does not hold exactly one address'
  const [author, ...others] = addressParser(value)
  if (!author || others.length > 0) return 'its From header does not hold exactly one address'
  if (author.group) return 'its From header holds a group, not one address'
  const address = mailAddress(author.address)
  if (!address) return 'its From header does not hold an address like anna@example.org'
  const name = decodeWords(author.name).trim()
  if (!fitsHeader(name)) return 'its From header holds a line break or another control character'
  return { address, name: name.slice(0, mostName) }
}

function recipientOf(headers: readonly Header[], { accepts, mailboxAddress = '' }: ReadingOptions): string {
  for (const { key, value } of headers) {
    if (!['to', 'cc', 'delivered-to'].includes(key)) continue
    for (const { address } of addressParser(value.slice(0, 20_000), { flatten: true })) {
      const plain = address && mailAddress(address)
      if (plain && accepts(plain)) return plain
    }
  }
  return mailboxAddress
}

/** The first calendar part that is an invitation, else the first one with its fault. */
function calendarOf(mail: Email): CalendarReading | undefined {
  const readings = mail.attachments
    .filter(
      ({ mimeType, filename }) =>
        /^(text\/calendar|application\/ics)$/i.test(mimeType) || /\.ics$/i.test(filename ?? ''),
    )
    .slice(0, 4)
    .map(({ content }) =>
      readCalendar(typeof content === 'string' ? content : Buffer.from(content as ArrayBuffer).toString()),
    )
  return readings.find(({ invitation }) => invitation) ?? readings[0]
}

function languageOf(value: string): 'en' | 'de' | '' {
  const [language = ''] = value
    .trim()
    .toLowerCase()
    .split(/[-,\s]/)
  return language === 'en' || language === 'de' ? language : ''
}

/** Stands in for a missing Message-ID: the same for the same mail whichever way it took, so without what relays add. */
function fingerprint(raw: Buffer, mail: Email, from: string): string {
  const hash = createHash('sha256')
  for (const part of [from, mail.date ?? '', mail.subject ?? '']) hash.update(part).update('\0')
  const body = raw.indexOf('\r\n\r\n')
  return `${hash.update(raw.subarray(body < 0 ? raw.length : body + 4)).digest('hex')}@no-message-id`
}
