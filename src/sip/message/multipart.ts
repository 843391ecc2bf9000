import type { Buffer } from 'node:buffer'
import { malformed, type Parsed, parsed } from '#lib'
import { utf8 } from './bytes.ts'
import { collectParams } from './name-addr.ts'

/** One part of a multipart body (RFC 2046 §5.1). */
export interface BodyPart {
  /** Names in lower case, values unfolded; the first of a name wins. */
  readonly headers: ReadonlyMap<string, string>
  /** Lower-case media type without parameters; `text/plain` when the part names none. */
  readonly contentType: string
  readonly body: Buffer
}

/** More parts than this are refused: nobody needs them, and each costs work. */
const MAX_PARTS = 32

/**
 * Splits a multipart body.
 * @param contentType the whole Content-Type value, with its `boundary`
 * @returns the parts as views into `body`, or `multipart-…` codes with the offset in `body`
 */
export function parseMultipart(contentType: string, body: Buffer): Parsed<readonly BodyPart[]> {
  const semicolon = contentType.indexOf(';')
  if (!/^\s*multipart\//i.test(contentType)) return malformed('not-multipart', 0)
  const boundary = semicolon < 0 ? undefined : collectParams(contentType, semicolon, contentType.length).get('boundary')
  if (!boundary || boundary.length > 70) return malformed('multipart-boundary', 0)
  const delimiter = `--${boundary}`
  const parts: BodyPart[] = []
  let start = -1
  let from = 0
  for (;;) {
    const found = findDelimiter(body, delimiter, from)
    if (found < 0) return malformed(start < 0 ? 'multipart-without-parts' : 'multipart-unclosed', body.length)
    if (start >= 0) {
      if (parts.length === MAX_PARTS) return malformed('multipart-too-many-parts', start)
      const part = readPart(body, start, Math.max(start, found - 2))
      if (part === undefined) return malformed('multipart-bad-part', start)
      parts.push(part)
    }
    const after = found + delimiter.length
    if (body[after] === 0x2d && body[after + 1] === 0x2d) {
      return parts.length === 0 ? malformed('multipart-without-parts', found) : parsed(parts)
    }
    const lineEnd = body.indexOf('\r\n', after, 'latin1')
    if (lineEnd < 0) return malformed('multipart-unclosed', body.length)
    start = lineEnd + 2
    from = lineEnd
  }
}

/** The next delimiter that stands at the start of a line and fills it. */
function findDelimiter(body: Buffer, delimiter: string, from: number): number {
  for (let at = body.indexOf(delimiter, from, 'latin1'); at >= 0; at = body.indexOf(delimiter, at + 1, 'latin1')) {
    const atLineStart = at === 0 || (body[at - 1] === 10 && body[at - 2] === 13)
    const next = body[at + delimiter.length]
    if (atLineStart && (next === 0x2d || next === 13 || next === 0x20 || next === 0x09)) return at
  }
  return -1
}

function readPart(body: Buffer, start: number, end: number): BodyPart | undefined {
  const headers = new Map<string, string>()
  let contentStart = start
  if (body[start] === 13 && body[start + 1] === 10) contentStart = start + 2
  else {
    const blank = body.indexOf('\r\n\r\n', start, 'latin1')
    if (blank < 0 || blank > end) return undefined
    contentStart = Math.min(blank + 4, end)
    const head = utf8(body, start, blank).replace(/\r\n[ \t]+/g, ' ')
    for (const line of head.split('\r\n')) {
      const colon = line.indexOf(':')
      if (colon <= 0) return undefined
      const name = line.slice(0, colon).trim().toLowerCase()
      if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
    }
  }
  const type = headers.get('content-type') ?? 'text/plain'
  return {
    headers,
    contentType: type.split(';', 1)[0]!.trim().toLowerCase(),
    body: body.subarray(Math.min(contentStart, end), end),
  }
}
