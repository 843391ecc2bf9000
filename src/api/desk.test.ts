import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { fakeRecord, ringing } from '../../test/support/fake-calls.ts'
import { callCard, type EndpointName, endpoints } from './contract.ts'

let api: ApiFixture
let token: string
beforeEach(async () => {
  api = await apiFixture()
  token = await api.logIn('alice')
})
afterEach(() => api.close())

/** Asks, and checks the answer against the contract. */
async function get(name: EndpointName, path = name.split(' ')[1] as string, as = token) {
  const answer = await api.ask(`${name.split(' ')[0]} ${path}`, { token: as })
  expect(answer.status).toBe(200)
  const endpoint = endpoints[name] as { answer: { parse(value: unknown): unknown } }
  endpoint.answer.parse(answer.body)
  return answer.body
}

const ring = (id = 'c1') =>
  api.calls.put(id, {
    caller: { number: '+12025550177', name: '<b>Zoe</b>', personId: '' },
    callee: { number: '+12025550101', name: 'Alice', personId: 'demo-alice' },
    direction: 'in',
    branches: [ringing('alice/phone', 'demo-alice'), ringing('alice/desk at 127.0.0.1:7000', 'demo-alice')],
  })

describe('acts', () => {
  const act = async (what: string, body?: unknown) => {
    const { status, body: answer } = await api.ask(`POST /api/v1/calls/c1/${what}`, { token, body })
    return [status, answer.code ?? answer.id]
  }

  test('reach the call core with the person and the station that is meant', async () => {
    ring()
    const { device } = await api.directory.deskCredential('demo-alice', 's', 1_000)
    for (const station of ['alice/phone', 'phone', 'demo-alice-phone', 'desk', device.id])
      expect(await act('answer', { station })).toEqual([200, 'c1'])
    expect(await act('decline')).toEqual([200, 'c1'])
    expect(await act('divert', { to: 'bob' })).toEqual([200, 'c1'])
    expect(await act('transfer', { to: '+1 202 555 0100' })).toEqual([200, 'c1'])
    for (const what of ['hold', 'resume', 'hangup']) expect(await act(what, {})).toEqual([200, 'c1'])
    expect(api.acts.asked).toEqual([
      ...['alice/phone', 'alice/phone', 'alice/phone'].map((station) => `answer c1 alice ${station}`),
      ...['alice/desk at 127.0.0.1:7000', 'alice/desk at 127.0.0.1:7000'].map(
        (station) => `answer c1 alice ${station}`,
      ),
      ...['decline c1 alice', 'divert c1 alice bob', 'transfer c1 alice +1 202 555 0100'],
      ...['hold c1 alice', 'resume c1 alice', 'hangup c1 alice'],
    ])
  })

  test('are refused with the code of the call core', async () => {
    ring()
    const refused = async (code: NonNullable<typeof api.acts.refuse>) => {
      api.acts.refuse = code
      return act('decline')
    }
    expect(await refused('taken')).toEqual([409, 'taken'])
    expect(await refused('not-allowed')).toEqual([403, 'not-allowed'])
    expect(await refused('not-found')).toEqual([404, 'not-found'])
    expect(await refused('overload')).toEqual([503, 'overload'])
    expect(await act('answer', { station: 'cellar' })).toEqual([400, 'invalid'])
    expect(await act('decline', { station: 'phone' })).toEqual([400, 'invalid'])
    api.calls.put('c1', {
      branches: [ringing('bob/phone', 'demo-bob')],
      callee: { number: '', name: '', personId: '' },
    })
    expect(await act('decline')).toEqual([404, 'not-found'])
    expect(api.acts.asked).toEqual([])
  })

  test('taking a colleague’s call; what one neither sees nor may take is not there', async () => {
    api.calls.put('c1', {
      branches: [ringing('bob/phone', 'demo-bob')],
      callee: { number: '', name: '', personId: '' },
    })
    expect(await act('pickup')).toEqual([200, 'c1'])
    expect(await act('pickup', { station: 'demo-alice-phone' })).toEqual([200, 'c1'])
    expect(api.acts.asked).toEqual(['pickup c1 alice any', 'pickup c1 alice phone'])
    const refused = async (code: typeof api.acts.refuse) => {
      api.acts.refuse = code
      return act('pickup')
    }
    expect(await refused('taken')).toEqual([409, 'taken'])
    expect(await refused('unreachable')).toEqual([409, 'unreachable'])
    api.calls.put('c1', {
      branches: [ringing('dave/phone', 'demo-dave')],
      callee: { number: '104', name: 'Dave', personId: 'demo-dave' },
    })
    expect(await refused('not-allowed')).toEqual([404, 'not-found'])
    ring()
    expect(await refused('not-allowed')).toEqual([403, 'not-allowed'])
    expect(await refused('nothing-rings')).toEqual([409, 'nothing-rings'])
    expect(await act('pickup', { station: 'cellar' })).toEqual([400, 'invalid'])
    const unknown = await api.ask('POST /api/v1/calls/there-is-none/pickup', { token })
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not-found'])
  })

  test('calling out, from a station of one’s own', async () => {
    const call = (body: object) => api.ask('POST /api/v1/calls', { token, body })
    expect(await call({ to: '102' })).toMatchObject({ status: 201, body: { id: 'call-new' } })
    expect((await call({ to: '102', from: 'demo-alice-phone' })).status).toBe(201)
    expect(await call({ to: '102', from: 'demo-bob-phone' })).toMatchObject({ status: 400, body: { field: 'from' } })
    api.acts.refuse = 'international-not-allowed'
    expect(await call({ to: '+49301234567' })).toMatchObject({
      status: 403,
      body: { code: 'international-not-allowed' },
    })
    expect(api.acts.asked).toEqual(['originate alice 102 any', 'originate alice 102 phone'])
  })
})

