import type { Buffer } from 'node:buffer'
import { answerableOf } from './answerable.ts'
import { latin1 } from './bytes.ts'
import { classOf, DIGIT, TOKEN } from './chars.ts'
import {
  CALL_ID,
  CONTACT,
  CONTENT_LENGTH,
  CSEQ,
  DATE,
  EXPIRES,
  FROM,
  headerIdOfBytes,
  LAST_SINGLE,
  MAX_FORWARDS,
  mixName,
  TO,
  VIA,
} from './header-names.ts'
import { nameAddrErrorCode, nameAddrErrorOffset, scanNameAddr, scannedTag } from './name-addr.ts'
import { decodeValue, FOLDED, ID_MASK, ReceivedRequest, ReceivedResponse, STRIDE, WIDE } from './received-message.ts'
import { readStartLine, startLine } from './start-line.ts'
import type { Answerable, Message } from './types.ts'
import { scanVia, viaErrorCode, viaErrorOffset } from './via.ts'

/** What a message may measure, and where it came from. */
export interface ParseOptions {
  /** Bytes of a whole message; default 65,536. */
  readonly maxBytes?: number
  /** Header lines; default 128. */
  readonly maxHeaders?: number
  /** The sender's address and port, so that the response in `answerable` can carry `received` and `rport` (RFC 3581). */
  readonly source?: { readonly address: string; readonly port: number }
}

export const MAX_MESSAGE_BYTES = 65_536
export const MAX_HEADERS = 128

/** A message, or why it is none: a stable code, the byte offset, and for requests what can be answered. */
export type ParsedMessage =
  | { readonly ok: true; readonly value: Message }
  | { readonly ok: false; readonly code: string; readonly offset: number; readonly answerable?: Answerable }

const defaults: ParseOptions = {}

/** The index under construction; copied when the message is sound. */
const scratch: number[] = []
let scratchLength = 0
let failure = ''
let failureOffset = 0

function fail(code: string, offset: number): -1 {
  failure = code
  failureOffset = offset
  return -1
}

/**
 * Parses one SIP message (RFC 3261 §7): indexes its headers and checks the start line, From, To, Call-ID, CSeq, Via, and where they are
 * present Content-Length, Max-Forwards, Expires, Date and (requests) Contact. Everything else is decoded when asked for. Bytes after the body
 * are ignored, a missing Content-Length means the rest of the datagram (§18.3). Never throws.
 */
export function parseMessage(bytes: Buffer, options: ParseOptions = defaults): ParsedMessage {
  const message = read(bytes, options)
  if (message !== undefined) return { ok: true, value: message }
  const code = failure
  const offset = failureOffset
  const answerable = answerableOf(bytes, code, offset, options)
  return answerable === undefined ? { ok: false, code, offset } : { ok: false, code, offset, answerable }
}

function read(bytes: Buffer, options: ParseOptions): Message | undefined {
  let start = 0
  // CRLF before the start line is ignored (RFC 3261 §7.5).
  while (start + 1 < bytes.length && bytes[start] === 13 && bytes[start + 1] === 10) start += 2
  if (start >= bytes.length) {
    fail('empty', start)
    return undefined
  }
  if (bytes.length - start > (options.maxBytes ?? MAX_MESSAGE_BYTES)) {
    fail('message-too-large', start)
    return undefined
  }
  const headersStart = readStartLine(bytes, start)
  if (headersStart < 0) {
    fail(startLine.code, startLine.offset)
    return undefined
  }
  const isRequest = startLine.isRequest
  const bodyStart = indexHeaders(bytes, headersStart, options.maxHeaders ?? MAX_HEADERS)
  if (bodyStart < 0) return undefined
  return check(bytes, start, bodyStart, isRequest)
}

