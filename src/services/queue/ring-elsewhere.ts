import {
  CallError,
  type CallErrorCode,
  type CallPlan,
  forwardAfter,
  type HeldLeg,
  LegEnded,
  type ServedCall,
} from '#call'
import type { DialOrigin } from '#directory'

/** Whom a caller was sent to, and did not reach. */
export interface Missed {
  readonly dialled: string
  readonly origin: DialOrigin
  /** `undefined`: they have answered, and hung up at once. */
  readonly cause: CallErrorCode | undefined
  /** Who was rung; not set where the dial policy or a rule refused before. */
  readonly plan: CallPlan | undefined
}

/** How long somebody outside the queue rings, in ms. */
const ringMs = 30_000

/**
 * A caller goes on to somebody who is not of the queue, and by their forwards to others; they hear ringing.
 * @returns `undefined` when they are joined with whoever answered, else who was missed last
 * @throws LegEnded when the caller hangs up
 */
export async function ringElsewhere(to: string, caller: HeldLeg, served: ServedCall): Promise<Missed | undefined> {
  const { presented } = served.call.from
  let [dialled, origin]: [string, DialOrigin] = [to, { kind: 'service' }]
  let missed: Missed | undefined
  caller.play({ tone: 'ringback' }, { loop: true })
  for (let forwards = 0; forwards <= served.call.host.surroundings.maxForwards; forwards++) {
    let plan: CallPlan | undefined
    try {
      plan = served.planFor(dialled, origin, presented)
      const taker = await served.ring(plan, { role: 'callee', presented, limitMs: ringMs, during: caller })
      await served.join(caller, taker)
      return undefined
    } catch (error) {
      const nobody = error instanceof CallError || (error instanceof LegEnded && error.leg !== caller)
      if (!nobody || served.over || caller.ended) throw error
      // A forward that leads nowhere changes nothing.
      if (missed && !plan) return missed
      const cause = error instanceof CallError ? error.code : undefined
      missed = { dialled, origin, cause, plan }
      const forward = forwardOf(plan, cause)
      if (!forward) return missed
      ;[dialled, origin] = forward
    }
  }
  return missed
}

/** Where the plan's person has such calls go, dialled on their behalf. */
function forwardOf(plan: CallPlan | undefined, cause: CallErrorCode | undefined): [string, DialOrigin] | undefined {
  const to = plan && forwardAfter(plan, cause)
  return to && plan.person ? [to, { kind: 'on-behalf', person: plan.person }] : undefined
}
