import type { CallShape } from '#api/contract.ts'
import { live } from '../../api/live.ts'

/** Why a call of ours failed, as the history names it; JsSIP has names of its own. */
const causes: Readonly<Record<string, string>> = {
  Busy: 'busy',
  Rejected: 'declined',
  Unavailable: 'unreachable',
  'Not Found': 'not-found',
  'Address Incomplete': 'not-found',
  'Incompatible SDP': 'not-acceptable',
}

/** The event that a call has ended comes within this, before or after the phone's own word. */
const eventMs = 300

/**
 * Why a call of this person failed, and whom it called. The server's event says it best: one SIP status stands for several causes.
 * @param detail what JsSIP calls it
 */
export function whyFailed(detail: string, personId: string): Promise<{ cause: string; callee?: CallShape['callee'] }> {
  const told = () => {
    const { change, call } = live.state.last ?? {}
    return change === 'ended' && call?.caller.personId === personId && call.cause ? call : undefined
  }
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      stop()
      const call = told()
      resolve(call?.cause ? { cause: call.cause, callee: call.callee } : { cause: causes[detail] ?? 'error' })
    }
    const timer = setTimeout(finish, eventMs)
    const stop = live.subscribe(() => {
      if (told()) finish()
    })
    if (told()) finish()
  })
}
