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
  'GET /api/v1/greeting': {
    about: 'My own recording that callers hear before they leave a message; 404 while the spoken greeting is played.',
    access: 'person',
    scope: 'settings',
    status: 200,
    type: 'audio/wav',
  },
  'PUT /api/v1/greeting': {
    about: 'Greet callers with a recording of my own.',
    access: 'person',
    scope: 'settings',
    body: voicemail.greetingBody,
    bodyLimit: 32_000_100,
    ...none,
  },
  'DELETE /api/v1/greeting': {
    about: 'Take my recording away: the spoken greeting is played again.',
    access: 'person',
    scope: 'settings',
    ...none,
  },
} as const satisfies Record<string, Endpoint>
