/** Every address of the API: from this table come validation, rights, the OpenAPI description and the client's types. */
import { z } from 'zod'
import * as calls from './calls.ts'
import * as contacts from './contacts.ts'
import * as people from './people.ts'
import * as push from './push.ts'
import * as server from './server.ts'
import * as session from './session.ts'
import { id, idPath } from './shared.ts'

/**
 * Who may ask. `anyone`: without a log-in. `reader`: a log-in, and in the demo everybody on this machine. `session`: a log-in with a
 * password, no API token. Supervisors may what persons may, administrators what supervisors may.
 */
export type Access = 'anyone' | 'reader' | 'person' | 'session' | 'supervisor' | 'administrator'

export interface Endpoint {
  readonly about: string
  readonly access: Access
  /** What an API token needs; without one, tokens are refused. */
  readonly scope?: session.Scope
  readonly path?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  /** Largest body in bytes; 64 KB where nothing is said. */
  readonly bodyLimit?: number
  readonly status: 200 | 201 | 204
  /** JSON that is answered; none for 204 and for files. */
  readonly answer?: z.ZodType
  /** Media type, where it is not JSON. */
  readonly type?: string
}

const act = {
  access: 'person' as const,
  scope: 'calls:act' as const,
  path: idPath,
  status: 200 as const,
  answer: calls.callActed,
}
const none = { status: 204 as const }
const admin = { access: 'administrator' as const, scope: 'directory:write' as const }

export const endpoints = {
  'GET /api/v1/about': { about: 'What this server is.', access: 'anyone', status: 200, answer: server.about },

  'POST /api/v1/demo/caller': {
    about: 'The demo’s built-in caller rings a demo person and says a few sentences; 404 outside the demo.',
    access: 'reader',
    body: server.demoCallerBody,
    ...none,
  },

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

  'GET /api/v1/calls': {
    about: 'Live calls that I may see: mine, and those of my groups; all for supervisors and administrators.',
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
  'POST /api/v1/calls/{id}/transfer': { about: 'Transfer an answered call.', ...act, body: calls.targetBody },
  'POST /api/v1/calls/{id}/hold': { about: 'Put the other side on hold.', ...act },
  'POST /api/v1/calls/{id}/resume': { about: 'Take the other side back from hold.', ...act },
  'POST /api/v1/calls/{id}/hangup': { about: 'Hang up.', ...act },

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

  'GET /api/v1/settings': {
    about: 'My own settings.',
    access: 'person',
    scope: 'settings',
    status: 200,
    answer: people.personalSettings,
  },
  'PATCH /api/v1/settings': {
    about: 'Change my own settings; what is left out stays.',
    access: 'person',
    scope: 'settings',
    body: people.personalSettingsPatch,
    status: 200,
    answer: people.personalSettings,
  },

  'GET /api/v1/push/key': {
    about: 'The key that a browser subscribes to notices with (VAPID).',
    access: 'session',
    status: 200,
    answer: push.pushKey,
  },
  'POST /api/v1/push/subscriptions': {
    about: 'Let this browser ring while the desk is closed, for as long as this session.',
    access: 'session',
    body: push.pushSubscriptionBody,
    bodyLimit: 4096,
    ...none,
  },
  'DELETE /api/v1/push/subscriptions': {
    about: 'This browser of mine rings no longer.',
    access: 'session',
    body: push.pushSubscriptionEnd,
    bodyLimit: 4096,
    ...none,
  },

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

  'GET /api/v1/contacts': {
    about: 'My contacts and the shared ones.',
    access: 'person',
    scope: 'contacts:read',
    query: contacts.contactQuery,
    status: 200,
    answer: contacts.contactList,
  },
  'POST /api/v1/contacts': {
    about: 'Add a contact.',
    access: 'person',
    scope: 'contacts:write',
    body: contacts.contactBody,
    status: 201,
    answer: contacts.contact,
  },
  'POST /api/v1/contacts/import': {
    about: 'Take contacts from a vCard (2.1, 3.0, 4.0) or CSV file; lines that cannot be read are named and left out.',
    access: 'person',
    scope: 'contacts:write',
    body: contacts.importBody,
    bodyLimit: 4_500_000,
    status: 200,
    answer: contacts.importResult,
  },
  'GET /api/v1/contacts.csv': {
    about: 'My contacts and the shared ones as CSV.',
    access: 'person',
    scope: 'contacts:read',
    status: 200,
    type: 'text/csv',
  },
  'GET /api/v1/contacts/{id}': {
    about: 'One contact.',
    access: 'person',
    scope: 'contacts:read',
    path: idPath,
    status: 200,
    answer: contacts.contact,
  },
  'PATCH /api/v1/contacts/{id}': {
    about: 'Change a contact.',
    access: 'person',
    scope: 'contacts:write',
    path: idPath,
    body: contacts.contactPatch,
    status: 200,
    answer: contacts.contact,
  },
  'DELETE /api/v1/contacts/{id}': {
    about: 'Remove a contact with its notes.',
    access: 'person',
    scope: 'contacts:write',
    path: idPath,
    ...none,
  },
  'GET /api/v1/contacts/{id}/notes': {
    about: 'Notes of a contact, newest first.',
    access: 'person',
    scope: 'contacts:read',
    path: idPath,
    status: 200,
    answer: contacts.noteList,
  },
  'POST /api/v1/contacts/{id}/notes': {
    about: 'Add a note.',
    access: 'person',
    scope: 'contacts:write',
    path: idPath,
    body: contacts.noteBody,
    status: 201,
    answer: contacts.note,
  },
  'DELETE /api/v1/contacts/{id}/notes/{note}': {
    about: 'Remove a note of mine; administrators, anybody’s.',
    access: 'person',
    scope: 'contacts:write',
    path: contacts.notePath,
    ...none,
  },
} as const satisfies Record<string, Endpoint>

export type Endpoints = typeof endpoints
/** `GET /api/v1/calls` and so on. */
export type EndpointName = keyof Endpoints

type Sent<K extends EndpointName, Part extends string> = Endpoints[K] extends {
  readonly [P in Part]: infer S extends z.ZodType
}
  ? { readonly [P in Part]: z.input<S> }
  : { readonly [P in Part]?: undefined }
type SentLoosely<K extends EndpointName> = Endpoints[K] extends { readonly query: infer S extends z.ZodType }
  ? { readonly query?: { readonly [P in keyof z.input<S>]?: string | number } }
  : { readonly query?: undefined }

/** What a request to an address carries. */
export type RequestOf<K extends EndpointName> = Sent<K, 'path'> & Sent<K, 'body'> & SentLoosely<K>
/** What it answers: the JSON's shape, text for files, nothing for 204. */
export type AnswerOf<K extends EndpointName> = Endpoints[K] extends { readonly answer: infer S extends z.ZodType }
  ? z.output<S>
  : Endpoints[K] extends { readonly type: string }
    ? string
    : undefined
