import { malformed, type Parsed, parsed } from '#lib'
import { classOf, isBlank, isToken, quote, skipBlank, skipQuoted, TOKEN, unquote, VISIBLE } from './chars.ts'
import type { NameAddr } from './types.ts'
import { buildUri, NO_PARAMS, scanUri, uriErrorOffset } from './uri.ts'

/** Where the parts of the value that was scanned last are; one object for all scans. */
const at = { error: 0, displayStart: 0, displayEnd: 0, uriStart: 0, uriEnd: 0, paramsStart: 0, tagStart: 0, tagEnd: 0 }

/** Where the last refused scan failed. */
export function nameAddrErrorOffset(): number {
  return at.error
}

/** The tag parameter of the name-addr that was scanned last, '' when it has none. */
export function scannedTag(text: string): string {
  return at.tagEnd > at.tagStart ? text.slice(at.tagStart, at.tagEnd) : ''
}

let code = ''

/** Why the last scan that returned -1 did. */
export function nameAddrErrorCode(): string {
  return code
}

function fail(why: string, offset: number): number {
  code = why
  at.error = offset
  return -1
}

/**
 * Checks one name-addr or addr-spec with its parameters (RFC 3261 §20.10), from `start` to a comma outside quotes and brackets.
 * @returns the position of that comma or the end, -1 when it is malformed
 */
export function scanNameAddr(text: string, start: number, end: number): number {
  let i = skipBlank(text, start, end)
  if (i === end) return fail('empty-address', i)
  at.displayStart = at.displayEnd = i
  if (text.charCodeAt(i) === 0x22) {
    const after = skipQuoted(text, i, end)
    if (after < 0) return fail('unclosed-quote', i)
    at.displayEnd = after
    i = skipBlank(text, after, end)
    if (i === end || text.charCodeAt(i) !== 0x3c) return fail('address-expected', i)
    return scanBracketed(text, i, end)
  }
  for (let j = i; j < end; j++) {
    const c = text.charCodeAt(j)
    if (c === 0x3c) {
      let last = j
      while (last > i && isBlank(text.charCodeAt(last - 1))) last--
      at.displayEnd = last
      return scanBracketed(text, j, end)
    }
    if (c === 0x3a) return scanBare(text, i, end)
    if (c === 0x22 || c === 0x2c || c === 0x3b || c === 0x3e || c === 0x5c || (c < 0x20 && c !== 9)) {
      return fail('bad-display-name', j)
    }
  }
  return fail('uri-without-scheme', i)
}

function scanBracketed(text: string, open: number, end: number): number {
  let close = open + 1
  while (close < end && text.charCodeAt(close) !== 0x3e) close++
  if (close === end) return fail('unclosed-bracket', open)
  at.uriStart = open + 1
  at.uriEnd = close
  const wrong = scanUri(text, open + 1, close)
  if (wrong !== '') return fail(wrong, uriErrorOffset())
  return scanTail(text, close + 1, end)
}

/** Without brackets everything after a semicolon belongs to the header, and a question mark is not allowed (RFC 3261 §20). */
function scanBare(text: string, start: number, end: number): number {
  let i = start
  for (; i < end; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x3b || c === 0x2c || isBlank(c)) break
    if (c === 0x3f) return fail('headers-outside-brackets', i)
  }
  at.uriStart = start
  at.uriEnd = i
  const wrong = scanUri(text, start, i)
  if (wrong !== '') return fail(wrong, uriErrorOffset())
  return scanTail(text, i, end)
}

function scanTail(text: string, start: number, end: number): number {
  at.paramsStart = start
  const after = scanParams(text, start, end)
  if (after < 0) return -1
  if (after < end && text.charCodeAt(after) !== 0x2c) return fail('bad-parameter', after)
  return after
}

/** Checks `;name=value` parameters of a header and notes the tag. @returns the position after them, -1 when malformed */
export function scanParams(text: string, start: number, end: number): number {
  at.tagStart = at.tagEnd = 0
  let i = skipBlank(text, start, end)
  while (i < end && text.charCodeAt(i) === 0x3b) {
    const name = skipBlank(text, i + 1, end)
    i = name
    while (i < end && (classOf(text.charCodeAt(i)) & TOKEN) !== 0) i++
    if (i === name) return fail('empty-parameter', i)
    const isTag =
      i - name === 3 &&
      (text.charCodeAt(name) | 0x20) === 0x74 &&
      (text.charCodeAt(name + 1) | 0x20) === 0x61 &&
      (text.charCodeAt(name + 2) | 0x20) === 0x67
    i = skipBlank(text, i, end)
    if (i === end || text.charCodeAt(i) !== 0x3d) continue
    const value = skipBlank(text, i + 1, end)
    i = skipValue(text, value, end)
    if (i < 0) return -1
    if (isTag && at.tagEnd === 0) {
      at.tagStart = value
      at.tagEnd = i
    }
    i = skipBlank(text, i, end)
  }
  return i
}

