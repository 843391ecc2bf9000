import * as people from '../people.ts'
import * as push from '../push.ts'
import { type Endpoint, none } from './endpoint.ts'

/** One’s own settings, and notices to one’s own browsers. */
export const settingsEndpoints = {
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
} as const satisfies Record<string, Endpoint>
