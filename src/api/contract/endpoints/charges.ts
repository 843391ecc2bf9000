import * as charges from '../charges.ts'
import type { Endpoint } from './endpoint.ts'

/** Entries on the accounts of people who took colleagues' calls. */
export const chargesEndpoints = {
  'GET /api/v1/charges': {
    about: 'Pickups for billing, newest first: mine; everybody’s for supervisors and administrators.',
    access: 'person',
    scope: 'records:read',
    query: charges.chargeQuery,
    status: 200,
    answer: charges.chargeList,
  },
  'GET /api/v1/charges.csv': {
    about: 'The newest 10,000 pickups as CSV.',
    access: 'person',
    scope: 'records:read',
    query: charges.chargeExport,
    status: 200,
    type: 'text/csv',
  },
} as const satisfies Record<string, Endpoint>
