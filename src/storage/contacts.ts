import { sql } from 'kysely'
import type { Unit } from './engine.ts'
import { checkLimit } from './pages.ts'
import type { ContactQuery, ContactRow, Storage } from './port.ts'
import type { Reads } from './reads.ts'
import { pushRow } from './rows.ts'
import {
  dropContact,
  dropContactNumbers,
  dropNote,
  dropNotes,
  putContact,
  putContactNumber,
  putNote,
} from './statements.ts'
import { StorageError } from './storage-error.ts'
import { contactsTable, notesTable, type StoredContact } from './tables.ts'
import type { WriteQueue } from './write-queue.ts'

const columns = [
  'contacts.id',
  'contacts.ownerId',
  'contacts.shared',
  'contacts.name',
  'contacts.company',
  'contacts.email',
  'contacts.remark',
  'contacts.numbers',
  'contacts.createdAt',
  'contacts.changedAt',
] as const

/** Contacts and their notes. */
export function createContacts(queue: WriteQueue, reads: Reads): Storage['contacts'] {
  return {
    get: (id) => reads.selectFrom('contacts').select(columns).where('id', '=', id).executeTakeFirst(),

    async list(query) {
      checkLimit(query.limit)
      const found = await select(reads, query)
      if (found.length <= query.limit) return { contacts: found.map(({ sortKey: _, ...row }) => row) }
      const page = found.slice(0, query.limit)
      const last = page.at(-1) as (typeof found)[number]
      const next = Buffer.from(JSON.stringify([last.sortKey, last.id])).toString('base64url')
      return { contacts: page.map(({ sortKey: _, ...row }) => row), next }
    },

    put(row) {
      const numbers = numbersOf(row)
      const unit: Unit = []
      const stored: StoredContact = { ...row, sortKey: sortKeyOf(row), search: searchOf(row, numbers) }
      pushRow(unit, putContact, contactsTable, stored)
      unit.push(dropContactNumbers, row.id)
      for (const number of new Set(numbers)) unit.push(putContactNumber, row.id, number)
      return queue.add(unit)
    },

    remove: (id) => queue.add([dropNotes, id, dropContactNumbers, id, dropContact, id]),

    notes: (contactId, limit) =>
      reads
        .selectFrom('contactNotes')
        .selectAll()
        .where('contactId', '=', contactId)
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),
    note: (id) => reads.selectFrom('contactNotes').selectAll().where('id', '=', id).executeTakeFirst(),
    putNote(row) {
      const unit: Unit = []
      pushRow(unit, putNote, notesTable, row)
      return queue.add(unit)
    },
    removeNote: (id) => queue.add([dropNote, id]),
  }
}

function select(reads: Reads, { viewerId, search, number, cursor, limit }: ContactQuery) {
  let query = reads
    .selectFrom('contacts')
    .select([...columns, 'contacts.sortKey'])
    .where((eb) => eb.or([eb('contacts.ownerId', '=', viewerId), eb('contacts.shared', '=', 1)]))
    .orderBy('contacts.sortKey')
    .orderBy('contacts.id')
    .limit(limit + 1)
  if (number !== undefined)
    query = query.where('contacts.id', 'in', (eb) =>
      eb.selectFrom('contactNumbers').select('contactId').where('contactNumbers.number', '=', number),
    )
  if (search !== undefined && search !== '') {
    const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    query = query.where(sql<boolean>`contacts.search LIKE ${pattern} ESCAPE '\\'`)
  }
  if (cursor !== undefined) {
    const [sortKey, id] = parseCursor(cursor)
    query = query.where((eb) => eb(eb.refTuple('contacts.sortKey', 'contacts.id'), '>', eb.tuple(sortKey, id)))
  }
  return query.execute()
}

function parseCursor(cursor: string): [string, string] {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (
      Array.isArray(place) &&
      place.length === 2 &&
      place.every((part) => typeof part === 'string' && !part.includes('\0'))
    )
      return place as [string, string]
  } catch {
    // Told below.
  }
  throw new StorageError(
    'bad-query',
    'the cursor is not one that a list returned: leave it out to start with the first',
  )
}

function numbersOf(row: ContactRow): string[] {
  const list: unknown = JSON.parse(row.numbers)
  return (Array.isArray(list) ? list : []).map((entry: { number?: unknown }) => String(entry.number ?? ''))
}

function sortKeyOf({ name, company }: ContactRow): string {
  return (name || company).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

function searchOf({ name, company, email }: ContactRow, numbers: readonly string[]): string {
  return [name, company, email, ...numbers].join('\n').toLowerCase()
}
