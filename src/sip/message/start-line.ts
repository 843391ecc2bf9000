import type { Buffer } from 'node:buffer'
import { latin1, utf8 } from './bytes.ts'
import { classOf, DIGIT, TOKEN } from './chars.ts'
import { scannedUriHasHeaders, scanUri, uriErrorOffset } from './uri.ts'

/** What the start line that was read last says; one object for all messages. */
export const startLine = { isRequest: true, method: '', uri: '', status: 0, reason: '', code: '', offset: 0 }

/** Method names that need no new string. */
const known = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'REGISTER',
  'OPTIONS',
  'INFO',
  'UPDATE',
  'PRACK',
  'REFER',
  'NOTIFY',
  'SUBSCRIBE',
  'MESSAGE',
  'PUBLISH',
]

function fail(code: string, offset: number): -1 {
  startLine.code = code
  startLine.offset = offset
  return -1
}

/** Reads a request line or a status line (RFC 3261 §7.1, §7.2). @returns where the headers start, -1 when it is malformed */
export function readStartLine(bytes: Buffer, start: number): number {
  if (isVersion(bytes, start, start + 7) && bytes[start + 7] === 0x20) return readStatusLine(bytes, start)
  startLine.isRequest = true
  startLine.method = ''
  let i = start
  const length = bytes.length
  while (i < length && (classOf(bytes[i]!) & TOKEN) !== 0) i++
  if (i === start || i === length) return fail('bad-method', i)
  if (bytes[i] !== 0x20) return fail(bytes[i] === 0x2f ? 'bad-version' : 'bad-method', i)
  startLine.method = methodOf(bytes, start, i)
  const uriStart = ++i
  while (i < length && bytes[i]! > 0x20) i++
  if (i === uriStart) return fail('bad-request-line', i)
  if (i === length || bytes[i] !== 0x20) return fail(i === length ? 'unterminated-start-line' : 'bad-request-line', i)
  const uriEnd = i
  const version = ++i
  while (i < length && bytes[i]! > 0x20) i++
  if (i + 1 >= length) return fail('unterminated-start-line', i)
  if (bytes[i] !== 13 || bytes[i + 1] !== 10) return fail('bad-request-line', i)
  if (!isVersion(bytes, version, i)) {
    return fail(isOtherVersion(bytes, version, i) ? 'unsupported-version' : 'bad-request-line', version)
  }
  const uri = latin1(bytes, uriStart, uriEnd)
  const wrong = scanUri(uri, 0, uri.length)
  if (wrong !== '') return fail(wrong, uriStart + uriErrorOffset())
  // Headers in a Request-URI are not allowed and must never be acted on (RFC 3261 §19.1.1, RFC 4475 §3.1.2.11).
  if (scannedUriHasHeaders(uri.length)) return fail('headers-in-request-uri', uriStart)
  startLine.uri = uri
  return i + 2
}

function readStatusLine(bytes: Buffer, start: number): number {
  startLine.isRequest = false
  startLine.method = ''
  let i = start + 8
  const digits = i
  let status = 0
  for (; i < bytes.length && i < digits + 3 && (classOf(bytes[i]!) & DIGIT) !== 0; i++)
    status = status * 10 + bytes[i]! - 0x30
  const next = bytes[i]
  if (i !== digits + 3 || status < 100 || status > 699 || (next !== 0x20 && next !== 13))
    return fail('bad-status', digits)
  const reason = next === 0x20 ? i + 1 : i
  let wide = false
  for (i = reason; i < bytes.length; i++) {
    const code = bytes[i]!
    if (code === 13) break
    if (code >= 0x80) wide = true
    else if ((code < 0x20 && code !== 9) || code === 0x7f) return fail('control-character', i)
  }
  if (i + 1 >= bytes.length || bytes[i + 1] !== 10) return fail('bad-status-line', i)
  startLine.status = status
  startLine.reason = wide ? utf8(bytes, reason, i) : latin1(bytes, reason, i)
  return i + 2
}

function methodOf(bytes: Buffer, start: number, end: number): string {
  const length = end - start
  for (let k = 0; k < known.length; k++) {
    const method = known[k]!
    if (method.length !== length || method.charCodeAt(0) !== bytes[start]) continue
    let i = 1
    while (i < length && method.charCodeAt(i) === bytes[start + i]) i++
    if (i === length) return method
  }
  return latin1(bytes, start, end)
}

/** `SIP/2.0` in any letter case. */
function isVersion(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start === 7 &&
    end <= bytes.length &&
    (bytes[start]! | 0x20) === 0x73 &&
    (bytes[start + 1]! | 0x20) === 0x69 &&
    (bytes[start + 2]! | 0x20) === 0x70 &&
    bytes[start + 3] === 0x2f &&
    bytes[start + 4] === 0x32 &&
    bytes[start + 5] === 0x2e &&
    bytes[start + 6] === 0x30
  )
}

function isOtherVersion(bytes: Buffer, start: number, end: number): boolean {
  return /^sip\/\d+\.\d+$/i.test(latin1(bytes, start, Math.min(end, start + 16)))
}
