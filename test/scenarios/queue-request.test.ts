import { describe, expect, it } from 'vitest'
import { type AttemptDetail, defaultRetryPolicy, type Queue, type QueueInput } from '#services'
import type { Invitation } from '#sip'
import type { CallbackRow } from '#storage'
import { announcer, CallbackHouse, nothing, promptMs } from './callback-house.ts'
import type { Phone } from './phone.ts'

const minute = 60_000
const second = 1_000
/** Scenarios begin at midnight. */
const window = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '23:59' }
const music = async () => new Int16Array(8 * promptMs)

/** Bob and carol answer the calls of Sales; alice asks for one, dave calls there. */
async function house(settings: Partial<QueueInput> = {}, callbackSettings: object = {}) {
  const retry = { ...defaultRetryPolicy, window }
  const callbacks = await CallbackHouse.start(
    { retry, ...callbackSettings },
    {},
    { queueAnnouncer: { say: announcer.say, music } },
  )
  const { scenario } = callbacks
  const people = settings.people ?? ['demo-bob', 'demo-carol']
  const input = { name: 'Sales', extension: '600', wrapUpSeconds: 0, strategy: 'order' as const, ...settings, people }
  const queue = await scenario.during(scenario.house.queues.put(input))
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
  const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
  const sales = { dial: '600', name: 'Sales', queue: queue.id }
  const ask = (caller = '101', more: Partial<CallbackRow> = {}) => callbacks.ask(sales, caller, more)
  return { callbacks, scenario, queue, sales, ask, alice, bob, carol, dave }
}

type House = Awaited<ReturnType<typeof house>>

/** A caller is with an agent, who is busy so long. */
async function busy({ scenario }: House, caller: Phone, agent: Phone): Promise<void> {
  const before = agent.rung.length
  const placed = caller.call('600')
  await scenario.clock.until(() => agent.rung.length > before, minute)
  agent.answer()
  await scenario.during(placed.result)
  await scenario.pass(second)
}

function linesOf({ scenario }: House, queue: Queue) {
  return scenario.house.queues
    .view(queue.id)
    ?.waiting.map(({ id, kind, place, ringing }) => `${place} ${kind} ${kind === 'callback' ? id : ''} ${ringing}`)
}

/** Where a request stands, as desks were told last. */
function standing({ callbacks }: House, id = 'request-1') {
  const view = callbacks.views.findLast(({ request }) => request.id === id)
  const detail = JSON.parse(view?.attempt?.detail ?? '{}') as Partial<AttemptDetail>
  return { phase: view?.phase, ...detail.line }
}

