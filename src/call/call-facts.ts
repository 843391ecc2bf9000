import type { Call } from './call.ts'
import type { CallFacts } from './record.ts'

/** What the rows of a call are made from, as it is now. */
export function factsOf(call: Call): CallFacts {
  const { core } = call.host
  return {
    core,
    id: call.id,
    from: call.from,
    dialled: call.dialled,
    plan: call.plan,
    direction: call.direction,
    startedAt: call.startedAt,
    answeredAt: call.answeredAt,
    cause: call.cause,
    callee: call.callee,
    trunk: call.from.trunk?.name ?? call.outTrunk?.name ?? '',
    branches: call.branchViews(core.clock.now()),
    // A caller who waits for our answer gives up by themselves; one whose station we rang first would hang in a dead call.
    callerDialog: call.side?.dialog && call.side.state(),
    branchDialogs: [
      ...call.history.map(() => undefined),
      ...(call.ringing?.branches.map((branch) => (branch.live ? branch.asked : branch.dialogIds)) ?? []),
      ...(call.claimed?.asked ?? []),
    ],
  }
}
