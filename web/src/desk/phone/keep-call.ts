import type { RTCSession } from 'jssip/lib/RTCSession'
import { inTurn } from './in-turn.ts'

/** How JsSIP ends a call whose change was refused. */
const refusals = ['Hold Failed', 'Unhold Failed', 'Media Renegotiation Failed']
const most = 4

/**
 * A call is worth more than its change: where JsSIP would hang up because a re-INVITE was refused, the call stays, and the change is asked
 * for again a moment later (RFC 3261 §14.1 says when).
 * @param gaveUp told when it was refused every time; the call goes on as the server has it
 */
export function keepWhenRefused(session: RTCSession, gaveUp: () => void): void {
  const terminate = session.terminate.bind(session)
  let refused = 0
  session.terminate = (options) => {
    if (!refusals.includes(options?.reason_phrase ?? '') || !session.isEstablished()) {
      terminate(options)
      return
    }
    if (++refused > most) {
      refused = 0
      gaveUp()
      return
    }
    const again = () => void inTurn(session, () => session.renegotiate({}, () => (refused = 0)))
    setTimeout(again, 2100 + Math.random() * 1900)
  }
}
