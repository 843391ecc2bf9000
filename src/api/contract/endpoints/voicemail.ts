import { idPath } from '../shared.ts'
import * as voicemail from '../voicemail.ts'
import { type Endpoint, none } from './endpoint.ts'

/** Messages that callers leave, and what they hear before. */
export const voicemailEndpoints = {
  'GET /api/v1/voicemail': {
    about: 'Messages that callers left for me and for my groups, newest first.',
    access: 'person',
    scope: 'records:read',
    query: voicemail.voicemailQuery,
    status: 200,
    answer: voicemail.voicemailList,
  },
  'GET /api/v1/voicemail/{id}/audio': {
    about: 'The message as a WAV file; ranges of bytes are answered.',
    access: 'person',
    scope: 'records:read',
    path: idPath,
    status: 200,
    type: 'audio/wav',
  },
  'PATCH /api/v1/voicemail/{id}': {
    about: 'Mark a message as heard, or as new.',
    access: 'person',
    scope: 'calls:act',
    path: idPath,
    body: voicemail.voicemailPatch,
    status: 200,
    answer: voicemail.voicemailMessage,
  },
  'DELETE /api/v1/voicemail/{id}': {
    about: 'Delete a message, for all who hear it.',
    access: 'person',
    scope: 'calls:act',
    path: idPath,
    ...none,
  },
  'GET /api/v1/mailboxes': {
    about: 'My mailbox and those of my groups, with how many messages are in them.',
    access: 'person',
    scope: 'records:read',
    status: 200,
    answer: voicemail.mailboxList,
  },
  'GET /api/v1/mailboxes/{id}': {
    about: 'One mailbox, by the id of its person or group: one that I hear, or that of any group for administrators.',
    access: 'person',
    scope: 'records:read',
    path: idPath,
    status: 200,
    answer: voicemail.mailbox,
  },
  'GET /api/v1/mailboxes/{id}/greeting': {
    about: 'The recording that callers hear before they leave a message; 404 while the spoken greeting is played.',
    access: 'person',
    scope: 'settings',
    path: idPath,
    status: 200,
    type: 'audio/wav',
  },
  'PUT /api/v1/mailboxes/{id}/greeting': {
    about: 'Greet callers with a recording.',
    access: 'person',
    scope: 'settings',
    path: idPath,
    body: voicemail.greetingBody,
    bodyLimit: 32_000_100,
    ...none,
  },
  'DELETE /api/v1/mailboxes/{id}/greeting': {
    about: 'Take the recording away: the spoken greeting is played again.',
    access: 'person',
    scope: 'settings',
    path: idPath,
    ...none,
  },
} as const satisfies Record<string, Endpoint>