test('the card tells who calls, what is noted and what was before', async () => {
  ring()
  const zoe = { name: 'Zoe Zett', company: 'Acme', numbers: [{ number: '(202) 555-0177' }], remark: 'VIP' }
  const made = await api.ask('POST /api/v1/contacts', { token, body: zoe })
  expect(made.body.numbers).toEqual([{ number: '+12025550177', label: '' }])
  await api.ask(`POST /api/v1/contacts/${made.body.id}/notes`, { token, body: { text: 'calls back\nabout the bill' } })
  const past = (id: string, calleeId: string) =>
    api.storage.calls.unanswered(fakeRecord({ id, callerNumber: '+12025550177', callerId: '', calleeId }))
  await past('mine', 'demo-alice')
  await past('bobs', 'demo-bob')
  const card = callCard.parse(await get('GET /api/v1/calls/{id}/card', '/api/v1/calls/c1/card'))
  expect(card).toMatchObject({
    party: { number: '+12025550177', name: 'Zoe Zett', company: 'Acme' },
    contact: { remark: 'VIP' },
    notes: [{ author: 'Alice', text: 'calls back\nabout the bill' }],
    pastCalls: [{ id: 'mine' }],
    called: { number: '+12025550101', kind: 'person' },
  })
  // Somebody else's private contact says nothing.
  api.calls.put('c2', {
    caller: { number: '+12025550177', name: 'Zoe', personId: '' },
    callee: { number: '200', name: 'front', personId: 'demo-front' },
    branches: [ringing('bob/phone', 'demo-bob')],
  })
  const bobs = await get('GET /api/v1/calls/{id}/card', '/api/v1/calls/c2/card', await api.logIn('bob'))
  expect(bobs).toMatchObject({ party: { name: 'Zoe', company: '' }, notes: [], called: { kind: 'group' } })
  expect(bobs.contact).toBeUndefined()
})

test('settings: what a person may set, and what they may not', async () => {
  const patch = (body: object) => api.ask('PATCH /api/v1/settings', { token, body })
  const changed = await patch({
    presence: 'dnd',
    quietHours: [{ days: [1], from: '22:00', to: '07:00' }],
    preferredDevice: 'demo-alice-phone',
    callerRules: [{ callers: ['+1202*'], action: 'divert', to: 'bob' }],
    shownNumber: '+12025550101',
  })
  expect(changed.status).toBe(200)
  expect(await get('GET /api/v1/settings')).toEqual(changed.body)
  expect(api.directory.personById('demo-alice')?.settings).toMatchObject({
    doNotDisturb: true,
    away: false,
    maxOutsideCalls: 4,
  })
  expect((await patch({ presence: 'away' })).body).toMatchObject({ presence: 'away', shownNumber: '+12025550101' })
  for (const [body, field] of [
    [{ preferredDevice: 'demo-bob-phone' }, 'preferredDevice'],
    [{ shownNumber: '+12025550102' }, 'shownNumber'],
    [{ international: true }, 'international'],
    [{ forward: { always: '911' } }, 'forward.always'],
    [{ forward: { always: 'alice' } }, 'forward.always'],
    [{ callerRules: [{ callers: ['*'], action: 'divert' }] }, 'callerRules.0.to'],
    [{ callerRules: [{ callers: ['*'], action: 'ring', devices: ['demo-bob-phone'] }] }, 'callerRules.0.devices'],
    [{ timeZone: 'Mars/Base' }, 'timeZone'],
    [{ quietHours: [{ days: [8], from: '22:00', to: '07:00' }] }, 'quietHours.0.days.0'],
  ] as const)
    expect(await patch(body), JSON.stringify(body)).toMatchObject({ status: 400, body: { field } })
})

