import type { EndpointName } from '../contract.ts'
import type { HandlersOf } from '../exchange.ts'
import { callbackHandlers } from './callbacks.ts'
import { callHandlers } from './calls.ts'
import { chargeHandlers } from './charges.ts'
import { contactHandlers } from './contacts.ts'
import { ringDemoCaller } from './demo.ts'
import { deviceHandlers } from './devices.ts'
import { organisationHandlers } from './organisation.ts'
import { peopleHandlers } from './people.ts'
import { pushHandlers } from './push.ts'
import { queueHandlers } from './queues.ts'
import { recordHandlers } from './records.ts'
import { sessionHandlers } from './session.ts'
import { voicemailHandlers } from './voicemail.ts'

/** What answers each address of the contract; the compiler sees that none is missing. */
export const handlers: HandlersOf<EndpointName> = {
  'GET /api/v1/about': ({ house }) => house.about,
  'POST /api/v1/demo/caller': ringDemoCaller,
  ...sessionHandlers,
  ...callHandlers,
  ...callbackHandlers,
  ...recordHandlers,
  ...chargeHandlers,
  ...peopleHandlers,
  ...deviceHandlers,
  ...organisationHandlers,
  ...contactHandlers,
  ...pushHandlers,
  ...voicemailHandlers,
  ...queueHandlers,
}
