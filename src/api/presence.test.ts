import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { ringing } from '../../test/support/fake-calls.ts'
import type { BoardEvent } from './contract.ts'

let api: ApiFixture
beforeEach(async () => {
  api = await apiFixture()
})
afterEach(() => api.close())

type PeopleEvent = Extract<BoardEvent, { type: 'people' }>

async function open(login: string, query = '?people=1') {
  const reader = api.events(await api.logIn(login), query)
  const snapshot = await reader.nextOf('snapshot')
  return { reader, snapshot }
}

const bob = (event: PeopleEvent) => event.people.find(({ id }) => id === 'demo-bob')
const flush = () => api.clock.advance(100)

/** A phone of Bob's registers for a minute. */
async function register(): Promise<void> {
  const device = api.directory.devicesOf('demo-bob')[0]
  if (!device) throw new Error('no device')
  await api.directory.register({
    ...{ device, aor: 'sip:bob@baton.local', callIdHeader: 'registration', cseq: 1, removeAll: false, path: [] },
    contacts: [{ uri: 'sip:bob@10.0.0.9', expires: 60, q: 1000, instance: '', regId: 0, push: '' }],
    flow: { protocol: 'udp', remoteAddress: '10.0.0.9', remotePort: 5060, id: 'udp 10.0.0.9:5060' },
    userAgent: 'test',
  })
}

test('after the snapshot everybody’s presence, then what changes: settings, phones, calls', async () => {
  const { reader, snapshot } = await open('alice')
  const all = await reader.nextOf('people')
  expect(all).toMatchObject({ all: true, cursor: snapshot.cursor, gone: [] })
  expect(all.people.map(({ id }) => id)).toEqual(expect.arrayContaining(['demo-alice', 'demo-bob', 'demo-admin']))
  expect(bob(all)).toEqual({ id: 'demo-bob', presence: 'available', inCall: false, reachable: false })

  const token = await api.logIn('bob')
  await api.ask('PATCH /api/v1/settings', { token, body: { presence: 'dnd' } })
  await flush()
  const quiet = await reader.nextOf('people')
  expect(quiet.people).toEqual([{ id: 'demo-bob', presence: 'dnd', inCall: false, reachable: false }])
  expect(quiet.cursor).toBeGreaterThan(all.cursor)

  await register()
  await flush()
  expect(bob(await reader.nextOf('people'))).toMatchObject({ reachable: true })

  api.calls.put('c1', { branches: [ringing('bob/phone', 'demo-bob')] })
  await flush()
  expect(bob(await reader.nextOf('people'))).toMatchObject({ inCall: true })
  api.calls.end('c1', 'cancelled')
  await flush()
  expect(bob(await reader.nextOf('people'))).toMatchObject({ inCall: false })

  await api.clock.advance(120_000)
  expect(bob(await reader.nextOf('people'))).toMatchObject({ reachable: false })
})

test('a person who is added is told, and one who is removed is gone', async () => {
  const { reader } = await open('alice')
  await reader.nextOf('people')
  const token = await api.logIn('admin')
  const { body } = await api.ask('POST /api/v1/people', { token, body: { login: 'eve', name: 'Eve' } })
  await flush()
  expect((await reader.nextOf('people')).people).toMatchObject([{ id: body.id, presence: 'available' }])
  await api.ask(`DELETE /api/v1/people/${body.id}`, { token })
  await flush()
  expect(await reader.nextOf('people')).toMatchObject({ people: [], gone: [body.id] })
})

test('what was missed comes after the connection is back, once and in order', async () => {
  const { reader, snapshot } = await open('alice')
  const all = await reader.nextOf('people')
  reader.socket.terminate()
  await reader.closed
  const token = await api.logIn('bob')
  for (const presence of ['away', 'dnd']) {
    await api.ask('PATCH /api/v1/settings', { token, body: { presence } })
    await flush()
  }
  const again = api.events(await api.logIn('alice'), `?people=1&run=${snapshot.run}&cursor=${all.cursor}`)
  expect(await again.next()).toMatchObject({ type: 'resumed', cursor: all.cursor })
  expect(bob(await again.nextOf('people'))?.presence).toBe('away')
  expect(bob(await again.nextOf('people'))?.presence).toBe('dnd')
  await api.ask('PATCH /api/v1/settings', { token, body: { presence: 'available' } })
  await flush()
  expect(bob(await again.nextOf('people'))?.presence).toBe('available')
})

test('who did not ask for it hears nothing of it, and a token needs the right to read the directory', async () => {
  const { reader } = await open('alice', '')
  const token = await api.logIn('bob')
  await api.ask('PATCH /api/v1/settings', { token, body: { presence: 'dnd' } })
  await flush()
  api.calls.put('c1', { callee: { number: '101', name: 'Alice', personId: 'demo-alice' } })
  await flush()
  expect(await reader.next()).toMatchObject({ type: 'changes' })

  const owner = await api.logIn('alice')
  const tokenWith = async (scopes: readonly string[]) => {
    const { body } = await api.ask('POST /api/v1/tokens', { token: owner, body: { name: scopes.join(' '), scopes } })
    return body.token as string
  }
  const refused = api.events(await tokenWith(['calls:read']), '?people=1')
  expect(await refused.closed).toBe(1006)
  const hello = api.events(undefined, '?auth=message&people=1')
  hello.socket.on('open', async () => hello.socket.send(JSON.stringify({ token: await tokenWith(['calls:read']) })))
  expect(await hello.closed).toBe(4401)
  const allowed = api.events(await tokenWith(['calls:read', 'directory:read']), '?people=1')
  expect(await allowed.nextOf('people')).toMatchObject({ all: true })
})
