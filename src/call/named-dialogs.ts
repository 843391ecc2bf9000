import type { Dialog, Replaces, UserAgent } from '#sip'
import type { RungDialog } from './branch.ts'
import type { Call } from './call.ts'
import { Leg } from './leg.ts'

/** What a Replaces header names (RFC 3891 §3). */
export type NamedDialog =
  /** A station that rings: the server has called it. */
  | { readonly state: 'ringing'; readonly call: Call }
  /** A station that rang: it was answered elsewhere, refused, or given up. */
  | { readonly state: 'ended'; readonly call: Call }
  /** A dialog of an answered call. */
  | { readonly state: 'answered'; readonly call: Call; readonly leg: Leg; readonly dialog: Dialog }

/** The dialogs of stations that ring or rang, as Replaces may name them: by Call-ID. */
export class NamedDialogs {
  readonly #rung = new Map<string, { readonly call: Call; readonly dialog: RungDialog }>()

  add(call: Call, dialog: RungDialog): void {
    this.#rung.set(dialog.callId, { call, dialog })
  }

  /** The call with this Call-ID is over and forgotten. */
  forget(callId: string): void {
    this.#rung.delete(callId)
  }

  /** Finds a dialog; the two tags may come in either order, because phones differ. */
  find({ callId, toTag, fromTag }: Replaces, ua: UserAgent): NamedDialog | undefined {
    const dialog = ua.dialog(callId, toTag, fromTag) ?? ua.dialog(callId, fromTag, toTag)
    const leg = dialog?.handlers
    if (dialog && leg instanceof Leg) {
      const call = leg.call as Call
      return { state: 'answered', call, leg, dialog }
    }
    const rung = this.#rung.get(callId)
    if (!rung) return undefined
    const { localTag, remoteTag, live } = rung.dialog
    const named = (to: string, from: string): boolean => to === localTag && (from === remoteTag || remoteTag === '')
    if (!named(toTag, fromTag) && !named(fromTag, toTag)) return undefined
    return { state: live ? 'ringing' : 'ended', call: rung.call }
  }
}