test('devices: generated secrets are shown once, and work', async () => {
  const made = await api.ask('POST /api/v1/devices', { token, body: { name: 'kitchen' } })
  expect(made.status).toBe(201)
  const { device, secret } = made.body
  expect(secret).toEqual({
    username: expect.stringMatching(/^alice-[0-9a-f]{8}$/),
    password: expect.stringMatching(/^[0-9a-f]{32}$/),
    domain: 'baton.local',
    realm: 'baton.local',
    server: '127.0.0.1:5060',
  })
  const before = api.directory.secretsOf(secret.username)
  expect(before).toBeDefined()
  expect(JSON.stringify(await get('GET /api/v1/devices'))).not.toContain(secret.password)
  const again = await api.ask(`POST /api/v1/devices/${device.id}/secret`, { token })
  expect(again.body.secret.password).not.toBe(secret.password)
  expect(api.directory.secretsOf(secret.username)).not.toEqual(before)
  expect(await api.ask('POST /api/v1/devices', { token, body: { name: 'kitchen' } })).toMatchObject({
    status: 409,
    body: { code: 'taken', field: 'name' },
  })
  const forBob = { name: 'x', personId: 'demo-bob' }
  expect((await api.ask('POST /api/v1/devices', { token, body: forBob })).status).toBe(404)
  expect((await api.ask(`DELETE /api/v1/devices/${device.id}`, { token })).status).toBe(204)
})

