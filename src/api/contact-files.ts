import type { z } from 'zod'
import { explain } from '#lib'
import { contactBody } from './contract.ts'
import { parseCsv, toCsv } from './csv.ts'

export type ContactContent = z.output<typeof contactBody>

/** What a file held: contacts, and the lines that could not be read. */
export interface ReadContacts {
  readonly contacts: readonly ContactContent[]
  readonly errors: readonly { readonly line: number; readonly message: string }[]
}

/** More contacts than this in one file are refused line by line. */
export const mostContacts = 5_000

/** Reads contacts from a vCard file (versions 2.1, 3.0 and 4.0) or a CSV file with a heading. */
export function readContacts(format: 'vcard' | 'csv', text: string): ReadContacts {
  return format === 'csv' ? readCsv(text) : readVcards(text)
}

type Draft = {
  name: string
  company: string
  email: string
  remark: string
  numbers: { number: string; label: string }[]
}
const emptyDraft = (): Draft => ({ name: '', company: '', email: '', remark: '', numbers: [] })

class Collector {
  readonly contacts: ContactContent[] = []
  readonly errors: { line: number; message: string }[] = []

  add(line: number, draft: Draft): void {
    if (this.contacts.length >= mostContacts) {
      this.errors.push({
        line,
        message: `the file holds more than ${mostContacts} contacts: import the rest in a second file`,
      })
      return
    }
    if (draft.name === '' && draft.company === '') {
      this.errors.push({ line, message: 'has neither a name nor a company' })
      return
    }
    const checked = contactBody.safeParse(draft)
    if (checked.success) this.contacts.push(checked.data)
    else {
      const { path, sentence } = explain(contactBody, checked.error, draft)
      this.errors.push({ line, message: `${path}: ${sentence}` })
    }
  }
}

// ---- CSV ---------------------------------------------------------------------------------------------------------------------------

/** Headings as address books write them, in lower case. */
const headings: Readonly<Record<string, readonly string[]>> = {
  name: ['name', 'full name', 'display name', 'vollständiger name', 'anzeigename', 'fn'],
  first: ['first name', 'given name', 'firstname', 'vorname'],
  last: ['last name', 'family name', 'surname', 'lastname', 'nachname'],
  company: ['company', 'organization', 'organisation', 'organization name', 'organization 1 - name', 'firma', 'org'],
  email: ['email', 'e-mail', 'e-mail address', 'e-mail 1 - value', 'email address', 'e-mail-adresse'],
  remark: ['remark', 'notes', 'note', 'notizen', 'bemerkung'],
}
const numberHeading = /phone|number|mobile|tel|fax|nummer|mobil|telefon/

