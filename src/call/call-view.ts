import type { Call } from './call.ts'
import { rungNow } from './call-people.ts'
import type { CallView } from './types.ts'

/** What the rest of the house sees of a call now. */
export function viewOf(call: Call): CallView {
  const { presented, person, trunk } = call.from
  const { plan, caller, callee } = call
  return {
    id: call.id,
    state: call.state === 'joining' || call.state === 'claimed' ? 'ringing' : call.state,
    held: call.parkedBy !== undefined || caller?.held === true || callee?.held === true,
    direction: call.direction,
    caller: { number: presented.number, name: presented.name, personId: person?.id ?? '' },
    callee: {
      number: plan?.callee.number ?? call.dialled,
      name: plan?.callee.name ?? '',
      personId: plan?.callee.id ?? '',
    },
    trunk: trunk?.name ?? call.outTrunk?.name ?? '',
    answeredBy: call.state === 'answered' ? (callee?.party.station ?? call.answeringStation) : '',
    startedAt: call.startedAt,
    ...(call.answeredAt > 0 ? { answeredAt: call.answeredAt } : {}),
    branches: call.branchViews(call.host.core.clock.now()),
    rings: call.state === 'ringing' ? rungNow(call) : [],
    ...(call.state === 'ended' ? { cause: call.cause } : {}),
  }
}
