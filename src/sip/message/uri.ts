import { Buffer } from 'node:buffer'
import { malformed, type Parsed, parsed } from '#lib'
import { classOf, DIGIT, HEX, HOST, SCHEME, USER, VISIBLE } from './chars.ts'
import type { Uri } from './types.ts'

/** What a URI or header without parameters has: one empty map for all. */
export const NO_PARAMS: ReadonlyMap<string, string> = new Map()

/** Where the parts of the URI that was scanned last begin and end. One object for all scans, because scans happen for every message. */
const at = {
  error: 0,
  schemeEnd: 0,
  /** 1 sip or sips, 2 tel, 0 anything else */
  kind: 0,
  userStart: 0,
  userEnd: 0,
  passwordEnd: 0,
  hostStart: 0,
  hostEnd: 0,
  port: -1,
  paramsStart: 0,
  paramsEnd: 0,
}

function fail(code: string, offset: number): string {
  at.error = offset
  return code
}

/** Where the last refused scan failed, counted from the start of its text. */
export function uriErrorOffset(): number {
  return at.error
}

/** Whether the URI that was scanned last has `?headers`. */
export function scannedUriHasHeaders(end: number): boolean {
  return at.kind === 1 && at.paramsEnd < end
}

/** Checks the URI in a range of text (RFC 3261 §19.1, RFC 3966). @returns '' when it is well formed, else the error's code */
export function scanUri(text: string, start: number, end: number): string {
  let i = start
  for (; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x3a) break
    if ((classOf(code) & SCHEME) === 0) return fail('bad-uri-scheme', i)
  }
  if (i === start || i >= end) return fail('uri-without-scheme', start)
  const first = text.charCodeAt(start) | 0x20
  if (first < 0x61 || first > 0x7a) return fail('bad-uri-scheme', start)
  at.schemeEnd = i
  at.kind = kindOf(text, start, i, first)
  if (at.kind === 1) return scanSip(text, i + 1, end)
  if (i + 1 >= end) return fail('empty-uri', i)
  if (at.kind === 2) return scanTel(text, i + 1, end)
  return visible(text, i + 1, end) ? '' : fail('bad-uri-character', at.error)
}

function kindOf(text: string, start: number, end: number, first: number): number {
  const length = end - start
  if (length === 3 && first === 0x74) {
    return (text.charCodeAt(start + 1) | 0x20) === 0x65 && (text.charCodeAt(start + 2) | 0x20) === 0x6c ? 2 : 0
  }
  if (first !== 0x73 || (length !== 3 && length !== 4)) return 0
  if ((text.charCodeAt(start + 1) | 0x20) !== 0x69 || (text.charCodeAt(start + 2) | 0x20) !== 0x70) return 0
  return length === 3 || (text.charCodeAt(start + 3) | 0x20) === 0x73 ? 1 : 0
}

/** Whether all is visible and every percent sign begins an escape; sets the error's place. */
function visible(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if ((classOf(text.charCodeAt(i)) & VISIBLE) === 0) {
      at.error = i
      return false
    }
  }
  return true
}

function isEscape(text: string, i: number, end: number): boolean {
  return i + 2 < end && (classOf(text.charCodeAt(i + 1)) & classOf(text.charCodeAt(i + 2)) & HEX) !== 0
}

function scanSip(text: string, start: number, end: number): string {
  let i = start
  let colon = -1
  let badEscape = -1
  let code = 0
  // One pass finds the `@` and checks the user before it; without one everything is host and what follows.
  for (; i < end; i++) {
    code = text.charCodeAt(i)
    if (code === 0x40) break
    if (code === 0x3a) colon = colon < 0 ? i : colon
    else if (code === 0x25) badEscape = badEscape < 0 && !isEscape(text, i, end) ? i : badEscape
    else if (code < 128 && (classOf(code) & USER) === 0) break
  }
  at.userStart = at.userEnd = at.passwordEnd = start
  if (i < end && code === 0x40) {
    if (i === start || colon === start) return fail('empty-user', start)
    if (badEscape >= 0) return fail('bad-escape', badEscape)
    at.userEnd = colon < 0 ? i : colon
    at.passwordEnd = i
    i++
  } else {
    const mark = i < end ? text.indexOf('@', i) : -1
    if (mark >= 0 && mark < end) return fail('bad-uri-user', i)
    i = start
  }
  const hostEnd = scanHost(text, i, end)
  if (hostEnd < 0) return fail('bad-uri-host', at.error)
  at.hostStart = i
  at.hostEnd = hostEnd
  i = hostEnd
  at.port = -1
  if (i < end && text.charCodeAt(i) === 0x3a) {
    i = scanPort(text, i + 1, end)
    if (i < 0) return fail('bad-uri-port', hostEnd)
    at.port = scannedPort
  }
  return scanUriParams(text, i, end)
}

