import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { secondsOf } from '../support/tone.ts'
import { House, outsider, sipMessage } from './house.ts'

needs('baresip')('blind transfer', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function talking() {
    const alice = await house.phone('alice', { tone: 660, trace: true })
    const caller = await house.outsidePhone({ tone: 440, trace: true })
    await caller.dial(house.numberOf('alice'))
    await alice.event('CALL_INCOMING')
    await alice.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    return { alice, caller }
  }

  test('alice gives her caller to bob: bob rings, answers, talks with the caller, and alice is out', async () => {
    const { alice, caller } = await talking()
    const bob = await house.phone('bob', { tone: 880 })
    await alice.transfer('sip:102@baton.local')
    expect((await bob.event('CALL_INCOMING')).peeruri).toContain(outsider)
    expect(await sipMessage(alice, 'SIP/2.0 202')).toMatch(/CSeq: \d+ REFER/)
    await bob.accept()
    await bob.event('CALL_ESTABLISHED')
    await alice.event('CALL_CLOSED')
    await caller.hears(880, 1)
    await bob.hears(440, 1)
    expect(secondsOf(660, await bob.heard())).toBe(0)
    // Anchored media: the caller's session never changed.
    expect(caller.sip().filter((message) => message.startsWith('INVITE'))).toHaveLength(1)
    const progress = alice.sip().filter((message) => message.startsWith('NOTIFY'))
    expect(progress.map((message) => /SIP\/2\.0 (\d+)[^\r]*\r\n$/.exec(message.trimEnd().concat('\r\n'))?.[1])).toEqual(
      ['100', '180', '200'],
    )
    await bob.hangup()
    await caller.event('CALL_CLOSED')
    const record = await house.lastRecord()
    expect(record).toMatchObject({ caller: { number: outsider }, answeredBy: { personId: 'demo-bob' } })
    expect(record.branches.map(({ station, outcome }) => `${station} ${outcome}`)).toEqual([
      'alice/phone answered',
      'bob/phone answered',
    ])
  })

  test('alice hangs up at once after her REFER: the caller waits for bob', async () => {
    const { alice, caller } = await talking()
    const bob = await house.phone('bob', { tone: 880 })
    await alice.transfer('sip:102@baton.local')
    await bob.event('CALL_INCOMING')
    await alice.hangup()
    await alice.event('CALL_CLOSED')
    await bob.accept()
    await caller.hears(880)
    await bob.hears(440)
    await caller.hangup()
    await bob.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({ endedBy: 'caller', answeredBy: { personId: 'demo-bob' } })
  })

  test.each([
    ['an extension that does not exist', 'sip:199@baton.local', '404 Not Found'],
    ['an international number', 'sip:+442079460000@baton.local', '403 International calls are not allowed'],
  ])('to %s: the phone shows why', async (_, target, why) => {
    const { alice, caller } = await talking()
    await alice.transfer(target)
    expect((await alice.event('TRANSFER_FAILED')).param).toBe(why)
    await caller.event('CALL_CLOSED') // baresip hangs up when a transfer fails
  })
})
