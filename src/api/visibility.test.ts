import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { ringing } from '../../test/support/fake-calls.ts'

const zoe = { number: '+12025550177', name: 'Zoe', personId: '' }

let api: ApiFixture
beforeAll(async () => {
  api = await apiFixture({ demo: true })
  await api.directory.putGroup({ name: 'floor', members: ['demo-bob', 'demo-dave'], pickup: { members: false } })
  api.calls.put('c1', {
    ...{ direction: 'in', caller: zoe, trunk: 'carrier-a' },
    callee: { number: '102', name: 'Bob', personId: 'demo-bob' },
    branches: [ringing('bob/phone', 'demo-bob')],
  })
})
afterAll(() => api.close())

async function seen(login: string | undefined) {
  const token = login && (await api.logIn(login))
  const one = await api.ask('GET /api/v1/calls/c1', { token })
  const { calls } = (await api.ask('GET /api/v1/calls', { token })).body
  if (one.status === 200) expect(calls).toEqual([one.body])
  else expect([one.status, calls]).toEqual([404, []])
  return one.body
}

test.each([
  ['who is rung', 'bob', true],
  ['a colleague of the pickup group', 'carol', true],
  ['a supervisor', 'sue', true],
  ['the open board', undefined, false],
])('a call that rings is seen with its caller: %s', async (_who, login, mayPickUp) => {
  expect(await seen(login)).toMatchObject({ caller: zoe, trunk: 'carrier-a', mayPickUp, callerHidden: false })
})

test('who may not pick it up sees that it rings, not who calls, and nothing can be done with it', async () => {
  expect(await seen('dave')).toMatchObject({
    caller: { number: '', name: '', personId: '' },
    ...{ trunk: '', callee: { name: 'Bob' }, mayPickUp: false, callerHidden: true },
    branches: [{ station: 'bob/phone' }],
  })
  const token = await api.logIn('dave')
  const body = { to: '101' }
  expect((await api.ask('POST /api/v1/calls/c1/divert', { token, body })).status).toBe(404)
  expect((await api.ask('GET /api/v1/calls/c1/card', { token })).status).toBe(404)
  expect((await api.ask('GET /api/v1/calls/c1/trace', { token })).status).toBe(404)
})

test('who may pick it up may not do more with it', async () => {
  const token = await api.logIn('carol')
  expect((await api.ask('POST /api/v1/calls/c1/decline', { token })).status).toBe(404)
  expect((await api.ask('GET /api/v1/calls/c1/trace', { token })).status).toBe(404)
})

test('once it is taken it is seen by its own people only', async () => {
  api.calls.put('c1', { state: 'answered', answeredBy: 'bob/phone' })
  expect(await seen('dave')).toMatchObject({ code: 'not-found' })
  expect(await seen('carol')).toMatchObject({ code: 'not-found' })
  expect(await seen('bob')).toMatchObject({ caller: zoe, mayPickUp: false })
})
