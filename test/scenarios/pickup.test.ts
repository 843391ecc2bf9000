import { describe, expect, it } from 'vitest'
import type { ChargeRow } from '#storage'
import { Scenario } from './checked.ts'
import type { Phone, PhoneOptions } from './phone.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }
const completedElsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

/** Bob's phone, carol's phone, and a caller from the telephone network. */
async function house(carols: Partial<PhoneOptions> = {}, options: Parameters<typeof Scenario.start>[0] = {}) {
  const scenario = await Scenario.start(options)
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3', carols)
  const caller = scenario.phone('caller', trunk)
  return { scenario, bob, carol, caller }
}

/** The same, with bob's phone ringing. */
async function ringing(carols: Partial<PhoneOptions> = {}, options: Parameters<typeof Scenario.start>[0] = {}) {
  const parts = await house(carols, options)
  const placed = parts.caller.call('+12025550102')
  await parts.scenario.pass(1000)
  expect(parts.bob.rung).toHaveLength(1)
  return { ...parts, placed, from: parts.scenario.mark() }
}

async function charges(scenario: Scenario): Promise<readonly ChargeRow[]> {
  await scenario.pass(50)
  return (await scenario.storage.charges.list({ limit: 100 })).charges
}

/** Replaces for the dialog between the server and the newest INVITE of a ringing phone, as its own dialog package would tell it. */
export function replacing(phone: Phone, more = '', order: 'to-tag first' | 'turned' = 'to-tag first'): [string, string] {
  const invitation = phone.rung.at(-1)
  const [theirs, ours] = [invitation?.localTag, invitation?.request.fromTag]
  const [to, from] = order === 'turned' ? [theirs, ours] : [ours, theirs]
  return ['Replaces', `${invitation?.request.callId};to-tag=${to};from-tag=${from}${more}`]
}

/** Everybody hangs up; nothing is left. */
async function over(scenario: Scenario, hangUp?: Phone): Promise<void> {
  hangUp?.dialog?.bye()
  await scenario.pass(70_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  expect((await scenario.media.counters()).legs).toBe(0)
  expect(await scenario.storage.calls.contexts()).toEqual([])
}

describe('pickup by code', () => {
  it("a group's member takes a colleague's call", async () => {
    const { scenario, bob, carol, caller, placed, from } = await ringing()
    const picked = carol.call('*8')
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(1000)
    const challenge = ['carol -> server INVITE', 'server -> carol 407 INVITE', 'carol -> server ACK']
    expect(scenario.ladder(from).filter((line) => !line.includes('100 INVITE'))).toEqual([
      ...challenge,
      'carol -> server INVITE',
      'server -> bob CANCEL',
      'server -> carol 200 INVITE',
      'server -> caller 200 INVITE',
      'bob -> server 200 CANCEL',
      'bob -> server 487 INVITE',
      'carol -> server ACK',
      'caller -> server ACK',
      'server -> bob ACK',
    ])
    expect(bob.cancels[0]?.header('reason')).toBe(completedElsewhere)
    const [record] = await scenario.records()
    expect(record).toMatchObject({
      state: 'live',
      calleeName: 'Bob',
      answeredById: 'demo-carol',
      answeredStation: 'carol/phone',
    })
    expect(JSON.parse(record?.branches ?? '')).toMatchObject([
      { station: 'bob/phone', outcome: 'picked-up', by: 'carol/phone', ringMs: 1002 },
      { station: 'carol/phone', outcome: 'answered' },
    ])
    expect(await charges(scenario)).toMatchObject([
      {
        account: 'demo-carol',
        state: 'open',
        calledName: 'Bob',
        callerNumber: '+15551234567',
        pickedUpBy: 'carol/phone',
      },
    ])
    await over(scenario, caller)
    expect(carol.byes).toHaveLength(1)
    const [charge] = await charges(scenario)
    expect(charge).toMatchObject({ state: 'closed', reason: 'answered' })
    expect(charge?.answeredAt).toBeGreaterThan(0)
    expect(JSON.parse(charge?.rangMs ?? '')).toMatchObject([{ station: 'bob/phone', personId: 'demo-bob' }])
    expect(scenario.house.pickup.joined).toEqual({ replaced: 0, answered: 1, rung: 0 })
  })

  it('directed, by extension', async () => {
    const { scenario, bob, carol, caller, placed } = await ringing()
    const picked = carol.call('*8102')
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    expect(bob.cancels).toHaveLength(1)
    await over(scenario, caller)
  })
})
