import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { runSipp, startSipp } from '../support/sipp.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

// The light for messages on phones that subscribe to it, and on those that never do.

const allWell = { code: 0, successful: 1, failed: 0, errors: '' }

needs('baresip', 'sipp')('the light for messages', () => {
  let house: House
  /** How people ask the API. */
  const asking = new Map<string, { readonly headers: Record<string, string> }>()
  beforeAll(async () => {
    house = await House.open()
    for (const login of ['bob', 'carol']) {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ login, password: `${login}-demo` })
      const session = await house.baton.fetch('/api/v1/session', { method: 'POST', headers, body })
      const { token } = (await session.json()) as { token: string }
      const asks = { headers: { ...headers, authorization: `Bearer ${token}` } }
      asking.set(login, asks)
      const voicemail = JSON.stringify({ voicemail: { on: true, mail: false } })
      const patch = { method: 'PATCH', ...asks, body: voicemail }
      expect((await house.baton.fetch('/api/v1/settings', patch)).status).toBe(200)
    }
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  /** Alice says something for two seconds and more, without ringing anybody. */
  async function leaveMessage(extension: string): Promise<void> {
    const alice = await house.phone('alice', { tone: 600 })
    await alice.dial(`sip:*97${extension}@baton.local`)
    await alice.event('CALL_ESTABLISHED')
    await alice.hears(1_000, 0.2)
    const since = performance.now()
    await eventually(() => expect(performance.now() - since).toBeGreaterThan(3_000))
    await alice.hangup()
  }

  const notifies = (phone: Baresip): string[] => phone.sip().filter((message) => message.startsWith('NOTIFY '))

  test('a phone that never subscribes is told once the message is there', async () => {
    const { target } = house.baton.sip
    const port = await freePort()
    const carol = { scenario: 'uac-register', target, user: 'carol', password: 'carol-demo', port }
    const keys = { domain: 'baton.local' }
    expect(await runSipp({ ...carol, keys: { ...keys, expires: 300 } })).toMatchObject(allWell)
    const phone = await startSipp({ scenario: 'uas-message-light', port })
    house.onClear(async () => {
      await phone.stop()
      await runSipp({ ...carol, keys: { ...keys, expires: 0 } })
    })
    await leaveMessage('103')
    expect(await phone.result).toMatchObject(allWell)
  })

  test('baresip that subscribes has it by its subscription alone', async () => {
    const bob = await house.phone('bob', { messageLight: true, trace: true })
    await eventually(() => expect(notifies(bob)).toHaveLength(1))
    await leaveMessage('102')
    await eventually(() => expect(notifies(bob).at(-1)).toContain('Messages-Waiting: yes'))
    // In its dialog: the tag of the subscriber is there.
    for (const notify of notifies(bob)) expect(notify).toMatch(/^To: .*;tag=/m)
  })

  test('baresip that does not refuses it, and is asked once', async () => {
    const fresh = async (): Promise<number> => {
      const answer = await house.baton.fetch('/api/v1/voicemail', asking.get('bob'))
      return ((await answer.json()) as { fresh: number }).fresh
    }
    const before = await fresh()
    const bob = await house.phone('bob', { trace: true })
    await leaveMessage('102')
    await eventually(() => expect(bob.sip().join('\n')).toMatch(/^SIP\/2\.0 (?:405|481|489) /m))
    await leaveMessage('102')
    await eventually(async () => expect(await fresh()).toBe(before + 2))
    expect(notifies(bob)).toHaveLength(1)
  })
})
