import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeWav } from '#media'
import type { VoicemailRow } from '#storage'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { fakeRecord, ringing } from '../../test/support/fake-calls.ts'
import { type Endpoint, type EndpointName, endpoints } from './contract.ts'

/** Who asks: nobody, two people who share nothing, a supervisor, an administrator, and a token of alice without any scope that helps. */
const askers = ['nobody', 'alice', 'dave', 'sue', 'admin'] as const
type Asker = (typeof askers)[number]

/** What is asked for: something of alice's, and something that is not there. */
const places = ['alices', 'unknown'] as const

let api: ApiFixture
const tokens = new Map<Asker, string>()
let contactId = ''
let sharedId = ''
let noteId = ''
let tokenId = ''
let callbackId = ''

beforeAll(async () => {
  api = await apiFixture()
  for (const asker of askers) if (asker !== 'nobody') tokens.set(asker, await api.logIn(asker))
  const token = tokens.get('alice')
  api.calls.put('call-a', {
    caller: { number: '+12025550177', name: 'Zoe', personId: '' },
    callee: { number: '101', name: 'Alice', personId: 'demo-alice' },
    branches: [ringing('alice/phone', 'demo-alice')],
  })
  api.calls.message('call-a', 1, 'in', 'udp 127.0.0.1:5070', 'INVITE sip:101@baton.local SIP/2.0', 'CSeq: 1 INVITE')
  await api.storage.calls.unanswered(fakeRecord({ id: 'rec-a', callerId: 'demo-alice', calleeId: 'demo-carol' }))
  const message: VoicemailRow = {
    ...{ id: 'message-a', ownerId: 'demo-alice', state: 'recording', node: 'n', callId: 'c', callerId: '' },
    ...{ callerNumber: '', callerName: '', at: 1, ms: 0, partial: 0, heardAt: null, mail: '' },
  }
  await api.voicemail.begin(message)
  await writeFile(api.voicemail.fileOf(message.id), writeWav(new Int16Array(24_000)))
  await api.voicemail.keep(message, { how: 'stopped', ms: 3_000 })
  await api.voicemail.greet('demo-alice', greeting)
  const contact = (shared: boolean) => api.ask('POST /api/v1/contacts', { token, body: { name: 'Zoe', shared } })
  contactId = (await contact(false)).body.id
  sharedId = (await contact(true)).body.id
  noteId = (await api.ask(`POST /api/v1/contacts/${contactId}/notes`, { token, body: { text: 'hello' } })).body.id
  tokenId = (await api.ask('POST /api/v1/tokens', { token, body: { name: 'x', scopes: ['settings'] } })).body.id
  await api.queues.put({ id: 'sales', name: 'Sales', publicWait: true })
  callbackId = (await api.ask('POST /api/v1/callbacks', { token, body: { called: 'bob', at: 'in 2 hours' } })).body.id
  const said = {
    id: 'recording-a',
    callbackId,
    number: 1,
    node: 'n',
    at: api.clock.now(),
    ms: 3_000,
    partial: 0,
  } as const
  await writeFile(join(api.callbackFolder, `${said.id}.wav`), greeting)
  await api.callbacks.storage.recordings.begin({ ...said, state: 'recording' })
  await api.callbacks.storage.recordings.keep({ ...said, state: 'kept' }, [])
})
afterAll(() => api.close())

const greeting = writeWav(new Int16Array(24_000))

/** What an address is asked with: the id of something of alice's. */
function idFor(name: EndpointName): string {
  if (name.includes('/calls/')) return 'call-a'
  if (name.includes('/records/')) return 'rec-a'
  if (name.includes('/callbacks/')) return callbackId
  if (name.includes('/voicemail/')) return 'message-a'
  if (name.includes('/people/') || name.includes('/mailboxes/')) return 'demo-alice'
  if (name.includes('/devices/')) return 'demo-alice-phone'
  if (name.includes('/groups/')) return 'demo-front'
  if (name.includes('/trunks/')) return 'demo'
  if (name.includes('/queues/')) return 'sales'
  if (name.includes('/contacts/')) return contactId
  if (name.includes('/tokens/')) return tokenId
  return 'none'
}

