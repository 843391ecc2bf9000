import { describe, expect, it } from 'vitest'
import type { Invitation } from '#sip'
import type { CallbackRow } from '#storage'
import { callbackRow } from '../support/callbacks.ts'
import { announcer, CallbackHouse, nothing, promptMs, provided } from './callback-house.ts'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'

async function house(settings: object = {}) {
  const callbacks = await CallbackHouse.start(settings)
  const { scenario } = callbacks
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  return { callbacks, scenario, alice, bob }
}

const minute = 60_000

describe('a requested call', () => {
  it('rings the called, tells who asks, rings the caller, and joins them', async () => {
    const { callbacks, scenario, alice, bob } = await house()
    const from = scenario.mark()
    await callbacks.ask('102', '101')
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
    expect(await callbacks.request()).toMatchObject({ state: 'connected', outcome: 'connected', attempts: 1, node: '' })
    expect(await callbacks.sent()).toEqual(['connected'])
    const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
    expect(attempt).toMatchObject({ number: 1, outcome: 'connected', calledAt: expect.any(Number) })
    expect(JSON.parse(attempt?.detail ?? '').confirmations).toMatchObject([
      { role: 'called', what: 'answered', station: 'bob/phone', gateway: '', status: 200 },
      { role: 'caller', what: 'answered', station: 'alice/phone', gateway: '', status: 200 },
    ])
    expect(callbacks.views.flatMap(({ phase }) => phase ?? [])).toEqual([
      ...['ringing-called', 'announcing-called', 'ringing-caller', 'announcing-caller', 'joined'],
    ])
    const call = scenario.house.calls.list()[0]
    expect(call).toMatchObject({ id: attempt?.callId, state: 'answered', caller: { number: '101' } })
    alice.dialog?.bye()
    expect(await callbacks.left()).toEqual(nothing)
    expect(bob.byes).toHaveLength(1)
    expect((await scenario.records())[0]).toMatchObject({ id: attempt?.callId, callerNumber: '101', dialled: '102' })
  })
})

it('knows which request a call is made for, while it rings', async () => {
  const { callbacks, scenario, bob } = await house()
  await callbacks.ask('102', '101', { note: 'about the order' })
  await scenario.pass(300)
  expect(bob.rung).toHaveLength(1)
  const [call] = scenario.house.calls.list()
  expect(scenario.house.callbacks.requestOf(call?.id ?? '')).toMatchObject({ id: 'request-1', note: 'about the order' })
  expect(scenario.house.callbacks.requestOf('another')).toBeUndefined()
  bob.rung.at(-1)?.reject(486)
  await scenario.pass(1_000)
  expect(scenario.house.callbacks.requestOf(call?.id ?? '')).toBeUndefined()
})

describe('key 1', () => {
  const outside = '+12125551234'

  it('is asked of an outside number, and may be pressed before the question ends', async () => {
    const { callbacks, scenario, alice } = await house()
    const provider = await provided(scenario)
    await callbacks.ask(outside, '101', { personId: 'demo-alice' })
    await scenario.pass(300)
    provider.answer()
    await scenario.pass(500)
    await callbacks.press(provider, '21')
    await scenario.pass(200)
    expect(alice.rung).toHaveLength(1)
    alice.answer()
    await scenario.pass(promptMs + 500)
    expect(await callbacks.request()).toMatchObject({ state: 'connected' })
    const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
    expect(JSON.parse(attempt?.detail ?? '').confirmations).toMatchObject([
      { role: 'called', what: 'answered', station: outside, gateway: 'out', status: 200 },
      { role: 'called', what: 'key', station: outside, gateway: 'out' },
      { role: 'caller', what: 'answered', station: 'alice/phone', gateway: '' },
    ])
  })

  it('is asked for twice; a mailbox presses none', async () => {
    const { callbacks, scenario, alice } = await house()
    const provider = await provided(scenario)
    await callbacks.ask(outside, '101', { personId: 'demo-alice', language: 'de' })
    await scenario.pass(300)
    const from = scenario.mark()
    provider.answer()
    await scenario.pass(2 * promptMs + 10_000 + promptMs + 10_000 + 500)
    expect(callbacks.ladder(from)).toEqual([
      'provider -> server 200 INVITE',
      'server -> provider ACK',
      'server -> provider ♪ de: callback-requested-by the-number 1 0 1 + de: press-1-to-connect',
      'server -> provider ♪ de: press-1-to-connect',
      'server -> provider BYE',
      'provider -> server 200 BYE',
    ])
    expect(alice.rung).toHaveLength(0)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'called-no-key' })
    expect(await callbacks.left()).toEqual(nothing)
  })

  it('is asked of who wants it, on either side', async () => {
    const { callbacks, scenario, alice, bob } = await house()
    const party = (dial: string) => ({ dial, name: '', pressOne: true })
    await callbacks.ask(party('102'), party('101'))
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(4_000)
    expect(alice.rung).toHaveLength(0)
    await callbacks.press(bob, '1')
    await scenario.pass(500)
    alice.answer()
    await scenario.pass(4_000)
    expect(await callbacks.request()).toMatchObject({ state: 'ringing' })
    await callbacks.press(alice, '1')
    await scenario.pass(500)
    expect(await callbacks.request()).toMatchObject({ state: 'connected' })
  })

  it('a caller who does not press it is released, and the called told', async () => {
    const { callbacks, scenario, alice, bob } = await house()
    await callbacks.ask('102', { dial: '101', name: '', pressOne: true })
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(2 * promptMs)
    alice.answer()
    await scenario.pass(25_000 + 4 * promptMs)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'caller-no-key' })
    expect([alice.byes.length, bob.byes.length]).toEqual([1, 1])
    expect(await callbacks.left()).toEqual(nothing)
  })
})

