import { describe, expect, it } from 'vitest'
import { defaultRetryPolicy } from '#services'
import type { Invitation } from '#sip'
import { CallbackHouse, nothing } from './callback-house.ts'
import type { Phone } from './phone.ts'

const minute = 60_000

/** Two phones that answer soon, and a request for a call between them. */
async function house() {
  // Scenarios begin at midnight.
  const window = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '23:59' }
  const callbacks = await CallbackHouse.start({ retry: { ...defaultRetryPolicy, window } })
  const { scenario } = callbacks
  const answers = (invitation: Invitation, phone: Phone): void => {
    invitation.progress(180)
    scenario.clock.setTimeout(() => {
      if (!invitation.completed) phone.answer(invitation)
    }, 200)
  }
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1', { onInvite: answers })
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2', { onInvite: answers })
  // Writes of the registrations are none of ours.
  callbacks.scenario.mortality.written.length = 0
  return { callbacks, scenario, alice, bob, row: callbacks.row('102', '101') }
}

/** What is written for one request from its acceptance to its connection. */
async function writes(): Promise<readonly string[]> {
  const { callbacks, scenario, row } = await house()
  void scenario.house.callbacks.accept(row)
  await scenario.pass(10_000)
  expect(await callbacks.request()).toMatchObject({ state: 'connected' })
  return [...callbacks.scenario.mortality.written]
}

/** Which calls rang a phone, by id. */
function rang(phone: Phone): readonly string[] {
  return phone.rung.map(({ request }) => request.header('x-baton-call') ?? '')
}

const names = await writes()

describe('the server is killed', () => {
  it.each(
    names.flatMap((name, index) => (['before', 'after'] as const).map((when) => ({ write: index + 1, when, name }))),
  )(
    '$when write $write, $name: the request is kept, nobody is rung twice for one attempt, nobody hangs in a dead call',
    async ({ write, when }) => {
      const { callbacks, scenario, alice, bob, row } = await house()
      let dead = false
      callbacks.scenario.mortality.dieAt = { write, when }
      callbacks.scenario.mortality.died = () => {
        dead = true
        void scenario.crash()
      }
      let accepted = false
      void scenario.house.callbacks.accept(row).then(() => {
        accepted = true
      })
      await scenario.clock.until(() => dead, minute)
      await callbacks.crash(2_000)
      const kept = await scenario.storage.callbacks.get(row.id)
      if (!kept) {
        expect({ accepted, write, when }).toEqual({ accepted: false, write: 1, when: 'before' })
        return
      }
      const dialogs = [alice, bob].flatMap((phone) => phone.dialogs)
      await scenario.pass(3_000)
      expect(dialogs.filter(({ ended }) => !ended)).toEqual([])
      await scenario.pass(10 * minute)
      expect(await callbacks.request()).toMatchObject({ state: 'connected' })
      const attempts = await scenario.storage.callbacks.attemptsOf(row.id)
      expect(attempts.length).toBeLessThanOrEqual(2)
      expect(attempts.filter(({ outcome }) => outcome === '')).toEqual([])
      const ids = attempts.map(({ callId }) => callId)
      for (const phone of [alice, bob]) {
        expect(new Set(rang(phone)).size).toBe(phone.rung.length)
        expect(rang(phone).filter((id) => !ids.includes(id))).toEqual([])
      }
      // Of the last attempt both talk, unless it was cut after it was connected; of all others nobody does.
      const talks = scenario.house.calls.list().length
      for (const phone of [alice, bob]) expect(phone.dialogs.filter(({ ended }) => !ended)).toHaveLength(talks)
      for (const { id } of scenario.house.calls.list()) scenario.house.calls.call(id)?.end('answered', 'server')
      expect(await callbacks.left()).toEqual(nothing)
      expect(await callbacks.sent()).toEqual(attempts.length === 2 ? ['again', 'connected'] : ['connected'])
    },
  )

  it('while the called rings: they are told to stop, and who answers all the same is let go', async () => {
    const callbacks = await CallbackHouse.start()
    const { scenario } = callbacks
    const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
    const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
    await callbacks.ask('102', '104')
    await callbacks.ask('103', '104')
    await scenario.pass(500)
    await callbacks.crash()
    carol.answer()
    await scenario.pass(2_000)
    expect(bob.cancels).toHaveLength(1)
    expect(bob.cancels[0]?.header('reason')).toContain('Server restarted')
    expect(carol.byes).toHaveLength(1)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'interrupted', attempts: 1 })
    const records = await scenario.records()
    expect(records.map(({ state }) => state)).toEqual(['interrupted', 'interrupted'])
  })

  it('while a provider rings who had the INVITE sent once more, with credentials: it is told to stop', async () => {
    const callbacks = await CallbackHouse.start()
    const { scenario } = callbacks
    const gateways = { sources: [], gateways: ['sip:10.0.9.1:5060'], healthMs: 0 }
    const settings = { ...gateways, credentials: { username: 'us', password: 'secret' } }
    await scenario.during(scenario.directory.putTrunk({ id: 'out', name: 'out', settings }))
    const challenge = [['Proxy-Authenticate', 'Digest realm="provider", nonce="1"']] as const
    const provider = scenario.phone('provider', {
      ...{ address: '10.0.9.1', user: 'provider' },
      onInvite: (invitation) => {
        if (invitation.request.header('proxy-authorization')) invitation.progress(180)
        else invitation.reject(407, undefined, challenge)
      },
    })
    await callbacks.ask('+12125551234', '101', { personId: 'demo-alice' })
    await scenario.pass(500)
    expect(provider.rung).toHaveLength(2)
    await callbacks.crash()
    await scenario.pass(1_000)
    expect(provider.cancels).toHaveLength(1)
  })
})
