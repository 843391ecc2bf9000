import { describe, expect, it } from 'vitest'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }

/** The caller from the trunk talks to alice; bob and carol have phones. */
async function talking() {
  const scenario = await Scenario.start()
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
  const caller = scenario.phone('caller', trunk)
  await connect(scenario, caller, '+12025550101', alice)
  return { scenario, alice, bob, carol, caller, from: scenario.mark() }
}

async function connect(scenario: Scenario, from: Phone, to: string, callee: Phone): Promise<void> {
  const placed = from.call(to)
  const before = callee.rung.length
  await scenario.clock.until(() => callee.rung.length > before)
  callee.answer()
  expect(await scenario.during(placed.result)).toBe(200)
  await scenario.pass(100)
}

function refer(phone: Phone, to: string) {
  return phone.dialog?.request('REFER', { headers: [['Refer-To', to]] }) ?? Promise.reject(new Error('no dialog'))
}

describe('blind transfer', () => {
  it('moves the caller to bob without a re-INVITE', async () => {
    const { scenario, alice, bob, caller, from } = await talking()
    const response = await scenario.during(refer(alice, '<sip:102@baton.local>'))
    expect(response?.status).toBe(202)
    await scenario.clock.until(() => bob.rung.length > 0)
    await scenario.pass(100)
    bob.answer()
    await scenario.pass(200)
    expect(alice.notified).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 180 Ringing', 'SIP/2.0 200 OK'])
    expect(scenario.ladder(from).filter((line) => line.includes('caller'))).toEqual([])
    await scenario.pass(6000)
    expect(alice.byes).toHaveLength(1)
    expect(alice.byes[0]?.header('reason')).toContain('Call transferred')
    expect(caller.byes).toHaveLength(0)
    caller.dialog?.bye()
    await scenario.pass(200)
    expect(bob.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([
      { state: 'ended', answeredStation: 'bob/phone', endedBy: 'caller' },
    ])
    await scenario.pass(60_000)
    expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  })

  it('goes on when the transferor hangs up while the target rings', async () => {
    const { scenario, alice, bob, caller } = await talking()
    await scenario.during(refer(alice, '<sip:102@baton.local>'))
    await scenario.clock.until(() => bob.rung.length > 0)
    alice.dialog?.bye()
    await scenario.pass(2000)
    expect(caller.byes).toHaveLength(0)
    bob.answer()
    await scenario.pass(500)
    bob.dialog?.bye()
    await scenario.pass(200)
    expect(caller.byes).toHaveLength(1)
  })

  it('that fails leaves the call as it was and says why', async () => {
    const { scenario, alice, bob, caller } = await talking()
    await scenario.during(refer(alice, '<sip:102@baton.local>'))
    await scenario.clock.until(() => bob.rung.length > 0)
    bob.rung[0]?.reject(486)
    await scenario.pass(500)
    expect(alice.notified.at(-1)).toBe('SIP/2.0 486 Busy Here')
    await scenario.pass(10_000)
    expect([alice.byes.length, caller.byes.length]).toEqual([0, 0])
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'alice/phone' }])
  })

  it('to nobody, after the transferor has gone, rings the transferor again', async () => {
    const { scenario, alice, bob, caller } = await talking()
    await scenario.during(refer(alice, '<sip:102@baton.local>'))
    await scenario.clock.until(() => bob.rung.length > 0)
    alice.dialog?.bye()
    await scenario.pass(100)
    bob.rung[0]?.reject(486)
    await scenario.clock.until(() => alice.rung.length === 2)
    alice.answer()
    await scenario.pass(200)
    expect(caller.byes).toHaveLength(0)
    alice.dialog?.bye()
    await scenario.pass(200)
    expect(caller.byes).toHaveLength(1)
  })

  it.each([
    ['a premium number', '<sip:19005551234@baton.local>', 403],
    ['a foreign domain', '<sip:102@evil.example>', 404],
    ['an emergency number', '<sip:911@baton.local>', 403],
    ['nonsense', 'nonsense<', 400],
  ])('to %s is refused', async (_what, to, status) => {
    const { scenario, alice, caller } = await talking()
    expect((await scenario.during(refer(alice, to)))?.status).toBe(status)
    await scenario.pass(1000)
    expect(caller.byes).toHaveLength(0)
  })

  it('to an extension that does not exist fails: the NOTIFY says why and the call goes on', async () => {
    const { scenario, alice, caller } = await talking()
    expect((await scenario.during(refer(alice, '<sip:999@baton.local>')))?.status).toBe(202)
    await scenario.pass(1000)
    expect(alice.notified).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 404 Not Found'])
    expect([alice.byes.length, caller.byes.length]).toEqual([0, 0])
  })

  it('by the caller from the trunk reaches our numbers only', async () => {
    const { scenario, caller } = await talking()
    expect((await scenario.during(refer(caller, '<sip:+12125551234@127.0.0.1>')))?.status).toBe(404)
  })
})

