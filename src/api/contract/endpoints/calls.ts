import * as calls from '../calls.ts'
import { idPath } from '../shared.ts'
import type { Endpoint } from './endpoint.ts'

const act = {
  access: 'person',
  scope: 'calls:act',
  path: idPath,
  status: 200,
  answer: calls.callActed,
} as const

/** Live calls, and what can be done with them. */
export const callsEndpoints = {
  'GET /api/v1/calls': {
    about:
      'Live calls that I may see: mine, those of my groups, and those that ring my colleagues; all for supervisors and administrators.',
    access: 'reader',
    scope: 'calls:read',
    status: 200,
    answer: calls.callList,
  },
  'POST /api/v1/calls': {
    about: 'Call out: the station rings first, then the number is called.',
    access: 'person',
    scope: 'calls:act',
    body: calls.originateBody,
    status: 201,
    answer: calls.callActed,
  },
  'GET /api/v1/calls/{id}': {
    about: 'One live call.',
    access: 'reader',
    scope: 'calls:read',
    path: idPath,
    status: 200,
    answer: calls.callView,
  },
  'GET /api/v1/calls/{id}/trace': {
    about: 'The SIP messages of a live or finished call, and its ladder.',
    access: 'reader',
    scope: 'calls:read',
    path: idPath,
    status: 200,
    answer: calls.callTrace,
  },
  'GET /api/v1/calls/{id}/card': {
    about: 'What is known about the other side of a live call of mine.',
    access: 'person',
    scope: 'calls:read',
    path: idPath,
    status: 200,
    answer: calls.callCard,
  },
  'POST /api/v1/calls/{id}/answer': {
    about: 'Answer at one of my stations: only that one keeps ringing.',
    ...act,
    body: calls.answerBody,
  },
  'POST /api/v1/calls/{id}/decline': { about: 'Decline: my stations stop ringing.', ...act },
  'POST /api/v1/calls/{id}/divert': { about: 'Send a ringing call to somebody else.', ...act, body: calls.targetBody },
  'POST /api/v1/calls/{id}/pickup': {
    about: 'Take a call that rings a colleague: my own stations ring, and the first to answer has it.',
    ...act,
    body: calls.pickupBody,
  },
  'POST /api/v1/calls/{id}/transfer': { about: 'Transfer an answered call.', ...act, body: calls.targetBody },
  'POST /api/v1/calls/{id}/hold': { about: 'Put the other side on hold.', ...act },
  'POST /api/v1/calls/{id}/resume': { about: 'Take the other side back from hold.', ...act },
  'POST /api/v1/calls/{id}/hangup': { about: 'Hang up.', ...act },
} as const satisfies Record<string, Endpoint>
