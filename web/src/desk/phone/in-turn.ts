import type { RTCSession } from 'jssip/lib/RTCSession'

const againMs = 250
const tries = 16

/**
 * A call changes one thing at a time: does the change as soon as it may be done.
 * @param change as JsSIP's hold(): false when another change is still on its way
 * @returns false when the call ended or no turn came within four seconds
 */
export async function inTurn(session: RTCSession, change: () => boolean): Promise<boolean> {
  for (let left = tries; left >= 0 && session.isEstablished(); left--) {
    if (change()) return true
    await new Promise((resolve) => setTimeout(resolve, againMs))
  }
  return false
}
