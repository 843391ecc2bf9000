import type { Person } from '#directory'
import type { ContactRow, NoteRow } from '#storage'
import { type ContactContent, contactsCsv, readContacts } from '../contact-files.ts'
import type { Contact, Note } from '../contract.ts'
import type { DeskParts, HandlersOf, Under } from '../exchange.ts'
import { invalid, notAllowed, notFound } from '../fault.ts'

const mostNotes = 500
const mostErrors = 100
const mostExported = 20_000

export const contactHandlers: HandlersOf<Under<'contacts'>> = {
  'GET /api/v1/contacts': async ({ desk, person, query }) => {
    const { limit, cursor, q, number } = query
    const page = await desk.storage.contacts.list({
      viewerId: person.id,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(q === undefined ? {} : { search: q }),
      ...(number === undefined ? {} : { number: desk.directory.normalise(number) }),
    })
    return {
      contacts: page.contacts.map((row) => contactShape(row, person)),
      ...(page.next ? { next: page.next } : {}),
    }
  },

  'POST /api/v1/contacts': async ({ house, desk, person, body }) => {
    checkNamed(body)
    const row = rowOf(desk, person, body, house.clock.now())
    await desk.storage.contacts.put(row)
    return contactShape(row, person)
  },

  'POST /api/v1/contacts/import': async ({ house, desk, person, body }) => {
    const { contacts, errors } = readContacts(body.format, body.text)
    if (!body.dryRun) {
      const now = house.clock.now()
      // In portions, so that calls' writes get in between.
      for (let i = 0; i < contacts.length; i += 200) {
        const portion = contacts.slice(i, i + 200)
        await Promise.all(
          portion.map((contact) =>
            desk.storage.contacts.put(rowOf(desk, person, { ...contact, shared: body.shared }, now)),
          ),
        )
      }
    }
    return { imported: contacts.length, errors: errors.slice(0, mostErrors), skipped: errors.length }
  },

  'GET /api/v1/contacts.csv': async ({ desk, person, headers }) => {
    const rows: ContactRow[] = []
    for (let cursor: string | undefined; rows.length < mostExported; ) {
      const more = cursor === undefined ? {} : { cursor }
      const page = await desk.storage.contacts.list({ viewerId: person.id, limit: 1_000, ...more })
      rows.push(...page.contacts)
      cursor = page.next
      if (cursor === undefined) break
    }
    headers['content-disposition'] = 'attachment; filename="contacts.csv"'
    return contactsCsv(rows.map((row) => contactShape(row, person)))
  },

  'GET /api/v1/contacts/{id}': async ({ desk, person, path }) =>
    contactShape(await contactOf(desk, person, path.id), person),

  'PATCH /api/v1/contacts/{id}': async ({ house, desk, person, path, body }) => {
    const row = await contactOf(desk, person, path.id)
    checkMine(row, person)
    const before = contactShape(row, person)
    const content = {
      name: body.name ?? before.name,
      company: body.company ?? before.company,
      numbers: body.numbers ?? before.numbers,
      email: body.email ?? before.email,
      remark: body.remark ?? before.remark,
      shared: body.shared ?? before.shared,
    }
    checkNamed(content)
    const changed = rowOf(desk, person, content, house.clock.now())
    const after = { ...changed, id: row.id, ownerId: row.ownerId, createdAt: row.createdAt }
    await desk.storage.contacts.put(after)
    return contactShape(after, person)
  },

  'DELETE /api/v1/contacts/{id}': async ({ desk, person, path }) => {
    const row = await contactOf(desk, person, path.id)
    checkMine(row, person)
    await desk.storage.contacts.remove(row.id)
    return undefined
  },

  'GET /api/v1/contacts/{id}/notes': async ({ desk, person, path }) => {
    const row = await contactOf(desk, person, path.id)
    const notes = await desk.storage.contacts.notes(row.id, mostNotes)
    return { notes: notes.map((note) => noteShape(desk, note)) }
  },

  'POST /api/v1/contacts/{id}/notes': async ({ house, desk, person, path, body }) => {
    const row = await contactOf(desk, person, path.id)
    const note: NoteRow = {
      id: desk.random.token(8),
      contactId: row.id,
      authorId: person.id,
      at: house.clock.now(),
      text: body.text,
      callId: body.callId ?? '',
    }
    await desk.storage.contacts.putNote(note)
    return noteShape(desk, note)
  },

  'DELETE /api/v1/contacts/{id}/notes/{note}': async ({ desk, person, path }) => {
    const row = await contactOf(desk, person, path.id)
    const note = await desk.storage.contacts.note(path.note)
    if (!note || note.contactId !== row.id) throw notFound('note')
    if (note.authorId !== person.id && person.role !== 'administrator')
      throw notAllowed('Notes are removed by who wrote them, and by administrators.')
    await desk.storage.contacts.removeNote(note.id)
    return undefined
  },
}

/** A contact that this person may see. @throws ApiFault the same 404 for what is not there and what is not theirs */
async function contactOf({ storage }: DeskParts, person: Person, id: string): Promise<ContactRow> {
  const row = await storage.contacts.get(id)
  if (!row || (row.ownerId !== person.id && row.shared === 0)) throw notFound('contact')
  return row
}

function mayChange(row: ContactRow, person: Person): boolean {
  return row.ownerId === person.id || (row.shared === 1 && person.role !== 'person')
}

function checkMine(row: ContactRow, person: Person): void {
  if (!mayChange(row, person))
    throw notAllowed('A shared contact is changed by who made it, by supervisors and by administrators.')
}

function checkNamed({ name, company }: { readonly name: string; readonly company: string }): void {
  if (name.trim() === '' && company.trim() === '') throw invalid('name', 'is missing; allowed: a name or a company')
}

function rowOf({ directory, random }: DeskParts, person: Person, content: ContactContent, now: number): ContactRow {
  const numbers = content.numbers.map(({ number, label }) => ({ number: directory.normalise(number), label }))
  return {
    id: random.token(8),
    ownerId: person.id,
    shared: content.shared ? 1 : 0,
    name: content.name,
    company: content.company,
    email: content.email,
    remark: content.remark,
    numbers: JSON.stringify(numbers),
    createdAt: now,
    changedAt: now,
  }
}

function contactShape(row: ContactRow, person: Person): Contact {
  const { id, name, company, email, remark, shared, createdAt, changedAt } = row
  return {
    ...{ id, name, company, email, remark, shared: shared === 1, createdAt, changedAt },
    numbers: JSON.parse(row.numbers) as Contact['numbers'],
    mine: mayChange(row, person),
  }
}

function noteShape({ directory }: DeskParts, { id, at, authorId, text, callId }: NoteRow): Note {
  const author = directory.personById(authorId)?.name ?? ''
  return { id, at, authorId, author, text, ...(callId ? { callId } : {}) }
}
