import { describe, expect, it } from 'vitest'
import type { QueueInput } from '#services'
import { nothing, QueueHouse } from './queue-house.ts'

/** Alice and dave call; bob and carol answer the calls of the queue. */
async function house(settings: Partial<QueueInput> = {}) {
  const queue = await QueueHouse.start(settings)
  const { scenario } = queue
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
  const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
  return { queue, scenario, alice, bob, carol, dave }
}

describe('a queue', () => {
  it('answers with music, rings an agent and joins them; the record says queue and agent', async () => {
    const { queue, scenario, alice, bob, carol } = await house({ strategy: 'order' })
    const from = scenario.mark()
    expect(await queue.call(alice)).toBe(200)
    expect(queue.heard).toEqual(['alice: music'])
    expect([bob.rung.length, carol.rung.length]).toEqual([1, 0])
    expect(queue.view.waiting).toMatchObject([{ number: '101', place: 1, ringing: true, kind: 'call' }])
    bob.answer()
    await scenario.pass(5_000)
    expect(queue.view.waiting).toEqual([])
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'bob/phone' }])
    bob.dialog?.bye()
    await scenario.pass(500)
    expect(scenario.ladder(from)).toEqual([
      'alice -> server INVITE',
      'server -> alice 407 INVITE',
      'alice -> server ACK',
      'alice -> server INVITE',
      'server -> alice 100 INVITE',
      'server -> alice 200 INVITE',
      'server -> bob INVITE',
      'alice -> server ACK',
      'bob -> server 180 INVITE',
      'bob -> server 200 INVITE',
      'server -> bob ACK',
      'bob -> server BYE',
      'server -> bob 200 BYE',
      'server -> alice BYE',
      'alice -> server 200 BYE',
    ])
    expect(await scenario.records()).toMatchObject([
      { dialled: '600', calleeName: 'Sales', answeredStation: 'bob/phone', state: 'ended', endedBy: 'callee' },
    ])
    expect(await queue.left()).toEqual(nothing)
  })

  it('announces place and expected wait each so often, while agents are busy', async () => {
    const { queue, scenario, alice, bob, dave } = await house({ people: ['demo-bob'], announceSeconds: 30 })
    await queue.call(dave)
    bob.answer()
    await scenario.pass(500)
    await queue.call(alice)
    await scenario.pass(32_000)
    expect(queue.heard.filter((line) => line.startsWith('alice'))).toEqual([
      'alice: music',
      'alice: your-place-is 1 expected-wait-is 3 minutes press-1-to-keep-place',
      'alice: music',
    ])
    expect(queue.view).toMatchObject({ working: 1, free: 0, waiting: [{ expectedWaitMs: 180_000 }] })
    bob.dialog?.bye()
    await scenario.pass(500)
    expect(bob.rung).toHaveLength(2)
    // The mean has moved to what that call took.
    expect(queue.view.waiting[0]?.expectedWaitMs).toBeLessThan(180_000)
    alice.dialog?.bye()
    await scenario.pass(500)
    expect(bob.cancels).toHaveLength(1)
    expect(await queue.left()).toEqual(nothing)
  })

  it.each([
    ['all', [1, 1]],
    ['order', [1, 0]],
    ['longest-idle', [1, 0]],
    ['round-robin', [1, 0]],
  ] as const)('rings %s', async (strategy, rung) => {
    const { queue, scenario, alice, bob, carol } = await house({ strategy })
    await queue.call(alice)
    expect([bob.rung.length, carol.rung.length]).toEqual(rung)
    bob.answer()
    await scenario.pass(1_000)
    expect(carol.cancels).toHaveLength(rung[1])
    bob.dialog?.bye()
    await scenario.pass(1_000)
    await queue.call(alice)
    // Who has talked is asked after who has not, except where the list's order counts.
    const second = { all: [2, 2], order: [2, 0], 'longest-idle': [1, 1], 'round-robin': [1, 1] }
    expect([bob.rung.length, carol.rung.length]).toEqual(second[strategy])
    alice.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })

  it.each([
    ['refuses', 486],
    ['does not answer', undefined],
  ])('an agent who %s: the next one is rung', async (_what, status) => {
    const { queue, scenario, alice, bob, carol } = await house({ strategy: 'order', ringSeconds: 10 })
    await queue.call(alice)
    if (status) bob.rung[0]?.reject(status)
    await scenario.pass(status ? 500 : 11_000)
    expect(carol.rung).toHaveLength(1)
    carol.answer()
    await scenario.pass(500)
    expect(scenario.house.calls.list()).toMatchObject([{ answeredBy: 'carol/phone' }])
    alice.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })

  it('serves who came first, first; agents in a call, away or resting are not rung', async () => {
    const { queue, scenario, alice, bob, carol, dave } = await house({ wrapUpSeconds: 30 })
    const person = scenario.directory.personByLogin('carol')
    if (!person) throw new Error('no carol')
    const settings = { ...person.settings, away: true }
    await scenario.during(scenario.directory.putPerson({ ...withoutNumbers(person), settings } as never))
    await queue.call(alice)
    bob.answer()
    await scenario.pass(500)
    await queue.call(dave)
    expect([bob.rung.length, carol.rung.length]).toEqual([1, 0])
    bob.dialog?.bye()
    await scenario.pass(20_000)
    expect(bob.rung).toHaveLength(1)
    await queue.call(alice)
    expect(queue.view.waiting.map(({ number, place }) => [number, place])).toEqual([
      ['104', 1],
      ['101', 2],
    ])
    await scenario.pass(12_000)
    expect(bob.rung).toHaveLength(2)
    bob.answer()
    await scenario.pass(500)
    expect(scenario.house.calls.list().find(({ state }) => state === 'answered')).toMatchObject({
      caller: { number: '104' },
    })
    dave.dialog?.bye()
    alice.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })

  it('is closed: the caller hears so', async () => {
    const { queue, scenario, alice } = await house({ hours: [{ days: [1], from: '08:00', to: '08:01' }] })
    await queue.call(alice)
    await scenario.pass(2_000)
    expect(queue.heard).toEqual(['alice: closed goodbye'])
    expect(alice.byes).toHaveLength(1)
    expect(await queue.left()).toEqual(nothing)
  })

  it.each([
    ['closed', { hours: [{ days: [1], from: '08:00', to: '08:01' }], closedTo: '104' }, 0],
    ['full', { mostWaiting: 1, overflowTo: '104' }, 0],
    ['too slow', { longestWaitSeconds: 15, ringSeconds: 5, overflowTo: '104' }, 21_000],
  ])('is %s: the call goes on to somebody else', async (what, settings, afterMs) => {
    const { queue, scenario, alice, bob, dave } = await house({ people: ['demo-bob'], ...settings } as QueueInput)
    const eve = await scenario.registered('eve', 'carol', '10.0.0.5')
    if (what === 'full') await queue.call(eve)
    await queue.call(alice)
    await scenario.pass(afterMs)
    expect(dave.rung).toHaveLength(1)
    dave.answer()
    await scenario.pass(500)
    expect(scenario.house.calls.list().find(({ state }) => state === 'answered')).toMatchObject({
      answeredBy: 'dave/phone',
    })
    expect(bob.dialogs).toEqual([])
    for (const phone of [alice, eve]) phone.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })

  describe('that is changed while callers wait in it', () => {
    const others = { name: 'Sales', extension: '600', wrapUpSeconds: 0, people: [] }

    it('lets them wait less, and sends them to where it overflows to now', async () => {
      const { queue, scenario, alice, carol, dave } = await house({
        ...{ people: [], overflowTo: '103', longestWaitSeconds: 600 },
      })
      const change = (settings: Partial<QueueInput>) =>
        scenario.during(scenario.house.queues.put({ ...others, id: queue.queue.id, ...settings }))
      await queue.call(alice)
      await scenario.pass(20_000)
      await change({ overflowTo: '104', longestWaitSeconds: 40 })
      await scenario.pass(15_000)
      expect(dave.rung).toHaveLength(0)
      await scenario.pass(10_000)
      expect([dave.rung.length, carol.rung.length]).toEqual([1, 0])
      dave.answer()
      await scenario.pass(500)
      expect(scenario.house.calls.list()).toMatchObject([{ answeredBy: 'dave/phone' }])
      alice.dialog?.bye()
      expect(await queue.left()).toEqual(nothing)
    })

    it('lets them wait longer; less than they have waited means now', async () => {
      const { queue, scenario, alice, dave } = await house({
        ...{ people: [], overflowTo: '104', longestWaitSeconds: 20 },
      })
      const change = (longestWaitSeconds: number) =>
        scenario.during(
          scenario.house.queues.put({ ...others, id: queue.queue.id, overflowTo: '104', longestWaitSeconds }),
        )
      await queue.call(alice)
      await scenario.pass(10_000)
      await change(600)
      await scenario.pass(60_000)
      expect(dave.rung).toHaveLength(0)
      expect(queue.view.waiting).toMatchObject([{ number: '101', place: 1 }])
      await change(30)
      await scenario.pass(500)
      expect(dave.rung).toHaveLength(1)
      alice.dialog?.bye()
      expect(await queue.left()).toEqual(nothing)
    })

    it('takes and offers the key that keeps the place as it is set now', async () => {
      const { queue, scenario, alice } = await house({ people: [] })
      await queue.call(alice)
      await scenario.during(scenario.house.queues.put({ ...others, id: queue.queue.id, callback: false }))
      await queue.press(alice, '1')
      await scenario.pass(1_500)
      expect(queue.heard).toEqual(['alice: music'])
      await scenario.during(scenario.house.queues.put({ ...others, id: queue.queue.id, callback: true }))
      await queue.press(alice, '1')
      await scenario.pass(1_500)
      expect(queue.heard.at(-1)).toContain('this-is-a-callback-for')
      alice.dialog?.bye()
      expect(await queue.left()).toEqual(nothing)
    })
  })

  it('two queues that overflow into each other let the caller go', async () => {
    const { queue, scenario, alice } = await house({ people: [], overflowTo: '601', longestWaitSeconds: 10 })
    const other = { name: 'Help', extension: '601', overflowTo: '600', longestWaitSeconds: 10 }
    await scenario.during(scenario.house.queues.put(other))
    await queue.call(alice)
    await scenario.pass(35_000)
    expect(queue.heard.at(-1)).toBe('alice: unavailable goodbye')
    expect(alice.byes).toHaveLength(1)
    expect(await queue.left()).toEqual(nothing)
  })

  it('after a crash who waited on the telephone is let go', async () => {
    const { queue, scenario, alice } = await house({ people: [] })
    await queue.call(alice)
    expect(await scenario.storage.queues.waiting('node-1')).toMatchObject([{ kind: 'call', number: '101' }])
    await queue.crash()
    expect(alice.byes).toHaveLength(1)
    expect(await scenario.storage.queues.waiting('node-1')).toEqual([])
    expect((await scenario.records()).map(({ state }) => state)).toEqual(['interrupted'])
  })
})