test('administrators keep people, groups, numbers and trunks; secrets of trunks never come back', async () => {
  const admin = await api.logIn('admin')
  const ask = (what: string, body?: unknown) => api.ask(what, { token: admin, body })
  const erin = await ask('POST /api/v1/people', {
    login: 'erin',
    name: 'Erin',
    extension: '105',
    password: 'erin-demo',
  })
  expect(erin).toMatchObject({ status: 201, body: { hasPassword: true, role: 'person' } })
  const erins = await api.logIn('erin')
  const { id } = erin.body
  expect((await ask(`PATCH /api/v1/people/${id}`, { grants: { international: true } })).body.grants.international).toBe(
    true,
  )
  expect(await ask(`PATCH /api/v1/people/${id}`, { extension: '101' })).toMatchObject({
    status: 409,
    body: { field: 'extension' },
  })
  expect(await ask('DELETE /api/v1/people/demo-admin')).toMatchObject({
    status: 409,
    body: { code: 'last-administrator' },
  })
  expect(await ask('PATCH /api/v1/people/demo-admin', { role: 'person' })).toMatchObject({ status: 409 })
  const hers = await api.ask('POST /api/v1/contacts', { token: erins, body: { name: 'Hers' } })
  const shared = await api.ask('POST /api/v1/contacts', { token: erins, body: { name: 'All', shared: true } })
  expect((await ask(`DELETE /api/v1/people/${id}`)).status).toBe(204)
  expect(await api.storage.contacts.get(hers.body.id)).toBeUndefined()
  expect((await ask(`GET /api/v1/contacts/${shared.body.id}`)).status).toBe(200)
  expect((await api.ask('GET /api/v1/session', { token: erins })).status).toBe(401)

  const group = await ask('POST /api/v1/groups', { name: 'back', members: ['demo-dave'], ring: { mode: 'order' } })
  expect(group).toMatchObject({
    status: 201,
    body: { ring: { mode: 'order', stepMs: 15_000 }, pickup: { members: true, by: [] } },
  })
  const rule = (pickup: object) => ask(`PATCH /api/v1/groups/${group.body.id}`, { pickup })
  expect(await rule({ by: ['demo-front'] })).toMatchObject({ body: { pickup: { members: true, by: ['demo-front'] } } })
  expect(await rule({ members: false })).toMatchObject({ body: { pickup: { members: false, by: ['demo-front'] } } })
  expect(await rule({ by: ['nobody'] })).toMatchObject({ status: 400, body: { field: 'pickup.by' } })
  const number = { number: '(202) 555-0150', targetKind: 'group', targetId: group.body.id }
  expect((await ask('PUT /api/v1/numbers', number)).body).toMatchObject({ number: '+12025550150', targetName: 'back' })
  expect((await ask('DELETE /api/v1/numbers/+12025550150')).status).toBe(204)

  const registration = { registrar: 'sip:provider.example', username: 'u', password: 'very-secret' }
  const trunk = await ask('POST /api/v1/trunks', { name: 'provider', gateways: ['sip:provider.example'], registration })
  expect(trunk).toMatchObject({ status: 201, body: { registration: { hasPassword: true, username: 'u' } } })
  const path = `/api/v1/trunks/${trunk.body.id}`
  expect(trunk.body.join).toBe('server')
  expect((await ask(`PATCH ${path}`, { join: 'refer' })).body.join).toBe('refer')
  const wrong = await ask(`PATCH ${path}`, { join: 'bridge' })
  expect(wrong).toMatchObject({
    status: 400,
    body: { field: 'join', message: expect.stringContaining('server, refer') },
  })
  const kept = await ask(`PATCH ${path}`, { registration: { registrar: 'sip:provider.example', username: 'v' } })
  expect(kept.body.registration).toEqual({ ...trunk.body.registration, username: 'v' })
  expect(api.directory.trunkById(trunk.body.id)?.settings.registration?.password).toBe('very-secret')
  // A stored password goes to no other registrar.
  const moved = await ask(`PATCH ${path}`, { registration: { registrar: 'sip:evil.example', username: 'v' } })
  expect(moved).toMatchObject({ status: 400, body: { field: 'registration.password' } })
  const all = JSON.stringify([
    trunk.body,
    kept.body,
    (await ask('GET /api/v1/trunks')).body,
    (await ask(`GET ${path}`)).body,
  ])
  expect(all).not.toContain('very-secret')
  expect((await ask(`PATCH ${path}`, { registration: null })).body.registration).toBeUndefined()
})

test('contacts come from a file and leave as one', async () => {
  const text = 'Name,Phone\nZoe,+12025550177\n,1\n=Formula,2\n'
  const dry = await api.ask('POST /api/v1/contacts/import', { token, body: { format: 'csv', text, dryRun: true } })
  expect(dry.body).toEqual({
    imported: 2,
    skipped: 1,
    errors: [{ line: 3, message: 'has neither a name nor a company' }],
  })
  expect((await get('GET /api/v1/contacts')).contacts).toEqual([])
  await api.ask('POST /api/v1/contacts/import', { token, body: { format: 'csv', text } })
  const { contacts } = await get('GET /api/v1/contacts', '/api/v1/contacts?q=zoe')
  expect(contacts).toMatchObject([{ name: 'Zoe', mine: true }])
  const csv = await api.ask('GET /api/v1/contacts.csv', { token })
  expect(csv.headers.get('content-disposition')).toContain('attachment')
  expect(csv.body).toContain("'=Formula")
  await api.storage.calls.unanswered(fakeRecord({ id: 'r', callerName: '=cmd()', callerId: 'demo-alice' }))
  expect((await api.ask('GET /api/v1/records.csv', { token })).body).toContain("'=cmd()")
})

test('every list and shape is as the contract says', async () => {
  ring()
  const admin = await api.logIn('admin')
  for (const name of Object.keys(endpoints) as EndpointName[])
    if (name.startsWith('GET ') && !name.includes('{') && 'answer' in endpoints[name]) await get(name, undefined, admin)
  await get('GET /api/v1/people/{id}', '/api/v1/people/demo-alice', admin)
  await get('GET /api/v1/calls/{id}', '/api/v1/calls/c1')
  expect((await get('GET /api/v1/people')).people.find((one: { id: string }) => one.id === 'demo-alice').inCall).toBe(
    true,
  )
})
