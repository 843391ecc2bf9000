/** A typed client for pages and programs: no schema is loaded, only types are used. */
import type { AnswerOf, EndpointName, RequestOf } from './endpoints.ts'
import type { ApiError } from './shared.ts'

/** An answer of the API that is no success. */
export class ApiRefusal extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  /** What may have been meant; empty where nothing is asked back. */
  readonly choices: readonly string[]
  constructor(status: number, error: ApiError) {
    super(error.message)
    this.name = 'ApiRefusal'
    this.status = status
    this.code = error.code
    this.field = error.field
    this.choices = error.choices ?? []
  }
}

export interface ClientOptions {
  /** `''` for the page's own server. */
  readonly base: string
  /** For programs; pages are recognised by their cookie. */
  readonly token?: string
  readonly fetch?: typeof fetch
}

export type Ask = <K extends EndpointName>(name: K, ...request: AskedWith<K>) => Promise<AnswerOf<K>>

/** A request; it may be left out only where the address needs neither path nor body. */
type AskedWith<K extends EndpointName> =
  Record<never, never> extends RequestOf<K>
    ? [request?: RequestOf<K> & { readonly signal?: AbortSignal }]
    : [request: RequestOf<K> & { readonly signal?: AbortSignal }]

/**
 * `ask('POST /api/v1/calls/{id}/divert', { path: { id }, body: { to: '102' } })`. Rejects with {@link ApiRefusal} for every answer that
 * is no success, and with what `fetch` rejects with when there is none.
 */
export function createClient({ base, token, fetch: send = fetch }: ClientOptions): Ask {
  return async <K extends EndpointName>(name: K, ...[request]: AskedWith<K>) => {
    const given = (request ?? {}) as {
      path?: Record<string, string>
      query?: Record<string, string | number | undefined>
      body?: unknown
      signal?: AbortSignal
    }
    const [method = '', pattern = ''] = name.split(' ')
    const path = pattern.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(given.path?.[key] ?? ''))
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(given.query ?? {})) if (value !== undefined) query.set(key, String(value))
    const search = query.size > 0 ? `?${query}` : ''
    const headers: Record<string, string> = { accept: 'application/json' }
    if (given.body !== undefined) headers['content-type'] = 'application/json'
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    const response = await send(base + path + search, {
      method,
      headers,
      credentials: 'same-origin',
      ...(given.body !== undefined ? { body: JSON.stringify(given.body) } : {}),
      ...(given.signal ? { signal: given.signal } : {}),
    })
    if (response.status === 204) return undefined as AnswerOf<K>
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    if (response.ok) return (isJson ? await response.json() : await response.text()) as AnswerOf<K>
    const error = isJson ? await response.json().catch(() => undefined) : undefined
    throw new ApiRefusal(
      response.status,
      (error ?? { code: 'error', message: response.statusText || 'no answer' }) as ApiError,
    )
  }
}