function scanUriParams(text: string, start: number, end: number): string {
  let i = start
  at.paramsStart = start
  while (i < end && text.charCodeAt(i) === 0x3b) {
    const nameStart = ++i
    let equals = -1
    for (; i < end; i++) {
      const code = text.charCodeAt(i)
      if (code === 0x3b || code === 0x3f) break
      if (code === 0x3d && equals < 0) equals = i
      else if (code === 0x25) {
        if (!isEscape(text, i, end)) return fail('bad-escape', i)
      } else if (code === 0x40 || (classOf(code) & VISIBLE) === 0) return fail('bad-uri-parameter', i)
    }
    if (i === nameStart || equals === nameStart) return fail('empty-uri-parameter', nameStart)
  }
  at.paramsEnd = i
  if (i === end) return ''
  if (text.charCodeAt(i) !== 0x3f || at.kind !== 1) return fail('bad-uri-character', i)
  return visible(text, i + 1, end) ? '' : fail('bad-uri-headers', at.error)
}

function scanTel(text: string, start: number, end: number): string {
  let i = start
  for (; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x3b) break
    const kind = classOf(code)
    // digits, + * # and the visual separators - . ( ); hexadecimal digits in local numbers
    if ((kind & HEX) !== 0 || (code === 0x2b && i === start)) continue
    if (code !== 0x2a && code !== 0x23 && code !== 0x2d && code !== 0x2e && code !== 0x28 && code !== 0x29)
      return fail('bad-telephone-number', i)
  }
  if (i === start) return fail('empty-uri', start)
  at.userStart = start
  at.userEnd = i
  return scanUriParams(text, i, end)
}

let scannedPort = -1

/** Reads a port from 1 to 65535. @returns the position after it, -1 when there is none */
export function scanPort(text: string, start: number, end: number): number {
  let i = start
  let port = 0
  for (; i < end; i++) {
    const code = text.charCodeAt(i)
    if ((classOf(code) & DIGIT) === 0) break
    port = port * 10 + code - 0x30
    if (port > 65535) return -1
  }
  if (i === start || port === 0) return -1
  scannedPort = port
  return i
}

/** The port that the last successful {@link scanPort} read. */
export function lastPort(): number {
  return scannedPort
}

/** Reads a host name, an IPv4 address or an IPv6 reference. @returns the position after it, -1 when there is none */
export function scanHost(text: string, start: number, end: number): number {
  let i = start
  at.error = start
  if (i < end && text.charCodeAt(i) === 0x5b) {
    for (i++; i < end; i++) {
      const code = text.charCodeAt(i)
      if (code === 0x5d) return i - start > 2 ? i + 1 : -1
      if ((classOf(code) & HEX) === 0 && code !== 0x3a && code !== 0x2e) {
        at.error = i
        return -1
      }
    }
    return -1
  }
  while (i < end && (classOf(text.charCodeAt(i)) & HOST) !== 0) i++
  if (i < end) {
    const code = text.charCodeAt(i)
    const closes = code === 0x3a || code === 0x3b || code === 0x3f || code === 0x2c || code === 0x20 || code === 0x09
    if (!closes) {
      at.error = i
      return -1
    }
  }
  return i === start ? -1 : i
}

