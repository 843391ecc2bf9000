import { malformed, type Parsed, parsed } from '#lib'
import { isToken } from './chars.ts'
import { collectParams } from './name-addr.ts'
import { splitList } from './token-list.ts'

/** One Reason value (RFC 3326): why a request was sent. */
export interface Reason {
  /** As written, `SIP` or `Q.850` mostly. */
  readonly protocol: string
  readonly cause?: number
  readonly text?: string
}

/** Reads every value of a Reason header; malformed ones are left out. */
export function parseReason(text: string): readonly Reason[] {
  const values: string[] = []
  splitList(text, values)
  const reasons: Reason[] = []
  for (const value of values) {
    const end = headEnd(value)
    const protocol = value.slice(0, end).trim()
    if (!isToken(protocol, 0, protocol.length)) continue
    const params = collectParams(value, end, value.length)
    const cause = params.get('cause')
    reasons.push({
      protocol,
      cause: cause !== undefined && /^\d{1,5}$/.test(cause) ? Number(cause) : undefined,
      text: params.get('text'),
    })
  }
  return reasons
}

/** Session-Expires (RFC 4028 §4). */
export interface SessionExpires {
  /** Seconds. */
  readonly interval: number
  readonly refresher?: 'uac' | 'uas'
}

/** Reads Session-Expires; also fits Min-SE, which has no refresher. */
export function parseSessionExpires(text: string): Parsed<SessionExpires> {
  const end = headEnd(text)
  const interval = whole(text.slice(0, end).trim(), 0xffff_ffff)
  if (interval < 0) return malformed('bad-session-expires', 0)
  const refresher = collectParams(text, end, text.length).get('refresher')?.toLowerCase()
  return parsed({ interval, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined })
}

/** Replaces (RFC 3891 §6.1): the dialog that is replaced, with tags as its recipient sees them. */
export interface Replaces {
  readonly callId: string
  /** The recipient's own tag. */
  readonly toTag: string
  readonly fromTag: string
  readonly earlyOnly: boolean
}

/** Reads Replaces; a comma is refused, because a request replaces one dialog only. */
export function parseReplaces(text: string): Parsed<Replaces> {
  const end = headEnd(text)
  const callId = text.slice(0, end).trim()
  if (callId === '' || /[\s,]/.test(callId)) return malformed('bad-replaces', 0)
  const params = collectParams(text, end, text.length)
  const toTag = params.get('to-tag')
  const fromTag = params.get('from-tag')
  if (!toTag || !fromTag) return malformed('replaces-without-tags', end)
  return parsed({ callId, toTag, fromTag, earlyOnly: params.has('early-only') })
}

/** RAck (RFC 3262 §7.2): which reliable response a PRACK acknowledges. */
export interface RAck {
  readonly rseq: number
  readonly cseq: number
  readonly method: string
}

/** Reads RAck. */
export function parseRAck(text: string): Parsed<RAck> {
  const [rseq = '', cseq = '', method = '', ...more] = text.trim().split(/[ \t]+/)
  const first = whole(rseq, 0xffff_ffff)
  const second = whole(cseq, 0x7fff_ffff)
  if (first < 0 || second < 0 || more.length > 0 || !isToken(method, 0, method.length)) return malformed('bad-rack', 0)
  return parsed({ rseq: first, cseq: second, method })
}

function headEnd(text: string): number {
  const end = text.indexOf(';')
  return end < 0 ? text.length : end
}

function whole(digits: string, max: number): number {
  if (!/^\d{1,10}$/.test(digits)) return -1
  const value = Number(digits)
  return value > max ? -1 : value
}
