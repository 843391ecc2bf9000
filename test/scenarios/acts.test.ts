import { describe, expect, it } from 'vitest'
import { CallActs, CallError, type CallErrorCode } from '#call'
import { Scenario } from './checked.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }

async function house() {
  const scenario = await Scenario.start()
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const caller = scenario.phone('caller', trunk)
  const person = (login: string) => {
    const found = scenario.directory.personByLogin(login)
    if (!found) throw new Error(`no ${login}`)
    return found
  }
  return { scenario, alice, bob, caller, person, acts: new CallActs(scenario.house.calls) }
}

/** The id of the only live call. */
function only(scenario: Scenario): string {
  const [call, ...more] = scenario.house.calls.list()
  if (!call || more.length > 0) throw new Error('there is not just one call')
  return call.id
}

function refused(act: () => unknown): CallErrorCode | undefined {
  try {
    act()
  } catch (error) {
    if (error instanceof CallError) return error.code
    throw error
  }
  return undefined
}

describe('acts on a ringing call', () => {
  it('answer on one station: the others stop', async () => {
    const { scenario, alice, caller, person, acts } = await house()
    const second = await scenario.registered('second', 'alice', '10.0.0.3')
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    acts.answer(only(scenario), person('alice'), 'alice/phone at 10.0.0.3:5060')
    await scenario.pass(200)
    expect([alice.cancels.length, second.cancels.length]).toEqual([1, 0])
    second.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect(refused(() => acts.decline(only(scenario), person('alice')))).toBe('taken')
  })

  it.each([true, false])('answer on a phone whose profile allows it to answer by itself: %s', async (autoAnswer) => {
    const { scenario, alice, caller, person, acts } = await house()
    const [device] = scenario.directory.devicesOf(person('alice').id)
    if (!device) throw new Error('alice has no phone')
    await scenario.during(scenario.directory.putDevice({ ...device, settings: { ...device.settings, autoAnswer } }))
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    const events: (string | undefined)[] = []
    const early = alice.rung[0]?.early
    if (!early) throw new Error('no early dialog')
    early.handlers = {
      notify: (transaction) => {
        events.push(transaction.request.header('event'))
        transaction.respond(200)
        alice.answer()
      },
    }
    acts.answer(only(scenario), person('alice'), 'alice/phone')
    await scenario.pass(200)
    expect(events).toEqual(autoAnswer ? ['talk'] : [])
    if (!autoAnswer) alice.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    placed.dialog?.bye()
    await scenario.pass(200)
  })

  it('a phone that does not know how to answer by itself rings on', async () => {
    const { scenario, alice, caller, person, acts } = await house()
    const [device] = scenario.directory.devicesOf(person('alice').id)
    if (!device) throw new Error('alice has no phone')
    const settings = { ...device.settings, autoAnswer: true }
    await scenario.during(scenario.directory.putDevice({ ...device, settings }))
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    acts.answer(only(scenario), person('alice'), 'alice/phone')
    await scenario.pass(60_000 / 4)
    expect([placed.done, alice.cancels.length]).toEqual([false, 0])
    alice.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })

  it('decline', async () => {
    const { scenario, alice, caller, person, acts } = await house()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    expect(refused(() => acts.decline(only(scenario), person('bob')))).toBe('not-allowed')
    acts.decline(only(scenario), person('alice'))
    expect(await scenario.during(placed.result)).toBe(603)
    expect(alice.cancels).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ cause: 'declined' }])
  })

  it('divert to a colleague; a refused target leaves it ringing', async () => {
    const { scenario, alice, bob, caller, person, acts } = await house()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    const id = only(scenario)
    expect(refused(() => acts.divert(id, person('alice'), '19005551234'))).toBe('premium-not-allowed')
    expect(alice.cancels).toHaveLength(0)
    acts.divert(id, person('alice'), '102')
    await scenario.clock.until(() => bob.rung.length > 0)
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect(alice.cancels).toHaveLength(1)
  })
})

