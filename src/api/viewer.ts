import type { IncomingMessage } from 'node:http'
import type { Accounts, Directory, Person } from '#directory'
import type { Access, Refusal } from './access.ts'

/** Who asks. */
export type Viewer =
  | {
      readonly kind: 'person'
      readonly personId: string
      /** Session or token: connections end with it. */
      readonly loginId: string
      readonly by: 'cookie' | 'bearer'
      readonly login: 'session' | 'token'
      /** Of a token; a session may do all that its person may. */
      readonly scopes: readonly string[]
      readonly expiresAt: number | undefined
    }
  /** Reads everything and changes nothing: the open board of the demo, and programs with the board's password. */
  | { readonly kind: 'board' }

export interface Logins {
  readonly accounts: Accounts
  readonly directory: Pick<Directory, 'personById'>
}

/** The name says by the browser's own rule that the cookie was set over HTTPS and for this host only. */
export function cookieName(secure: boolean): string {
  return secure ? '__Host-baton_session' : 'baton_session'
}

/** How long a browser keeps the cookie, in seconds; the server decides earlier. */
const cookieSeconds = 30 * 86_400

export function sessionCookie(token: string, secure: boolean): string {
  const age = token === '' ? 0 : cookieSeconds
  return `${cookieName(secure)}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure ? '; Secure' : ''}`
}

/** The session token that a request's cookie carries. */
export function tokenOfCookie(request: IncomingMessage, secure: boolean): string | undefined {
  const name = `${cookieName(secure)}=`
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const pair = part.trim()
    if (pair.startsWith(name)) return pair.slice(name.length)
  }
  return undefined
}

/** The token of `Authorization: Bearer …`. */
export function tokenOfHeader(request: IncomingMessage): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]{1,200}=*) *$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** The person that a token stands for. */
export function viewerOfToken(logins: Logins, token: string, by: 'cookie' | 'bearer'): Viewer | undefined {
  const session = logins.accounts.session(token)
  const found = session ?? (by === 'bearer' ? logins.accounts.apiToken(token) : undefined)
  if (!found || !logins.directory.personById(found.personId)) return undefined
  return {
    kind: 'person',
    personId: found.personId,
    loginId: found.id,
    by,
    login: session ? 'session' : 'token',
    scopes: 'scopes' in found ? found.scopes : [],
    expiresAt: found.expiresAt ?? undefined,
  }
}

const badToken: Refusal = {
  status: 401,
  code: 'not-logged-in',
  message: 'This token is unknown or has ended: log in again.',
  headers: { 'www-authenticate': 'Bearer realm="Baton", error="invalid_token"' },
}

/** Who asks, or why nobody may. A token that does not hold is refused even where nobody would need one; a stale cookie counts as none. */
export function recognise(
  access: Access,
  logins: Logins | undefined,
  request: IncomingMessage,
): { readonly viewer: Viewer } | { readonly refusal: Refusal } {
  const bearer = /^Bearer\b/i.test(request.headers.authorization ?? '')
  if (bearer) {
    const token = tokenOfHeader(request)
    const viewer = logins && token !== undefined ? viewerOfToken(logins, token, 'bearer') : undefined
    return viewer ? { viewer } : { refusal: badToken }
  }
  const cookie = logins && tokenOfCookie(request, access.isSecure(request))
  const viewer = logins && cookie ? viewerOfToken(logins, cookie, 'cookie') : undefined
  if (viewer) return { viewer }
  const refusal = access.checkReader(request)
  return refusal ? { refusal } : { viewer: { kind: 'board' } }
}

/** Sees everybody's calls. */
export function seesAll(viewer: Viewer, person: Person | undefined): boolean {
  return viewer.kind === 'board' || (person !== undefined && person.role !== 'person')
}