describe('a centre', () => {
  it('is walked by keys, and the caller rung when a person there presses 1', async () => {
    const { callbacks, scenario, alice } = await house()
    const provider = await provided(scenario)
    await callbacks.ask('+12125551234', '101', { personId: 'demo-alice', keys: '1,,23' })
    await scenario.pass(300)
    const from = scenario.mark()
    provider.answer()
    await scenario.pass(3 * minute)
    expect(alice.rung).toHaveLength(0)
    expect(callbacks.ladder(from).slice(0, 5)).toEqual([
      'provider -> server 200 INVITE',
      'server -> provider ACK',
      'server -> provider ♪ keys 1',
      'server -> provider ♪ keys 23',
      'server -> provider ♪ en: callback-requested-by the-number 1 0 1 press-1-to-connect',
    ])
    await callbacks.press(provider, '1')
    await scenario.pass(500)
    alice.answer()
    await scenario.pass(promptMs + 500)
    expect(await callbacks.request()).toMatchObject({ state: 'connected' })
  })

  it('where nobody comes to the line is left again', async () => {
    const { callbacks, scenario } = await house({ centreMs: minute })
    const provider = await provided(scenario)
    await callbacks.ask('+12125551234', '101', { personId: 'demo-alice', keys: '1' })
    await scenario.pass(300)
    provider.answer()
    await scenario.pass(minute + 15_000)
    expect(await callbacks.request()).toMatchObject({ outcome: 'called-no-key' })
    expect(provider.byes).toHaveLength(1)
  })
})

