import { CallError, type CallErrorCode } from '#call'
import type { Outcome } from './retry.ts'

/** The caller was rung, and did not come to the telephone. */
export class CallerNotAnswered extends CallError {}

/** What an attempt came to that the call core refused. */
export function outcomeOfRefusal(error: CallError): Outcome {
  const { code } = error
  // The server stops, or has no room: that is nobody's answer.
  if (code === 'draining' || code === 'overload') return 'interrupted'
  if (code === 'not-found') return 'not-found'
  if (/-not-allowed$|^not-allowed$|^trunk-to-outside$|^loop$/.test(code)) return 'not-allowed'
  const side = error instanceof CallerNotAnswered ? 'caller' : 'called'
  return code === 'no-answer' || code === 'busy' || code === 'declined' ? `${side}-${code}` : `${side}-unreachable`
}

/** What the record says of a call that was not joined. */
export function causeOf(outcome: Outcome): CallErrorCode {
  if (outcome.endsWith('-no-answer') || outcome.endsWith('-no-key')) return 'no-answer'
  if (outcome.endsWith('-busy')) return 'busy'
  if (outcome.endsWith('-declined')) return 'declined'
  if (outcome.endsWith('-unreachable')) return 'unreachable'
  if (outcome === 'not-found') return 'not-found'
  if (outcome === 'not-allowed') return 'not-allowed'
  return outcome === 'interrupted' ? 'draining' : 'cancelled'
}
