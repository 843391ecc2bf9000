import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { postgresMissing, startPostgres, type TestPostgres } from '../support/postgres.ts'
import { startServer } from '../support/server.ts'
import { eventually } from './eventually.ts'
import { House, outsider, sipMessage } from './house.ts'

type Charge = { state: string; account: { name: string }; pickedUpBy: string; reason: string; callId: string }

describe.skipIf(postgresMissing())('a second process on the same database', () => {
  needs('baresip')('takes calls that ring on the first', () => {
    let postgres: TestPostgres
    /** Where the calls ring. */
    let first: House
    /** Where the picker is registered. */
    let second: House
    beforeAll(async () => {
      postgres = await startPostgres()
      const node = (name: string) => House.open({ environment: { BATON_DATABASE_URL: postgres.url, BATON_NODE: name } })
      first = await node('first')
      second = await node('second')
    })
    afterEach(async () => {
      await Promise.all([first.clear(), second.clear()])
    })
    afterAll(async () => {
      await first?.close()
      await second?.close()
      await postgres?.stop()
    })

    /** Somebody from outside calls bob, whose phone is registered at the first node. */
    async function ringBob(): Promise<{ caller: Baresip; bob: Baresip }> {
      const bob = await first.phone('bob', { tone: 880, trace: true })
      const caller = await first.outsidePhone({ tone: 440 })
      await caller.dial(first.numberOf('bob'))
      await bob.event('CALL_INCOMING')
      await caller.event('CALL_RINGING')
      return { caller, bob }
    }

    const dial = (phone: Baresip, what: string) => phone.dial(`sip:${what}@${second.baton.sip.target}`)

    /** Asks the second node as carol. */
    async function asCarol<T>(path: string, init: RequestInit = {}): Promise<T> {
      const json = { 'content-type': 'application/json' }
      const login = JSON.stringify({ login: 'carol', password: 'carol-demo' })
      const session = await second.baton.fetch('/api/v1/session', { method: 'POST', headers: json, body: login })
      const { token } = (await session.json()) as { token: string }
      const headers = { ...json, authorization: `Bearer ${token}` }
      return (await (await second.baton.fetch(path, { ...init, headers })).json()) as T
    }

    const charges = async () => (await asCarol<{ charges: Charge[] }>('/api/v1/charges')).charges

    test.each(['*8', '*8102'])(
      'by %s: both hear each other, bob stops ringing, and hanging up ends all',
      async (code) => {
        const { caller, bob } = await ringBob()
        const carol = await second.phone('carol', { tone: 660, trace: true })
        await dial(carol, code)
        await carol.event('CALL_ESTABLISHED')
        await caller.event('CALL_ESTABLISHED')
        await bob.event('CALL_CLOSED')
        expect(await sipMessage(bob, 'CANCEL')).toMatch(
          /\r\nReason: SIP;cause=200;text="Call completed elsewhere"\r\n/i,
        )
        // Her phone is told who is at the other end.
        expect(await sipMessage(carol, 'SIP/2.0 200 OK', 1)).toMatch(new RegExp(`P-Asserted-Identity: .*\\${outsider}`))
        await carol.hears(440, 1)
        await caller.hears(660, 1)

        const [live] = await first.calls()
        expect(live?.state).toBe('answered')
        await caller.hangup()
        await carol.event('CALL_CLOSED')
        const record = await eventually(async () => {
          const found = (await first.records()).find(({ id }) => id === live?.id)
          expect(found?.state).toBe('ended')
          return found
        })
        expect(record).toMatchObject({
          ...{ caller: { number: outsider }, callee: { name: 'Bob' }, cause: 'answered', endedBy: 'caller' },
          answeredBy: { personId: 'demo-carol', station: 'carol/phone' },
        })
        expect(record?.branches).toContainEqual(expect.objectContaining({ outcome: 'picked-up', by: 'carol/phone' }))
        expect((await charges())[0]).toMatchObject({
          ...{ callId: live?.id, state: 'closed', account: { name: 'Carol' }, pickedUpBy: 'carol/phone' },
        })
      },
    )

    test('by API: the picker’s own phone rings, and has the call when it is answered', async () => {
      const { caller, bob } = await ringBob()
      const carol = await second.phone('carol', { tone: 660 })
      const [live] = await first.calls()
      const asked = asCarol<{ id?: string }>(`/api/v1/calls/${live?.id}/pickup`, { method: 'POST' })
      await carol.event('CALL_INCOMING')
      await carol.accept()
      await caller.event('CALL_ESTABLISHED')
      await bob.event('CALL_CLOSED')
      expect(await asked).toEqual({ id: live?.id })
      await carol.hears(440, 1)
      await caller.hears(660, 1)
      await carol.hangup()
      await caller.event('CALL_CLOSED')
      await eventually(async () => expect((await charges())[0]).toMatchObject({ callId: live?.id, state: 'closed' }))
      const again = await asCarol<{ code?: string }>(`/api/v1/calls/${live?.id}/pickup`, { method: 'POST' })
      expect(again.code).toBe('not-found')
    })

    test('a third under the name of the first is refused, and ends none of its calls', async () => {
      const { caller } = await ringBob()
      const third = await startServer([], {
        BATON_DATA: temporaryFolder('third'),
        BATON_SIP: `127.0.0.1:${await freePort()}`,
        BATON_HTTP: `127.0.0.1:${await freePort()}`,
        BATON_DATABASE_URL: postgres.url,
        BATON_NODE: 'first',
      })
      expect(await third.ended).toEqual({ code: 1, signal: null })
      expect(third.output()).toContain(`another process at udp ${first.baton.sip.target} calls itself first`)
      expect(await first.calls()).toMatchObject([{ state: 'ringing' }])
      await caller.hangup()
    })
  })
})
