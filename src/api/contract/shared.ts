/** Words that all parts of the contract share. Nothing here needs Node: the pages take their types from these files. */
import { z } from 'zod'

/** Every error that the API answers with. */
export const apiError = z.object({
  /** A short stable word such as `not-found`. */
  code: z.string(),
  /** What was wrong and what is allowed. */
  message: z.string(),
  /** The query parameter or field that it is about, keys joined by dots. */
  field: z.string().optional(),
  /** What may have been meant, where that can be listed. */
  choices: z.array(z.string()).optional(),
})

const lineWords = 'text in one line without control characters'
const textWords = 'text without control characters other than line feeds'

/** Text in one line: no CR, LF, NUL, line or paragraph separator. */
export function line(longest: number, least = 0) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const allowed = /^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$/
  return z.string().min(least).max(longest).regex(allowed, lineWords)
}

/** Text that people wrote, in several lines where they like; shown as text only. */
export function lines(longest: number, least = 0) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const allowed = /^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]*$/
  return z.string().min(least).max(longest).regex(allowed, textWords)
}

/** What names one thing: letters, digits, dot, dash, underscore. */
export const id = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'letters, digits, dot, dash and underscore (at most 128)')
export const idPath = z.strictObject({ id })

/** What is dialled: an extension, a log-in or a telephone number. */
export const dialled = z.string().regex(/^[A-Za-z0-9+*#._() -]{1,64}$/, 'an extension, a log-in or a telephone number')

/** ms since 1970 */
export const time = z.number()

export const role = z.enum(['person', 'supervisor', 'administrator'])
export const presence = z.enum(['available', 'away', 'dnd'])

/** A page of a list: how many, and where the last one ended. */
export const pageQuery = {
  limit: z.coerce
    .number({ error: 'limit must be a whole number from 1 to 200' })
    .int('limit must be a whole number from 1 to 200')
    .min(1, 'limit must be a whole number from 1 to 200')
    .max(200, 'limit must be a whole number from 1 to 200')
    .default(50),
  cursor: line(200).optional(),
}

export type ApiError = z.infer<typeof apiError>
export type Role = z.infer<typeof role>
export type Presence = z.infer<typeof presence>
