import { isMarker } from './trace.ts'
import type { TraceEntry } from './types.ts'

/** One vertical line of a ladder: a far side, or Baton itself. */
export interface LadderColumn {
  /** The peer as in the trace; `baton` for our own line. */
  readonly id: string
  readonly label: string
}

export type ArrowKind = 'request' | 'provisional' | 'success' | 'failure' | 'note'

/** One arrow: the trace entry with the same place in the list. */
export interface LadderArrow {
  /** ms since the first entry */
  readonly after: number
  /** Columns by number; equal for a note, which has no arrow. */
  readonly from: number
  readonly to: number
  readonly kind: ArrowKind
  /** What stands on the arrow: `INVITE + SDP (sendonly)`, `180 Ringing`, `200 OK (BYE)`. */
  readonly label: string
  /** The Reason header's value (RFC 3326), '' when none. */
  readonly reason: string
  /** The same bytes went the same way before: a retransmission. */
  readonly repeated: boolean
}

/** A trace as columns and arrows, for drawing. Arrow n stands for entry n, so later entries only ever append. */
export interface LadderModel {
  readonly columns: readonly LadderColumn[]
  readonly arrows: readonly LadderArrow[]
}

export interface LadderOptions {
  /** Names for peers, e.g. `udp 127.0.0.1:5070` → `alice's phone`. */
  readonly names?: ReadonlyMap<string, string>
}

/** The name of our own line. */
export const batonColumn = 'baton'

/** Reads a trace as a ladder: columns in order of appearance, Baton behind the first far side that spoke to it. */
export function ladderModel(entries: readonly TraceEntry[], options: LadderOptions = {}): LadderModel {
  const columns: LadderColumn[] = []
  const places = new Map<string, number>()
  const column = (id: string, label: string): number => {
    let place = places.get(id)
    if (place === undefined) {
      place = columns.push({ id, label: printable(label, 40) }) - 1
      places.set(id, place)
    }
    return place
  }
  const parties = partiesOf(entries)
  const peerColumn = (peer: string): number => {
    const party = parties.get(peer)
    return column(peer, options.names?.get(peer) ?? (party ? `${party} · ${peer}` : peer))
  }
  const first = entries.find((entry) => !isMarker(entry))
  if (first?.direction === 'in') peerColumn(first.peer)
  const baton = column(batonColumn, 'Baton')
  const start = entries[0]?.at ?? 0
  const seen = new Set<string>()
  const arrows = entries.map((entry): LadderArrow => {
    const after = entry.at - start
    if (isMarker(entry)) {
      const label = printable(entry.text, 80)
      return { after, from: baton, to: baton, kind: 'note', label, reason: '', repeated: false }
    }
    const far = peerColumn(entry.peer)
    const key = `${entry.direction} ${entry.peer} ${entry.text}`
    const repeated = seen.has(key)
    seen.add(key)
    const [from, to] = entry.direction === 'in' ? [far, baton] : [baton, far]
    return { after, from, to, ...describe(entry.text), repeated }
  })
  return { columns, arrows }
}

/** Who sits at an address, from the trace itself: the From of an INVITE that comes from there, the To of one that goes there. */
function partiesOf(entries: readonly TraceEntry[]): ReadonlyMap<string, string> {
  const parties = new Map<string, string>()
  for (const { direction, peer, text } of entries) {
    if (parties.has(peer) || !text.startsWith('INVITE ')) continue
    const end = text.indexOf('\r\n\r\n')
    const head = end < 0 ? text : text.slice(0, end)
    const value =
      direction === 'in' ? (header(head, 'from') ?? header(head, 'f')) : (header(head, 'to') ?? header(head, 't'))
    const user = value ? /sips?:([^@;>?\s]{1,30})@/i.exec(value)?.[1] : undefined
    if (user) parties.set(peer, printable(user, 20))
  }
  return parties
}

interface Described {
  readonly kind: ArrowKind
  readonly label: string
  readonly reason: string
}

/** Method or status with what a reader of ladders looks for; anything that is no SIP message becomes a note-like label. */
function describe(text: string): Described {
  const message = text.replace(/^[\r\n]+/, '')
  const lineEnd = message.search(/\r|\n/)
  const startLine = lineEnd < 0 ? message : message.slice(0, lineEnd)
  const blank = /\r\n\r\n|\n\n/.exec(message)
  const head = blank ? message.slice(0, blank.index) : message
  const body = blank ? message.slice(blank.index + blank[0].length) : ''
  const reason = printable(header(head, 'reason') ?? '', 120)
  const sdp = describeSdp(body)
  const response = /^SIP\/2\.0 +(\d{3})(?: +(.*))?$/i.exec(startLine)
  if (response) {
    const status = Number(response[1])
    const method = printable(/([A-Za-z]+)\s*$/.exec(header(head, 'cseq') ?? '')?.[1] ?? '', 16)
    const phrase = printable(response[2] ?? '', 28)
    const label = `${status}${phrase && ` ${phrase}`}${method && method !== 'INVITE' ? ` (${method})` : ''}${sdp}`
    return { kind: status < 200 ? 'provisional' : status < 300 ? 'success' : 'failure', label, reason }
  }
  const space = startLine.indexOf(' ')
  const method = printable(space < 0 ? startLine : startLine.slice(0, space), 20) || '(empty)'
  const target = method === 'REFER' ? referTarget(head) : ''
  const replaces = method === 'INVITE' && header(head, 'replaces') !== undefined ? ', Replaces' : ''
  return { kind: 'request', label: `${method}${target}${replaces}${sdp}`, reason }
}

/** ` + SDP` when the body offers or answers a session, with its direction unless that is sendrecv. */
function describeSdp(body: string): string {
  if (!/(^|\n)v=0\r?(\n|$)/.test(body)) return ''
  const direction = /(?:^|\n)a=(sendonly|recvonly|inactive)\r?(?:\n|$)/.exec(body)?.[1]
  if (direction) return ` + SDP (${direction})`
  return /(?:^|\n)c=IN IP4 0\.0\.0\.0\r?(?:\n|$)/.test(body) ? ' + SDP (held)' : ' + SDP'
}

function referTarget(head: string): string {
  const value = header(head, 'refer-to') ?? header(head, 'r')
  const user = value ? /sips?:([^@;>?\s]{1,30})/i.exec(value)?.[1] : undefined
  return user ? ` ${printable(user, 30)}` : ''
}

/** The first value of a header, folded lines joined. */
function header(head: string, name: string): string | undefined {
  const lines = head.split(/\r\n|\n|\r/)
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string
    const colon = line.indexOf(':')
    if (colon < 0 || line.slice(0, colon).trim().toLowerCase() !== name) continue
    let value = line.slice(colon + 1).trim()
    while (/^[ \t]/.test(lines[i + 1] ?? '')) value += ` ${(lines[++i] as string).trim()}`
    return value
  }
  return undefined
}

/** Far text made safe for a terminal: no control, format or separator characters (escape sequences, reversed text), and bounded. */
function printable(text: string, longest: number): string {
  const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '·')
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain
}
