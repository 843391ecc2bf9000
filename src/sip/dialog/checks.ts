import { type HeaderLines, parseTokenList, type Request } from '../message/index.ts'
import type { ServerTransaction } from '../transaction/index.ts'
import type { Transport } from '../transport/types.ts'

/** Methods that this stack knows of: refused with 405 where they are not allowed, any other with 501. */
const knownMethods: ReadonlySet<string> = new Set([
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'UPDATE',
  'INFO',
  'REFER',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
])

/** Requests that make no sense outside a dialog. */
const dialogMethods: ReadonlySet<string> = new Set(['BYE', 'PRACK', 'UPDATE', 'INFO'])

export interface CheckContext {
  readonly transport: Transport
  /** Allow as written. */
  readonly allow: string
  readonly allowed: ReadonlySet<string>
  readonly supported: ReadonlySet<string>
  readonly domain: string
}

/** Why a request is refused before anybody sees it. */
export interface Refusal {
  readonly status: number
  readonly reason?: string
  readonly headers?: HeaderLines
}

/** The checks that come before a dialog is looked for: method and URI scheme (RFC 3261 §8.2.1, §8.2.2.1). */
export function refuseEarly(request: Request, context: CheckContext): Refusal | undefined {
  const { method } = request
  if (!context.allowed.has(method)) {
    return { status: knownMethods.has(method) ? 405 : 501, headers: [['Allow', context.allow]] }
  }
  const { scheme } = request.uri
  if (scheme !== 'sip' && scheme !== 'sips' && scheme !== 'tel') return { status: 416 }
  return refuseExtensions(request, context)
}

/** The checks of a request outside dialogs (§8.2.2.2, §8.2.3, §16.3). */
export function refuseOutside(transaction: ServerTransaction, context: CheckContext): Refusal | undefined {
  const { request } = transaction
  const { method, uri } = request
  if (dialogMethods.has(method)) return { status: 481 }
  if (request.header('max-forwards') !== undefined && Number(request.header('max-forwards')) === 0) {
    const ours = uri.host === context.domain || context.transport.isOurs(uri.host, uri.port)
    if (method !== 'OPTIONS' || !ours) return { status: 483 }
  }
  if (transaction.merged) return { status: 482, reason: 'Merged Request' }
  if (method !== 'INVITE') return undefined
  // RFC 2543 asked for no Contact; its phones know no branch with the magic cookie, and are reached at their From.
  const needed = request.via.branch.startsWith('z9hG4bK') ? 1 : 0
  const given = request.contacts.length
  if (given < needed || given > 1) return { status: 400, reason: 'INVITE needs one Contact' }
  return refuseContent(request)
}

/** Require and Proxy-Require (§8.2.2.3); the latter too, because phones take this server for their proxy. */
function refuseExtensions(request: Request, context: CheckContext): Refusal | undefined {
  let unsupported = ''
  for (const header of ['require', 'proxy-require']) {
    for (const line of request.headerLines(header)) {
      for (const tag of parseTokenList(line)) {
        if (!context.supported.has(tag)) unsupported += unsupported === '' ? tag : `, ${tag}`
      }
    }
  }
  return unsupported === '' ? undefined : { status: 420, headers: [['Unsupported', unsupported]] }
}

/** Bodies that an offer cannot come in (§8.2.3), and an Accept that leaves no way to answer (§20.1). */
export function refuseContent(request: Request): Refusal | undefined {
  const encoding = request.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return { status: 415, headers: [['Accept-Encoding', 'identity']] }
  }
  if (request.body.length > 0) {
    const type = request.contentType
    if (type !== 'application/sdp' && !type.startsWith('multipart/')) {
      return { status: 415, headers: [['Accept', 'application/sdp']] }
    }
  }
  const accept = request.headerLines('accept')
  if (accept.length === 0 || request.method !== 'INVITE') return undefined
  const types = accept.flatMap((line) => parseTokenList(line))
  return types.some((type) => type === 'application/sdp' || type === 'application/*' || type === '*/*')
    ? undefined
    : { status: 406 }
}
