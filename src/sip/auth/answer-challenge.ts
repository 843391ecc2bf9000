import { parseAuthParams, quote, type Response } from '../message/index.ts'
import { type Algorithm, digestResponse, ha1 } from './digest.ts'

interface Challenge {
  readonly realm: string
  readonly nonce: string
  readonly algorithm: Algorithm
  /** How the algorithm was written; not written at all means MD5. */
  readonly written: string | undefined
  readonly opaque: string | undefined
  readonly qop: 'auth' | undefined
}

/**
 * Answers the challenge of a 401 or 407 (RFC 3261 §22). Takes SHA-256 before MD5 when both are offered.
 * @param credentials with `realm`, only a challenge of just that realm is answered: a foreign server gets nothing
 * @param nc how many times this nonce was used including now, 1 for a fresh one
 * @param cnonce a random token, used with qop
 * @returns name and value of the header to add to the request, `undefined` when no challenge may or can be answered
 */
export function answerChallenge(
  response: Response,
  credentials: { readonly username: string; readonly password: string; readonly realm?: string },
  method: string,
  uri: string,
  nc: number,
  cnonce: string,
): readonly [name: string, value: string] | undefined {
  const proxy = response.status === 407
  if (!proxy && response.status !== 401) return undefined
  let best: Challenge | undefined
  for (const line of response.headerLines(proxy ? 'proxy-authenticate' : 'www-authenticate')) {
    const challenge = readChallenge(line)
    if (challenge === undefined) continue
    if (credentials.realm !== undefined && challenge.realm !== credentials.realm) continue
    if (best === undefined || (best.algorithm === 'MD5' && challenge.algorithm === 'SHA-256')) best = challenge
  }
  if (best === undefined) return undefined
  const { algorithm, realm, nonce, qop } = best
  const count = nc.toString(16).padStart(8, '0')
  const secret = ha1(algorithm, credentials.username, realm, credentials.password)
  const digest = digestResponse({ algorithm, ha1: secret, nonce, method, uri, qop, nc: count, cnonce })
  let value = `Digest username=${quote(credentials.username)}, realm=${quote(realm)}, nonce=${quote(nonce)}`
  value += `, uri=${quote(uri)}, response="${digest}"`
  if (best.written !== undefined) value += `, algorithm=${best.algorithm}`
  if (best.opaque !== undefined) value += `, opaque=${quote(best.opaque)}`
  if (qop !== undefined) value += `, qop=auth, nc=${count}, cnonce=${quote(cnonce)}`
  return [proxy ? 'Proxy-Authorization' : 'Authorization', value]
}

function readChallenge(line: string): Challenge | undefined {
  const read = parseAuthParams(line)
  if (!read.ok || read.value.scheme.toLowerCase() !== 'digest') return undefined
  const { params } = read.value
  const realm = params.get('realm')
  const nonce = params.get('nonce')
  const written = params.get('algorithm')
  const upper = written?.toUpperCase() ?? 'MD5'
  if (realm === undefined || nonce === undefined || (upper !== 'MD5' && upper !== 'SHA-256')) return undefined
  const offered = params.get('qop')
  const qop = offered
    ?.toLowerCase()
    .split(/[ \t]*,[ \t]*/)
    .includes('auth')
    ? 'auth'
    : undefined
  // auth-int alone is not spoken.
  if (offered !== undefined && offered !== '' && qop === undefined) return undefined
  return { realm, nonce, algorithm: upper, written, opaque: params.get('opaque'), qop }
}