/** Writes the index of the headers into `scratch`. @returns where the body starts, -1 when a line is malformed */
function indexHeaders(bytes: Buffer, start: number, maxHeaders: number): number {
  const length = bytes.length
  let i = start
  let count = 0
  let seen = 0
  scratchLength = 0
  for (;;) {
    if (i + 1 >= length) return fail('unterminated-headers', length)
    const first = bytes[i]!
    if (first === 13 && bytes[i + 1] === 10) return i + 2
    if (++count > maxHeaders) return fail('too-many-headers', i)
    const nameStart = i
    let hash = 0
    let code = first
    while ((classOf(code) & TOKEN) !== 0) {
      hash = mixName(hash, code)
      code = i + 1 < length ? bytes[++i]! : 0
    }
    if (i === nameStart) return fail('bad-header-name', i)
    let flags = headerIdOfBytes(bytes, nameStart, i, hash)
    if (flags !== 0 && flags <= LAST_SINGLE) {
      if ((seen & (1 << flags)) !== 0) return fail('duplicate-header', nameStart)
      seen |= 1 << flags
    }
    while (code === 0x20 || code === 0x09) code = i + 1 < length ? bytes[++i]! : 0
    if (code !== 0x3a) return fail('header-without-colon', i)
    const valueStart = ++i
    for (;;) {
      if (i >= length) return fail('unterminated-headers', length)
      code = bytes[i]!
      while (code >= 0x20 && code < 0x7f) code = ++i < length ? bytes[i]! : 0x80
      if (i >= length) continue
      if (code >= 0x80) {
        flags |= WIDE
        i++
        continue
      }
      if (code === 13 && i + 1 < length && bytes[i + 1] === 10) {
        const next = i + 2 < length ? bytes[i + 2]! : 0
        if (next !== 0x20 && next !== 0x09) break
        flags |= FOLDED
        i += 3
        continue
      }
      // A control character is legal only as a quoted pair; a bare CR or LF never is.
      if (code !== 0x09 && (code === 13 || code === 10 || bytes[i - 1] !== 0x5c)) return fail('control-character', i)
      i++
    }
    push(flags, nameStart, valueStart, i, bytes)
    i += 2
  }
}

function push(flags: number, nameStart: number, valueStart: number, valueEnd: number, bytes: Buffer): void {
  let start = valueStart
  let end = valueEnd
  while (start < end && isSpace(bytes[start]!)) start++
  while (end > start && isSpace(bytes[end - 1]!)) end--
  scratch[scratchLength] = flags
  scratch[scratchLength + 1] = nameStart
  scratch[scratchLength + 2] = start
  scratch[scratchLength + 3] = end
  scratchLength += STRIDE
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 13 || code === 10
}

/** Checks what every message must have and makes it. */
function check(bytes: Buffer, start: number, bodyStart: number, isRequest: boolean): Message | undefined {
  let callId: string | undefined
  let cseqLine = -1
  let from: string | undefined
  let fromTag = ''
  let to: string | undefined
  let toTag = ''
  let via: string | undefined
  let contentLength = -1
  for (let line = 0; line < scratchLength; line += STRIDE) {
    const flags = scratch[line]!
    const valueStart = scratch[line + 2]!
    const valueEnd = scratch[line + 3]!
    switch (flags & ID_MASK) {
      case CALL_ID:
        callId = decodeValue(bytes, flags, valueStart, valueEnd)
        if (!isCallId(callId)) return stop('bad-call-id', valueStart)
        break
      case CSEQ:
        cseqLine = line
        if (!scanCSeq(bytes, valueStart, valueEnd)) return undefined
        break
      case FROM:
        from = decodeValue(bytes, flags, valueStart, valueEnd)
        if (!isAddress(from, valueStart)) return undefined
        fromTag = scannedTag(from)
        break
      case TO:
        to = decodeValue(bytes, flags, valueStart, valueEnd)
        if (!isAddress(to, valueStart)) return undefined
        toTag = scannedTag(to)
        break
      case VIA:
        if (via !== undefined) break
        via = decodeValue(bytes, flags, valueStart, valueEnd)
        if (!isViaLine(via, valueStart)) return undefined
        break
      case CONTACT:
        if (isRequest && !isContactLine(decodeValue(bytes, flags, valueStart, valueEnd), valueStart)) return undefined
        break
      case CONTENT_LENGTH:
        contentLength = number(bytes, valueStart, valueEnd, 0xffff_ffff)
        if (contentLength < 0) return stop('bad-content-length', valueStart)
        break
      case MAX_FORWARDS:
        if (number(bytes, valueStart, valueEnd, 255) < 0) return stop('bad-max-forwards', valueStart)
        break
      case EXPIRES:
        if (isRequest && number(bytes, valueStart, valueEnd, 0xffff_ffff) < 0) return stop('bad-expires', valueStart)
        break
      case DATE:
        if (isRequest && !isDate(decodeValue(bytes, flags, valueStart, valueEnd))) return stop('bad-date', valueStart)
        break
      default:
    }
  }
  if (via === undefined) return stop('via-missing', start)
  if (from === undefined) return stop('from-missing', start)
  if (to === undefined) return stop('to-missing', start)
  if (callId === undefined) return stop('call-id-missing', start)
  if (cseqLine < 0) return stop('cseq-missing', start)
  const bodyEnd = contentLength < 0 ? bytes.length : bodyStart + contentLength
  if (bodyEnd > bytes.length) return stop('body-too-short', bytes.length)
  const own = start === 0 && bodyEnd === bytes.length ? bytes : bytes.subarray(start, bodyEnd)
  const index = scratch.slice(0, scratchLength)
  if (start > 0) for (let i = 0; i < index.length; i++) if (i % STRIDE !== 0) index[i]! -= start
  const found = {
    bytes: own,
    index,
    bodyStart: bodyStart - start,
    bodyEnd: bodyEnd - start,
    callId,
    cseqNumber: cseq.number,
    cseqMethod: cseq.method,
    from,
    fromTag,
    to,
    toTag,
    via,
  }
  if (!isRequest) return new ReceivedResponse(found, startLine.status, startLine.reason)
  if (cseq.method !== startLine.method) return stop('cseq-method-mismatch', scratch[cseqLine + 2]!)
  return new ReceivedRequest(found, startLine.method, startLine.uri)
}