describe('acts in a call', () => {
  it('hold, resume, transfer, hang up', async () => {
    const { scenario, alice, bob, caller, person, acts } = await house()
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    alice.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(100)
    const id = only(scenario)
    await scenario.during(acts.hold(id, person('alice')))
    expect(scenario.house.calls.get(id)?.held).toBe(true)
    await scenario.during(acts.resume(id, person('alice')))
    expect(scenario.house.calls.get(id)?.held).toBe(false)
    const nowhere = acts.transfer(id, person('alice'), '999').catch((error: CallError) => error.code)
    expect(await scenario.during(nowhere)).toBe('not-found')
    const moved = acts.transfer(id, person('alice'), '102')
    await scenario.clock.until(() => bob.rung.length > 0)
    bob.answer()
    await scenario.during(moved)
    await scenario.pass(6000)
    expect([alice.byes.length, caller.byes.length]).toEqual([1, 0])
    expect(refused(() => acts.hangup(id, person('alice')))).toBe('not-allowed')
    acts.hangup(id, person('bob'))
    await scenario.pass(200)
    expect(caller.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ state: 'ended', endedBy: 'callee' }])
  })
})

describe('calling out from a desk', () => {
  it('rings my station first, then the target, and joins them', async () => {
    const { scenario, alice, bob, person, acts } = await house()
    const id = acts.originate(person('alice'), '102')
    await scenario.clock.until(() => alice.rung.length > 0)
    expect(bob.rung).toHaveLength(0)
    alice.answer()
    await scenario.clock.until(() => bob.rung.length > 0)
    expect(bob.rung[0]?.request.from.uri.user).toBe('101')
    bob.answer()
    await scenario.pass(500)
    expect(scenario.house.calls.get(id)).toMatchObject({ state: 'answered', direction: 'internal' })
    bob.dialog?.bye()
    await scenario.pass(200)
    expect(alice.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([
      { state: 'ended', callerId: 'demo-alice', answeredStation: 'bob/phone' },
    ])
  })

  it('ends my station with the reason when the target is busy', async () => {
    const { scenario, alice, bob, person, acts } = await house()
    acts.originate(person('alice'), '102')
    await scenario.clock.until(() => alice.rung.length > 0)
    alice.answer()
    await scenario.clock.until(() => bob.rung.length > 0)
    bob.rung[0]?.reject(486)
    await scenario.pass(500)
    expect(alice.byes[0]?.header('reason')).toContain('cause=486')
    expect(scenario.house.calls.list()).toEqual([])
    await scenario.pass(70_000)
    expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  })

  it('refuses at once what may not be dialled, and without a station', async () => {
    const { person, acts, scenario } = await house()
    expect(refused(() => acts.originate(person('alice'), '19005551234'))).toBe('premium-not-allowed')
    expect(refused(() => acts.originate(person('carol'), '102'))).toBe('unreachable')
    expect(scenario.house.calls.list()).toEqual([])
  })

  it('a crash after my station answered ends it', async () => {
    const { scenario, alice, bob, person, acts } = await house()
    acts.originate(person('alice'), '102')
    await scenario.clock.until(() => alice.rung.length > 0)
    alice.answer()
    await scenario.clock.until(() => bob.rung.length > 0)
    await scenario.pass(100)
    await scenario.crash()
    await scenario.boot()
    await scenario.pass(2000)
    expect(alice.byes[0]?.header('reason')).toContain('Server restarted')
  })

  it('can be given up while it rings', async () => {
    const { scenario, alice, person, acts } = await house()
    const id = acts.originate(person('alice'), '102')
    await scenario.clock.until(() => alice.rung.length > 0)
    acts.hangup(id, person('alice'))
    await scenario.pass(200)
    expect(alice.cancels).toHaveLength(1)
    expect(scenario.house.calls.list()).toEqual([])
  })
})
