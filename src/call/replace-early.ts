import { formatNameAddr, nextHop, routed } from '#sip'
import { callHeader } from './call-header.ts'
import type { Claim } from './claim.ts'
import { DialogTaker } from './dialog-taker.ts'
import type { IncomingLeg } from './incoming-leg.ts'
import { callerUri } from './station.ts'

/** How long a cancelled INVITE is waited for, in ms: a 200 that crosses the CANCEL must not meet our answer to the station's own INVITE. */
const crossingMs = 500

/**
 * Gives a station a claimed call in the place of the early session that it opened itself (RFC 3891 §3):
 *   station        server
 *     |---INVITE----->|
 *     |<--183 + SDP---|
 *     |<--INVITE------|   Replaces: that early dialog
 *     |---200-------->|   joined
 *     |---CANCEL----->|   200, 487
 * @returns whether the call was joined. False: the station refused, or did not answer within `limitMs`; it may still be answered itself
 */
export async function replaceEarly(claim: Claim, leg: IncomingLeg, limitMs: number): Promise<boolean> {
  const { call } = claim
  const { ua, clock, random, anchored, resolver } = call.host.core
  const like = await claim.callerMedia()
  const made = like && (await anchored.createLeg())
  if (!made?.ok) return false
  const media = made.value
  const offer = await media.offer(like)
  const ids = { callId: random.token(16), localTag: random.token(8) }
  try {
    await claim.asks(ids)
  } catch (error) {
    await media.close()
    throw error
  }
  const { early, localTag, request, flow } = leg.invitation
  if (!offer.ok || !early || !claim.open || leg.ended) {
    await media.close()
    return false
  }
  const { remoteTarget, routeSet } = early.state()
  const { uri, routes } = routed({ remoteTarget, routeSet, flow })
  const target = await nextHop({ remoteTarget, routeSet, flow }, resolver)
  const { presented } = call.from
  call.traced(ids.callId)
  return new Promise((resolve) => {
    const settle = (joined: boolean): void => {
      clock.clearTimeout(timer)
      forget()
      resolve(joined)
    }
    const refused = (): void => {
      media.close().catch(() => {})
      settle(false)
    }
    const outgoing = ua.invite(
      {
        uri,
        target,
        routeSet: routes,
        from: formatNameAddr(presented.hidden ? 'Anonymous' : presented.name, callerUri(call.host.core, presented)),
        to: formatNameAddr('', request.from.uri.text),
        headers: [
          ['Replaces', `${request.callId};to-tag=${request.fromTag};from-tag=${localTag}`],
          ['Require', 'replaces'],
          ...callHeader(call.id),
        ],
        body: offer.value,
        ...ids,
      },
      {
        answered: (response, dialog) => {
          clock.clearTimeout(timer)
          const taker = new DialogTaker(leg.party, media, dialog)
          const joining = taker.takeAnswer(response).then((agreed) => {
            if (agreed) return claim.join(taker)
            taker.abandon()
            return 'incompatible' as const
          })
          // Whatever went wrong, the claim is still held: the station's own INVITE can be answered.
          joining.then(
            (outcome) => settle(outcome === 'joined'),
            () => settle(false),
          )
          return joining
        },
        failed: refused,
        crossed: refused,
      },
    )
    const cancel = (): void => {
      outgoing.cancel()
      clock.clearTimeout(timer)
      timer = clock.setTimeout(refused, crossingMs)
    }
    let timer = clock.setTimeout(cancel, limitMs)
    const forget = claim.onOver(cancel)
  })
}
