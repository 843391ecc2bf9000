import { CallError, refusalOf } from '#call'
import { DirectoryError, PasswordsBusy } from '#directory'
import { StorageError } from '#storage'
import type { ApiError } from './contract.ts'

/** A refusal on its way to the client. */
export class ApiFault extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly choices: readonly string[]

  constructor(
    status: number,
    code: string,
    message: string,
    field?: string,
    headers: Record<string, string> = {},
    choices: readonly string[] = [],
  ) {
    super(message)
    this.status = status
    this.code = code
    this.field = field
    this.headers = headers
    this.choices = choices
  }

  get body(): ApiError {
    const { code, message, field, choices } = this
    return { code, message, ...(field ? { field } : {}), ...(choices.length > 0 ? { choices: [...choices] } : {}) }
  }
}

/** The one answer for what is not there and what is not yours. */
export function notFound(what: string): ApiFault {
  return new ApiFault(404, 'not-found', `There is no ${what} with this id.`)
}

export function notAllowed(message: string): ApiFault {
  return new ApiFault(403, 'not-allowed', message)
}

export function invalid(field: string, sentence: string): ApiFault {
  return new ApiFault(400, 'invalid', field === '' ? sentence : `${field}: ${sentence}`, field)
}

/** What other rooms throw, as it goes out; undefined for bugs. */
export function faultOf(error: unknown): ApiFault | undefined {
  if (error instanceof ApiFault) return error
  if (error instanceof CallError) {
    const { http } = refusalOf(error.code)
    if (http === 404) return notFound('call')
    return new ApiFault(http, error.code, `${error.message}.`, undefined, http === 503 ? { 'retry-after': '5' } : {})
  }
  if (error instanceof DirectoryError) {
    if (error.code === 'taken') return new ApiFault(409, 'taken', error.message, error.field)
    if (error.code === 'missing' && error.field === 'id') return new ApiFault(404, 'not-found', error.message)
    return new ApiFault(400, 'invalid', error.message, error.field)
  }
  if (error instanceof PasswordsBusy)
    return new ApiFault(503, 'busy', 'Too many log-ins at once: try again in a moment.', undefined, {
      'retry-after': '2',
    })
  if (error instanceof StorageError && error.code === 'bad-query')
    return new ApiFault(400, 'bad-query', error.message, 'cursor')
  if (error instanceof StorageError && error.code === 'unavailable')
    return new ApiFault(503, 'database-away', 'The database does not answer: try again in a moment.', undefined, {
      'retry-after': '5',
    })
  return undefined
}
