import { describe, expect, it } from 'vitest'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }

async function settings(scenario: Scenario, login: string, change: object): Promise<void> {
  const person = scenario.directory.personByLogin(login)
  if (!person) throw new Error(`no ${login}`)
  const { numbers: _numbers, ...rest } = person
  await scenario.during(scenario.directory.putPerson({ ...rest, settings: { ...person.settings, ...change } }))
}

/** A provider that calls to the outside go to. */
async function provided(scenario: Scenario, more: object = {}): Promise<Phone> {
  const settings = { sources: [], gateways: ['sip:10.0.9.1:5060'], healthMs: 0, ...more }
  await scenario.during(scenario.directory.putTrunk({ id: 'out', name: 'out', settings }))
  return scenario.phone('provider', { address: '10.0.9.1', user: 'provider' })
}

describe('what happens instead of ringing', () => {
  it.each([
    ['always', { forward: { always: '102' } }],
    ['busy, by do not disturb', { doNotDisturb: true, forward: { busy: '102' } }],
    ['no answer', { forward: { noAnswer: '102' }, ring: { mode: 'all', ringMs: 5000 } }],
  ])('forward on %s', async (_what, change) => {
    const scenario = await Scenario.start()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
    await settings(scenario, 'alice', change)
    const caller = scenario.phone('caller', trunk)
    const placed = caller.call('+12025550101')
    await scenario.clock.until(() => bob.rung.length > 0)
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect(alice.rung.length).toBe('ring' in change ? 1 : 0)
  })

  it('forwards in a circle end with 482', async () => {
    const scenario = await Scenario.start()
    await settings(scenario, 'alice', { forward: { always: '102' } })
    await settings(scenario, 'bob', { forward: { always: '101' } })
    const caller = scenario.phone('caller', trunk)
    expect(await scenario.during(caller.call('+12025550101').result)).toBe(482)
  })

  it('phones ring in order, one step after the other', async () => {
    const scenario = await Scenario.start()
    const person = scenario.directory.personByLogin('alice')
    const second = await scenario.during(
      scenario.directory.putDevice({ id: 'second', personId: person?.id ?? '', name: 'second', username: 'alice2' }),
    )
    await scenario.during(scenario.directory.setDevicePassword(second.id, 'alice2-demo'))
    await settings(scenario, 'alice', { ring: { mode: 'order', stepMs: 10_000, order: ['phone', 'second'] } })
    const first = await scenario.registered('first', 'alice', '10.0.0.1')
    const other = await scenario.registered('other', 'alice2', '10.0.0.2')
    const caller = scenario.phone('caller', trunk)
    const placed = caller.call('+12025550101')
    await scenario.pass(9000)
    expect([first.rung.length, other.rung.length]).toEqual([1, 0])
    await scenario.pass(1500)
    expect([first.cancels.length, other.rung.length]).toEqual([1, 1])
    other.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })

  it('a 302 leads to a colleague, not to a foreign domain or a premium number', async () => {
    const scenario = await Scenario.start()
    let contact = '<sip:102@baton.local>'
    await scenario.registered('alice', 'alice', '10.0.0.1', {
      onInvite: (invitation) => invitation.reject(302, 'Moved Temporarily', [['Contact', contact]]),
    })
    const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
    const caller = scenario.phone('caller', trunk)
    const placed = caller.call('+12025550101')
    await scenario.clock.until(() => bob.rung.length > 0)
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    for (contact of [
      '<sip:103@evil.example>',
      '<sip:19005551234@baton.local>',
      '<mailto:x@y>',
      '<sip:911@baton.local>',
    ]) {
      const before = bob.rung.length
      expect(await scenario.during(caller.call('+12025550101').result)).toBe(480)
      expect(bob.rung.length).toBe(before)
    }
  })

  it('a call from the trunk reaches our numbers only, a station without credentials nobody', async () => {
    const scenario = await Scenario.start()
    const caller = scenario.phone('caller', trunk)
    expect(await scenario.during(caller.call('+12025550199').result)).toBe(407)
    const stranger = scenario.phone('stranger', { address: '10.0.0.9', user: '+15550001111' })
    expect(await scenario.during(stranger.call('+12025550101').result)).toBe(407)
  })

  it('an emergency call goes out without a trunk only as an honest refusal', async () => {
    const scenario = await Scenario.start()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    expect(await scenario.during(alice.call('911').result)).toBe(503)
  })

  it('an emergency call goes out past every cap, an ordinary one does not', async () => {
    const scenario = await Scenario.start()
    const provider = await provided(scenario, { maxCalls: 1 })
    await settings(scenario, 'alice', { maxOutsideCalls: 1 })
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const first = alice.call('+12125551234')
    await scenario.clock.until(() => provider.rung.length === 1)
    provider.answer()
    expect(await scenario.during(first.result)).toBe(200)
    expect(await scenario.during(alice.call('+12125551235').result)).toBe(403)
    const emergency = alice.call('911')
    await scenario.clock.until(() => provider.rung.length === 2)
    expect(provider.rung[1]?.request.uri.user).toBe('911')
    provider.answer()
    expect(await scenario.during(emergency.result)).toBe(200)
    expect(provider.rung[0]?.request.from.uri.user).toBe('+12025550101')
  })

  it('a hidden number stays hidden from the outside, the provider still knows who pays', async () => {
    const scenario = await Scenario.start()
    const provider = await provided(scenario)
    await settings(scenario, 'alice', { hideNumber: true })
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    alice.call('+12125551234')
    await scenario.clock.until(() => provider.rung.length === 1)
    const request = provider.rung[0]?.request
    expect(request?.from.uri.host).toBe('anonymous.invalid')
    expect(request?.header('privacy')).toBe('id')
    expect(request?.header('p-asserted-identity')).toContain('+12025550101')
  })

  it('a forward to the outside shows the caller and is made on the account of who forwards', async () => {
    const scenario = await Scenario.start()
    const provider = await provided(scenario)
    await settings(scenario, 'alice', { forward: { always: '+12125551234' }, maxOutsideCalls: 1 })
    const caller = scenario.phone('caller', trunk)
    caller.call('+12025550101')
    await scenario.clock.until(() => provider.rung.length === 1)
    const request = provider.rung[0]?.request
    expect(request?.from.uri.user).toBe('+15551234567')
    expect(request?.header('p-asserted-identity')).toContain('+12025550101')
    expect(request?.header('diversion')).toContain('+12025550101')
    expect(await scenario.during(caller.call('+12025550101').result)).toBe(403)
  })

  it('a dead gateway is passed over for the next', async () => {
    const scenario = await Scenario.start()
    const provider = await provided(scenario, { gateways: ['sip:10.0.9.9:5060', 'sip:10.0.9.1:5060'] })
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const placed = alice.call('+12125551234')
    await scenario.clock.until(() => provider.rung.length === 1, 40_000)
    provider.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })
})