describe('who does not come to the telephone', () => {
  const ends = [
    ['busy', 486, 200],
    ['declined', 603, 200],
    ['no-answer', undefined, 25_000],
    ['unreachable', 480, 200],
  ] as const

  it.each(ends)('called: %s', async (what, status, ms) => {
    const { callbacks, scenario, alice, bob } = await house()
    await callbacks.ask('102', '101')
    await scenario.pass(300)
    if (status) bob.rung[0]?.reject(status)
    await scenario.pass(ms + 300)
    expect(bob.cancels).toHaveLength(status ? 0 : 1)
    expect(alice.rung).toHaveLength(0)
    const over = what === 'declined'
    expect(await callbacks.request()).toMatchObject({
      state: over ? 'failed' : 'scheduled',
      outcome: `called-${what}`,
      attempts: 1,
    })
    expect(await callbacks.sent()).toEqual([over ? 'failed' : 'again'])
    expect(await callbacks.left()).toEqual(nothing)
  })

  it.each(ends)('caller: %s; the called is told', async (what, status, ms) => {
    const { callbacks, scenario, alice, bob } = await house()
    await callbacks.ask('102', '101')
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(promptMs + 500)
    const from = scenario.mark()
    if (status) alice.rung[0]?.reject(status)
    await scenario.pass(ms + promptMs + 500)
    expect(alice.cancels).toHaveLength(status ? 0 : 1)
    const heard = callbacks.ladder(from).filter((line) => /♪|BYE/.test(line) && !/connecting|ringback/.test(line))
    expect(heard).toEqual([
      'server -> bob ♪ en: caller-not-reached goodbye',
      'server -> bob BYE',
      'bob -> server 200 BYE',
    ])
    expect(await callbacks.request()).toMatchObject({ outcome: `caller-${what}` })
    expect(await callbacks.left()).toEqual(nothing)
    const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
    expect(JSON.parse(attempt?.detail ?? '').confirmations[1]).toMatchObject({
      ...{ role: 'caller', what, station: 'alice/phone', status: status ?? 480 },
    })
  })

  it('is tried again at the planned times, then no more', async () => {
    const { callbacks, scenario, bob } = await house()
    await scenario.pass(12 * 60 * minute)
    await scenario.during(bob.register())
    const start = scenario.clock.now()
    await callbacks.ask('102', '101')
    const at: number[] = []
    for (let attempt = 1; attempt <= 4; attempt++) {
      await scenario.clock.until(() => bob.rung.length === attempt, 90 * minute)
      at.push(Math.round((scenario.clock.now() - start) / minute))
      await scenario.pass(300)
      bob.rung.at(-1)?.reject(486)
      // The registration is kept alive.
      await scenario.during(bob.register())
    }
    expect(at).toEqual([0, 5, 20, 80])
    await scenario.pass(120 * minute)
    expect(bob.rung).toHaveLength(4)
    expect(await callbacks.request()).toMatchObject({ state: 'failed', outcome: 'called-busy', attempts: 4 })
    expect(await callbacks.sent()).toEqual(['again', 'again', 'again', 'failed'])
  })
})

/** Brings an attempt to one of its points. */
async function at(point: string) {
  const all = await house()
  const { callbacks, scenario, alice, bob } = all
  const provider = await provided(scenario)
  const called = point.startsWith('question') ? '+12125551234' : '102'
  await callbacks.ask(called, '101', { personId: 'demo-alice' })
  await scenario.pass(300)
  const first = called === '102' ? bob : provider
  if (point !== 'called rings') {
    first.answer()
    await scenario.pass(500)
  }
  if (point.startsWith('caller') || point === 'apology') await scenario.pass(promptMs)
  if (point === 'caller hears') {
    alice.answer()
    await scenario.pass(300)
  }
  if (point === 'apology') {
    alice.rung[0]?.reject(486)
    await scenario.pass(300)
  }
  return { ...all, called: first }
}

describe('somebody hangs up', () => {
  it.each([
    ['called hears', 'called', 'called-hung-up'],
    ['question', 'called', 'called-hung-up'],
    ['caller rings', 'called', 'called-hung-up'],
    ['caller hears', 'called', 'called-hung-up'],
    ['caller hears', 'caller', 'caller-hung-up'],
    ['apology', 'called', 'caller-busy'],
  ])('while %s: the %s', async (point, who, outcome) => {
    const { callbacks, scenario, alice, called } = await at(point)
    const phone = who === 'called' ? called : alice
    phone.dialog?.bye()
    await scenario.pass(promptMs + 500)
    expect(await callbacks.request()).toMatchObject({ outcome })
    expect(alice.cancels).toHaveLength(point === 'caller rings' ? 1 : 0)
    if (point === 'caller hears') expect((who === 'called' ? alice : called).byes).toHaveLength(1)
    expect(await callbacks.left()).toEqual(nothing)
  })
})

