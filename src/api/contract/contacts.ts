/** Contacts: people and companies outside, with notes. */
import { z } from 'zod'
import { id, line, lines, pageQuery, time } from './shared.ts'

const label = line(40)

export const contactNumber = z.strictObject({
  /** A telephone number; stored in E.164 where it is one. */
  number: line(64, 1),
  /** `mobile`, `work` … */
  label: label.default(''),
})

const fields = {
  name: line(200).default(''),
  company: line(200).default(''),
  numbers: z.array(contactNumber).max(20).default([]),
  email: line(254).default(''),
  /** A standing remark; remarks with a time are notes. */
  remark: lines(4000).default(''),
  /** Shared contacts are seen by everybody and changed by who made them, supervisors and administrators. */
  shared: z.boolean().default(false),
}

/** `POST /api/v1/contacts`; a name or a company is needed. */
export const contactBody = z.strictObject(fields)
/** `PATCH /api/v1/contacts/{id}`: what is left out stays. */
export const contactPatch = z.strictObject({
  name: line(200).optional(),
  company: line(200).optional(),
  numbers: z.array(contactNumber).max(20).optional(),
  email: line(254).optional(),
  remark: lines(4000).optional(),
  shared: z.boolean().optional(),
})

export const contactSummary = z.object({ id: z.string(), name: z.string(), company: z.string(), remark: z.string() })

export const contact = contactSummary.extend({
  numbers: z.array(z.object({ number: z.string(), label: z.string() })),
  email: z.string(),
  shared: z.boolean(),
  /** Whether this person may change it. */
  mine: z.boolean(),
  createdAt: time,
  changedAt: time,
})

/** `GET /api/v1/contacts?q&number`: in the order of names. */
export const contactQuery = z.strictObject({ ...pageQuery, q: line(100).optional(), number: line(64).optional() })
export const contactList = z.object({ contacts: z.array(contact), next: z.string().optional() })

/** `POST /api/v1/contacts/import`: a file's text; up to 5,000 contacts and 2 MB. */
export const importBody = z.strictObject({
  format: z.enum(['vcard', 'csv']),
  text: z.string().min(1).max(2_000_000),
  shared: z.boolean().default(false),
  /** Only check, and say what would happen. */
  dryRun: z.boolean().default(false),
})
export const importResult = z.object({
  /** How many contacts were (or would be) taken in. */
  imported: z.number(),
  /** Lines that were left out, the first 100 of them. */
  errors: z.array(z.object({ line: z.number(), message: z.string() })),
  /** How many lines were left out. */
  skipped: z.number(),
})

export const noteBody = z.strictObject({ text: lines(4000, 1), callId: id.optional() })
export const note = z.object({
  id: z.string(),
  at: time,
  authorId: z.string(),
  author: z.string(),
  text: z.string(),
  callId: z.string().optional(),
})
export const noteList = z.object({ notes: z.array(note) })
export const notePath = z.strictObject({ id, note: id })

export type Contact = z.infer<typeof contact>
export type ContactInput = z.input<typeof contactBody>
export type ContactList = z.infer<typeof contactList>
export type ImportResult = z.infer<typeof importResult>
export type Note = z.infer<typeof note>
