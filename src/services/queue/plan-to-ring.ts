import { CallError, type CallPlan, type ServedCall } from '#call'
import type { Person } from '#directory'
import type { Queue } from './settings.ts'

/** All stations of the agents together; who was called stays the queue, or who forwarded to it. @throws CallError when none can be rung */
export function planToRing(served: ServedCall, agents: readonly Person[], queue: Queue): CallPlan {
  const { presented } = served.call.from
  const plans: CallPlan[] = []
  let refusal = new CallError('unreachable')
  for (const { login } of agents) {
    try {
      plans.push(served.planFor(login, { kind: 'service' }, presented))
    } catch (error) {
      if (!(error instanceof CallError)) throw error
      refusal = error
    }
  }
  const [first] = plans
  if (!first) throw refusal
  const stations = plans.flatMap(({ steps }) => steps.flatMap((step) => step.stations))
  return {
    ...first,
    callee: served.call.plan?.callee ?? {
      number: queue.extension || queue.numbers[0] || '',
      name: queue.name,
      id: queue.id,
    },
    steps: stations.length === 0 ? [] : [{ stations, forMs: queue.ringSeconds * 1_000 }],
    people: new Set(plans.flatMap(({ people }) => [...people])),
    mayJoin: () => false,
    waitMs: 0,
    declineEndsAll: false,
    rings: queue.id,
  }
}
