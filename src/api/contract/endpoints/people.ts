import * as people from '../people.ts'
import { idPath } from '../shared.ts'
import { admin, type Endpoint, none } from './endpoint.ts'

/** People and their devices. */
export const peopleEndpoints = {
  'GET /api/v1/people': {
    about: 'Everybody, as colleagues see them.',
    access: 'person',
    scope: 'directory:read',
    status: 200,
    answer: people.peopleList,
  },
  'POST /api/v1/people': {
    about: 'Add a person.',
    ...admin,
    body: people.personBody,
    status: 201,
    answer: people.person,
  },
  'GET /api/v1/people/{id}': {
    about: 'One person with settings: myself, or anybody for administrators.',
    access: 'person',
    scope: 'directory:read',
    path: idPath,
    status: 200,
    answer: people.person,
  },
  'PATCH /api/v1/people/{id}': {
    about: 'Change a person.',
    ...admin,
    path: idPath,
    body: people.personPatch,
    status: 200,
    answer: people.person,
  },
  'DELETE /api/v1/people/{id}': {
    about: 'Remove a person with devices, numbers, sessions and tokens.',
    ...admin,
    path: idPath,
    ...none,
  },
  'PUT /api/v1/people/{id}/password': {
    about: 'Give a person a new password; their sessions end.',
    access: 'administrator',
    path: idPath,
    body: people.newPassword,
    ...none,
  },
  'GET /api/v1/devices': {
    about: 'My devices, or another person’s for administrators.',
    access: 'person',
    scope: 'directory:read',
    query: people.deviceQuery,
    status: 200,
    answer: people.deviceList,
  },
  'POST /api/v1/devices': {
    about: 'Add a device; its SIP secret is shown this once.',
    access: 'session',
    body: people.deviceBody,
    status: 201,
    answer: people.deviceWithSecret,
  },
  'PATCH /api/v1/devices/{id}': {
    about: 'Change a device.',
    access: 'session',
    path: idPath,
    body: people.devicePatch,
    status: 200,
    answer: people.device,
  },
  'DELETE /api/v1/devices/{id}': { about: 'Remove a device.', access: 'session', path: idPath, ...none },
  'POST /api/v1/devices/{id}/secret': {
    about: 'A new SIP secret, shown this once; the old one ends.',
    access: 'session',
    path: idPath,
    status: 200,
    answer: people.deviceWithSecret,
  },
} as const satisfies Record<string, Endpoint>
