import type { RTCSession } from 'jssip/lib/RTCSession'

/**
 * Refuses an offer of the server while one of ours has no answer (491, RFC 3261 §14.2); both come again. JsSIP would take it all the same,
 * for which the browser takes ours back: after such a rollback Chromium plays nothing more of what comes in.
 */
export function refuseCrossingOffers(session: RTCSession): void {
  session.on('reinvite', ({ reject }) => {
    if (isOffering(session)) reject({ status_code: 491 })
  })
}

function isOffering(session: RTCSession): boolean {
  if (session.connection.signalingState === 'have-local-offer') return true
  // Ours is being made.
  return (session as unknown as { readonly _rtcReady: boolean })._rtcReady === false
}
