import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import { House } from './house.ts'

needs('baresip')('people are reached', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  /** bob calls alice at this address, and she hears him. */
  async function expectReached(bob: Baresip, target: string, alice: Baresip): Promise<void> {
    await bob.dial(target)
    await alice.event('CALL_INCOMING')
    await alice.accept()
    await bob.event('CALL_ESTABLISHED')
    await alice.hears(880)
    await bob.hangup()
    await alice.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({
      direction: 'internal',
      caller: { personId: 'demo-bob' },
      callee: { personId: 'demo-alice' },
    })
  }

  test('by extension, number and name, whatever name the server is called by', async () => {
    const { target } = house.baton.sip
    // Without an outbound proxy the phone's domain is where it sends to.
    const alice = await house.phone('alice', { domain: target, proxy: undefined, registrationInterval: 600 })
    const bob = await house.phone('bob', { tone: 880 })
    for (const address of [
      'sip:101@baton.local',
      `sip:101@${target}`,
      `sip:101@localhost:${house.baton.sip.udpPort}`,
      'sip:+12025550101@baton.local',
      'sip:2025550101@baton.local',
      'sip:alice@baton.local',
    ])
      await expectReached(bob, address, alice)
  })

  test('after the server was killed and started again', async () => {
    const alice = await house.phone('alice')
    await house.baton.kill()
    await house.baton.restart()
    const bob = await house.phone('bob', { tone: 880 })
    await expectReached(bob, 'sip:101@baton.local', alice)
  })

  test('all together by the group', async () => {
    const phones = await Promise.all(['alice', 'carol'].map((login) => house.phone(login as 'alice')))
    const dave = await house.phone('dave', { tone: 880 })
    await dave.dial('sip:200@baton.local')
    for (const phone of phones) await phone.event('CALL_INCOMING')
    await phones[1]!.accept()
    await phones[0]!.event('CALL_CLOSED')
    await phones[1]!.hears(880)
    await dave.hangup()
    expect(await house.lastRecord()).toMatchObject({ answeredBy: { personId: 'demo-carol' } })
  })

  test.each([
    ['nobody', 'sip:199@baton.local', '404'],
    ['a foreign domain', 'sip:bob@example.com', '404'],
    ['an international number', 'sip:+442079460000@baton.local', '403'],
    ['a premium number', 'sip:+19005551234@baton.local', '403'],
    ['a national number that the demo’s network does not have', 'sip:+12065550123@baton.local', '404'],
  ])('%s: refused', async (_, target, status) => {
    const alice = await house.phone('alice')
    await alice.dial(target)
    const { param } = await alice.event('CALL_CLOSED')
    expect(param).toContain(status)
  })
})