function readCsv(text: string): ReadContacts {
  const collector = new Collector()
  const [head, ...rows] = parseCsv(text)
  if (!head) return { contacts: [], errors: [{ line: 1, message: 'the file is empty' }] }
  const columns = head.cells.map((heading) => columnOf(heading.trim().toLowerCase()))
  if (!columns.some((column) => column.kind === 'name' || column.kind === 'company' || column.kind === 'last'))
    return {
      contacts: [],
      errors: [
        { line: head.line, message: 'the first line has to name the columns, one of them name, last name or company' },
      ],
    }
  for (const { line, cells, broken } of rows) {
    if (broken) {
      collector.errors.push({ line, message: 'a quote is opened and never closed' })
      continue
    }
    if (cells.length > columns.length) {
      collector.errors.push({
        line,
        message: `has ${cells.length} cells, but the first line names ${columns.length} columns`,
      })
      continue
    }
    const draft = emptyDraft()
    let [first, last] = ['', '']
    cells.forEach((cell, index) => {
      // What our own export put in front of a formula.
      const value = cell.trim().replace(/^'(?=[=+\-@])/, '')
      const column = columns[index]
      if (value === '' || !column) return
      if (column.kind === 'number') {
        for (const number of value.split(/ ::: |\n/)) draft.numbers.push({ number: number.trim(), label: column.label })
      } else if (column.kind === 'first') first = value
      else if (column.kind === 'last') last = value
      else if (column.kind === 'remark') draft.remark = value.replaceAll('\r\n', '\n')
      else if (column.kind !== 'other') draft[column.kind] = value
    })
    if (draft.name === '') draft.name = `${first} ${last}`.trim()
    collector.add(line, draft)
  }
  return collector
}

type Column = { kind: 'name' | 'company' | 'email' | 'remark' | 'first' | 'last' | 'number' | 'other'; label: string }

function columnOf(heading: string): Column {
  for (const [kind, names] of Object.entries(headings))
    if (names.includes(heading)) return { kind: kind as Column['kind'], label: '' }
  if (numberHeading.test(heading) && !/type|label/.test(heading)) {
    const label = /mobil|cell/.test(heading)
      ? 'mobile'
      : /fax/.test(heading)
        ? 'fax'
        : /home|privat/.test(heading)
          ? 'home'
          : /work|business|gesch/.test(heading)
            ? 'work'
            : ''
    return { kind: 'number', label }
  }
  return { kind: 'other', label: '' }
}

/** Contacts as a CSV file that {@link readContacts} reads again. */
export function contactsCsv(
  contacts: readonly (Omit<ContactContent, 'shared'> & { readonly shared?: boolean })[],
): string {
  const most = Math.max(1, ...contacts.map(({ numbers }) => numbers.length))
  const phones = Array.from({ length: most }, (_, index) => `Phone ${index + 1}`)
  return toCsv([
    ['Name', 'Company', 'E-mail', 'Notes', ...phones],
    ...contacts.map(({ name, company, email, remark, numbers }) => [
      name,
      company,
      email,
      remark,
      ...phones.map((_, index) => numbers[index]?.number ?? ''),
    ]),
  ])
}

// ---- vCard (RFC 6350, RFC 2426) ----------------------------------------------------------------------------------------------------

interface Property {
  readonly line: number
  readonly name: string
  readonly params: string
  readonly value: string
}

function readVcards(text: string): ReadContacts {
  const collector = new Collector()
  let begun: number | undefined
  let draft = emptyDraft()
  let fault: { line: number; message: string } | undefined
  for (const property of unfold(text)) {
    if ('message' in property) {
      if (begun === undefined) collector.errors.push(property)
      else fault ??= property
      continue
    }
    const { line, name, value } = property
    if (name === 'BEGIN' && value.trim().toUpperCase() === 'VCARD') {
      if (begun !== undefined) collector.errors.push({ line: begun, message: 'this card has no END:VCARD' })
      begun = line
      draft = emptyDraft()
      fault = undefined
    } else if (begun === undefined)
      collector.errors.push({ line, message: 'stands outside of any card: BEGIN:VCARD is missing' })
    else if (name === 'END') {
      if (fault) collector.errors.push(fault)
      else collector.add(begun, draft)
      begun = undefined
    } else take(draft, property)
  }
  if (begun !== undefined) collector.errors.push({ line: begun, message: 'this card has no END:VCARD' })
  if (collector.contacts.length === 0 && collector.errors.length === 0)
    collector.errors.push({ line: 1, message: 'there is no BEGIN:VCARD in the file' })
  return collector
}

function take(draft: Draft, { name, params, value }: Property): void {
  const text = decode(value, params)
  switch (name) {
    case 'FN':
      draft.name = oneLine(unescapeText(text))
      break
    case 'N':
      if (draft.name === '') {
        const [last = '', first = ''] = text.split(/(?<!\\);/).map((part) => oneLine(unescapeText(part)))
        draft.name = `${first} ${last}`.trim()
      }
      break
    case 'ORG':
      draft.company = oneLine(unescapeText(text.split(/(?<!\\);/)[0] ?? ''))
      break
    case 'EMAIL':
      if (draft.email === '') draft.email = oneLine(unescapeText(text))
      break
    case 'NOTE':
      draft.remark = unescapeText(text).replaceAll('\r\n', '\n').slice(0, 4000)
      break
    case 'TEL':
      if (draft.numbers.length < 20)
        draft.numbers.push({
          number: oneLine(unescapeText(text)).replace(/^tel:/i, '').replace(/;.*$/, ''),
          label: labelOf(params),
        })
      break
  }
}

function labelOf(params: string): string {
  const types = params.toUpperCase()
  if (/CELL|MOBILE/.test(types)) return 'mobile'
  if (/FAX/.test(types)) return 'fax'
  if (/WORK/.test(types)) return 'work'
  return /HOME/.test(types) ? 'home' : ''
}

/** Lines put together again (RFC 6350 §3.2), taken apart into name, parameters and value. */
function* unfold(text: string): Generator<Property | { line: number; message: string }> {
  const raw = (text.startsWith('\ufeff') ? text.slice(1) : text).split(/\r\n|\n|\r/)
  for (let i = 0; i < raw.length; i++) {
    const line = i + 1
    let whole = raw[i] as string
    if (whole.trim() === '') continue
    const quotedPrintable = /^[^:]*QUOTED-PRINTABLE/i.test(whole)
    while (i + 1 < raw.length) {
      const next = raw[i + 1] as string
      if (quotedPrintable && whole.endsWith('=')) whole = whole.slice(0, -1) + next
      else if (/^[ \t]/.test(next)) whole += next.slice(1)
      else break
      i++
    }
    const colon = colonOf(whole)
    const found = colon < 0 ? null : /^(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)((?:;.*)?)$/.exec(whole.slice(0, colon))
    if (!found) yield { line, message: 'is no line of a vCard: NAME:value is missing' }
    else yield { line, name: (found[1] as string).toUpperCase(), params: found[2] ?? '', value: whole.slice(colon + 1) }
  }
}

/** The colon that ends name and parameters: parameters may hold others in quotes. */
function colonOf(line: string): number {
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"') quoted = !quoted
    else if (line[i] === ':' && !quoted) return i
  }
  return -1
}

function decode(value: string, params: string): string {
  if (!/QUOTED-PRINTABLE/i.test(params)) return value
  const bytes: number[] = []
  for (let i = 0; i < value.length; i++) {
    const hex = value[i] === '=' ? /^[0-9A-F]{2}$/i.exec(value.slice(i + 1, i + 3)) : null
    if (hex) {
      bytes.push(Number.parseInt(hex[0], 16))
      i += 2
    } else bytes.push(...Buffer.from(value[i] as string))
  }
  return Buffer.from(bytes).toString('utf8')
}

function unescapeText(text: string): string {
  return text.replace(/\\([\\;,nN])/g, (_, character: string) => (/n/i.test(character) ? '\n' : character))
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