const bodies: Partial<Record<EndpointName, unknown>> = {
  'POST /api/v1/session': { login: 'nobody', password: 'wrong one' },
  'PUT /api/v1/session/password': { current: 'wrong one', password: 'another one' },
  'POST /api/v1/tokens': { name: 'x', scopes: ['settings'] },
  'POST /api/v1/calls': { to: '102' },
  'POST /api/v1/calls/{id}/answer': { station: 'alice/phone' },
  'POST /api/v1/calls/{id}/divert': { to: '103' },
  'POST /api/v1/calls/{id}/transfer': { to: '103' },
  'PATCH /api/v1/voicemail/{id}': { heard: true },
  'PUT /api/v1/mailboxes/{id}/greeting': { wav: greeting.toString('base64') },
  'POST /api/v1/callbacks': { called: '' },
  'POST /api/v1/callbacks/{id}/answer': { text: 'yes' },
  'POST /api/v1/people': { login: '1' },
  'PUT /api/v1/people/{id}/password': { password: 'another one' },
  'POST /api/v1/devices': { name: '' },
  'POST /api/v1/groups': { name: '' },
  'PUT /api/v1/numbers': { number: 'x', targetKind: 'person', targetId: 'x' },
  'POST /api/v1/trunks': { name: '' },
  'POST /api/v1/queues': { name: '' },
  'POST /api/v1/push/subscriptions': { endpoint: 'https://push.example/1', keys: { p256dh: '', auth: '' } },
  'DELETE /api/v1/push/subscriptions': { endpoint: 'https://push.example/1' },
  'POST /api/v1/contacts': { name: 'Zoe' },
  'POST /api/v1/contacts/import': { format: 'csv', text: 'Name' },
  'POST /api/v1/contacts/{id}/notes': { text: 'x' },
}

/** Addresses whose success would take away what other cases ask for: tried by those who are refused, and elsewhere by the others. */
const destructive = (name: EndpointName, asker: Asker, place: string) =>
  place === 'alices' &&
  ((name.startsWith('DELETE') && (asker === 'alice' || asker === 'admin')) ||
    (name === 'PUT /api/v1/people/{id}/password' && asker === 'admin') ||
    (name === 'POST /api/v1/devices/{id}/secret' && (asker === 'alice' || asker === 'admin')))

