import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeWav } from '#media'
import type { CallbackAttemptRow } from '#storage'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { callbackRow } from '../../test/support/callbacks.ts'

let api: ApiFixture
let alice: string
/** The request with two attempts, of which the second was recorded. */
const id = 'request-1'
/** What stands behind the # of the link that was sent. */
let code: string

const wav = writeWav(Int16Array.from({ length: 16_000 }, (_, i) => 8_000 * Math.sin((Math.PI * i) / 10)))

beforeEach(async () => {
  api = await apiFixture()
  alice = await api.logIn('alice')
  const { storage, service } = api.callbacks
  const thread = JSON.stringify({ to: 'alice@example.org' })
  const dueAt = api.clock.now() + 7_200_000
  const more = { personId: 'demo-alice', channel: 'mail', thread, dueAt }
  await service.accept(callbackRow(id, { dial: '+12025550199', name: 'Centre' }, { dial: '101' }, more))
  const attempt = (number: number): CallbackAttemptRow => ({
    ...{ id: `a${number}`, callbackId: id, number, node: 'n', callId: `c${number}`, startedAt: 1, calledAt: null },
    ...{ callerAt: null, joinedAt: null, endedAt: 2, outcome: 'called-no-key' },
    detail: JSON.stringify({ confirmations: [] }),
  })
  await storage.attempt(attempt(1))
  await storage.attempt(attempt(2))
  // As a server that died while it recorded leaves it.
  const at = api.clock.now()
  await storage.recordings.begin({
    ...{ id: 'a2', callbackId: id, number: 2, state: 'recording', node: 'n', at, ms: 0, partial: 0 },
  })
  await mkdir(api.callbackFolder, { recursive: true })
  await writeFile(join(api.callbackFolder, 'a2.wav'), wav)
  await service.recordings?.start()
  const [message] = await storage.outbox.of(id)
  const { text, subject } = JSON.parse(message?.body ?? '{}')
  expect(subject).toBe('Your call with Centre')
  code = /https:\/\/baton\.example\/callbacks\/listen#(\S+)/.exec(text)?.[1] ?? text
})
afterEach(() => api.close())

const hear = (token: string | undefined, path = '') =>
  api.ask(`GET /api/v1/callbacks/${id}/recording${path}`, { token })

describe('what the centre said', () => {
  test('is in the history, and heard by who may see the request; for others it is not there', async () => {
    const { body } = await api.ask(`GET /api/v1/callbacks/${id}`, { token: alice })
    expect(body.history).toMatchObject([{ number: 1 }, { number: 2, recording: { ms: 2_000, partial: true } }])
    expect(body.history[0]).not.toHaveProperty('recording')
    for (const path of ['', '?attempt=2']) {
      const heard = await hear(alice, path)
      expect([heard.status, heard.headers.get('content-type')]).toEqual([200, 'audio/wav'])
      expect(heard.headers.get('content-length')).toBe(String(wav.length))
    }
    const unknown = await api.ask('GET /api/v1/callbacks/none/recording', { token: alice })
    const [bob, sue] = [await api.logIn('bob'), await api.logIn('sue')]
    const others = await hear(bob)
    expect([others.status, others.body]).toEqual([404, unknown.body])
    expect((await hear(sue)).status).toBe(200)
    expect((await hear(undefined)).status).toBe(401)
    expect((await hear(alice, '?attempt=1')).status).toBe(404)
    expect(await hear(alice, '?attempt=x')).toMatchObject({
      status: 400,
      body: { code: 'bad-query', field: 'attempt' },
    })
  })

  test('is heard by who has the code of the link, until it is deleted', async () => {
    const link = (given: string) => api.ask('POST /api/v1/callback-recordings', { body: { code: given } })
    expect((await link(code)).status).toBe(200)
    expect((await link(`a1${code.slice(2)}`)).status).toBe(404)
    expect((await link(`a2.${'0'.repeat(40)}`)).status).toBe(404)
    expect((await link('../../etc/passwd')).status).toBe(400)
    await api.clock.advance(8 * 86_400_000)
    expect((await link(code)).status).toBe(404)
  })

  test('has a page for the link, which says nothing without it', async () => {
    const page = await api.ask('GET /callbacks/listen')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
    expect(page.headers.get('content-security-policy')).toContain('media-src blob:')
  })
})
