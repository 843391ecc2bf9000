import { malformed, type Parsed, parsed } from '#lib'
import { classOf, isBlank, skipBlank, skipQuoted, TOKEN, unquote } from './chars.ts'

/** A challenge or credentials (RFC 3261 §25.1): `Digest realm="…", nonce="…"`. */
export interface AuthParams {
  /** As written, `Digest` mostly. */
  readonly scheme: string
  /** Names in lower case, values unquoted. */
  readonly params: ReadonlyMap<string, string>
}

/** Reads one WWW-Authenticate, Proxy-Authenticate, Authorization or Proxy-Authorization line. A parameter that stands twice is refused. */
export function parseAuthParams(text: string): Parsed<AuthParams> {
  const end = text.length
  let i = skipBlank(text, 0, end)
  const schemeStart = i
  i = skipToken(text, i)
  const scheme = text.slice(schemeStart, i)
  if (scheme === '' || i === end || !isBlank(text.charCodeAt(i))) return malformed('bad-auth-scheme', i)
  const params = new Map<string, string>()
  for (;;) {
    i = skipSeparators(text, i)
    if (i === end) break
    const nameStart = i
    i = skipToken(text, i)
    const name = text.slice(nameStart, i).toLowerCase()
    i = skipBlank(text, i, end)
    if (name === '' || text.charCodeAt(i) !== 0x3d) return malformed('bad-auth-parameter', nameStart)
    const valueStart = skipBlank(text, i + 1, end)
    i = text.charCodeAt(valueStart) === 0x22 ? skipQuoted(text, valueStart, end) : skipValue(text, valueStart)
    if (i < 0) return malformed('unclosed-quote', valueStart)
    if (params.has(name)) return malformed('duplicate-auth-parameter', nameStart)
    params.set(name, unquote(text.slice(valueStart, i)))
    i = skipBlank(text, i, end)
    if (i < end && text.charCodeAt(i) !== 0x2c) return malformed('bad-auth-parameter', i)
  }
  return params.size === 0 ? malformed('auth-without-parameters', end) : parsed({ scheme, params })
}

function skipToken(text: string, start: number): number {
  let i = start
  while (i < text.length && (classOf(text.charCodeAt(i)) & TOKEN) !== 0) i++
  return i
}

function skipSeparators(text: string, start: number): number {
  let i = start
  while (i < text.length && (isBlank(text.charCodeAt(i)) || text.charCodeAt(i) === 0x2c)) i++
  return i
}

/** Values without quotes are tokens by the grammar; some senders leave the quotes of a URI or of base64 away. */
function skipValue(text: string, start: number): number {
  let i = start
  while (i < text.length && text.charCodeAt(i) > 0x20 && text.charCodeAt(i) !== 0x2c) i++
  return i
}