/** Skips a parameter's value: a quoted string, or anything visible up to a separator (wider than token: addresses, tokens with `@`). */
function skipValue(text: string, start: number, end: number): number {
  if (start < end && text.charCodeAt(start) === 0x22) {
    const after = skipQuoted(text, start, end)
    return after < 0 ? fail('unclosed-quote', start) : after
  }
  let i = start
  while (i < end) {
    const c = text.charCodeAt(i)
    if (c === 0x3b || c === 0x2c || (c < 0x80 && (classOf(c) & VISIBLE) === 0)) break
    i++
  }
  return i
}

/** Collects header parameters from a range that {@link scanParams} accepted. Names in lower case, values unquoted, the first of a name wins. */
export function collectParams(text: string, start: number, end: number): ReadonlyMap<string, string> {
  let i = skipBlank(text, start, end)
  if (i >= end || text.charCodeAt(i) !== 0x3b) return NO_PARAMS
  const params = new Map<string, string>()
  while (i < end && text.charCodeAt(i) === 0x3b) {
    const nameStart = skipBlank(text, i + 1, end)
    i = nameStart
    while (i < end && (classOf(text.charCodeAt(i)) & TOKEN) !== 0) i++
    const name = text.slice(nameStart, i).toLowerCase()
    if (name === '') break
    i = skipBlank(text, i, end)
    let value = ''
    if (i < end && text.charCodeAt(i) === 0x3d) {
      const valueStart = skipBlank(text, i + 1, end)
      const after = skipValue(text, valueStart, end)
      if (after < 0) break
      value = unquote(text.slice(valueStart, after))
      i = skipBlank(text, after, end)
    }
    if (!params.has(name)) params.set(name, value)
  }
  return params
}

/** Makes the name-addr of the value that {@link scanNameAddr} has just accepted up to `after`; nothing may be scanned in between. */
export function buildNameAddr(text: string, after: number): NameAddr {
  return {
    display: unquote(text.slice(at.displayStart, at.displayEnd)),
    uri: buildUri(text, at.uriStart, at.uriEnd),
    params: collectParams(text, at.paramsStart, after),
  }
}

/**
 * Reads one `"Display" <uri>;param=value` (From, To, Contact, Route, Refer-To …), also without brackets.
 * @returns the parts, or a code with the offset of the first wrong character; a second value after a comma is refused
 */
export function parseNameAddr(text: string): Parsed<NameAddr> {
  const after = scanNameAddr(text, 0, text.length)
  if (after < 0) return malformed(code, at.error)
  if (after < text.length) return malformed('several-values', after)
  return parsed(buildNameAddr(text, after))
}

/** Reads a comma-separated list of name-addrs (Contact, Route, Record-Route, Path, P-Asserted-Identity). */
export function parseNameAddrList(text: string): Parsed<readonly NameAddr[]> {
  const list: NameAddr[] = []
  let i = 0
  for (;;) {
    const after = scanNameAddr(text, i, text.length)
    if (after < 0) return malformed(code, at.error)
    list.push(buildNameAddr(text, after))
    if (after >= text.length) return parsed(list)
    i = after + 1
  }
}

/**
 * Writes a name-addr; the display name is quoted and escaped, parameter values are quoted where they are no token.
 * @param uri the URI's text, already escaped (see `escapeUser`)
 */
export function formatNameAddr(
  display: string,
  uri: string,
  params?: ReadonlyMap<string, string> | Readonly<Record<string, string>>,
): string {
  let out = display === '' ? `<${uri.replace(/[<>]/g, '')}>` : `${quote(display)} <${uri.replace(/[<>]/g, '')}>`
  if (params === undefined) return out
  const entries = params instanceof Map ? params : Object.entries(params)
  for (const [name, value] of entries) {
    if (!isToken(name, 0, name.length)) continue
    out += value === '' ? `;${name}` : `;${name}=${isToken(value, 0, value.length) ? value : quote(value)}`
  }
  return out
}
