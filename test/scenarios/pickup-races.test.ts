import { describe, expect, it } from 'vitest'
import type { PhoneOptions } from './phone.ts'
import { charges, completedElsewhere, over, ringing } from './pickup-house.ts'

describe('the picker vanishes before the call is joined', () => {
  const hesitant: Partial<PhoneOptions> = {
    supports: ['replaces'],
    onInvite: (invitation) => {
      if (invitation.request.header('replaces') === undefined) invitation.progress(180)
    },
  }

  it("bob's phone rings again for the time that is left, and he answers", async () => {
    const { scenario, bob, carol, caller, placed } = await ringing(hesitant)
    const picked = carol.call('*8')
    await scenario.pass(1000)
    expect(bob.cancels).toHaveLength(1)
    picked.outgoing?.cancel()
    await scenario.pass(3000)
    expect([bob.rung.length, placed.done]).toEqual([2, false])
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    const [record] = await scenario.records()
    expect(JSON.parse(record?.branches ?? '')).toMatchObject([{ station: 'bob/phone', outcome: 'answered' }])
    await over(scenario, caller)
    expect(await charges(scenario)).toMatchObject([{ state: 'void', reason: 'cancelled' }])
  })

  it('no longer than the ringing time: then it goes on as without an answer', async () => {
    const { scenario, bob, carol, placed } = await ringing(hesitant)
    await scenario.pass(57_000)
    const picked = carol.call('*8')
    await scenario.pass(1000)
    picked.outgoing?.cancel()
    expect(await scenario.during(placed.result, 3000)).toBe(480)
    await scenario.pass(1000)
    const [record] = await scenario.records()
    expect(record).toMatchObject({ state: 'ended', cause: 'no-answer', answeredAt: null })
    await over(scenario)
    expect(bob.cancels.length).toBe(bob.rung.length)
  })

  it('before the answer was stored', async () => {
    const { scenario, bob, carol, caller, placed } = await ringing()
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { answered } = scenario.storage.calls
    Object.assign(scenario.storage.calls, {
      answered: async (...args: Parameters<typeof answered>) => {
        await answered(...args)
        await gate
      },
    })
    const picked = carol.call('*8')
    await scenario.clock.until(() => scenario.ladder().includes('server -> bob CANCEL'))
    await scenario.pass(20)
    picked.outgoing?.cancel()
    await scenario.pass(200)
    release()
    expect(await scenario.during(picked.result)).toBe(487)
    await scenario.pass(1000)
    expect([bob.rung.length, placed.done]).toEqual([2, false])
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await over(scenario, caller)
    expect(await scenario.records()).toMatchObject([{ state: 'ended', answeredById: 'demo-bob' }])
    expect(await charges(scenario)).toMatchObject([{ state: 'void' }])
  })
})

describe('races', () => {
  it("bob's 200 crosses the CANCEL: he is thanked and let go", async () => {
    const { scenario, bob, carol, caller, placed, from } = await ringing()
    scenario.network.rule((packet) =>
      packet.label === '200 INVITE' && packet.from.startsWith('10.0.0.2') ? { delay: 30 } : undefined,
    )
    const picked = carol.call('*8')
    bob.answer()
    expect(await scenario.during(Promise.all([placed.result, picked.result]))).toEqual([200, 200])
    await scenario.pass(1000)
    const ladder = scenario.ladder(from)
    expect(ladder).toContain('server -> bob ACK')
    expect(ladder).toContain('server -> bob BYE')
    expect(bob.byes[0]?.header('reason')).toBe(completedElsewhere)
    await over(scenario, caller)
    expect(await scenario.records()).toHaveLength(1)
  })

  it("bob's 200 is first: the picker is told", async () => {
    const { scenario, bob, carol, caller, placed } = await ringing()
    const picked = carol.call('*8')
    bob.answer()
    expect(await scenario.during(Promise.all([placed.result, picked.result]))).toEqual([200, 486])
    expect(picked.response?.reason).toBe('Already taken by bob')
    await over(scenario, caller)
    expect(await charges(scenario)).toEqual([])
  })

  it('the caller gives up during the pickup: the picker hears so', async () => {
    const { scenario, bob, carol, placed } = await ringing({
      supports: ['replaces'],
      onInvite: (invitation) => invitation.progress(180),
    })
    const picked = carol.call('*8')
    await scenario.pass(500)
    placed.outgoing?.cancel()
    expect(await scenario.during(placed.result)).toBe(487)
    expect(await scenario.during(picked.result)).toBe(480)
    expect(picked.response?.reason).toBe('The caller has hung up')
    await scenario.pass(1000)
    expect([bob.rung.length, carol.cancels.length]).toEqual([1, 1])
    const [record] = await scenario.records()
    expect(record).toMatchObject({ cause: 'cancelled' })
    expect(JSON.parse(record?.branches ?? '')).toMatchObject([{ station: 'bob/phone', outcome: 'cancelled' }])
    await over(scenario)
    expect(await charges(scenario)).toMatchObject([{ state: 'void' }])
  })

  it('a crash after the claim: no phone is left in a dead call', async () => {
    const { scenario, carol, placed } = await ringing({
      supports: ['replaces'],
      onInvite: (invitation) => invitation.progress(180),
    })
    carol.call('*8')
    await scenario.clock.until(() => carol.rung.length > 0)
    await scenario.pass(200)
    await scenario.crash()
    carol.answer()
    await scenario.boot()
    await scenario.pass(1000)
    expect(carol.byes[0]?.header('reason')).toContain('Server restarted')
    expect(placed.done).toBe(false)
    expect(await scenario.records()).toMatchObject([{ state: 'interrupted' }])
    expect(await charges(scenario)).toMatchObject([{ state: 'void', reason: 'interrupted' }])
  })
})

it('a server that stops takes no new call, but a call that rings can still be picked up', async () => {
  const { scenario, carol, caller, placed } = await ringing()
  const stopped = scenario.house.calls.drain(60_000)
  expect(await scenario.during(carol.call('102').result)).toBe(503)
  expect(await scenario.during(carol.call('*8').result)).toBe(200)
  expect(await scenario.during(placed.result)).toBe(200)
  caller.dialog?.bye()
  await scenario.during(stopped)
  await over(scenario)
})
