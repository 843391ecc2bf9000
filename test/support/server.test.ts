import { afterEach, expect, test } from 'vitest'
import { needs } from './needs.ts'
import { type Baton, startBaton, startServer } from './server.ts'
import { SipClient } from './sip-client.ts'
import { runSipp } from './sipp.ts'

let baton: Baton | undefined
afterEach(async () => {
  await baton?.kill()
  baton = undefined
})

test('the real server starts, comes back after a crash on the same ports and data, and stops when asked', async () => {
  baton = await startBaton()
  const { pid, http, dataFolder } = baton
  expect((await baton.fetch('/healthz')).status).toBe(200)
  await baton.kill()
  await expect(baton.fetch('/healthz')).rejects.toThrow('fetch failed')
  await baton.restart()
  expect(baton.pid).not.toBe(pid)
  expect([baton.http, baton.dataFolder]).toEqual([http, dataFolder])
  expect((await baton.fetch('/readyz')).status).toBe(200)
  expect(baton.output().match(/Baton is ready/g)).toHaveLength(2)
  expect(await baton.stop()).toBe(0)
})

test('a start that is refused ends with code 1 and a sentence', async () => {
  const refused = await startServer([], { BATON_HTTP: 'nonsense' })
  expect(await refused.ended).toEqual({ code: 1, signal: null })
  expect(refused.output()).toContain('BATON_HTTP')
})

test.each(['udp', 'tcp', 'ws'] as const)('the scripted client registers over %s', async (transport) => {
  baton = await startBaton()
  const server = transport === 'ws' ? `${baton.http.replace('http', 'ws')}/sip` : baton.sip.target
  const client = await SipClient.open({ transport, server, user: 'bob' })
  const wrong = await client.register('wrong')
  const right = await client.register('bob-demo')
  client.close()
  expect([wrong.status, right.status]).toEqual([401, 200])
})

needs('sipp')('SIPp', () => {
  test('registers a phone with digest', async () => {
    baton = await startBaton()
    const keys = { domain: 'baton.local', expires: 60 }
    const phone = { scenario: 'uac-register', target: baton.sip.target, user: 'alice', keys }
    expect(await runSipp({ ...phone, password: 'alice-demo' })).toMatchObject({ code: 0, successful: 1 })
    expect(await runSipp({ ...phone, password: 'wrong' })).toMatchObject({ code: 1, failed: 1 })
  })
})