/** What must come back; `open` for what passes the gate, whatever it then says about the body. */
function expected(name: EndpointName, asker: Asker, place: (typeof places)[number]): number | 'open' {
  const { access } = endpoints[name] as Endpoint
  if (access === 'anyone') return name.includes('{id}') && place === 'unknown' ? 404 : 'open'
  if (asker === 'nobody') return 401
  if (access === 'administrator' && asker !== 'admin') return 403
  if (access === 'supervisor' && asker !== 'admin' && asker !== 'sue') return 403
  const hasId = name.includes('{id}')
  if (!hasId) return 'open'
  if (place === 'unknown') return 404
  if (/\/(?:groups|trunks|queues)\//.test(name)) return 'open'
  if (asker === 'alice') return 'open'
  // Whose calls one may take is more than whose calls one sees.
  if (name.endsWith('/pickup')) return 'open'
  if (/\/(?:calls|records|callbacks)\//.test(name)) return asker === 'dave' ? 404 : 'open'
  if (name.includes('/people/') || name.includes('/devices/')) return asker === 'admin' ? 'open' : 404
  return 404
}

describe('every address for every asker', () => {
  for (const name of Object.keys(endpoints) as EndpointName[]) {
    test(name, async () => {
      const [method = '', pattern = ''] = name.split(' ')
      for (const asker of askers) {
        const answers = new Map<string, string>()
        for (const place of places) {
          if (destructive(name, asker, place)) continue
          // Logging out would end the token that the next case needs.
          if (name === 'DELETE /api/v1/session' && asker !== 'nobody') continue
          const id = place === 'alices' ? idFor(name) : 'there-is-none'
          const path = pattern.replace('{id}', id).replace('{note}', noteId).replace('{number}', '+12025550199')
          const body = bodies[name] ?? (/^(PATCH|PUT)/.test(method) ? {} : undefined)
          const answer = await api.ask(`${method} ${path}`, { token: tokens.get(asker), body })
          const wanted = expected(name, asker, place)
          const seen = `${asker} ${place}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`
          if (wanted === 'open') expect([200, 201, 204, 400, 401, 404, 409], seen).toContain(answer.status)
          else expect(answer.status, seen).toBe(wanted)
          if (wanted === 'open' && name.includes('{id}')) expect(answer.status, seen).not.toBe(404)
          if (answer.status >= 400)
            expect(Object.keys(answer.body).sort().join(), seen).toMatch(/^code,(field,)?message$/)
          answers.set(place, answer.status === 404 ? JSON.stringify(answer.body) : '')
        }
        // Not yours and not there read the same.
        const [alices, unknown] = [answers.get('alices'), answers.get('unknown')]
        if (alices && unknown) expect(alices).toBe(unknown)
      }
    })
  }
})

test('lists hold what is theirs', async () => {
  const list = async (asker: Asker) => {
    const token = tokens.get(asker)
    const calls = (await api.ask('GET /api/v1/calls', { token })).body
    const records = (await api.ask('GET /api/v1/records', { token })).body.records as { id: string }[]
    const contacts = (await api.ask('GET /api/v1/contacts?limit=200', { token })).body.contacts as { id: string }[]
    return [
      calls.total,
      records.map(({ id }) => id).join(),
      contacts.some(({ id }) => id === contactId),
      contacts.some(({ id }) => id === sharedId),
    ]
  }
  expect(await list('alice')).toEqual([1, 'rec-a', true, true])
  expect(await list('dave')).toEqual([0, '', false, true])
  expect(await list('sue')).toEqual([1, 'rec-a', false, true])
  expect(await list('admin')).toEqual([1, 'rec-a', false, true])
  const theirs = await api.ask('GET /api/v1/records?person=demo-alice', { token: tokens.get('dave') })
  expect(theirs.status).toBe(404)
})

test('shared contacts are changed by who made them and by supervisors', async () => {
  const change = async (asker: Asker) =>
    (await api.ask(`PATCH /api/v1/contacts/${sharedId}`, { token: tokens.get(asker), body: { company: 'Acme' } }))
      .status
  expect([await change('dave'), await change('alice'), await change('sue'), await change('admin')]).toEqual([
    403, 200, 200, 200,
  ])
})

test('API tokens do what their scopes say, within what their person may', async () => {
  const make = async (asker: Asker, scopes: string[]) =>
    (await api.ask('POST /api/v1/tokens', { token: tokens.get(asker), body: { name: 'x', scopes } })).body
      .token as string
  const reading = await make('alice', ['calls:read'])
  const status = async (what: string, token: string, body?: unknown) => (await api.ask(what, { token, body })).status
  expect(await status('GET /api/v1/calls/call-a', reading)).toBe(200)
  expect(await status('POST /api/v1/calls/call-a/decline', reading)).toBe(403)
  expect(await status('GET /api/v1/records', reading)).toBe(403)
  expect(await status('POST /api/v1/tokens', reading, { name: 'y', scopes: ['settings'] })).toBe(403)
  expect(await status('POST /api/v1/session/sip', reading)).toBe(403)
  const writing = await make('alice', ['directory:write', 'directory:read'])
  expect(await status('POST /api/v1/groups', writing, { name: 'g' })).toBe(403)
  // A token cannot be made a log-in of higher rank.
  const admins = await make('admin', ['directory:write'])
  const erin = { login: 'erin', name: 'Erin' }
  expect(await status('POST /api/v1/people', admins, { ...erin, password: 'a password' })).toBe(403)
  expect(await status('POST /api/v1/people', admins, { ...erin, role: 'administrator' })).toBe(403)
  expect(await status('PATCH /api/v1/people/demo-bob', admins, { role: 'administrator' })).toBe(403)
  expect(await status('POST /api/v1/people', admins, erin)).toBe(201)
  for (const scopes of [[], ['everything'], 'calls:read'])
    expect(await status('POST /api/v1/tokens', tokens.get('alice') as string, { name: 'x', scopes })).toBe(400)
})