describe('a request is called off', () => {
  it.each(['called rings', 'called hears', 'question', 'caller rings', 'caller hears', 'apology'])(
    'while %s',
    async (point) => {
      const { callbacks, scenario, alice, called } = await at(point)
      const row = await scenario.during(scenario.house.callbacks.cancel('request-1'))
      expect(row).toMatchObject({ state: 'cancelled' })
      await scenario.pass(500)
      const ended = called.cancels.length + called.byes.length
      expect(ended).toBe(1)
      if (alice.rung.length > 0 && point !== 'apology') expect(alice.cancels.length + alice.byes.length).toBe(1)
      expect(await callbacks.request()).toMatchObject({ state: 'cancelled', outcome: 'cancelled', dueAt: null })
      expect(await callbacks.sent()).toEqual(['cancelled'])
      expect(await callbacks.left()).toEqual(nothing)
      const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
      expect(attempt).toMatchObject({ endedAt: expect.any(Number) })
      await scenario.pass(30 * minute)
      expect(called.rung).toHaveLength(1)
    },
  )

  it('before its time, and once it is over no more', async () => {
    const { callbacks, scenario, bob } = await house()
    await callbacks.ask('102', '101', { dueAt: scenario.clock.now() + minute })
    const { callbacks: service } = scenario.house
    expect(await scenario.during(service.cancel('request-1'))).toMatchObject({ state: 'cancelled' })
    expect(await scenario.during(service.cancel('request-1'))).toBeUndefined()
    expect(await scenario.during(service.cancel('no such'))).toBeUndefined()
    await scenario.pass(5 * minute)
    expect(bob.rung).toHaveLength(0)
  })

  it('from a desk, by who asked: that is no failure', async () => {
    const { callbacks, scenario, bob } = await house()
    await callbacks.ask('102', '101')
    await scenario.pass(300)
    scenario.house.calls.call(scenario.house.calls.list()[0]?.id ?? '')?.cancelled()
    await scenario.pass(500)
    expect(bob.cancels).toHaveLength(1)
    expect(await callbacks.request()).toMatchObject({ state: 'cancelled' })
  })
})

describe('nobody is rung', () => {
  it.each([
    ['102', '+19005550123', 'not-allowed'],
    ['102', '911', 'not-allowed'],
    ['+442079460123', '101', 'not-allowed'],
    ['777', '101', 'not-found'],
    ['102', 'nobody', 'not-found'],
  ])('for a call from %s to %s: %s', async (called, caller, outcome) => {
    const { callbacks, scenario, alice, bob } = await house()
    await provided(scenario)
    await callbacks.ask(called, caller)
    await scenario.pass(1_000)
    expect(await callbacks.request()).toMatchObject({ state: 'failed', outcome, attempts: 1 })
    expect([alice.rung.length, bob.rung.length]).toEqual([0, 0])
    expect(await callbacks.sent()).toEqual(['failed'])
  })

  it('who asks for international numbers with an account that may is let', async () => {
    const { callbacks, scenario } = await house()
    const provider = await provided(scenario)
    const person = scenario.directory.personByLogin('alice')
    if (!person) throw new Error('no alice')
    const { numbers: _numbers, ...rest } = person
    const settings = { ...person.settings, international: true }
    await scenario.during(scenario.directory.putPerson({ ...rest, settings }))
    await callbacks.ask('+442079460123', '101', { personId: person.id })
    await scenario.pass(500)
    expect(provider.rung[0]?.request.uri.user).toBe('+442079460123')
  })

  it('before its time', async () => {
    const { callbacks, scenario, bob } = await house()
    await callbacks.ask('102', '101', { dueAt: scenario.clock.now() + 3 * minute })
    await scenario.pass(3 * minute - 10)
    expect(bob.rung).toHaveLength(0)
    await scenario.pass(50)
    expect(bob.rung).toHaveLength(1)
  })

  it('for a request that is still being asked about; confirmed, it is', async () => {
    const { callbacks, scenario, bob } = await house()
    await callbacks.ask('102', '101', { state: 'asking', dueAt: null })
    await scenario.pass(minute)
    expect(bob.rung).toHaveLength(0)
    expect(await scenario.during(scenario.house.callbacks.confirm('request-1'))).toMatchObject({ state: 'scheduled' })
    await scenario.pass(300)
    expect(bob.rung).toHaveLength(1)
    expect(await scenario.during(scenario.house.callbacks.confirm('request-1'))).toBeUndefined()
  })
})

