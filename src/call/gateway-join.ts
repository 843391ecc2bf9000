import type { Trunk } from '#directory'
import type { Timer } from '#lib'
import type { Dialog, ServerTransaction } from '#sip'
import type { Call } from './call.ts'
import type { Leg } from './leg.ts'

/** How the asking of a gateway ended. */
export interface GatewayJoined {
  /**
   * `joined`: the gateway has both, the call is over for us. `refused`: it does not take the REFER. `failed`: it took it and could not do it.
   * `silent`: it took it and said nothing more. `over`: somebody hung up meanwhile. All but the first leave the call as it is.
   */
  readonly how: 'joined' | 'refused' | 'failed' | 'silent' | 'over'
  /** SIP status that said so, 0 where none did. */
  readonly status: number
  readonly trunk: Trunk
}

/** How long the gateway may take, in ms. */
const limitMs = 30_000
/** How long after a BYE the other ending is waited for that tells what it meant: somebody hung up, or the gateway has replaced the dialog. */
const graceMs = 2_000

/** The trunk whose gateway can join the two sides of a call: both run over it, and its settings say so. */
export function gatewayFor({ state, caller, callee }: Call): Trunk | undefined {
  const trunk = callee?.party.trunk
  if (state !== 'answered' || !trunk || trunk.settings.join !== 'refer') return undefined
  const live = [caller, callee].every((leg) => leg?.dialog?.ended === false)
  return live && caller?.party.trunk?.id === trunk.id ? trunk : undefined
}

/**
 * Asks the gateway that both sides of an answered call run over to join them itself: REFER with Replaces in the callee's dialog (RFC 3515,
 * 3891, 5589 §7). They talk over our media until it has: nobody hears where it does not.
 *
 *   gateway               server
 *     |==callee==joined==caller==|
 *     |<--REFER (callee's)-------|     Refer-To: the caller's dialog, in Replaces
 *     |---202------------------->|
 *     |---NOTIFY 100------------>|
 *     |---BYE (caller's)-------->|     replaced; before the NOTIFY or after it
 *     |---NOTIFY 200------------>|
 *     |<--BYE (callee's)---------|     the record is closed: joined by the gateway
 *
 * A crash in between ends what is left of our dialogs, as for every call; what the gateway has joined by then it keeps.
 * @returns `undefined` where no gateway can; never rejects
 */
export function joinByGateway(call: Call): Promise<GatewayJoined> | undefined {
  const trunk = gatewayFor(call)
  return trunk && !call.transferring ? new GatewayJoin(call, trunk).ask() : undefined
}

class GatewayJoin {
  readonly #call: Call
  readonly #trunk: Trunk
  readonly #callee: Leg
  readonly #caller: Leg
  readonly #done = Promise.withResolvers<GatewayJoined>()
  #limit: Timer | undefined
  #grace: Timer | undefined
  /** Who was said goodbye of first. */
  #left: Leg | undefined
  #over = false

  constructor(call: Call, trunk: Trunk) {
    this.#call = call
    this.#trunk = trunk
    this.#callee = call.callee as Leg
    this.#caller = call.caller as Leg
  }

  ask(): Promise<GatewayJoined> {
    const call = this.#call
    const { clock } = call.host.core
    call.transferring = true
    call.goodbye = (leg) => this.#goodbye(leg)
    call.onEnd = () => this.#settle('over')
    this.#callee.notified = (transaction) => this.#notified(transaction)
    this.#limit = clock.setTimeout(() => this.#settle('silent'), limitMs)
    void this.#refer()
    return this.#done.promise
  }

  async #refer(): Promise<void> {
    const [ours, theirs] = [this.#callee.dialog as Dialog, this.#caller.dialog as Dialog]
    const headers = [
      ['Refer-To', `<${referTo(theirs)}>`],
      ['Referred-By', ours.state().localUri],
    ] as const
    const response = await ours.request('REFER', { headers }).catch(() => undefined)
    if (!response || response.status >= 300) this.#settle('refused', response?.status)
  }

  #notified(transaction: ServerTransaction): void {
    const { request } = transaction
    if (!/^\s*refer\s*(?:;|$)/i.test(request.header('event') ?? '')) {
      transaction.respond(489, 'Bad Event')
      return
    }
    transaction.respond(200)
    const status = Number(/^SIP\/2\.0 ([1-6]\d\d)\b/.exec(request.body.toString('latin1'))?.[1] ?? 0)
    if (status >= 200) this.#settle(status < 300 ? 'joined' : 'failed', status)
    else if (/^\s*terminated/i.test(request.header('subscription-state') ?? '')) this.#settle('failed')
  }

  /** A BYE from the gateway: of somebody who has hung up, or of a dialog that is replaced. */
  #goodbye(leg: Leg): boolean {
    const { clock } = this.#call.host.core
    if (this.#left) {
      this.#settle('over')
      return true
    }
    this.#left = leg
    this.#grace = clock.setTimeout(() => this.#settle('over'), graceMs)
    return true
  }

  #settle(how: GatewayJoined['how'], status = 0): void {
    if (this.#over) return
    this.#over = true
    const call = this.#call
    const { clock, log } = call.host.core
    clock.clearTimeout(this.#limit)
    clock.clearTimeout(this.#grace)
    call.transferring = false
    call.goodbye = undefined
    call.onEnd = undefined
    this.#callee.notified = undefined
    const left = this.#left
    if (how === 'joined') call.end('joined-by-gateway', 'server')
    else if (left) call.end('answered', left.role)
    if (how !== 'joined' && how !== 'over')
      log.warn(
        { call: call.id, trunk: this.#trunk.name, how, status },
        'a gateway did not join a call; the server does',
      )
    this.#done.resolve({ how, status, trunk: this.#trunk })
  }
}

/** The far end of a dialog, with the dialog to replace: its tags as its recipient sees them (RFC 3891 §3). */
function referTo(dialog: Dialog): string {
  const { callId, localTag, remoteTag, remoteTarget } = dialog.state()
  const replaces = encodeURIComponent(`${callId};to-tag=${remoteTag};from-tag=${localTag}`)
  return `${remoteTarget}${remoteTarget.includes('?') ? '&' : '?'}Replaces=${replaces}`
}
