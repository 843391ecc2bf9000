import { describe, expect, it } from 'vitest'
import { CallActs } from '#call'
import type { Phone } from './phone.ts'
import { nothing, QueueHouse } from './queue-house.ts'

/** Carol answers the calls of the queue; alice calls dave. */
async function house() {
  const queue = await QueueHouse.start({ people: ['demo-carol'], numbers: ['+12025550160'] })
  const { scenario } = queue
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
  const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
  const person = () => {
    const found = scenario.directory.personByLogin('dave')
    if (!found) throw new Error('no dave')
    return found
  }
  const forward = async (settings: object) => {
    const { numbers: _numbers, ...dave } = person()
    await scenario.during(
      scenario.directory.putPerson({ ...dave, settings: { ...dave.settings, ...settings } } as never),
    )
  }
  /** Alice hears music, carol answers, and they talk until carol hangs up. */
  const served = async (calleeName: string) => {
    expect(queue.heard).toContain('alice: music')
    expect(carol.rung).toHaveLength(1)
    carol.answer()
    await scenario.pass(1_000)
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'carol/phone' }])
    carol.dialog?.bye()
    await scenario.pass(500)
    expect(alice.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ calleeName, answeredStation: 'carol/phone', state: 'ended' }])
    expect(await queue.left()).toEqual(nothing)
  }
  return { queue, scenario, alice, carol, dave, person, forward, served }
}

describe('a queue as a target', () => {
  it.each([
    ['always, to its extension', { forward: { always: '600' } }, 'Sales'],
    ['always, to its number', { forward: { always: '+12025550160' } }, 'Sales'],
    ['busy, by do not disturb', { doNotDisturb: true, forward: { busy: '600' } }, 'Sales'],
  ])('of a forward on %s', async (_what, settings, callee) => {
    const { queue, alice, dave, forward, served } = await house()
    await forward(settings)
    expect(await queue.call(alice, '104')).toBe(200)
    expect(dave.rung).toEqual([])
    await served(callee)
  })

  it.each([
    ['busy', { forward: { busy: '600' } }, 486],
    ['no answer', { forward: { noAnswer: '600' }, ring: { mode: 'all', ringMs: 5_000 } }, undefined],
  ])(
    'of a forward on %s, after the phone has rung; who was called stays in the record',
    async (_what, settings, status) => {
      const { scenario, alice, dave, forward, served } = await house()
      await forward(settings)
      const placed = alice.call('104')
      await scenario.clock.until(() => dave.rung.length > 0)
      if (status) dave.rung[0]?.reject(status)
      expect(await scenario.during(placed.result)).toBe(200)
      await scenario.pass(100)
      expect(dave.cancels).toHaveLength(status ? 0 : 1)
      await served('Dave')
    },
  )

  it('of who diverts a call that rings them', async () => {
    const { scenario, alice, dave, person, served } = await house()
    const placed = alice.call('104')
    await scenario.clock.until(() => dave.rung.length > 0)
    const [call] = scenario.house.calls.list()
    new CallActs(scenario.house.calls).divert(call?.id ?? '', person(), '600')
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(100)
    expect(dave.cancels).toHaveLength(1)
    await served('Dave')
  })

  it('of a call that the server makes for a person, after a restart too', async () => {
    const { queue, scenario, alice, served } = await house()
    await queue.crash()
    const person = scenario.directory.personByLogin('alice')
    if (!person) throw new Error('no alice')
    new CallActs(scenario.house.calls).originate(person, '+12025550160')
    await scenario.clock.until(() => alice.rung.length > 0)
    alice.answer()
    await scenario.pass(1_000)
    await served('Sales')
  })

  /** Alice talks with dave. */
  async function talking() {
    const all = await house()
    const { scenario, alice, dave } = all
    const placed = alice.call('104')
    await scenario.clock.until(() => dave.rung.length > 0)
    dave.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(100)
    const refer = async (phone: Phone) => {
      const headers = [['Refer-To', '<sip:600@baton.local>'] as const]
      const response = await scenario.during(Promise.resolve(phone.dialog?.request('REFER', { headers })))
      await scenario.pass(100)
      return response?.status
    }
    return { ...all, refer }
  }

  it.each(['caller', 'callee'])(
    'of a blind transfer of the %s, who waits there; the transferor is told',
    async (who) => {
      const { queue, scenario, alice, carol, dave, refer } = await talking()
      const [moved, transferor] = who === 'caller' ? [alice, dave] : [dave, alice]
      expect(await refer(transferor)).toBe(202)
      expect(transferor.notified.at(-1)).toContain('SIP/2.0 200 OK')
      expect(queue.heard).toEqual([`${moved.name}: music`])
      expect(queue.view.waiting).toMatchObject([{ kind: 'call', number: who === 'caller' ? '101' : '104' }])
      expect([moved.byes.length, carol.rung.length]).toEqual([0, 1])
      await scenario.pass(10_000)
      expect(transferor.byes).toHaveLength(1)
      carol.answer()
      await scenario.pass(1_000)
      expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'carol/phone' }])
      carol.dialog?.bye()
      await scenario.pass(500)
      expect(moved.byes).toHaveLength(1)
      const records = await scenario.records()
      expect(
        records.map(({ calleeName, answeredStation, state }) => `${calleeName} ${answeredStation} ${state}`),
      ).toEqual(['Sales carol/phone ended', 'Dave dave/phone ended'])
      expect(await queue.left()).toEqual(nothing)
    },
  )

  it('of a blind transfer: who was transferred hangs up while they wait', async () => {
    const { queue, scenario, alice, carol, dave, refer } = await talking()
    await refer(dave)
    alice.dialog?.bye()
    await scenario.pass(500)
    expect([carol.cancels.length, queue.view.waiting.length]).toEqual([1, 0])
    await scenario.pass(10_000)
    expect(dave.byes).toHaveLength(1)
    expect(await queue.left()).toEqual(nothing)
  })

  it('of a blind transfer: the transferor hangs up first', async () => {
    const { queue, scenario, alice, carol, dave, refer } = await talking()
    await refer(dave)
    dave.dialog?.bye()
    await scenario.pass(10_000)
    expect(alice.byes).toEqual([])
    carol.answer()
    await scenario.pass(500)
    alice.dialog?.bye()
    await scenario.pass(500)
    expect(carol.byes).toHaveLength(1)
    expect(await queue.left()).toEqual(nothing)
  })

  it('of a transfer from a desk', async () => {
    const { queue, scenario, alice, carol, person } = await talking()
    const [call] = scenario.house.calls.list()
    await scenario.during(new CallActs(scenario.house.calls).transfer(call?.id as never, person(), '600'))
    await scenario.pass(100)
    expect(queue.heard).toEqual(['alice: music'])
    carol.answer()
    await scenario.pass(500)
    alice.dialog?.bye()
    await scenario.pass(10_000)
    expect(await queue.left()).toEqual(nothing)
  })

  it.each([0, 100])(
    'of a blind transfer: the server dies %i ms after it, and nobody hangs in a dead call',
    async (ms) => {
      const { queue, scenario, alice, carol, dave, refer } = await talking()
      await refer(dave)
      await scenario.pass(ms)
      await queue.crash()
      await scenario.pass(2_000)
      expect([alice.byes.length, dave.byes.length, carol.cancels.length]).toEqual([1, 1, 1])
      expect((await scenario.records()).map(({ state }) => state)).toEqual(['interrupted', 'interrupted'])
      expect(await queue.left()).toEqual(nothing)
    },
  )
})
