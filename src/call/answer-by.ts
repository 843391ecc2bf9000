import { isDirect } from '#media'
import type { Call } from './call.ts'
import { factsOf } from './call-facts.ts'
import type { CallerSession } from './caller-session.ts'
import type { CallerSide } from './caller-side.ts'
import { CallError, type CallErrorCode } from './errors.ts'
import { HeldLeg, LegEnded } from './held-leg.ts'
import { Leg } from './leg.ts'
import { recordOf } from './record.ts'
import { ServedCall } from './served-call.ts'

/** Something of the server's that takes a call in the place of a station: a mailbox, a queue. */
export interface AnsweringService {
  /** What the record says answered: `voicemail`. '' where the caller only waits for somebody else: the record opens when they are joined. */
  readonly station: string
  /** Who was called, where no plan tells. */
  readonly callee?: { readonly number: string; readonly name: string; readonly id: string }
  /**
   * Serves the caller, who has been answered and talks G.711, for nothing else is understood here. What is left of the call when this settles is ended. Rejecting with {@link LegEnded} or a
   * CallError is no fault.
   */
  serve(caller: HeldLeg, served: ServedCall): Promise<void>
}

/**
 * Says which service takes a call, if any.
 * @param cause why no station took it; `undefined`: before any station is rung
 */
export type AnswerFinder = (call: Call, cause: CallErrorCode | undefined) => AnsweringService | undefined

/**
 * Answers the caller in the place of a station, and holds them.
 *
 *   caller          server          service
 *     |--INVITE------->|               |
 *     |                |--serve()----->|     dialog, and the record where the service is who answers, are stored first
 *     |<--200----------|               |
 *     |==held leg======|==play, digits=|     it may ring somebody and join them with the caller
 */
export async function answerBy(call: Call, service: AnsweringService): Promise<void> {
  call.plan ??= planOf(service)
  call.ringing = undefined
  const served = new ServedCall(call)
  await serving(served, async () => {
    const caller = await answer(call, service, served)
    if (caller) await service.serve(caller, served)
  })
}

/** Serves somebody who is held already. What is left of the call then is ended; never rejects. */
export function serveHeld(service: AnsweringService, caller: HeldLeg, served: ServedCall): Promise<void> {
  return serving(served, () => service.serve(caller, served))
}

async function serving(served: ServedCall, serve: () => Promise<void>): Promise<void> {
  const { log } = served.call.host.core
  try {
    await serve()
  } catch (error) {
    if (!(error instanceof LegEnded || error instanceof CallError))
      log.error({ error: String((error as Error)?.stack ?? error) }, 'a service that answered a call failed')
    if (error instanceof CallError) served.end(error.code)
  } finally {
    served.end('cancelled')
  }
}

/** `undefined`: the caller has gone, or has nothing in common with us. */
async function answer(call: Call, service: AnsweringService, served: ServedCall): Promise<HeldLeg | undefined> {
  const { storage, clock, settings } = call.host.core
  const side = call.side as CallerSide
  const session = await anchoredSession(call, side)
  const body = await session.alone()
  if (call.state !== 'ringing') {
    await session.media.close()
    return undefined
  }
  if (body === undefined) {
    call.end('not-acceptable', 'server')
    return undefined
  }
  const leg = call.caller as Leg
  const row = leg.rowOf(settings.node, JSON.stringify(side.state()))
  if (service.station === '') {
    await Promise.all([call.storeContext(), storage.calls.dialog(row)])
  } else {
    call.state = 'joining'
    call.answeringStation = service.station
    call.answeredAt = clock.now()
    await storage.calls.answered({ ...recordOf(factsOf(call), call.answeredAt), answeredStation: service.station }, [
      row,
    ])
  }
  if (isOver(call)) return undefined
  const held = new HeldLeg(call.host.core, leg)
  served.hold(held)
  leg.attach(side.answer(body))
  call.session = undefined
  if (call.state === 'joining') call.state = 'answered'
  call.legChanged()
  // Early media may have agreed more than what the service understands.
  if (await held.while(leg.agreeG711())) return held
  call.end('not-acceptable', 'server')
  return undefined
}

/** The caller's session with the server, whose media can be played to; opened now where the call has none yet. */
async function anchoredSession(call: Call, side: CallerSide): Promise<CallerSession> {
  const before = call.session
  if (before && !isDirect(before.media)) return before
  const session = await side.open(false)
  await before?.media.close()
  call.session = session
  if (call.caller) {
    call.caller.media = session.media
    session.media.handlers = call.caller
  } else call.caller = new Leg(call.host.core, call, 'caller', side.party, session.media)
  return session
}

function isOver({ state }: Call): boolean {
  return state === 'ended'
}

function planOf({ callee = { number: '', name: '', id: '' } }: AnsweringService): NonNullable<Call['plan']> {
  return {
    ...{ callee, rings: '', steps: [], people: new Set<string>(), mayJoin: () => false, waitMs: 0 },
    ...{ declineEndsAll: false, outside: false },
  }
}
