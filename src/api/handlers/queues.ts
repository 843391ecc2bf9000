import type { QueueView } from '#services'
import type { QueueShape } from '../contract.ts'
import type { HandlersOf, QueueDesk, Under } from '../exchange.ts'
import { ApiFault, notFound } from '../fault.ts'

export const queueHandlers: HandlersOf<Under<'queues'>> = {
  'GET /api/v1/queues': ({ desk }) => {
    const queues = queuesOf(desk.queues)
    return { queues: queues.list().map(({ id }) => shapeOf(queues, id)) }
  },
  'POST /api/v1/queues': async ({ desk, body }) => {
    const queues = queuesOf(desk.queues)
    return shapeOf(queues, (await queues.put(body as Parameters<QueueDesk['put']>[0])).id)
  },
  'GET /api/v1/queues/{id}': ({ desk, path }) => shapeOf(queuesOf(desk.queues), path.id),
  'PATCH /api/v1/queues/{id}': async ({ desk, path, body }) => {
    const queues = queuesOf(desk.queues)
    const before = queues.view(path.id)?.queue
    if (!before) throw notFound('queue')
    const changed = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
    await queues.put({ ...before, ...changed })
    return shapeOf(queues, path.id)
  },
  'DELETE /api/v1/queues/{id}': async ({ desk, path }) => {
    const queues = queuesOf(desk.queues)
    if (!queues.view(path.id)) throw notFound('queue')
    await queues.remove(path.id)
    return undefined
  },
  'GET /api/v1/queues/{id}/wait': ({ house, path }) => {
    const queues = house.desk?.queues
    // A queue that tells nobody is not to be told from one that is not there.
    const wait = queues?.view(path.id)?.queue.publicWait ? queues.wait(path.id) : undefined
    if (!wait) throw notFound('queue')
    return wait
  },
}

/** A queue as it goes out, also in events. */
export function queueShape({ queue, open, waiting, working, free, expectedWaitMs }: QueueView): QueueShape {
  return {
    ...queue,
    ...{ open, working, free, expectedWaitSeconds: secondsOf(expectedWaitMs) },
    waiting: waiting.map(({ expectedWaitMs: ms, ...caller }) => ({ ...caller, expectedWaitSeconds: secondsOf(ms) })),
  }
}

function shapeOf(queues: QueueDesk, id: string): QueueShape {
  const view = queues.view(id)
  if (!view) throw notFound('queue')
  return queueShape(view)
}

function secondsOf(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms / 1_000)
}

function queuesOf(queues: QueueDesk | undefined): QueueDesk {
  if (!queues) throw new ApiFault(404, 'not-found', 'This server has no queues.')
  return queues
}