describe('who keeps the place', () => {
  /** Alice came first and keeps her place, dave waits on the telephone; bob is busy with carol. */
  async function kept() {
    const all = await house({ people: ['demo-bob'] })
    const { queue, scenario, alice, bob, carol, dave } = all
    await queue.call(carol)
    bob.answer()
    await scenario.pass(1_000)
    await queue.call(alice)
    await scenario.pass(1_000)
    const since = queue.view.waiting[0]?.since
    await queue.call(dave)
    await queue.press(alice, '1')
    await scenario.pass(1_500)
    expect(queue.heard.at(-1)).toBe('alice: this-is-a-callback-for the-number 1 0 1 press-1-to-keep-place')
    await queue.press(alice, '1')
    await scenario.pass(2_000)
    expect(queue.heard.at(-1)).toBe('alice: callback-noted goodbye')
    expect(alice.byes).toHaveLength(1)
    expect(queue.view.waiting).toMatchObject([
      { kind: 'callback', number: '101', place: 1, since },
      { kind: 'call', number: '104', place: 2 },
    ])
    return { ...all, since }
  }

  it('is called back when it is their turn, the agent first, before who came later', async () => {
    const { queue, scenario, alice, bob, dave } = await kept()
    bob.dialog?.bye()
    await scenario.pass(2_000)
    expect(bob.rung).toHaveLength(2)
    expect(alice.rung).toHaveLength(0)
    bob.answer()
    await scenario.pass(3_000)
    expect(alice.rung).toHaveLength(1)
    alice.answer()
    await scenario.pass(3_000)
    expect(queue.view.waiting).toMatchObject([{ kind: 'call', number: '104', place: 1, ringing: false }])
    bob.dialog?.bye()
    await scenario.pass(2_000)
    expect(bob.rung).toHaveLength(3)
    dave.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })

  it('keeps it when the agent does not answer', async () => {
    const { queue, scenario, alice, bob, dave, since } = await kept()
    dave.dialog?.bye()
    bob.dialog?.bye()
    await scenario.pass(2_000)
    bob.rung.at(-1)?.reject(486)
    await scenario.pass(3_000)
    expect(queue.view.waiting).toMatchObject([{ kind: 'callback', number: '101', since }])
    expect(bob.rung).toHaveLength(3)
    bob.answer()
    await scenario.pass(3_000)
    alice.answer()
    await scenario.pass(3_000)
    alice.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })

  it.each([false, true])('keeps it over a crash of the server, while the agent rings: %s', async (rings) => {
    const { queue, scenario, alice, bob, dave } = await kept()
    dave.dialog?.bye()
    if (rings) bob.dialog?.bye()
    await scenario.pass(2_000)
    await queue.crash()
    await scenario.pass(5_000)
    bob.answer()
    await scenario.pass(3_000)
    expect(alice.rung).toHaveLength(1)
    alice.answer()
    await scenario.pass(2_000)
    alice.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })

  it('goes on waiting when the number is not confirmed', async () => {
    const { queue, scenario, alice } = await house({ people: [] })
    await queue.call(alice)
    await queue.press(alice, '1')
    await scenario.pass(100)
    await queue.press(alice, '2')
    await scenario.pass(500)
    expect(queue.heard.at(-1)).toBe('alice: music')
    expect(queue.view.waiting).toMatchObject([{ kind: 'call', place: 1 }])
    alice.dialog?.bye()
    expect(await queue.left()).toEqual(nothing)
  })
})

function withoutNumbers({ numbers: _numbers, ...person }: { numbers: readonly string[] }): object {
  return person
}