describe('a requested call with a queue', () => {
  it('rings the agent whose turn it is, tells who asks, rings the asker, and joins them', async () => {
    const all = await house()
    const { callbacks, scenario, ask, alice, bob, carol, queue } = all
    const from = scenario.mark()
    await ask()
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(2 * promptMs + 500)
    alice.answer()
    await scenario.pass(promptMs + 500)
    expect(callbacks.ladder(from)).toEqual([
      'server -> bob INVITE',
      'bob -> server 180 INVITE',
      'bob -> server 200 INVITE',
      'server -> bob ACK',
      'server -> bob ♪ en: callback-requested-by the-number 1 0 1',
      'server -> bob ♪ en: connecting',
      'server -> alice INVITE',
      'alice -> server 180 INVITE',
      'server -> bob ♪ ringback',
      'alice -> server 200 INVITE',
      'server -> alice ACK',
      'server -> alice ♪ en: callback-you-asked-for',
    ])
    expect(alice.rung[0]?.request.header('from')).toContain('Sales')
    expect(carol.rung).toHaveLength(0)
    expect(await callbacks.request()).toMatchObject({ state: 'connected', attempts: 1 })
    expect(callbacks.views.flatMap(({ phase }) => phase ?? [])).toEqual([
      ...['waiting', 'ringing-called', 'announcing-called', 'ringing-caller', 'announcing-caller', 'joined'],
    ])
    expect(linesOf(all, queue)).toEqual([])
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', callee: { name: 'Sales' } }])
    alice.dialog?.bye()
    expect(await callbacks.left()).toEqual(nothing)
    expect(bob.byes).toHaveLength(1)
  })

  it('stands in line by the time it was asked for, with no call made, and before who comes later', async () => {
    const all = await house({ people: ['demo-bob'] })
    const { callbacks, scenario, queue, ask, alice, bob, carol, dave } = all
    await busy(all, carol, bob)
    const late = await ask('101', {
      dueAt: scenario.clock.now() + 5 * second,
      askedAt: scenario.clock.now() + 5 * second,
    })
    await scenario.pass(2 * second)
    await ask('101')
    await scenario.pass(4 * second)
    dave.call('600')
    await scenario.pass(2 * second)
    expect(linesOf(all, queue)).toEqual(['1 callback request-2 false', '2 callback request-1 false', '3 call  false'])
    expect(standing(all, late.id)).toEqual({ phase: 'waiting', place: 2, expectedWaitSeconds: expect.any(Number) })
    expect(await callbacks.request()).toMatchObject({ state: 'ringing', attempts: 1 })
    // Of the three only who is on the telephone is a call.
    expect(scenario.house.calls.list()).toHaveLength(2)
    await scenario.during(scenario.house.callbacks.cancel('request-2'))
    await scenario.pass(10 * second)
    expect(standing(all, late.id)).toMatchObject({ phase: 'waiting', place: 1 })
    bob.dialog?.bye()
    await scenario.pass(2 * second)
    expect(bob.rung).toHaveLength(2)
    bob.answer()
    await scenario.pass(3 * second)
    alice.answer()
    await scenario.pass(3 * second)
    expect(await callbacks.request()).toMatchObject({ state: 'connected', attempts: 1 })
    expect(linesOf(all, queue)).toEqual(['1 call  false'])
    expect(dave.byes).toEqual([])
  })

  it('rings one agent after the other; its history says who was tried', async () => {
    const all = await house({ ringSeconds: 10 })
    const { callbacks, scenario, ask, alice, bob, carol } = all
    await ask()
    await scenario.pass(300)
    bob.rung[0]?.reject(486)
    await scenario.pass(500)
    expect(carol.rung).toHaveLength(1)
    await scenario.pass(10 * second)
    expect(carol.cancels).toHaveLength(1)
    // Whoever did not answer is left alone for a moment.
    await scenario.pass(3 * second)
    expect(bob.rung).toHaveLength(2)
    bob.answer()
    await scenario.pass(3 * second)
    alice.answer()
    await scenario.pass(3 * second)
    expect(await callbacks.request()).toMatchObject({ state: 'connected', attempts: 1 })
    const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
    const detail = JSON.parse(attempt?.detail ?? '') as AttemptDetail
    expect(detail.confirmations.map(({ role, what, station }) => `${role} ${what} ${station}`)).toEqual([
      'called busy bob/phone',
      'called no-answer carol/phone',
      'called answered bob/phone',
      'caller answered alice/phone',
    ])
    expect(detail.line).toBeUndefined()
    expect(await callbacks.sent()).toEqual(['connected'])
    // The call that is talked in is the one that the attempt names.
    expect(scenario.house.calls.list()).toMatchObject([{ id: attempt?.callId, state: 'answered' }])
  })

  it('is over when twenty turns have reached nobody', async () => {
    const all = await house({ people: ['demo-bob'] })
    const { callbacks, scenario, ask, bob } = all
    await ask()
    for (let turn = 1; turn <= 20; turn++) {
      await scenario.clock.until(() => bob.rung.length === turn, minute)
      await scenario.pass(100)
      bob.rung.at(-1)?.reject(603)
    }
    await scenario.pass(second)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'called-no-answer', attempts: 1 })
    expect(await callbacks.sent()).toEqual(['again'])
    expect(await callbacks.left()).toEqual(nothing)
  })

  it('whose asker is not reached: the agent is told, and it is tried again by the rule, in the old place', async () => {
    const all = await house({ people: ['demo-bob'] })
    const { callbacks, scenario, queue, ask, alice, bob, carol, dave } = all
    await ask()
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(promptMs + 500)
    alice.rung[0]?.reject(486)
    await scenario.pass(promptMs + 500)
    expect(callbacks.ladder(0).filter((line) => line.includes('caller-not-reached'))).toHaveLength(1)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'caller-busy', attempts: 1 })
    expect(linesOf(all, queue)).toEqual([])
    await busy(all, carol, bob)
    dave.call('600')
    await scenario.pass(5 * minute)
    expect(linesOf(all, queue)).toEqual(['1 callback request-1 false', '2 call  false'])
    bob.dialog?.bye()
    await scenario.pass(2 * second)
    bob.answer()
    await scenario.pass(3 * second)
    alice.answer()
    await scenario.pass(3 * second)
    expect(await callbacks.request()).toMatchObject({ state: 'connected', attempts: 2 })
    expect(await callbacks.sent()).toEqual(['again', 'connected'])
  })

  it('does not ring the asker as their own agent', async () => {
    const { callbacks, scenario, ask, alice, bob } = await house({ people: ['demo-alice', 'demo-bob'] })
    await ask()
    await scenario.pass(300)
    expect([alice.rung.length, bob.rung.length]).toEqual([0, 1])
    await scenario.during(scenario.house.callbacks.cancel('request-1'))
    expect(await callbacks.left()).toEqual(nothing)
  })
})