function stop(code: string, offset: number): undefined {
  fail(code, offset)
  return undefined
}

const cseq = { number: 0, method: '' }

/** CSeq: a number below 2^31 and a method (RFC 3261 §8.1.1.5). */
function scanCSeq(bytes: Buffer, start: number, end: number): boolean {
  let i = start
  let value = 0
  for (; i < end; i++) {
    const code = bytes[i]!
    if ((classOf(code) & DIGIT) === 0) break
    value = value * 10 + code - 0x30
    if (value > 0x7fff_ffff) {
      fail('cseq-out-of-range', start)
      return false
    }
  }
  const afterDigits = i
  while (i < end && isSpace(bytes[i]!)) i++
  const methodStart = i
  while (i < end && (classOf(bytes[i]!) & TOKEN) !== 0) i++
  if (afterDigits === start || methodStart === afterDigits || i === methodStart || i < end) {
    fail('bad-cseq', start)
    return false
  }
  cseq.number = value
  cseq.method = sameText(bytes, methodStart, end, startLine.method) ? startLine.method : latin1(bytes, methodStart, end)
  return true
}

function sameText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}

function isCallId(text: string): boolean {
  if (text === '') return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return false
  }
  return true
}

function isAddress(text: string, offset: number): boolean {
  const after = scanNameAddr(text, 0, text.length)
  if (after === text.length) return true
  if (after < 0) fail(nameAddrErrorCode(), offset + nameAddrErrorOffset())
  else fail('several-values', offset + after)
  return false
}

function isViaLine(text: string, offset: number): boolean {
  for (let i = 0; ; ) {
    const after = scanVia(text, i, text.length)
    if (after < 0) {
      fail(viaErrorCode(), offset + viaErrorOffset())
      return false
    }
    if (after >= text.length) return true
    i = after + 1
  }
}

function isContactLine(text: string, offset: number): boolean {
  if (text === '*') return true
  for (let i = 0; ; ) {
    const after = scanNameAddr(text, i, text.length)
    if (after < 0) {
      fail(nameAddrErrorCode(), offset + nameAddrErrorOffset())
      return false
    }
    if (after >= text.length) return true
    i = after + 1
  }
}

/** A whole number in decimal digits, -1 when it is none or above `max`. */
function number(bytes: Buffer, start: number, end: number, max: number): number {
  if (start === end) return -1
  let value = 0
  for (let i = start; i < end; i++) {
    const code = bytes[i]!
    if ((classOf(code) & DIGIT) === 0) return -1
    value = value * 10 + code - 0x30
    if (value > max) return -1
  }
  return value
}

/** A date in GMT, the only zone SIP knows (RFC 3261 §20.17). */
function isDate(text: string): boolean {
  return /^[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)
}
