import { z } from 'zod'
import * as calls from '../calls.ts'
import { id, idPath } from '../shared.ts'
import type { Endpoint } from './endpoint.ts'

/** Finished calls. */
export const recordsEndpoints = {
  'GET /api/v1/records': {
    about: 'History, newest first: mine; everybody’s for supervisors and administrators.',
    access: 'reader',
    scope: 'records:read',
    query: calls.recordQuery,
    status: 200,
    answer: calls.recordList,
  },
  'GET /api/v1/records.csv': {
    about: 'The newest 10,000 records as CSV.',
    access: 'person',
    scope: 'records:read',
    query: z.strictObject({ person: id.optional() }),
    status: 200,
    type: 'text/csv',
  },
  'GET /api/v1/records/{id}': {
    about: 'One record.',
    access: 'reader',
    scope: 'records:read',
    path: idPath,
    status: 200,
    answer: calls.callRecord,
  },
} as const satisfies Record<string, Endpoint>