/** Makes the URI of a range that {@link scanUri} has just accepted. */
export function buildUri(text: string, start: number, end: number): Uri {
  const whole = start === 0 && end === text.length ? text : text.slice(start, end)
  const scheme = text.slice(start, at.schemeEnd).toLowerCase()
  if (at.kind === 0) {
    return { scheme, user: '', host: '', params: NO_PARAMS, opaque: text.slice(at.schemeEnd + 1, end), text: whole }
  }
  const params = at.paramsEnd > at.paramsStart ? uriParams(text, at.paramsStart, at.paramsEnd) : NO_PARAMS
  const user = text.slice(at.userStart, at.userEnd)
  if (at.kind === 2) return { scheme, user, host: '', params, text: whole }
  return {
    scheme,
    user: unescapeUri(user),
    password: at.passwordEnd > at.userEnd ? unescapeUri(text.slice(at.userEnd + 1, at.passwordEnd)) : undefined,
    host: text.slice(at.hostStart, at.hostEnd).toLowerCase(),
    port: at.port < 0 ? undefined : at.port,
    params,
    headers: at.paramsEnd < end ? text.slice(at.paramsEnd + 1, end) : undefined,
    text: whole,
  }
}

function uriParams(text: string, start: number, end: number): ReadonlyMap<string, string> {
  const params = new Map<string, string>()
  let i = start
  while (i < end) {
    // By hand, not with indexOf, which would search the whole rest of a long header for every parameter.
    let next = i + 1
    let equals = -1
    for (; next < end; next++) {
      const code = text.charCodeAt(next)
      if (code === 0x3b) break
      if (code === 0x3d && equals < 0) equals = next
    }
    const name = unescapeUri(text.slice(i + 1, equals < 0 ? next : equals)).toLowerCase()
    if (!params.has(name)) params.set(name, equals < 0 ? '' : unescapeUri(text.slice(equals + 1, next)))
    i = next
  }
  return params
}

/**
 * Reads a URI (RFC 3261 §19.1, RFC 3966; any other scheme is kept as text).
 * @returns the URI, or a code such as `bad-uri-host` with the offset of the first wrong character
 */
export function parseUri(text: string): Parsed<Uri> {
  const code = scanUri(text, 0, text.length)
  return code === '' ? parsed(buildUri(text, 0, text.length)) : malformed(code, at.error)
}

/** Undoes percent escapes; escapes that make no valid UTF-8 stay as they are, so that different users stay different. */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replace(/%[0-7][0-9a-f]/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
  }
}

/** Writes a user part so that any text is safe in a SIP URI: everything outside `user` of RFC 3261 §25.1 is escaped. */
export function escapeUser(user: string): string {
  return escapeOthers(user, /^[A-Za-z0-9\-_.!~*'()&=+$,;?/]*$/)
}

function escapeOthers(text: string, allowed: RegExp): string {
  if (allowed.test(text)) return text
  let out = ''
  for (const character of text) {
    if (allowed.test(character)) out += character
    else for (const byte of Buffer.from(character)) out += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

/** A parameter that stands in one of two URIs only makes them different when it is one of these (RFC 3261 §19.1.4). */
const DECISIVE = ['user', 'ttl', 'method', 'maddr', 'transport']

/** Whether two URIs are equivalent by RFC 3261 §19.1.4 (not transitive, as written there); tel: numbers by RFC 3966 §4. */
export function uriEquals(a: Uri, b: Uri): boolean {
  if (a.text === b.text) return true
  if (a.scheme !== b.scheme) return false
  if (a.opaque !== undefined || b.opaque !== undefined) return a.opaque === b.opaque
  if (a.scheme === 'tel')
    return telNumber(a.user) === telNumber(b.user) && sameParams(a, b, ['phone-context', 'ext', 'isub'])
  if (a.host !== b.host || a.port !== b.port || a.user !== b.user || a.password !== b.password) return false
  return sameParams(a, b, DECISIVE) && sameHeaders(a.headers, b.headers)
}

function telNumber(user: string): string {
  return user.replace(/[-.()]/g, '').toLowerCase()
}

function sameParams(a: Uri, b: Uri, decisive: readonly string[]): boolean {
  for (const [name, value] of a.params) {
    const other = b.params.get(name)
    if (other === undefined ? decisive.includes(name) : other.toLowerCase() !== value.toLowerCase()) return false
  }
  for (const name of b.params.keys()) if (!a.params.has(name) && decisive.includes(name)) return false
  return true
}

function sameHeaders(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  return headerSet(a) === headerSet(b)
}

function headerSet(headers: string): string {
  const lines = headers.split('&').map((line) => {
    const [name = '', ...value] = line.split('=')
    return `${unescapeUri(name).toLowerCase()}=${unescapeUri(value.join('='))}`
  })
  return lines.sort().join('&')
}