describe('waiting ends', () => {
  it.each(['waits', 'agent rings', 'agent hears', 'asker rings'])(
    'when it is called off while it/the %s',
    async (point) => {
      const all = await house({ people: ['demo-bob'] })
      const { callbacks, scenario, queue, ask, alice, bob, carol } = all
      if (point === 'waits') await busy(all, carol, bob)
      await ask()
      await scenario.pass(300)
      if (point === 'agent hears' || point === 'asker rings') bob.answer()
      await scenario.pass(point === 'asker rings' ? 2 * promptMs : 500)
      const rung = bob.rung.length
      await scenario.during(scenario.house.callbacks.cancel('request-1'))
      await scenario.pass(500)
      expect(linesOf(all, queue)).toEqual([])
      expect(await callbacks.request()).toMatchObject({ state: 'cancelled', outcome: 'cancelled', dueAt: null })
      expect(alice.cancels).toHaveLength(point === 'asker rings' ? 1 : 0)
      if (point !== 'waits') expect(bob.cancels.length + bob.byes.length).toBe(1)
      carol.dialog?.bye()
      await scenario.pass(10 * minute)
      expect(bob.rung).toHaveLength(rung)
      const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
      expect(attempt).toMatchObject({ endedAt: expect.any(Number) })
      expect(await callbacks.sent()).toEqual(['cancelled'])
      expect(await callbacks.left()).toEqual(nothing)
    },
  )

  it('when the queue closes: the asker is told, and called when it opens, without a try lost', async () => {
    const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:30' }]
    const all = await house({ people: ['demo-bob'], hours })
    const { callbacks, scenario, queue, ask, bob, carol } = all
    const midnight = scenario.clock.now() - (scenario.clock.now() % (24 * 60 * minute))
    await busy(all, carol, bob)
    await ask()
    await scenario.pass(29 * minute)
    expect(linesOf(all, queue)).toHaveLength(1)
    await scenario.pass(2 * minute)
    expect(linesOf(all, queue)).toEqual([])
    const opens = midnight + 24 * 60 * minute
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'called-closed', dueAt: opens })
    expect(callbacks.told.map(({ what, outcome, nextAt }) => [what, outcome, nextAt])).toEqual([
      ['again', 'called-closed', opens],
    ])
    carol.dialog?.bye()
    await scenario.pass(opens - scenario.clock.now() - minute)
    await scenario.during(bob.register())
    const before = bob.rung.length
    await scenario.pass(minute + second)
    expect(bob.rung).toHaveLength(before + 1)
    await scenario.during(scenario.house.callbacks.cancel('request-1'))
  })

  it('when nobody works there for as long as callers may wait', async () => {
    const all = await house({ people: [], longestWaitSeconds: 600 })
    const { callbacks, scenario, ask } = all
    await ask()
    await scenario.pass(9 * minute)
    expect(standing(all)).toEqual({ phase: 'waiting', place: 1, expectedWaitSeconds: null })
    await scenario.pass(2 * minute)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'called-unreachable', attempts: 1 })
    expect(await callbacks.sent()).toEqual(['again'])
  })

  it('when the queue is removed: the asker is told', async () => {
    const all = await house({ people: [] })
    const { callbacks, scenario, queue, ask } = all
    await ask()
    await scenario.pass(second)
    await scenario.during(scenario.house.queues.remove(queue.id))
    await scenario.pass(second)
    expect(await callbacks.request()).toMatchObject({ state: 'failed', outcome: 'not-found' })
    expect(await callbacks.sent()).toEqual(['failed'])
  })

  it('when the server stops; after its start it stands in the old place, and the asker has heard of nothing', async () => {
    const all = await house({ people: ['demo-bob'] })
    const { callbacks, scenario, ask } = all
    const asked = scenario.clock.now()
    await scenario.during(
      scenario.house.queues.put({ ...(scenario.house.queues.list()[0] as Queue), people: [] } as QueueInput),
    )
    await ask()
    await scenario.pass(second)
    await scenario.during(scenario.house.stop(100))
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'interrupted' })
    await callbacks.crash(minute)
    await scenario.pass(6 * second)
    expect(scenario.house.queues.view(all.queue.id)?.waiting).toMatchObject([{ place: 1, since: asked }])
    expect(await callbacks.sent()).toEqual([])
  })
})

