import { describe, expect, it } from 'vitest'
import { Scenario } from './checked.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }

/** Alice has two phones, the caller comes over the demo trunk. */
async function twoPhones(options: Parameters<typeof Scenario.start>[0] = {}) {
  const scenario = await Scenario.start(options)
  const desk = await scenario.registered('desk', 'alice', '10.0.0.1')
  const kitchen = await scenario.registered('kitchen', 'alice', '10.0.0.2')
  const caller = scenario.phone('caller', trunk)
  return { scenario, desk, kitchen, caller, from: scenario.mark() }
}

describe('a call rings every phone of a person', () => {
  it('and the first to answer has it', async () => {
    const { scenario, desk, kitchen, caller, from } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    desk.answer()
    await scenario.during(placed.result)
    await scenario.pass(1000)
    expect(scenario.ladder(from)).toEqual([
      'caller -> server INVITE',
      'server -> caller 100 INVITE',
      'server -> kitchen INVITE',
      'server -> desk INVITE',
      'kitchen -> server 180 INVITE',
      'desk -> server 180 INVITE',
      'server -> caller 180 INVITE',
      'desk -> server 200 INVITE',
      'server -> kitchen CANCEL',
      'server -> desk ACK',
      'server -> caller 200 INVITE',
      'kitchen -> server 200 CANCEL',
      'kitchen -> server 487 INVITE',
      'caller -> server ACK',
      'server -> kitchen ACK',
    ])
    expect(kitchen.cancels[0]?.header('reason')).toBe('SIP;cause=200;text="Call completed elsewhere"')
    const [record] = await scenario.records()
    expect(record).toMatchObject({
      state: 'live',
      callerNumber: '+15551234567',
      calleeName: 'Alice',
      answeredStation: 'alice/phone at 10.0.0.1:5060',
      trunk: 'demo',
    })
    expect(JSON.parse(record?.branches ?? '')).toMatchObject([
      { station: 'alice/phone at 10.0.0.2:5060', outcome: 'answered-elsewhere', by: 'alice/phone at 10.0.0.1:5060' },
      { station: 'alice/phone at 10.0.0.1:5060', outcome: 'answered' },
    ])
  })

  it.each(['caller', 'desk'] as const)('and %s can hang up', async (who) => {
    const { scenario, desk, caller } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    desk.answer()
    await scenario.during(placed.result)
    await scenario.pass(5000)
    const [one, other] = who === 'caller' ? [caller, desk] : [desk, caller]
    one.dialog?.bye()
    await scenario.pass(100)
    expect(other.byes).toHaveLength(1)
    const [record] = await scenario.records()
    expect(record).toMatchObject({ state: 'ended', cause: 'answered', endedBy: who === 'caller' ? 'caller' : 'callee' })
    expect((record?.endedAt ?? 0) - (record?.answeredAt ?? 0)).toBeGreaterThan(4900)
    expect(scenario.house.calls.list()).toEqual([])
    await scenario.pass(60_000)
    expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  })

  it('two answers at the same moment: one has it, the other is thanked and let go', async () => {
    const { scenario, desk, kitchen, caller, from } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    desk.answer()
    kitchen.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(1000)
    const ladder = scenario.ladder(from)
    expect(ladder.filter((line) => line === 'server -> kitchen ACK')).toHaveLength(1)
    expect(ladder).toContain('server -> kitchen BYE')
    expect(ladder).not.toContain('server -> desk BYE')
    expect(kitchen.byes[0]?.header('reason')).toContain('Call completed elsewhere')
    expect(await scenario.records()).toHaveLength(1)
  })

  it('the caller gives up: both phones stop', async () => {
    const { scenario, desk, kitchen, caller } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    placed.outgoing?.cancel()
    expect(await scenario.during(placed.result)).toBe(487)
    await scenario.pass(100)
    expect([desk.cancels.length, kitchen.cancels.length]).toEqual([1, 1])
    expect(await scenario.records()).toMatchObject([{ state: 'ended', cause: 'cancelled', answeredAt: null }])
  })

  it("the caller's CANCEL crosses the answer that is on its way to the caller", async () => {
    const { scenario, desk, caller, from } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    scenario.network.rule((packet) =>
      packet.label === '200 INVITE' && packet.to.endsWith(':5070') ? { delay: 50 } : undefined,
    )
    desk.answer()
    await scenario.pass(20)
    placed.outgoing?.cancel()
    await scenario.pass(2000)
    expect(placed.crossed?.status).toBe(200)
    expect(scenario.ladder(from)).toContain('caller -> server BYE')
    expect(desk.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ state: 'ended', endedBy: 'caller' }])
  })

  it("the caller's CANCEL reaches the server while a phone's answer is on its way to the server", async () => {
    const { scenario, desk, caller, from } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    scenario.network.rule((packet) =>
      packet.label === '200 INVITE' && packet.from.startsWith('10.0.0.1') ? { delay: 50 } : undefined,
    )
    desk.answer()
    placed.outgoing?.cancel()
    expect(await scenario.during(placed.result)).toBe(487)
    await scenario.pass(2000)
    const ladder = scenario.ladder(from)
    expect(ladder).toContain('server -> desk ACK')
    expect(ladder).toContain('server -> desk BYE')
    expect(desk.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ cause: 'cancelled', answeredAt: null }])
  })

  it('nobody answers: 480 after the ringing time, and the phones stop', async () => {
    const { scenario, desk, caller } = await twoPhones()
    const placed = caller.call('+12025550101')
    expect(await scenario.during(placed.result, 61_000)).toBe(480)
    await scenario.pass(100)
    expect(desk.cancels).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ cause: 'no-answer', status: 480 }])
  })

  it('one declines: the other rings on', async () => {
    const { scenario, desk, kitchen, caller } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    kitchen.rung[0]?.reject(603)
    await scenario.pass(200)
    expect(placed.done).toBe(false)
    desk.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })

  it('a phone that registers while its person rings joins the ringing', async () => {
    const { scenario, caller } = await twoPhones()
    const placed = caller.call('+12025550101')
    await scenario.pass(3000)
    const late = await scenario.registered('late', 'alice', '10.0.0.3')
    await scenario.pass(100)
    late.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect((await scenario.records())[0]?.answeredStation).toContain('10.0.0.3')
  })

  it('early media passes from the only phone, not from one of two', async () => {
    const scenario = await Scenario.start()
    const early = (
      invitation: { progress(status: number, options: { body: string }): void },
      phone: { sdp(): string },
    ): void => invitation.progress(183, { body: phone.sdp() })
    await scenario.registered('bobs', 'bob', '10.0.0.4', { onInvite: early })
    await scenario.registered('one', 'alice', '10.0.0.1', { onInvite: early })
    await scenario.registered('two', 'alice', '10.0.0.2', { onInvite: early })
    const caller = scenario.phone('caller', trunk)
    const single = caller.call('+12025550102')
    const forked = caller.call('+12025550101')
    await scenario.pass(300)
    expect(single.progress.map((response) => [response.status, response.body.length > 0])).toContainEqual([183, true])
    expect(forked.progress.filter((response) => response.body.length > 0)).toEqual([])
    expect(forked.progress.some((response) => response.status === 180)).toBe(true)
  })

  it('the end of a call that nobody could be rung for is the last that is told of it', async () => {
    const scenario = await Scenario.start()
    const told: string[] = []
    scenario.house.calls.watch((view, change) => told.push(`${change} ${view.state}`))
    expect(await scenario.during(scenario.phone('caller', trunk).call('+12025550101').result)).toBe(480)
    expect(told).toEqual(['ended ended'])
  })

  it('a call waits for the closed desk of somebody whom a push notice reaches', async () => {
    const scenario = await Scenario.start()
    const caller = scenario.phone('caller', trunk)
    const began = scenario.clock.now()
    expect(await scenario.during(caller.call('+12025550101').result)).toBe(480)
    expect(scenario.clock.now() - began).toBeLessThan(1_000)
    scenario.pushed.add('demo-alice')
    const placed = caller.call('+12025550101')
    await scenario.pass(14_000)
    expect(placed.progress.map(({ status }) => status)).toContain(180)
    const page = await scenario.registered('page', 'alice', '10.0.0.5')
    await scenario.pass(6_000)
    page.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })

  it('how long it waits is the person’s own setting, and it gives up when no desk opens', async () => {
    const scenario = await Scenario.start()
    scenario.pushed.add('demo-alice')
    const caller = scenario.phone('caller', trunk)
    const person = scenario.directory.personByLogin('alice')
    if (!person) throw new Error('no alice')
    const { numbers: _numbers, ...rest } = person
    const waits = async (pushWaitMs: number): Promise<number> => {
      const settings = { ...person.settings, ring: { ...person.settings.ring, pushWaitMs } }
      await scenario.during(scenario.directory.putPerson({ ...rest, settings }))
      const began = scenario.clock.now()
      expect(await scenario.during(caller.call('+12025550101').result)).toBe(480)
      return scenario.clock.now() - began
    }
    expect(await waits(0)).toBeLessThan(1_000)
    const waited = await waits(10_000)
    expect([waited >= 10_000, waited < 11_000]).toEqual([true, true])
  })

  it('a group waits when a notice reaches one of its members', async () => {
    const scenario = await Scenario.start()
    await scenario.during(
      scenario.directory.putGroup({ name: 'Sales', extension: '300', members: ['demo-alice', 'demo-carol'] }),
    )
    const bob = await scenario.registered('bob', 'bob', '10.0.0.8')
    expect(await scenario.during(bob.call('300').result)).toBe(480)
    scenario.pushed.add('demo-carol')
    const placed = bob.call('300')
    await scenario.pass(5_000)
    const page = await scenario.registered('page', 'carol', '10.0.0.5')
    await scenario.pass(1_000)
    page.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })

  it("one's own extension rings one's other phones", async () => {
    const { scenario, desk, kitchen } = await twoPhones()
    const placed = desk.call('101')
    await scenario.pass(200)
    expect([desk.rung.length, kitchen.rung.length]).toEqual([0, 1])
    kitchen.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    const bob = await scenario.registered('bob', 'bob', '10.0.0.8')
    expect(await scenario.during(bob.call('102').result)).toBe(480)
  })

  it('a phone that listens on another port of its address is rung there', async () => {
    const scenario = await Scenario.start()
    const sender = scenario.phone('sender', { address: '10.0.0.1', port: 6000, user: 'alice' })
    const listener = scenario.phone('listener', { address: '10.0.0.1', port: 6001, user: 'alice' })
    expect(await scenario.during(sender.register(3600, 'sip:alice@10.0.0.1:6001'))).toBe(200)
    scenario.phone('caller', trunk).call('+12025550101')
    await scenario.pass(500)
    expect([sender.rung.length, listener.rung.length]).toEqual([0, 1])
  })

  it('a browser whose connection breaks while it rings alone is rung again when it is back', async () => {
    const scenario = await Scenario.start()
    const page = await scenario.registered('page', 'alice', '10.0.0.1', { protocol: 'ws' })
    const placed = scenario.phone('caller', trunk).call('+12025550101')
    await scenario.clock.until(() => page.rung.length === 1)
    const [binding] = scenario.directory.bindingsOf('demo-alice')
    const flow = scenario.house.transport.flow(binding?.flowId ?? '')
    if (!flow) throw new Error('the page has no connection')
    scenario.network.cut(flow)
    await scenario.pass(2000)
    page.forgetConnection()
    expect(await scenario.during(page.register())).toBe(200)
    await scenario.pass(10_000)
    expect([page.rung.length, placed.done]).toEqual([2, false])
    page.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })
})
