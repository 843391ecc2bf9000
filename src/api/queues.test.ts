import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'

let api: ApiFixture
let admin: string
beforeEach(async () => {
  api = await apiFixture()
  admin = await api.logIn('admin')
})
afterEach(() => api.close())

const sales = { name: 'Sales', extension: '600', people: ['demo-bob'], numbers: ['202-555-0160'] }

test('a queue is added, changed and removed; supervisors hear of it', async () => {
  const events = api.events(await api.logIn('sue'))
  const others = api.events(await api.logIn('bob'))
  await events.nextOf('snapshot')
  await others.nextOf('snapshot')
  const { status, body } = await api.ask('POST /api/v1/queues', { token: admin, body: sales })
  expect(status).toBe(201)
  expect(body).toMatchObject({
    ...{ name: 'Sales', extension: '600', numbers: ['+12025550160'], strategy: 'longest-idle', open: true },
    ...{ waiting: [], working: 0, free: 0, expectedWaitSeconds: null, publicWait: false },
  })
  expect(await events.nextOf('queue')).toMatchObject({ id: body.id, queue: { name: 'Sales' } })
  const at = `/api/v1/queues/${body.id}`
  const changed = await api.ask(`PATCH ${at}`, { token: admin, body: { strategy: 'all', mostWaiting: 3 } })
  expect(changed.body).toMatchObject({ name: 'Sales', strategy: 'all', mostWaiting: 3, people: ['demo-bob'] })
  const list = await api.ask('GET /api/v1/queues', { token: await api.logIn('sue') })
  expect(list.body.queues).toMatchObject([{ id: body.id, strategy: 'all' }])
  expect((await api.ask('GET /api/v1/queues', { token: await api.logIn('bob') })).status).toBe(403)
  expect((await api.ask(`DELETE ${at}`, { token: admin })).status).toBe(204)
  expect((await api.ask(`GET ${at}`, { token: admin })).status).toBe(404)
  expect(await events.nextOf('queue')).toMatchObject({ queue: { strategy: 'all' } })
  expect(await events.nextOf('queue')).toMatchObject({ queue: null })
  // Who leads nobody was told nothing.
  api.calls.put('c1', { caller: { number: '102', name: '', personId: 'demo-bob' } })
  await api.clock.advance(100)
  expect(await others.next()).toMatchObject({ type: 'changes' })
})

test('callers can be sent to a mailbox, which is kept by its id', async () => {
  const body = { ...sales, overflowTo: 'voicemail:bob', closedTo: 'voicemail:demo-front' }
  const added = await api.ask('POST /api/v1/queues', { token: admin, body })
  expect(added.body).toMatchObject({ overflowTo: 'voicemail:demo-bob', closedTo: 'voicemail:demo-front' })
})

test('the wait is told to everybody where the queue says so, and where not there is no queue', async () => {
  const { body } = await api.ask('POST /api/v1/queues', { token: admin, body: sales })
  const at = `/api/v1/queues/${body.id}`
  expect((await api.ask(`GET ${at}/wait`)).status).toBe(404)
  await api.ask(`PATCH ${at}`, { token: admin, body: { publicWait: true } })
  expect((await api.ask(`GET ${at}/wait`)).body).toEqual({ place: 1, expectedWaitSeconds: null, open: true })
  expect((await api.ask('GET /api/v1/queues/none/wait')).status).toBe(404)
})

test.each([
  [{ name: '' }, 'name'],
  [{ extension: '101' }, 'extension'],
  [{ extension: '911' }, 'extension'],
  [{ numbers: ['+12025550101'] }, 'numbers'],
  [{ people: ['nobody'] }, 'people'],
  [{ groups: ['nobody'] }, 'groups'],
  [{ overflowTo: 'voicemail:nobody' }, 'overflowTo'],
  [{ closedTo: 'voicemail:' }, 'closedTo'],
  [{ strategy: 'random' }, 'strategy'],
  [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
  [{ hours: [{ days: [1], from: '18:00', to: '08:00' }] }, 'hours.0.to'],
  [{ longestWaitSeconds: 1 }, 'longestWaitSeconds'],
  [{ musik: 'x' }, 'musik'],
])('is refused with the field: %j', async (wrong, field) => {
  const { status, body } = await api.ask('POST /api/v1/queues', { token: admin, body: { ...sales, ...wrong } })
  expect([400, 404, 409, 422]).toContain(status)
  expect(body.field).toBe(field)
})

test('two queues have not the same name or extension', async () => {
  await api.ask('POST /api/v1/queues', { token: admin, body: sales })
  const again = await api.ask('POST /api/v1/queues', {
    token: admin,
    body: { ...sales, extension: '601', numbers: [] },
  })
  expect(again.body).toMatchObject({ field: 'name' })
  const other = await api.ask('POST /api/v1/queues', { token: admin, body: { name: 'Help', extension: '600' } })
  expect(other.body).toMatchObject({ field: 'extension' })
})
