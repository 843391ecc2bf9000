import { malformed, type Parsed, parsed } from '#lib'
import { classOf, isBlank, skipBlank, TOKEN } from './chars.ts'
import { collectParams, nameAddrErrorCode, nameAddrErrorOffset, scanParams } from './name-addr.ts'
import type { Via } from './types.ts'
import { lastPort, scanHost, scanPort } from './uri.ts'

/** Where the parts of the Via that was scanned last are. */
const at = { error: 0, transportStart: 0, transportEnd: 0, hostStart: 0, hostEnd: 0, port: -1, paramsStart: 0 }
let code = ''

export function viaErrorCode(): string {
  return code
}

export function viaErrorOffset(): number {
  return at.error
}

function fail(why: string, offset: number): number {
  code = why
  at.error = offset
  return -1
}

function skipToken(text: string, start: number, end: number): number {
  let i = start
  while (i < end && (classOf(text.charCodeAt(i)) & TOKEN) !== 0) i++
  return i
}

/** Checks one Via value (RFC 3261 §20.42) from `start` to a comma or the end. @returns that position, -1 when it is malformed */
export function scanVia(text: string, start: number, end: number): number {
  let i = scanSentBy(text, start, end)
  if (i < 0) return -1
  at.paramsStart = i
  i = scanParams(text, i, end)
  if (i < 0) return fail(nameAddrErrorCode(), nameAddrErrorOffset())
  if (i < end && text.charCodeAt(i) !== 0x2c) return fail('bad-parameter', i)
  return i
}

function scanSentBy(text: string, start: number, end: number): number {
  let i = skipBlank(text, start, end)
  let from = i
  for (let part = 0; part < 3; part++) {
    from = i
    i = skipToken(text, i, end)
    if (i === from) return fail('bad-via-protocol', i)
    if (part === 2) break
    i = skipBlank(text, i, end)
    if (i === end || text.charCodeAt(i) !== 0x2f) return fail('bad-via-protocol', i)
    i = skipBlank(text, i + 1, end)
  }
  at.transportStart = from
  at.transportEnd = i
  if (i === end || !isBlank(text.charCodeAt(i))) return fail('bad-via-host', i)
  i = skipBlank(text, i, end)
  at.hostStart = i
  i = scanHost(text, i, end)
  if (i < 0) return fail('bad-via-host', at.hostStart)
  at.hostEnd = i
  at.port = -1
  const colon = skipBlank(text, i, end)
  if (colon < end && text.charCodeAt(colon) === 0x3a) {
    const digits = skipBlank(text, colon + 1, end)
    i = scanPort(text, digits, end)
    if (i < 0) return fail('bad-via-port', digits)
    at.port = lastPort()
  }
  return i
}

/** Makes the Via that {@link scanVia} has just accepted up to `after`. */
export function buildVia(text: string, after: number): Via {
  const params = collectParams(text, at.paramsStart, after)
  return {
    transport: text.slice(at.transportStart, at.transportEnd).toUpperCase(),
    host: text.slice(at.hostStart, at.hostEnd).toLowerCase(),
    port: at.port < 0 ? undefined : at.port,
    params,
    branch: params.get('branch') ?? '',
  }
}

/** Reads every Via value of one header line. */
export function parseViaList(text: string): Parsed<readonly Via[]> {
  const list: Via[] = []
  let i = 0
  for (;;) {
    const after = scanVia(text, i, text.length)
    if (after < 0) return malformed(code, at.error)
    list.push(buildVia(text, after))
    if (after >= text.length) return parsed(list)
    i = after + 1
  }
}

/** Reads as much of a broken Via as can be read: where a 400 goes although its parameters are nonsense. */
export function salvageVia(text: string): Via | undefined {
  const end = scanSentBy(text, 0, text.length)
  if (end < 0) return undefined
  at.paramsStart = end
  return buildVia(text, text.length)
}
