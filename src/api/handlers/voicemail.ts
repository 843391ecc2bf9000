import type { Person } from '#directory'
import { WavError } from '#media'
import type { Mailbox, Mailboxes } from '#services'
import type { VoicemailRow } from '#storage'
import type { Mailbox as MailboxShape, VoicemailMessage } from '../contract.ts'
import type { DeskParts, HandlersOf, Under } from '../exchange.ts'
import { ApiFault, invalid, notFound } from '../fault.ts'

export const voicemailHandlers: HandlersOf<Under<'voicemail'> | Under<'mailboxes'>> = {
  'GET /api/v1/voicemail': async ({ desk, person, query }) => {
    const mailboxes = mailboxesOf(desk)
    const { mailbox } = query
    if (mailbox !== undefined && !mailboxes.hears(person, mailbox)) throw notFound('mailbox')
    const owners = mailbox === undefined ? mailboxes.heardBy(person).map(({ id }) => id) : [mailbox]
    const { messages, next } = await mailboxes.list(owners, query.cursor, query.limit)
    return {
      messages: messages.map((row) => messageShape(desk, row)),
      fresh: mailboxes.freshOf(person),
      ...(next ? { next } : {}),
    }
  },

  'GET /api/v1/voicemail/{id}/audio': async ({ desk, person, path }) => {
    const row = await messageOf(desk, person, path.id)
    const wav = await mailboxesOf(desk).audio(row.id)
    if (!wav) throw new ApiFault(404, 'not-here', 'The sound of this message is not on this server.')
    return wav
  },

  'PATCH /api/v1/voicemail/{id}': async ({ desk, person, path, body }) => {
    const row = await messageOf(desk, person, path.id)
    await mailboxesOf(desk).heard(row, body.heard)
    return messageShape(desk, await messageOf(desk, person, path.id))
  },

  'DELETE /api/v1/voicemail/{id}': async ({ desk, person, path }) => {
    await mailboxesOf(desk).remove(await messageOf(desk, person, path.id))
    return undefined
  },

  'GET /api/v1/mailboxes': async ({ desk, person }) => {
    const heard = mailboxesOf(desk).heardBy(person)
    return { mailboxes: await Promise.all(heard.map((mailbox) => mailboxShape(desk, mailbox))) }
  },

  'GET /api/v1/mailboxes/{id}': ({ desk, person, path }) => mailboxShape(desk, mailboxOf(desk, person, path.id)),

  'GET /api/v1/mailboxes/{id}/greeting': async ({ desk, person, path }) => {
    const wav = await mailboxesOf(desk).greetingFile(mailboxOf(desk, person, path.id).id)
    if (!wav) throw new ApiFault(404, 'not-found', 'There is no recorded greeting; the spoken one is played.')
    return wav
  },

  'PUT /api/v1/mailboxes/{id}/greeting': async ({ desk, person, path, body }) => {
    const { id } = mailboxOf(desk, person, path.id)
    try {
      await mailboxesOf(desk).greet(id, Buffer.from(body.wav, 'base64'))
    } catch (error) {
      if (error instanceof WavError) throw invalid('wav', error.message)
      throw error
    }
    return undefined
  },

  'DELETE /api/v1/mailboxes/{id}/greeting': async ({ desk, person, path }) => {
    await mailboxesOf(desk).resetGreeting(mailboxOf(desk, person, path.id).id)
    return undefined
  },
}

function mailboxesOf({ voicemail }: DeskParts): Mailboxes {
  if (!voicemail) throw new ApiFault(404, 'not-found', 'This server takes no messages.')
  return voicemail
}

/**
 * A mailbox that this person hears; administrators, that of any group, too: they set it up and hear none of its messages.
 * @throws ApiFault the same 404 for what is not there and what is not theirs
 */
function mailboxOf(desk: DeskParts, person: Person, id: string): Mailbox {
  const mailboxes = mailboxesOf(desk)
  const groups = person.role === 'administrator' && desk.directory.groupById(id) !== undefined
  const mailbox = groups || mailboxes.hears(person, id) ? mailboxes.of(id) : undefined
  if (!mailbox) throw notFound('mailbox')
  return mailbox
}

async function mailboxShape(desk: DeskParts, { id, name, rule }: Mailbox): Promise<MailboxShape> {
  const mailboxes = mailboxesOf(desk)
  return {
    ...{ id, name, kind: desk.directory.groupById(id) ? 'group' : 'person', on: rule.on, ...mailboxes.countsOf(id) },
    greeting: (await mailboxes.isGreeted(id)) ? 'recorded' : 'spoken',
  }
}

/** A message that this person hears. @throws ApiFault the same 404 for what is not there and what is not theirs */
async function messageOf(desk: DeskParts, person: Person, id: string): Promise<VoicemailRow> {
  const mailboxes = mailboxesOf(desk)
  const row = await mailboxes.get(id)
  if (row?.state !== 'kept' || !mailboxes.hears(person, row.ownerId)) throw notFound('message')
  return row
}

function messageShape({ directory }: DeskParts, row: VoicemailRow): VoicemailMessage {
  const group = directory.groupById(row.ownerId)
  const name = group?.name ?? directory.personById(row.ownerId)?.name ?? ''
  return {
    id: row.id,
    mailbox: { id: row.ownerId, name, kind: group ? 'group' : 'person' },
    caller: { number: row.callerNumber, name: row.callerName, personId: row.callerId },
    ...{ callId: row.callId, at: row.at, ms: row.ms, partial: row.partial === 1, heardAt: row.heardAt },
  }
}