describe('attended transfer', () => {
  it('joins the two legs that the transferor leaves', async () => {
    const { scenario, alice, carol, caller } = await talking()
    const first = alice.dialog
    await connect(scenario, alice, '103', carol)
    const second = alice.dialog
    if (!first || !second) throw new Error('alice has no two calls')
    const replaces = `${second.callId};to-tag=${second.remoteTag};from-tag=${second.localTag}`
    const to = `<sip:103@baton.local?Replaces=${encodeURIComponent(replaces)}>`
    const response = await scenario.during(first.request('REFER', { headers: [['Refer-To', to]] }))
    expect(response?.status).toBe(202)
    await scenario.pass(6000)
    expect(alice.byes).toHaveLength(2)
    expect([caller.byes.length, carol.byes.length]).toEqual([0, 0])
    carol.dialog?.bye()
    await scenario.pass(500)
    expect(caller.byes).toHaveLength(1)
    const records = await scenario.records()
    expect(records).toMatchObject([
      { callerId: 'demo-alice', cause: 'transferred', state: 'ended' },
      { callerNumber: '+15551234567', answeredStation: 'carol/phone', endedBy: 'callee', state: 'ended' },
    ])
    await scenario.pass(60_000)
    expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  })

  it("of somebody else's call is refused", async () => {
    const { scenario, alice, bob, carol } = await talking()
    await connect(scenario, bob, '103', carol)
    const other = bob.dialog
    const replaces = `${other?.callId};to-tag=${other?.remoteTag};from-tag=${other?.localTag}`
    const response = await scenario.during(
      refer(alice, `<sip:103@baton.local?Replaces=${encodeURIComponent(replaces)}>`),
    )
    expect(response?.status).toBe(403)
    expect(bob.byes).toHaveLength(0)
  })

  it('naming a dialog that does not exist is refused', async () => {
    const { scenario, alice } = await talking()
    const to = `<sip:103@baton.local?Replaces=${encodeURIComponent('x;to-tag=a;from-tag=b')}>`
    expect((await scenario.during(refer(alice, to)))?.status).toBe(481)
  })
})

describe('INVITE with Replaces', () => {
  it('moves a call to another phone of the same person', async () => {
    const { scenario, alice, caller } = await talking()
    const cell = await scenario.registered('cell', 'alice', '10.0.0.7')
    const { dialog } = alice
    const replaces = `${dialog?.callId};to-tag=${dialog?.remoteTag};from-tag=${dialog?.localTag}`
    const placed = cell.call('101', { headers: [['Replaces', replaces]] })
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(500)
    expect([alice.byes.length, caller.byes.length]).toEqual([1, 0])
    caller.dialog?.bye()
    await scenario.pass(200)
    expect(cell.byes).toHaveLength(1)
  })

  it.each([
    ["of a colleague's call", 'bob', '', 403],
    ['for a confirmed call, early only', 'alice', ';early-only', 486],
    ['of an unknown dialog', 'alice', 'x', 481],
  ])('%s is refused', async (_what, login, suffix, status) => {
    const { scenario, alice, caller } = await talking()
    const thief = await scenario.registered('thief', login, '10.0.0.8')
    const { dialog } = alice
    const replaces = `${dialog?.callId}${suffix === 'x' ? 'x' : ''};to-tag=${dialog?.remoteTag};from-tag=${dialog?.localTag}${suffix === 'x' ? '' : suffix}`
    expect(await scenario.during(thief.call('101', { headers: [['Replaces', replaces]] }).result)).toBe(status)
    expect([alice.byes.length, caller.byes.length]).toEqual([0, 0])
  })
})
