import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { ringDemoCaller } from './handlers/demo.ts'

let api: ApiFixture
beforeEach(async () => {
  api = await apiFixture()
})
afterEach(() => api.close())

test('the demo caller says what to do where nothing can ring, and rings whom a notice reaches', async () => {
  const rung: string[] = []
  const desk = {
    directory: api.directory,
    push: { subscriptions: api.subscriptions },
    ringDemoCaller: async (login: string) => void rung.push(login),
  }
  const ring = async () => ringDemoCaller({ desk, body: { to: 'alice' } } as never)
  await expect(ring()).rejects.toMatchObject({
    status: 409,
    body: { code: 'nobody-there', message: expect.stringContaining('log in as alice (password alice-demo)') },
  })
  expect(rung).toEqual([])
  const keys = { p256dh: 'p', auth: 'a' }
  await api.subscriptions.add('demo-alice', { endpoint: 'https://push.example/1', keys, loginId: 'log-in' })
  await ring()
  expect(rung).toEqual(['alice'])
})
