import * as people from '../people.ts'
import { idPath } from '../shared.ts'
import { admin, type Endpoint, none } from './endpoint.ts'

/** Groups, numbers and trunks. */
export const organisationEndpoints = {
  'GET /api/v1/groups': {
    about: 'Groups and their members.',
    access: 'person',
    scope: 'directory:read',
    status: 200,
    answer: people.groupList,
  },
  'POST /api/v1/groups': { about: 'Add a group.', ...admin, body: people.groupBody, status: 201, answer: people.group },
  'GET /api/v1/groups/{id}': {
    about: 'One group.',
    access: 'person',
    scope: 'directory:read',
    path: idPath,
    status: 200,
    answer: people.group,
  },
  'PATCH /api/v1/groups/{id}': {
    about: 'Change a group.',
    ...admin,
    path: idPath,
    body: people.groupPatch,
    status: 200,
    answer: people.group,
  },
  'DELETE /api/v1/groups/{id}': { about: 'Remove a group.', ...admin, path: idPath, ...none },
  'GET /api/v1/numbers': {
    about: 'Our telephone numbers and whom they ring.',
    access: 'administrator',
    scope: 'directory:read',
    status: 200,
    answer: people.numberList,
  },
  'PUT /api/v1/numbers': {
    about: 'Add a number, or let it ring somebody else.',
    ...admin,
    body: people.numberBody,
    status: 200,
    answer: people.ownNumber,
  },
  'DELETE /api/v1/numbers/{number}': { about: 'Remove a number.', ...admin, path: people.numberPath, ...none },
  'GET /api/v1/trunks': {
    about: 'Trunks, without passwords.',
    access: 'administrator',
    scope: 'directory:read',
    status: 200,
    answer: people.trunkList,
  },
  'POST /api/v1/trunks': { about: 'Add a trunk.', ...admin, body: people.trunkBody, status: 201, answer: people.trunk },
  'GET /api/v1/trunks/{id}': {
    about: 'One trunk, without passwords.',
    access: 'administrator',
    scope: 'directory:read',
    path: idPath,
    status: 200,
    answer: people.trunk,
  },
  'PATCH /api/v1/trunks/{id}': {
    about: 'Change a trunk; passwords that are left out stay.',
    ...admin,
    path: idPath,
    body: people.trunkPatch,
    status: 200,
    answer: people.trunk,
  },
  'DELETE /api/v1/trunks/{id}': { about: 'Remove a trunk.', ...admin, path: idPath, ...none },
} as const satisfies Record<string, Endpoint>
