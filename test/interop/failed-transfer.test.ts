import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import { House } from './house.ts'
import { RtpPeer } from './rtp-peer.ts'
import { ScriptedCall } from './scripted-call.ts'

// baresip hangs up by itself when its transfer fails, so alice's phone is scripted here.
needs('baresip')('a blind transfer that fails leaves the call as it was', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function talking(): Promise<{ alice: ScriptedCall; media: RtpPeer; caller: Baresip }> {
    const client = await house.client('alice')
    expect((await client.register('alice-demo')).status).toBe(200)
    house.onClear(() => client.register('alice-demo', 0))
    const media = await RtpPeer.open(660)
    house.onClear(() => media.close())
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    const invite = await client.expect({ method: 'INVITE' })
    const alice = await ScriptedCall.answer(client, invite, media.port)
    media.play(invite.body)
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    return { alice, media, caller }
  }

  async function expectUntouched({ alice, media, caller }: Awaited<ReturnType<typeof talking>>): Promise<void> {
    await caller.hears(660)
    await media.hears(440)
    expect((await alice.ask('BYE')).status).toBe(200)
    await caller.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({ endedBy: 'callee', answeredBy: { personId: 'demo-alice' } })
  }

  test('to an extension that does not exist', async () => {
    const call = await talking()
    const { alice } = call
    expect((await alice.ask('REFER', { headers: { 'Refer-To': '<sip:199@baton.local>' } })).status).toBe(202)
    expect((await alice.accept('NOTIFY')).body).toBe('SIP/2.0 100 Trying\r\n')
    const last = await alice.accept('NOTIFY')
    expect(last.body).toBe('SIP/2.0 404 Not Found\r\n')
    expect(last.header('Subscription-State')).toMatch(/^terminated/)
    expect(last.header('Event')).toMatch(/^refer/)
    await expectUntouched(call)
  })

  test('to somebody who declines', async () => {
    const call = await talking()
    const bob = await house.phone('bob')
    expect((await call.alice.ask('REFER', { headers: { 'Refer-To': '<sip:102@baton.local>' } })).status).toBe(202)
    await bob.event('CALL_INCOMING')
    await bob.hangup()
    const told = [1, 2, 3].map(() => call.alice.accept('NOTIFY'))
    expect((await Promise.all(told)).map(({ body }) => body.trim())).toEqual([
      'SIP/2.0 100 Trying',
      'SIP/2.0 180 Ringing',
      'SIP/2.0 486 Busy Here',
    ])
    await expectUntouched(call)
  })

  test.each([
    ['an international number', '<sip:+442079460000@baton.local>', 403],
    ['a foreign domain', '<sip:102@example.com>', 404],
  ])('to %s', async (_, target, status) => {
    const call = await talking()
    expect((await call.alice.ask('REFER', { headers: { 'Refer-To': target } })).status).toBe(status)
    await expectUntouched(call)
  })
})