describe('many requests', () => {
  it('are begun at the allowed rate, the earliest first', async () => {
    const { callbacks, scenario, bob } = await house({ perSecond: 2, atOnce: 100 })
    const due = scenario.clock.now() + 10_000
    for (let i = 0; i < 8; i++) await callbacks.ask('102', '101', { dueAt: due - i })
    const rung: number[] = []
    for (let i = 1; i <= 8; i++) {
      await scenario.clock.until(() => bob.rung.length === i, minute)
      rung.push(scenario.clock.now() - due)
    }
    const gaps = rung.slice(1).map((time, i) => Math.round((time - (rung[i] ?? 0)) / 100))
    expect(gaps).toEqual([5, 5, 5, 5, 5, 5, 5])
    const attempts = await scenario.storage.callbacks.attemptsOf('request-8')
    expect(attempts).toHaveLength(1)
  })

  it('keep their turns where each look at the database takes a while', async () => {
    const { callbacks, scenario, bob } = await house({ perSecond: 2, atOnce: 100 })
    const stored = scenario.storage.callbacks
    const { due } = stored
    const slow = async (...asked: Parameters<typeof due>) => {
      await new Promise<void>((resolve) => scenario.clock.setTimeout(resolve, 40))
      return due.apply(stored, asked)
    }
    Object.assign(stored, { due: slow })
    const start = scenario.clock.now() + 10_000
    for (let i = 0; i < 12; i++) await callbacks.ask('102', '101', { dueAt: start })
    await scenario.clock.until(() => bob.rung.length === 12, minute)
    expect(scenario.clock.now() - (start + 11 * 500)).toBeLessThan(200)
  })

  it('keep the allowed rate, however long people take to answer', async () => {
    const { callbacks, scenario, bob } = await house()
    let rung = 0
    const slow = (invitation: Invitation, phone: Phone): void => {
      rung++
      const answer = (): void => {
        if (!invitation.completed) phone.answer(invitation)
      }
      scenario.clock.setTimeout(answer, 15_000)
    }
    Object.assign(bob.options, { onInvite: slow })
    const due = scenario.clock.now() + 10_000
    const asked = Array.from({ length: 300 }, () => callbacks.row('102', '104', { dueAt: due }))
    await scenario.during(Promise.all(asked.map((row) => scenario.house.callbacks.accept(row))))
    // Ten in a second, as it is by default; each rings for 15 s, so that 150 are under way at once.
    await scenario.clock.until(() => rung === 300, 10 * minute)
    // A bound of 50 at once would need eighty.
    expect(scenario.clock.now() - due).toBeLessThan(60_000)
  })

  it('are under way only so many at once', async () => {
    const { callbacks, scenario, bob } = await house({ perSecond: 1_000, atOnce: 3 })
    for (let i = 0; i < 5; i++) await callbacks.ask('102', '101')
    await scenario.pass(15_000)
    expect(bob.rung).toHaveLength(3)
    bob.rung[0]?.reject(603)
    await scenario.pass(500)
    expect(bob.rung).toHaveLength(4)
  })
})

describe('the server stops and starts', () => {
  it('an attempt that is under way is interrupted and made again by the rule', async () => {
    const { callbacks, scenario, bob } = await house()
    await callbacks.ask('102', '101')
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(500)
    await scenario.during(scenario.house.stop(100))
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'interrupted', attempts: 1 })
    expect(scenario.ladder().filter((line) => line === 'server -> bob BYE')).toHaveLength(1)
  })

  it('a server without room makes no call, and tries again', async () => {
    const { callbacks, scenario, bob } = await house()
    const full = scenario.house.calls.core.settings as { maxCalls: number }
    full.maxCalls = 0
    await callbacks.ask('102', '101')
    await scenario.pass(500)
    expect(bob.rung).toHaveLength(0)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'interrupted' })
  })

  it.each([
    [10 * minute, 'ringing'],
    [16 * minute, 'failed'],
  ])('%s ms after the time of a request it is %s', async (late, state) => {
    const { callbacks, scenario, bob } = await house()
    await callbacks.ask('102', '101', { dueAt: scenario.clock.now() + minute })
    await callbacks.crash(minute + late)
    await scenario.pass(500)
    expect(await callbacks.request()).toMatchObject({ state })
    expect(bob.rung).toHaveLength(state === 'ringing' ? 1 : 0)
    expect(callbacks.told.map(({ what, outcome }) => `${what} ${outcome}`)).toEqual(
      state === 'failed' ? ['missed missed'] : [],
    )
  })
})

