import * as session from '../session.ts'
import { idPath } from '../shared.ts'
import { type Endpoint, none } from './endpoint.ts'

/** Logging in and out, passwords and API tokens. */
export const sessionEndpoints = {
  'POST /api/v1/session': {
    about: 'Log in. Unknown people and wrong passwords get the same 401.',
    access: 'anyone',
    body: session.logIn,
    bodyLimit: 4096,
    status: 200,
    answer: session.loggedIn,
  },
  'GET /api/v1/session': {
    about: 'Who I am.',
    access: 'person',
    scope: 'settings',
    status: 200,
    answer: session.whoAmI,
  },
  'DELETE /api/v1/session': {
    about: 'Log out, here or everywhere. Fine without a log-in.',
    access: 'anyone',
    query: session.logOutQuery,
    ...none,
  },
  'PUT /api/v1/session/password': {
    about: 'Change my password; all my other sessions end.',
    access: 'session',
    body: session.passwordChange,
    ...none,
  },
  'POST /api/v1/session/sip': {
    about: 'A SIP credential for the desk, for as long as this session.',
    access: 'session',
    status: 200,
    answer: session.sipCredential,
  },
  'GET /api/v1/tokens': { about: 'My API tokens.', access: 'session', status: 200, answer: session.tokenList },
  'POST /api/v1/tokens': {
    about: 'Make an API token; it is shown this once.',
    access: 'session',
    body: session.tokenBody,
    status: 201,
    answer: session.tokenMade,
  },
  'DELETE /api/v1/tokens/{id}': { about: 'End an API token of mine.', access: 'session', path: idPath, ...none },
} as const satisfies Record<string, Endpoint>
