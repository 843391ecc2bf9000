import type { Person } from '#directory'
import type { Call } from './call.ts'
import { CallError, type CallErrorCode } from './errors.ts'
import { type CallPlan, planFor } from './plan.ts'

/** Goes on with a call by another plan. Who was called stays the callee of the record; the plan's stations and rules are the forward's. */
export function follow(call: Call, plan: CallPlan): void {
  call.account = plan.account
  call.history = call.branchViews(call.host.core.clock.now())
  call.ringing = undefined
  call.plan = { ...plan, callee: (call.plan as CallPlan).callee }
  if (plan.queue === undefined) call.ring(plan)
  else call.queue()
}

/** Where the plan's person has calls go that ended so; '' or `undefined` for nowhere. */
export function forwardAfter({ onBusy, onNoAnswer }: CallPlan, cause: CallErrorCode | undefined): string | undefined {
  if (cause === 'busy') return onBusy
  return cause === 'no-answer' || cause === 'unreachable' ? onNoAnswer : undefined
}

/** Follows a person's forward. @param forwards how many this is. False: it leads nowhere, and nothing has changed */
export function forwardTo(call: Call, target: string, person: Person, forwards: number): boolean {
  try {
    const plan = planFor(target, { kind: 'on-behalf', person }, call.host.surroundings, call.planRequest(forwards))
    follow(call, plan)
    return true
  } catch (error) {
    if (error instanceof CallError) return false
    throw error
  }
}
