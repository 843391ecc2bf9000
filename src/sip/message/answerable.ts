import { Buffer } from 'node:buffer'
import { latin1 } from './bytes.ts'
import { reasonPhrase } from './reason-phrases.ts'
import { stampVia } from './response-headers.ts'
import type { Answerable, Via } from './types.ts'
import { salvageVia } from './via.ts'
import { writeResponse } from './write.ts'

/** Longest head that is searched for the lines of a refusal. */
const HEAD_BYTES = 16_384

const wanted: Readonly<Record<string, string>> = {
  via: 'Via',
  v: 'Via',
  from: 'From',
  f: 'From',
  to: 'To',
  t: 'To',
  'call-id': 'Call-ID',
  i: 'Call-ID',
  cseq: 'CSeq',
}

/** The status of a refusal by the parser's code. */
function statusOf(code: string): number {
  if (code === 'unsupported-version') return 505
  if (code === 'message-too-large' || code === 'too-many-headers' || code === 'headers-too-large') return 513
  return 400
}

/**
 * What can be answered to a malformed message: the lines of the response are copied as far as they can be found, however broken the
 * rest is. `undefined` for what does not even look like SIP.
 */
export function answerableOf(
  bytes: Buffer,
  code: string,
  offset: number,
  options: { readonly source?: { readonly address: string; readonly port: number } },
): Answerable | undefined {
  const status = statusOf(code)
  const reason = status === 400 ? `Bad Request: ${code} at byte ${offset}` : reasonPhrase(status)
  const head = latin1(bytes, 0, Math.min(bytes.length, HEAD_BYTES)).replace(/^(\r\n)+/, '')
  const end = head.indexOf('\r\n\r\n')
  const lines = (end < 0 ? head : head.slice(0, end)).replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
  const first = lines[0] ?? ''
  if (!/sip/i.test(first)) return undefined
  const silent = /^sip\//i.test(first) || /^ACK[ \t]/.test(first)
  const headers: [string, string][] = []
  const seen = new Set<string>()
  let via: Via | undefined
  for (let k = 1; k < lines.length; k++) {
    const line = lines[k]!
    const colon = line.indexOf(':')
    const name = colon < 0 ? undefined : wanted[line.slice(0, colon).trim().toLowerCase()]
    if (name === undefined || (name !== 'Via' && seen.has(name))) continue
    let value = Buffer.from(line.slice(colon + 1).trim(), 'latin1').toString('utf8')
    if (name === 'Via' && !seen.has('Via')) {
      via = salvageVia(value)
      if (via !== undefined && options.source !== undefined) value = stampVia(value, via, options.source)
    }
    // Without a dialog or a transaction the tag must still be the same for a repeated request (RFC 3261 §8.2.7).
    if (name === 'To' && !/;[ \t]*tag[ \t]*=/i.test(value)) value += `;tag=${tagOf(head)}`
    seen.add(name)
    headers.push([name, value])
  }
  if (silent || via === undefined) return { status, reason, silent, via }
  return { status, reason, silent, via, response: writeResponse({ status, reason, headers }) }
}

/** A tag that depends on the message alone (FNV-1a). */
function tagOf(head: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < head.length; i++) hash = Math.imul(hash ^ head.charCodeAt(i), 0x01000193)
  return `bad${(hash >>> 0).toString(16)}`
}