describe('waiting in a line', () => {
  it('holds back no other call', async () => {
    const { callbacks, scenario, ask, bob } = await house({ people: [] }, { atOnce: 1, perSecond: 1_000 })
    for (let i = 0; i < 3; i++) await ask()
    await callbacks.ask('102', '101')
    await scenario.pass(second)
    expect(bob.rung).toHaveLength(1)
  })
})

/** Phones that answer soon; bob declines the first call. */
async function answering() {
  const all = await house({ people: ['demo-bob'] })
  const { scenario } = all
  const answers = (invitation: Invitation, phone: Phone): void => {
    invitation.progress(180)
    scenario.clock.setTimeout(() => {
      if (!invitation.completed) phone.answer(invitation)
    }, 200)
  }
  let calls = 0
  const options = {
    bob: (invitation: Invitation, phone: Phone) => {
      if (++calls === 1) invitation.reject(486)
      else answers(invitation, phone)
    },
    alice: answers,
  }
  Object.assign(all.bob.options, { onInvite: options.bob })
  Object.assign(all.alice.options, { onInvite: options.alice })
  scenario.mortality.written.length = 0
  const row = all.callbacks.row(all.sales, '101')
  return { ...all, row }
}

/** What is written for one request from its acceptance to its connection. */
async function writes(): Promise<readonly string[]> {
  const { callbacks, scenario, row } = await answering()
  void scenario.house.callbacks.accept(row)
  await scenario.pass(10_000)
  expect(await callbacks.request()).toMatchObject({ state: 'connected', attempts: 1 })
  return [...scenario.mortality.written]
}

const names = await writes()

describe('the server is killed', () => {
  it.each(
    names.flatMap((name, index) => (['before', 'after'] as const).map((when) => ({ write: index + 1, when, name }))),
  )(
    '$when write $write of a request with a queue, $name: neither it nor its place is lost',
    async ({ write, when }) => {
      const { callbacks, scenario, queue, alice, bob, row } = await answering()
      let dead = false
      scenario.mortality.dieAt = { write, when }
      scenario.mortality.died = () => {
        dead = true
        void scenario.crash()
      }
      const asked = row.createdAt
      void scenario.house.callbacks.accept(row)
      await scenario.clock.until(() => dead, minute)
      await callbacks.crash(2_000)
      const kept = await scenario.storage.callbacks.get(row.id)
      if (!kept) {
        expect({ write, when }).toEqual({ write: 1, when: 'before' })
        return
      }
      const dialogs = [alice, bob].flatMap((phone) => phone.dialogs)
      const places: number[] = []
      scenario.house.queues.watch((_id, view) => places.push(...(view?.waiting.map(({ since }) => since) ?? [])))
      await scenario.pass(3_000)
      expect(dialogs.filter(({ ended }) => !ended)).toEqual([])
      await scenario.pass(6 * minute)
      expect(await callbacks.request()).toMatchObject({ state: 'connected' })
      expect(places.filter((since) => since !== asked)).toEqual([])
      expect(scenario.house.queues.view(queue.id)?.waiting).toEqual([])
      const attempts = await scenario.storage.callbacks.attemptsOf(row.id)
      expect(attempts.length).toBeLessThanOrEqual(2)
      expect(attempts.filter(({ outcome }) => outcome === '')).toEqual([])
      for (const phone of [alice, bob]) {
        const ids = phone.rung.map(({ request }) => request.header('x-baton-call') ?? '')
        expect(new Set(ids).size).toBe(ids.length)
      }
      const talks = scenario.house.calls.list().length
      for (const phone of [alice, bob]) expect(phone.dialogs.filter(({ ended }) => !ended)).toHaveLength(talks)
      for (const { id } of scenario.house.calls.list()) scenario.house.calls.call(id)?.end('answered', 'server')
      expect(await callbacks.left()).toEqual(nothing)
      // Who was told that it did not come about was called before.
      const sent = await callbacks.sent()
      expect(sent.at(-1)).toBe('connected')
      if (sent.length > 1) expect(attempts[0]?.calledAt).not.toBeNull()
    },
  )
})
