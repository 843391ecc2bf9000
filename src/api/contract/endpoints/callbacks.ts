import * as callbacks from '../callbacks.ts'
import { idPath } from '../shared.ts'
import type { Endpoint } from './endpoint.ts'

/** Calls that somebody asks for. */
export const callbacksEndpoints = {
  'POST /api/v1/callbacks': {
    about: 'Ask for a call: the called rings first, then the caller. 409 with choices when a name is not clear.',
    access: 'person',
    scope: 'calls:act',
    body: callbacks.callbackBody,
    status: 201,
    answer: callbacks.callbackAsked,
  },
  'GET /api/v1/callbacks': {
    about: 'Calls that were asked for, newest first: mine; everybody’s for supervisors and administrators.',
    access: 'person',
    scope: 'calls:read',
    query: callbacks.callbackQuery,
    status: 200,
    answer: callbacks.callbackList,
  },
  'GET /api/v1/callbacks/{id}': {
    about: 'One of them, with its attempts and what each leg said.',
    access: 'person',
    scope: 'calls:read',
    path: idPath,
    status: 200,
    answer: callbacks.callbackDetail,
  },
  'DELETE /api/v1/callbacks/{id}': {
    about: 'Call it off, also while it rings.',
    access: 'person',
    scope: 'calls:act',
    path: idPath,
    status: 200,
    answer: callbacks.callback,
  },
  'POST /api/v1/callbacks/{id}/answer': {
    about: 'Answer its open question.',
    access: 'person',
    scope: 'calls:act',
    path: idPath,
    body: callbacks.callbackAnswer,
    status: 200,
    answer: callbacks.callback,
  },
  'GET /api/v1/callbacks/{id}/recording': {
    about: 'What the centre said, as a WAV file: of the attempt with this number, else the last one that was recorded.',
    access: 'person',
    scope: 'calls:read',
    path: idPath,
    query: callbacks.callbackRecordingQuery,
    status: 200,
    type: 'audio/wav',
  },
  'POST /api/v1/callback-recordings': {
    about: 'The same, for whoever has the code of the link in the message.',
    access: 'anyone',
    body: callbacks.callbackRecordingBody,
    status: 200,
    type: 'audio/wav',
  },
  'POST /api/v1/callback-links': {
    about: 'What the link of a message does: look, call off, confirm.',
    access: 'anyone',
    body: callbacks.callbackLinkBody,
    status: 200,
    answer: callbacks.callbackLink,
  },
  'POST /api/v1/widget/callbacks': {
    about: 'A visitor of a page asks for a call; from the origins of callbacks.widget.origins.',
    access: 'anyone',
    origins: 'widget',
    body: callbacks.widgetCallbackBody,
    status: 201,
    answer: callbacks.widgetCallback,
  },
  'POST /api/v1/widget/callbacks/cancel': {
    about: 'The visitor calls it off.',
    access: 'anyone',
    origins: 'widget',
    body: callbacks.widgetCancelBody,
    status: 200,
    answer: callbacks.callbackLink,
  },
} as const satisfies Record<string, Endpoint>
