import { describe, expect, it } from 'vitest'
import { CallActs, Tickets } from '#call'
import { seededRandom } from '#lib'
import type { ChargeRow } from '#storage'
import { Scenario } from './checked.ts'
import type { Phone, PhoneOptions } from './phone.ts'
import type { ScenarioOptions } from './scenario.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }

/** Two servers on one database: bob is registered at the first, carol at the second, and bob's phone rings. */
async function ringing(options: ScenarioOptions = {}, carols: Partial<PhoneOptions> = {}) {
  const first = await Scenario.start({ ...options, node: 'first' })
  const second = await Scenario.beside(first, 'second')
  const bob = await first.registered('bob', 'bob', '10.0.0.2')
  const carol = await second.registered('carol', 'carol', '10.0.0.3', carols)
  const caller = first.phone('caller', trunk)
  const placed = caller.call('+12025550102')
  await first.clock.until(() => bob.rung.length > 0)
  await first.pass(1000)
  return { first, second, bob, carol, caller, placed, from: first.mark() }
}

async function charges(scenario: Scenario): Promise<readonly ChargeRow[]> {
  await scenario.pass(50)
  return (await scenario.storage.charges.list({ limit: 100 })).charges
}

/** Somebody hangs up; nothing is left at either server. */
async function over(first: Scenario, second: Scenario, hangUp?: Phone): Promise<void> {
  hangUp?.dialog?.bye()
  await first.pass(70_000)
  for (const { house, media } of [first, second]) {
    expect(house.calls.list()).toEqual([])
    expect(house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
    expect((await media.counters()).legs).toBe(0)
  }
  expect(await first.storage.calls.contexts()).toEqual([])
}

/** A ticket as the servers make them, for a request of our own. */
async function ticket({ storage, clock }: Scenario, callId: string, seed = 7): Promise<string> {
  const tickets = await Tickets.open(storage.values, clock, seededRandom(seed))
  return tickets.issue({ callId, personId: 'demo-carol', station: 'carol/phone' })
}

describe('a call that rings at another node', () => {
  it.each(['*8', '*8102'])('is taken by %s: the node that has it does the work', async (code) => {
    const { first, second, carol, caller, placed, from } = await ringing()
    const picked = carol.call(code)
    expect(await first.during(picked.result)).toBe(200)
    expect(await first.during(placed.result)).toBe(200)
    await first.pass(1000)
    const ladder = first.ladder(from).filter((line) => /^\w+ -> \w+ (INVITE|200 INVITE|CANCEL)$/.test(line))
    expect(ladder).toEqual([
      'carol -> second INVITE',
      'carol -> second INVITE',
      'second -> first INVITE',
      'first -> bob CANCEL',
      ...['first -> second 200 INVITE', 'first -> caller 200 INVITE', 'second -> carol 200 INVITE'],
    ])
    expect(picked.response?.header('p-asserted-identity')).toContain(trunk.user)
    const records = await first.records()
    expect(records.find(({ node }) => node === 'first')).toMatchObject({
      ...{ state: 'live', answeredById: 'demo-carol', answeredStation: 'carol/phone', calleeId: 'demo-bob' },
    })
    await over(first, second, caller)
    expect(carol.byes).toHaveLength(1)
    expect(await charges(first)).toMatchObject([
      { state: 'closed', node: 'first', account: 'demo-carol', pickedUpBy: 'carol/phone', reason: 'answered' },
    ])
  })

  it('to a group is taken by the group, and by no other number', async () => {
    const { first, second, bob, carol, caller, placed } = await ringing()
    expect(await first.during(carol.call('*8200').result)).toBe(480)
    placed.outgoing?.cancel()
    const alice = await first.registered('alice', 'alice', '10.0.0.5')
    const called = alice.call('200')
    await first.clock.until(() => bob.rung.length > 1)
    await first.pass(1000)
    expect(await first.during(carol.call('*8200').result)).toBe(200)
    expect(await first.during(called.result)).toBe(200)
    await over(first, second, alice)
    expect(caller.dialogs).toEqual([])
    expect(await charges(first)).toMatchObject([{ state: 'closed', calledId: 'demo-front', callerId: 'demo-alice' }])
  })

  it('is taken over a network that loses packets, or it rings on; nothing is left', async () => {
    let taken = 0
    for (let seed = 1; seed <= 25; seed++) {
      const { first, second, bob, carol, caller, placed } = await ringing({ seed, loss: 0.15 })
      const picked = carol.call('*8')
      await first.during(picked.result)
      if (picked.response?.status === 200) {
        taken++
        expect(await first.during(placed.result)).toBe(200)
        caller.dialog?.bye()
      } else {
        placed.outgoing?.cancel()
        placed.dialog?.bye()
      }
      await first.pass(40_000)
      for (const phone of [bob, carol, caller]) for (const dialog of phone.dialogs) dialog.bye()
      await over(first, second)
      for (const { state } of await charges(first)) expect(['closed', 'void']).toContain(state)
    }
    expect(taken).toBeGreaterThan(15)
  })

  it('stays with bob for who may not take it, and for who asks too late', async () => {
    const { first, second, bob, carol, caller, placed } = await ringing()
    const dave = await second.registered('dave', 'dave', '10.0.0.4')
    for (const code of ['*8', '*8102']) expect(await first.during(dave.call(code).result)).toBe(403)
    bob.answer()
    expect(await first.during(placed.result)).toBe(200)
    const late = carol.call('*8')
    expect(await first.during(late.result)).toBe(480)
    expect(late.response?.reason).toBe('Nothing rings there')
    expect(first.ladder().filter((line) => line === 'second -> first INVITE')).toEqual([])
    await over(first, second, caller)
    expect(await charges(first)).toEqual([])
  })

  it('a refusal of the node that has the call comes through in its words', async () => {
    const { first, second, bob, carol, caller, placed } = await ringing()
    const [context] = await first.storage.calls.contexts()
    bob.answer()
    expect(await first.during(placed.result)).toBe(200)
    // As the second node reads it a moment before the answer is written.
    await first.storage.calls.ringing(context!)
    const late = carol.call('*8')
    expect(await first.during(late.result)).toBe(486)
    expect(late.response?.reason).toBe('Already taken by bob')
    await first.storage.calls.unanswered({ ...(await first.records())[0]!, id: context!.callId })
    await over(first, second, caller)
  })

  it('the picker gives up as the answer is on its way: everybody is let go', async () => {
    const { first, second, bob, carol, caller, placed } = await ringing()
    first.network.rule(({ label, from }) =>
      label === '200 INVITE' && from.startsWith('127.0.0.1') ? { delay: 300 } : undefined,
    )
    const picked = carol.call('*8')
    await first.clock.until(() => bob.cancels.length > 0)
    picked.outgoing?.cancel()
    expect(await first.during(picked.result)).toBe(487)
    expect(await first.during(placed.result)).toBe(200)
    await over(first, second)
    expect([caller.byes.length, carol.dialogs.length]).toEqual([1, 0])
    expect(await charges(first)).toMatchObject([{ state: 'closed' }])
  })

  it('the caller gives up meanwhile: the picker hears so', async () => {
    const { first, second, carol, placed } = await ringing()
    first.network.rule(({ label, from }) =>
      label === 'INVITE' && from.startsWith('127.0.0.2') ? { delay: 100 } : undefined,
    )
    const picked = carol.call('*8')
    await first.clock.until(() => first.ladder().includes('second -> first INVITE'))
    placed.outgoing?.cancel()
    expect(await first.during(picked.result)).toBe(480)
    expect(picked.response?.reason).toBe('Nothing rings there')
    await over(first, second)
  })

  it('a node that has gone is not waited for long', async () => {
    const { first, second, carol } = await ringing()
    await first.crash()
    expect(await first.during(carol.call('*8').result, 10_000)).toBe(480)
    await first.pass(20_000)
    const picked = carol.call('*8')
    expect(await first.during(picked.result, 1_000)).toBe(480)
    expect(picked.response?.reason).toBe('Nothing rings there')
    expect(second.house.calls.list()).toEqual([])
  })

  it('the node that passed it on crashes: both phones are let go, the charge is closed', async () => {
    const { first, second, carol, caller, placed } = await ringing()
    await first.during(carol.call('*8').result)
    expect(await first.during(placed.result)).toBe(200)
    await second.crash()
    await second.boot({ node: 'second' })
    await first.pass(2_000)
    expect([carol.byes.length, caller.byes.length]).toEqual([1, 1])
    expect(carol.byes[0]?.header('reason')).toContain('Server restarted')
    expect(first.house.calls.list()).toEqual([])
    expect(await charges(first)).toMatchObject([{ state: 'closed' }])
  })

  it('the node that has it crashes: both phones are let go, the charge is closed at the interruption', async () => {
    const { first, second, carol, caller, placed } = await ringing()
    await first.during(carol.call('*8').result)
    expect(await first.during(placed.result)).toBe(200)
    await first.crash()
    await first.boot({ node: 'first' })
    await first.pass(2_000)
    expect([carol.byes.length, caller.byes.length]).toEqual([1, 1])
    expect(second.house.calls.list()).toEqual([])
    expect(await charges(first)).toMatchObject([{ state: 'closed', reason: 'interrupted' }])
  })
})

describe('by API', () => {
  it("the person's own phone rings, and is joined when it answers", async () => {
    const { first, second, bob, carol, caller, placed } = await ringing()
    const acts = new CallActs(second.house.calls)
    const [call] = first.house.calls.list()
    const done = acts.pickup(call!.id, second.directory.personById('demo-carol')!)
    await first.clock.until(() => carol.rung.length > 0)
    expect(bob.cancels).toHaveLength(0)
    carol.answer()
    await first.during(done)
    expect(await first.during(placed.result)).toBe(200)
    await first.pass(100)
    expect(bob.cancels).toHaveLength(1)
    await over(first, second, caller)
    expect(carol.byes).toHaveLength(1)
    expect(await charges(first)).toMatchObject([{ state: 'closed', pickedUpBy: 'carol/phone' }])
  })

  it('a refusal of either side is the answer', async () => {
    const { first, second, bob, carol, caller, placed } = await ringing()
    const acts = new CallActs(second.house.calls)
    const [call] = first.house.calls.list()
    const person = (login: string) => second.directory.personById(`demo-${login}`)!
    await expect(acts.pickup(call!.id, person('dave'))).rejects.toThrow('Nothing rings there')
    const declined = acts.pickup(call!.id, person('carol'))
    declined.catch(() => {})
    await first.clock.until(() => carol.rung.length > 0)
    carol.rung[0]?.reject(603)
    await expect(first.during(declined)).rejects.toThrow('Decline')

    const late = acts.pickup(call!.id, person('carol'))
    late.catch(() => {})
    await first.clock.until(() => carol.rung.length > 1)
    bob.answer()
    expect(await first.during(placed.result)).toBe(200)
    carol.answer()
    await expect(first.during(late)).rejects.toMatchObject({ code: 'taken' })
    await over(first, second, caller)
    expect(carol.byes).toHaveLength(1)
    expect(await charges(first)).toEqual([])
  })
})

describe('a request with a ticket', () => {
  it('is its person’s once; what is forged, old or used is refused, and the call rings on', async () => {
    const { first, second, bob, caller, placed } = await ringing()
    const [call] = first.house.calls.list()
    const stranger = first.phone('stranger', { address: '10.0.0.66', user: 'mallory' })
    const ask = async (text: string) =>
      first.during(stranger.call('*8', { headers: [['X-Baton-Pickup', text]] }).result)
    const old = await ticket(first, call!.id)
    await first.pass(10_000)
    const good = await ticket(first, call!.id, 8)
    for (const text of ['x', old, `${good}x`, `x${good}`, '']) expect(await ask(text)).toBe(403)
    expect([bob.cancels.length, placed.done]).toEqual([0, false])
    expect(await ask(good)).toBe(200)
    expect(await first.during(placed.result)).toBe(200)
    expect(await ask(good)).toBe(403)
    await over(first, second, caller)
  })
})
