import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import { eventually } from './eventually.ts'
import { fallsSilent, House, outsider, sipMessage } from './house.ts'

needs('baresip')('in a call with the telephone network', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function ringing(): Promise<{ caller: Baresip; alice: Baresip }> {
    const alice = await house.phone('alice', { tone: 660, trace: true })
    const caller = await house.outsidePhone({ tone: 440, trace: true })
    await caller.dial(house.numberOf('alice'))
    await alice.event('CALL_INCOMING')
    await caller.event('CALL_RINGING')
    return { caller, alice }
  }

  async function talking(): Promise<{ caller: Baresip; alice: Baresip }> {
    const { caller, alice } = await ringing()
    await alice.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    await alice.hears(440)
    return { caller, alice }
  }

  test.each(['caller', 'alice'] as const)('%s holds and resumes', async (who) => {
    const call = await talking()
    const [holder, held] = who === 'caller' ? [call.caller, call.alice] : [call.alice, call.caller]
    const tone = who === 'caller' ? 660 : 440
    await holder.hold()
    await fallsSilent(holder)
    await fallsSilent(held)
    expect((await house.calls())[0]).toMatchObject({ state: 'answered', held: true })
    // The other side's session is its own: it notices nothing but the media.
    expect(held.sip().filter((message) => message.startsWith('INVITE'))).toHaveLength(1)
    await holder.resume()
    await holder.hears(tone)
    await held.hears(who === 'caller' ? 440 : 660)
    await eventually(async () => expect((await house.calls())[0]).toMatchObject({ held: false }))
    await call.caller.hangup()
    await call.alice.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({ cause: 'answered' })
  })

  test('both hold at once and resume one after the other', async () => {
    const { caller, alice } = await talking()
    await alice.hold()
    await caller.hold()
    await fallsSilent(alice)
    await fallsSilent(caller)
    await alice.resume()
    await caller.resume()
    await alice.hears(440)
    await caller.hears(660)
  })

  test('keys of either side reach the other (RFC 4733)', async () => {
    const { caller, alice } = await talking()
    await caller.dtmf('12#')
    for (const key of '12#') expect((await alice.event('CALL_DTMF_START')).param).toBe(key)
    await alice.dtmf('*90')
    for (const key of '*90') expect((await caller.event('CALL_DTMF_START')).param).toBe(key)
  })

  test.each(['caller', 'callee'] as const)('the %s hangs up', async (who) => {
    const { caller, alice } = await talking()
    const [leaves, stays] = who === 'caller' ? [caller, alice] : [alice, caller]
    await leaves.hangup()
    await stays.event('CALL_CLOSED')
    await sipMessage(stays, 'BYE')
    expect(await house.lastRecord()).toMatchObject({ endedBy: who, cause: 'answered' })
  })

  test('the caller gives up while it rings', async () => {
    const { caller, alice } = await ringing()
    await caller.hangup()
    await alice.event('CALL_CLOSED')
    expect(await sipMessage(alice, 'CANCEL')).not.toContain('completed elsewhere')
    await sipMessage(caller, 'SIP/2.0 487')
    const record = await house.lastRecord()
    expect(record).toMatchObject({
      answeredAt: null,
      cause: 'cancelled',
      status: 487,
      endedBy: 'caller',
      caller: { number: outsider },
    })
    expect(record.branches.map(({ outcome }) => outcome)).toEqual(['cancelled'])
  })

  test('the only phone declines: busy', async () => {
    const { caller, alice } = await ringing()
    await alice.hangup()
    expect((await caller.event('CALL_CLOSED')).param).toContain('486')
    expect(await house.lastRecord()).toMatchObject({ cause: 'busy', status: 486, endedBy: 'callee', answeredAt: null })
  })

  test('nobody is registered: temporarily unavailable', async () => {
    const caller = await house.outsidePhone()
    await caller.dial(house.numberOf('dave'))
    expect((await caller.event('CALL_CLOSED')).param).toContain('480')
    expect(await house.lastRecord()).toMatchObject({
      cause: 'unreachable',
      status: 480,
      branches: [],
      callee: { personId: 'demo-dave' },
    })
  })

  test('colleagues call each other by extension', async () => {
    const bob = await house.phone('bob', { tone: 880 })
    const alice = await house.phone('alice', { tone: 660 })
    await bob.dial('sip:101@baton.local')
    expect((await alice.event('CALL_INCOMING')).peeruri).toContain('sip:102@')
    await alice.accept()
    await bob.event('CALL_ESTABLISHED')
    await bob.hears(660)
    await alice.hears(880)
    await alice.hangup()
    await bob.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({
      direction: 'internal',
      caller: { number: '102', name: 'Bob', personId: 'demo-bob' },
      callee: { name: 'Alice', personId: 'demo-alice' },
      endedBy: 'callee',
    })
  })
})