describe('either side may be a phone of ours or a number outside', () => {
  const one = '+12125551234'
  const other = '+12125559876'

  it.each([
    ['102', '101'],
    [one, '101'],
    ['102', one],
    [one, other],
  ])('%s called for %s', async (called, caller) => {
    const { callbacks, scenario, alice, bob } = await house()
    const provider = await provided(scenario)
    await callbacks.ask(called, caller, { personId: 'demo-alice' })
    const phoneOf = (dial: string) => (dial === '101' ? alice : dial === '102' ? bob : provider)
    await scenario.pass(300)
    const first = phoneOf(called)
    first.answer()
    await scenario.pass(promptMs + 500)
    if (called === one) await callbacks.press(first, '1')
    await scenario.pass(500)
    const second = phoneOf(caller)
    expect(second.rung.at(-1)?.request.uri.user).toBe(caller === '101' ? 'alice' : caller)
    second.answer()
    await scenario.pass(promptMs + 500)
    expect(await callbacks.request()).toMatchObject({ state: 'connected' })
    const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
    const confirmations: { role: string; gateway: string; what: string }[] = JSON.parse(
      attempt?.detail ?? '',
    ).confirmations
    const answered = confirmations
      .filter(({ what }) => what === 'answered')
      .map(({ role, gateway }) => `${role} ${gateway}`)
    expect(answered).toEqual([`called ${called === one ? 'out' : ''}`, `caller ${caller === '101' ? '' : 'out'}`])
    second.dialog?.bye()
    expect(await callbacks.left()).toEqual(nothing)
  })

  it('a group is rung on all its phones; the first has the call', async () => {
    const { callbacks, scenario, alice, bob } = await house()
    const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
    await callbacks.ask('200', '104')
    await scenario.pass(300)
    expect([alice.rung.length, bob.rung.length, carol.rung.length]).toEqual([1, 1, 1])
    carol.answer()
    await scenario.pass(300)
    expect([alice.cancels.length, bob.cancels.length]).toEqual([1, 1])
    await scenario.pass(3 * promptMs)
    expect(await callbacks.request()).toMatchObject({ outcome: 'caller-unreachable' })
    expect(carol.byes).toHaveLength(1)
  })
})

describe('two servers on one database', () => {
  async function two() {
    const first = await Scenario.start({ node: 'first', callbacks: { announcer } })
    const second = await Scenario.beside(first, 'second')
    await second.crash()
    await second.boot({ node: 'second', callbacks: { announcer } })
    const alice = await second.registered('alice', 'alice', '10.0.0.1')
    const bob = await second.registered('bob', 'bob', '10.0.0.2')
    const request = async (row: CallbackRow): Promise<CallbackRow> => first.during(first.house.callbacks.accept(row))
    return { first, second, alice, bob, request }
  }

  it('one of them makes the attempt: where the phones are registered', async () => {
    const { first, second, alice, bob, request } = await two()
    await request(callbackRow('request-1', { dial: '102' }, { dial: '101' }, {}, first.clock.now()))
    await first.pass(12_000)
    expect(bob.rung).toHaveLength(1)
    bob.answer()
    await first.pass(2 * promptMs)
    alice.answer()
    await first.pass(2 * promptMs)
    expect(await first.storage.callbacks.get('request-1')).toMatchObject({ state: 'connected', attempts: 1 })
    expect([first.house.calls.list().length, second.house.calls.list().length]).toEqual([0, 1])
  })

  it('what one called off at the other stops ringing', async () => {
    const { first, bob, request } = await two()
    await request(callbackRow('request-1', { dial: '102' }, { dial: '101' }, {}, first.clock.now()))
    await first.pass(12_000)
    expect(bob.rung).toHaveLength(1)
    await first.during(first.house.callbacks.cancel('request-1'))
    await first.pass(11_000)
    expect(bob.cancels).toHaveLength(1)
    expect(await first.storage.callbacks.get('request-1')).toMatchObject({ state: 'cancelled' })
  })

  it('what a server that does not come back was ringing is written off by the other', async () => {
    const { first, bob } = await two()
    const row = callbackRow('request-1', { dial: '103' }, { dial: '101' }, {}, first.clock.now())
    await first.storage.callbacks.accept({ ...row, dueAt: first.clock.now() + 60 * minute }, [])
    const attempt = {
      ...{ id: 'a', callbackId: row.id, number: 1, node: 'third', callId: 'c', startedAt: first.clock.now() },
      ...{ calledAt: null, callerAt: null, joinedAt: null, endedAt: null, outcome: '', detail: '{}' },
    }
    await first.storage.nodes.seen({ node: 'third', address: 'udp 127.0.0.3:5060', seenAt: first.clock.now() })
    expect(await first.storage.callbacks.begin(attempt, first.clock.now())).toBe(true)
    await first.pass(50_000)
    expect(await first.storage.callbacks.get(row.id)).toMatchObject({ state: 'ringing' })
    await first.pass(30_000)
    expect(await first.storage.callbacks.get(row.id)).toMatchObject({ state: 'scheduled', outcome: 'interrupted' })
    expect(bob.rung).toHaveLength(0)
  })
})
