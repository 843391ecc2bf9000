import * as queues from '../queues.ts'
import { idPath } from '../shared.ts'
import { admin, type Endpoint, none } from './endpoint.ts'

const reads = { access: 'supervisor', scope: 'directory:read', status: 200 } as const

/** Centres of our own. */
export const queuesEndpoints = {
  'GET /api/v1/queues': { about: 'Queues, and who waits in them.', ...reads, answer: queues.queueList },
  'POST /api/v1/queues': { about: 'Add a queue.', ...admin, body: queues.queueBody, status: 201, answer: queues.queue },
  'GET /api/v1/queues/{id}': { about: 'One queue, and who waits in it.', ...reads, path: idPath, answer: queues.queue },
  'PATCH /api/v1/queues/{id}': {
    about: 'Change a queue; who waits goes on waiting.',
    ...admin,
    path: idPath,
    body: queues.queuePatch,
    status: 200,
    answer: queues.queue,
  },
  'DELETE /api/v1/queues/{id}': { about: 'Remove a queue.', ...admin, path: idPath, ...none },
  'GET /api/v1/queues/{id}/wait': {
    about: 'The place and wait that a caller would get now, where the queue tells everybody.',
    access: 'anyone',
    path: idPath,
    status: 200,
    answer: queues.centreWait,
  },
} as const satisfies Record<string, Endpoint>