describe('which device is told', () => {
  it('a rule for one caller, the preferred device for everybody else', async () => {
    const scenario = await Scenario.start()
    const alice = scenario.directory.personByLogin('alice')
    const second = await scenario.during(
      scenario.directory.putDevice({ id: 'second', personId: alice?.id ?? '', name: 'second', username: 'alice2' }),
    )
    await scenario.during(scenario.directory.setDevicePassword(second.id, 'alice2-demo'))
    await settings(scenario, 'alice', {
      preferredDevice: 'demo-alice-phone',
      callerRules: [{ callers: ['+15559990000'], action: 'ring', devices: ['second'] }],
    })
    const first = await scenario.registered('first', 'alice', '10.0.0.1')
    const other = await scenario.registered('other', 'alice2', '10.0.0.2')
    const caller = scenario.phone('caller', trunk)
    const vip = scenario.phone('vip', { ...trunk, port: 5071, user: '+15559990000' })
    caller.call('+12025550101')
    await scenario.pass(500)
    expect([first.rung.length, other.rung.length]).toEqual([1, 0])
    vip.call('+12025550101')
    await scenario.pass(500)
    expect([first.rung.length, other.rung.length]).toEqual([1, 1])
    await scenario.registered('third', 'alice', '10.0.0.3')
    await scenario.pass(500)
    expect(other.rung.length).toBe(1)
  })

  it('quiet hours ring nobody and go where busy goes', async () => {
    const scenario = await Scenario.start()
    await settings(scenario, 'alice', {
      quietHours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00' }],
      forward: { busy: '102' },
    })
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
    scenario.phone('caller', trunk).call('+12025550101')
    await scenario.pass(500)
    expect([alice.rung.length, bob.rung.length]).toEqual([0, 1])
  })
})
