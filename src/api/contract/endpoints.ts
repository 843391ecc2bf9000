/** Every address of the API: from this table come validation, rights, the OpenAPI description and the client's types. */
import type { z } from 'zod'
import { callbacksEndpoints } from './endpoints/callbacks.ts'
import { callsEndpoints } from './endpoints/calls.ts'
import { chargesEndpoints } from './endpoints/charges.ts'
import { contactsEndpoints } from './endpoints/contacts.ts'
import { organisationEndpoints } from './endpoints/organisation.ts'
import { peopleEndpoints } from './endpoints/people.ts'
import { queuesEndpoints } from './endpoints/queues.ts'
import { recordsEndpoints } from './endpoints/records.ts'
import { serverEndpoints } from './endpoints/server.ts'
import { sessionEndpoints } from './endpoints/session.ts'
import { settingsEndpoints } from './endpoints/settings.ts'
import { voicemailEndpoints } from './endpoints/voicemail.ts'

export type { Access, Endpoint } from './endpoints/endpoint.ts'

export const endpoints = {
  ...serverEndpoints,
  ...sessionEndpoints,
  ...callsEndpoints,
  ...callbacksEndpoints,
  ...recordsEndpoints,
  ...chargesEndpoints,
  ...settingsEndpoints,
  ...peopleEndpoints,
  ...organisationEndpoints,
  ...contactsEndpoints,
  ...voicemailEndpoints,
  ...queuesEndpoints,
} as const

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
/** What it answers: the JSON's shape, text for files, bytes for sound, nothing for 204. */
export type AnswerOf<K extends EndpointName> = Endpoints[K] extends { readonly answer: infer S extends z.ZodType }
  ? z.output<S>
  : Endpoints[K] extends { readonly type: 'audio/wav' }
    ? Uint8Array
    : Endpoints[K] extends { readonly type: string }
      ? string
      : undefined
