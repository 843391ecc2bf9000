import type { Request, Via } from './types.ts'

/** Where a request came from: fills `received` and `rport` of its topmost Via. */
export interface Source {
  readonly address: string
  readonly port: number
}

/**
 * The lines that a response copies from its request (RFC 3261 §8.2.6): Via, From, To, Call-ID, CSeq; for 101 … 299 to a request that can
 * start a dialog also Record-Route (§12.1.1), for 100 Timestamp.
 * @param toTag added to To where the request had none; '' for 100 Trying
 * @param options the status, to know what else is copied; the source, for `received` and `rport` (§18.2.1, RFC 3581)
 */
export function responseHeaders(
  request: Request,
  toTag: string,
  options: { readonly status?: number; readonly source?: Source } = {},
): [name: string, value: string][] {
  const vias = request.headerLines('via')
  const via = vias[0] ?? ''
  const to = request.header('to') ?? ''
  const headers: [string, string][] = [
    ['Via', options.source ? stampVia(via, request.via, options.source) : via],
    ['From', request.header('from') ?? ''],
    ['To', toTag === '' || request.toTag !== '' ? to : `${to};tag=${toTag}`],
    ['Call-ID', request.callId],
    ['CSeq', `${request.cseq.number} ${request.cseq.method}`],
  ]
  if (vias.length > 1) headers.splice(1, 0, ...vias.slice(1).map((value): [string, string] => ['Via', value]))
  const status = options.status ?? 0
  if (status === 100) {
    const timestamp = request.header('timestamp')
    if (timestamp !== undefined) headers.push(['Timestamp', timestamp])
  } else if (status > 100 && status < 300 && request.toTag === '' && startsDialog(request.method)) {
    for (const route of request.headerLines('record-route')) headers.push(['Record-Route', route])
  }
  return headers
}

function startsDialog(method: string): boolean {
  return method === 'INVITE' || method === 'SUBSCRIBE' || method === 'REFER' || method === 'NOTIFY'
}

/** A topmost Via line with `received` where the sender's address differs from what it wrote, and `rport` filled in where it was asked for. */
export function stampVia(line: string, via: Via, source: Source): string {
  const asked = via.params.get('rport') === ''
  const host = via.host.startsWith('[') ? via.host.slice(1, -1) : via.host
  if (!asked && host === source.address) return line
  const comma = endOfFirst(line)
  let first = line.slice(0, comma)
  if (asked) first = first.replace(/;([ \t]*)rport(?=[ \t]*(?:;|$))/i, `;$1rport=${source.port}`)
  if (via.params.has('received')) first = first.replace(/;[ \t]*received[ \t]*=[^;]*/i, '')
  return `${first};received=${source.address}${line.slice(comma)}`
}

function endOfFirst(line: string): number {
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i)
    if (quoted && code === 0x5c) i++
    else if (code === 0x22) quoted = !quoted
    else if (code === 0x2c && !quoted) return i
  }
  return line.length
}
