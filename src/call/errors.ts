/**
 * Why a call or an act on a call is refused. One table gives each code its SIP status, its HTTP status and its words; metrics count by
 * code.
 */
const refusals = {
  'not-found': { sip: 404, http: 404, text: 'Not Found' },
  'international-not-allowed': { sip: 403, http: 403, text: 'International calls are not allowed' },
  'premium-not-allowed': { sip: 403, http: 403, text: 'Premium numbers are not allowed' },
  'emergency-not-allowed': { sip: 403, http: 403, text: 'Emergency numbers cannot be a target here' },
  'trunk-to-outside': { sip: 404, http: 404, text: 'Not Found' },
  'outside-limit': { sip: 403, http: 409, text: 'Too many outside calls at once' },
  'no-trunk': { sip: 503, http: 503, text: 'No trunk can take the call' },
  'not-allowed': { sip: 403, http: 403, text: 'Forbidden' },
  'queue-not-here': { sip: 403, http: 409, text: 'This call cannot be transferred to a queue' },
  loop: { sip: 482, http: 409, text: 'Loop Detected' },
  'too-many-hops': { sip: 483, http: 409, text: 'Too Many Hops' },
  busy: { sip: 486, http: 409, text: 'Busy Here' },
  'do-not-disturb': { sip: 480, http: 409, text: 'Do not disturb' },
  unreachable: { sip: 480, http: 409, text: 'Temporarily Unavailable' },
  'no-answer': { sip: 480, http: 409, text: 'No answer' },
  declined: { sip: 603, http: 409, text: 'Decline' },
  cancelled: { sip: 487, http: 409, text: 'Request Terminated' },
  taken: { sip: 486, http: 409, text: 'Already taken' },
  'nothing-rings': { sip: 480, http: 409, text: 'Nothing rings there' },
  'caller-gone': { sip: 480, http: 409, text: 'The caller has hung up' },
  'no-such-dialog': { sip: 481, http: 404, text: 'Call/Transaction Does Not Exist' },
  'not-acceptable': { sip: 488, http: 409, text: 'Not Acceptable Here' },
  'no-media': { sip: 503, http: 503, text: 'No media ports free' },
  overload: { sip: 503, http: 503, text: 'Service Unavailable' },
  draining: { sip: 503, http: 503, text: 'Service Unavailable' },
  error: { sip: 500, http: 500, text: 'Server Internal Error' },
} as const

export type CallErrorCode = keyof typeof refusals

/** A refusal of the call core: thrown by acts on calls, translated once at each edge. */
export class CallError extends Error {
  readonly code: CallErrorCode
  /** @param by who was faster, for `taken`: goes into the words */
  constructor(code: CallErrorCode, by = '') {
    super(by === '' ? refusals[code].text : `${refusals[code].text} by ${by}`)
    this.code = code
  }
}

/** SIP status, HTTP status and reason phrase of a refusal. */
export function refusalOf(code: CallErrorCode): { readonly sip: number; readonly http: number; readonly text: string } {
  return refusals[code]
}

export function isRefusal(cause: string): cause is CallErrorCode {
  return Object.hasOwn(refusals, cause)
}

/** What another node refused with: its own words lead back to the code. */
export function refusedByNode(status: number, words: string): CallErrorCode {
  const codes = Object.keys(refusals) as CallErrorCode[]
  const fits = (code: CallErrorCode) => refusals[code].sip === status && words.startsWith(refusals[code].text)
  return codes.find(fits) ?? causeOfStatus(status)
}

/** The word that a record keeps for a branch or call that ended with this SIP status. */
export function causeOfStatus(status: number): CallErrorCode {
  if (status === 486 || status === 600) return 'busy'
  if (status === 603 || status === 607) return 'declined'
  if (status === 487) return 'cancelled'
  if (status === 404 || status === 604 || status === 484 || status === 410) return 'not-found'
  if (status === 488 || status === 606 || status === 415) return 'not-acceptable'
  if (status === 408 || status === 480 || status === 430) return 'unreachable'
  if (status === 503) return 'unreachable'
  return 'error'
}
