import * as server from '../server.ts'
import { type Endpoint, none } from './endpoint.ts'

/** What this server is, and the demo. */
export const serverEndpoints = {
  'GET /api/v1/about': { about: 'What this server is.', access: 'anyone', status: 200, answer: server.about },
  'POST /api/v1/demo/caller': {
    about: 'The demo’s built-in caller rings a demo person and says a few sentences; 404 outside the demo.',
    access: 'reader',
    body: server.demoCallerBody,
    ...none,
  },
} as const satisfies Record<string, Endpoint>
