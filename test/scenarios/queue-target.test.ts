import { describe, expect, it } from 'vitest'
import { CallActs } from '#call'
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

  it('of a transfer is refused with the reason: the call goes on', async () => {
    const { scenario, alice, carol, dave } = await house()
    const placed = alice.call('104')
    await scenario.clock.until(() => dave.rung.length > 0)
    dave.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(100)
    const headers = [['Refer-To', '<sip:600@baton.local>'] as const]
    const referred = dave.dialog?.request('REFER', { headers })
    const response = await scenario.during(Promise.resolve(referred))
    expect([response?.status, response?.reason]).toEqual([403, 'A call cannot be transferred to a queue'])
    expect(carol.rung).toEqual([])
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'dave/phone' }])
    alice.dialog?.bye()
    await scenario.pass(500)
  })
})
