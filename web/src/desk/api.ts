import { ApiRefusal, type Ask, createClient } from '#api/contract/client.ts'
import type { ContactInput } from '#api/contract.ts'
import { deRefusalText } from './words/de-refusals.ts'

/** Told when the server no longer knows who we are. */
let onLoggedOut = () => {}

export function whenLoggedOut(listener: () => void): void {
  onLoggedOut = listener
}

const client = createClient({ base: '' })
const noLogIn: readonly string[] = ['GET /api/v1/session', 'POST /api/v1/session', 'PUT /api/v1/session/password']

/** @throws ApiRefusal with the server's sentence; TypeError when it cannot be reached */
export const ask: Ask = async (name, ...request) => {
  try {
    return await client(name, ...request)
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 401 && !noLogIn.includes(name)) onLoggedOut()
    throw error
  }
}

type Signal = AbortSignal | undefined
const signalled = (signal: Signal) => (signal ? { signal } : {})

export const api = {
  logIn: (login: string, password: string) => ask('POST /api/v1/session', { body: { login, password } }),
  logOut: () => ask('DELETE /api/v1/session'),
  whoAmI: (signal?: Signal) => ask('GET /api/v1/session', signalled(signal)),
  sipCredential: () => ask('POST /api/v1/session/sip'),
  changePassword: (current: string, password: string) =>
    ask('PUT /api/v1/session/password', { body: { current, password } }),

  card: (id: string, signal?: Signal) => ask('GET /api/v1/calls/{id}/card', { path: { id }, ...signalled(signal) }),
  answerOn: (id: string, station: string) => ask('POST /api/v1/calls/{id}/answer', { path: { id }, body: { station } }),
  decline: (id: string) => ask('POST /api/v1/calls/{id}/decline', { path: { id } }),
  divert: (id: string, to: string) => ask('POST /api/v1/calls/{id}/divert', { path: { id }, body: { to } }),
  pickUp: (id: string, station?: string) =>
    ask('POST /api/v1/calls/{id}/pickup', { path: { id }, body: station ? { station } : {} }),
  callOut: (to: string, from?: string) => ask('POST /api/v1/calls', { body: { to, ...(from ? { from } : {}) } }),
  records: (values: { cursor?: string; number?: string }, signal?: Signal) =>
    ask('GET /api/v1/records', { query: { limit: 30, ...values }, ...signalled(signal) }),
  charges: (values: { cursor?: string; from?: number; to?: number }, signal?: Signal) =>
    ask('GET /api/v1/charges', { query: { limit: 30, ...values }, ...signalled(signal) }),

  voicemail: (values: { limit: number; mailbox?: string }, signal?: Signal) =>
    ask('GET /api/v1/voicemail', { query: values, ...signalled(signal) }),
  hearMessage: (id: string, heard: boolean) => ask('PATCH /api/v1/voicemail/{id}', { path: { id }, body: { heard } }),
  removeMessage: (id: string) => ask('DELETE /api/v1/voicemail/{id}', { path: { id } }),
  putGreeting: (id: string, wav: string) => ask('PUT /api/v1/mailboxes/{id}/greeting', { path: { id }, body: { wav } }),
  resetGreeting: (id: string) => ask('DELETE /api/v1/mailboxes/{id}/greeting', { path: { id } }),

  contacts: (values: { q?: string; cursor?: string; number?: string }, signal?: Signal) =>
    ask('GET /api/v1/contacts', { query: { limit: 60, ...values }, ...signalled(signal) }),
  addContact: (body: ContactInput) => ask('POST /api/v1/contacts', { body }),
  changeContact: (id: string, body: ContactInput) => ask('PATCH /api/v1/contacts/{id}', { path: { id }, body }),
  removeContact: (id: string) => ask('DELETE /api/v1/contacts/{id}', { path: { id } }),
  importContacts: (body: { format: 'vcard' | 'csv'; text: string; shared: boolean; dryRun: boolean }) =>
    ask('POST /api/v1/contacts/import', { body }),
  notes: (id: string, signal?: Signal) =>
    ask('GET /api/v1/contacts/{id}/notes', { path: { id }, ...signalled(signal) }),
  addNote: (id: string, text: string, callId?: string) =>
    ask('POST /api/v1/contacts/{id}/notes', { path: { id }, body: { text, ...(callId ? { callId } : {}) } }),

  people: (signal?: Signal) => ask('GET /api/v1/people', signalled(signal)),
  person: (id: string, signal?: Signal) => ask('GET /api/v1/people/{id}', { path: { id }, ...signalled(signal) }),
  removePerson: (id: string) => ask('DELETE /api/v1/people/{id}', { path: { id } }),
  setPassword: (id: string, password: string) =>
    ask('PUT /api/v1/people/{id}/password', { path: { id }, body: { password } }),

  devices: (person?: string, signal?: Signal) =>
    ask('GET /api/v1/devices', { query: person ? { person } : {}, ...signalled(signal) }),
  removeDevice: (id: string) => ask('DELETE /api/v1/devices/{id}', { path: { id } }),
  newSecret: (id: string) => ask('POST /api/v1/devices/{id}/secret', { path: { id } }),

  groups: (signal?: Signal) => ask('GET /api/v1/groups', signalled(signal)),
  removeGroup: (id: string) => ask('DELETE /api/v1/groups/{id}', { path: { id } }),

  numbers: (signal?: Signal) => ask('GET /api/v1/numbers', signalled(signal)),
  putNumber: (body: { number: string; targetKind: 'person' | 'group'; targetId: string; from?: string }) =>
    ask('PUT /api/v1/numbers', { body }),
  removeNumber: (number: string) => ask('DELETE /api/v1/numbers/{number}', { path: { number } }),

  trunks: (signal?: Signal) => ask('GET /api/v1/trunks', signalled(signal)),
  removeTrunk: (id: string) => ask('DELETE /api/v1/trunks/{id}', { path: { id } }),

  settings: (signal?: Signal) => ask('GET /api/v1/settings', signalled(signal)),
}

/** Why something was refused, in the page's language as far as there are words for it; or that the server could not be reached. */
export function faultText(error: unknown, unreachable: string): string {
  if (!(error instanceof ApiRefusal)) return unreachable
  const { code, message, field } = error
  return document.documentElement.lang === 'de' ? deRefusalText(code, message, field) : message
}
