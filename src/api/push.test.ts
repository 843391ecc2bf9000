import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await apiFixture()
})
afterAll(() => api.close())

const address = 'POST /api/v1/push/subscriptions'
const keys = { p256dh: 'B'.repeat(87), auth: 'a'.repeat(22) }
const body = { endpoint: 'https://push.example/1', keys }

test('a browser is added and ended by its own person only', async () => {
  const alice = await api.logIn('alice')
  const bob = await api.logIn('bob')
  expect((await api.ask('GET /api/v1/push/key', { token: alice })).body).toEqual({ publicKey: 'key' })
  expect((await api.ask(address, { token: alice, body })).status).toBe(204)
  expect(api.subscriptions.of('demo-alice')).toMatchObject([body])
  const end = (token: string) =>
    api.ask('DELETE /api/v1/push/subscriptions', { token, body: { endpoint: body.endpoint } })
  expect((await end(bob)).status).toBe(404)
  expect(api.subscriptions.of('demo-alice')).toHaveLength(1)
  expect((await end(alice)).status).toBe(204)
  expect(api.subscriptions.empty).toBe(true)
})

test.each([
  [{ ...body, endpoint: 'https://192.168.0.1/' }, 'endpoint'],
  [{ ...body, endpoint: 'https://[::ffff:127.0.0.1]/' }, 'endpoint'],
  [{ ...body, endpoint: 'http://push.example/' }, 'endpoint'],
  [{ ...body, endpoint: 'https://localhost/' }, 'endpoint'],
  [{ ...body, endpoint: `https://push.example/${'x'.repeat(1000)}` }, 'endpoint'],
  [{ ...body, keys: { ...keys, auth: 'no base64 url, but 22!' } }, 'keys.auth'],
])('%j is refused', async (wrong, field) => {
  const token = await api.logIn('alice')
  const answer = await api.ask(address, { token, body: wrong })
  expect([answer.status, answer.body.field]).toEqual([400, field])
  expect(api.subscriptions.empty).toBe(true)
})

test('API tokens may not', async () => {
  const token = await api.logIn('alice')
  const made = await api.ask('POST /api/v1/tokens', { token, body: { name: 'x', scopes: ['settings'] } })
  expect((await api.ask(address, { token: made.body.token, body })).status).toBe(403)
})
