import { describe, expect, it } from 'vitest'
import type { Phone } from './phone.ts'
import { charges, completedElsewhere, house, over, replacing, ringing, trunk } from './pickup-house.ts'

describe('pickup by code', () => {
  it("a group's member takes a colleague's call", async () => {
    const { scenario, bob, carol, caller, placed, from } = await ringing()
    const picked = carol.call('*8')
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(1000)
    const challenge = ['carol -> server INVITE', 'server -> carol 407 INVITE', 'carol -> server ACK']
    expect(scenario.ladder(from).filter((line) => !line.includes('100 INVITE'))).toEqual([
      ...challenge,
      'carol -> server INVITE',
      'server -> bob CANCEL',
      'server -> carol 200 INVITE',
      'server -> caller 200 INVITE',
      'bob -> server 200 CANCEL',
      'bob -> server 487 INVITE',
      'carol -> server ACK',
      'caller -> server ACK',
      'server -> bob ACK',
    ])
    expect(bob.cancels[0]?.header('reason')).toBe(completedElsewhere)
    const [record] = await scenario.records()
    expect(record).toMatchObject({
      state: 'live',
      calleeName: 'Bob',
      answeredById: 'demo-carol',
      answeredStation: 'carol/phone',
    })
    expect(JSON.parse(record?.branches ?? '')).toMatchObject([
      { station: 'bob/phone', outcome: 'picked-up', by: 'carol/phone', ringMs: 1002 },
      { station: 'carol/phone', outcome: 'answered' },
    ])
    expect(await charges(scenario)).toMatchObject([
      {
        account: 'demo-carol',
        state: 'open',
        calledName: 'Bob',
        callerNumber: '+15551234567',
        pickedUpBy: 'carol/phone',
      },
    ])
    await over(scenario, caller)
    expect(carol.byes).toHaveLength(1)
    const [charge] = await charges(scenario)
    expect(charge).toMatchObject({ state: 'closed', reason: 'answered' })
    expect(charge?.answeredAt).toBeGreaterThan(0)
    expect(JSON.parse(charge?.rangMs ?? '')).toMatchObject([{ station: 'bob/phone', personId: 'demo-bob' }])
    expect(scenario.house.pickup.joined).toEqual({ replaced: 0, answered: 1, rung: 0 })
  })

  it('directed, by extension', async () => {
    const { scenario, bob, carol, caller, placed } = await ringing()
    const picked = carol.call('*8102')
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    expect(bob.cancels).toHaveLength(1)
    await over(scenario, caller)
  })
})

describe('pickup refused: the phone rings on', () => {
  it.each([
    ['somebody of no group of theirs', 'dave', '*8', 403, 'Forbidden'],
    ['somebody of no group of theirs, directed', 'dave', '*8102', 403, 'Forbidden'],
    ['directed at a colleague whose phone is silent', 'carol', '*8101', 480, 'Nothing rings there'],
    ['directed at an extension that nobody has', 'carol', '*8999', 404, 'Not Found'],
  ])('%s', async (_what, login, code, status, words) => {
    const { scenario, bob, placed } = await ringing()
    const picker = await scenario.registered('picker', login, '10.0.0.9')
    const picked = picker.call(code)
    expect(await scenario.during(picked.result)).toBe(status)
    expect(picked.response?.reason).toBe(words)
    await scenario.pass(1000)
    expect([bob.cancels.length, placed.done]).toEqual([0, false])
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect(await charges(scenario)).toEqual([])
    await over(scenario, bob)
  })

  it('nothing rings', async () => {
    const { scenario, carol } = await house()
    const picked = carol.call('*8')
    expect(await scenario.during(picked.result)).toBe(480)
    expect(picked.response?.reason).toBe('Nothing rings there')
  })

  it('just answered: who was faster is told', async () => {
    const { scenario, bob, carol, placed } = await ringing()
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    for (const code of ['*8', '*8102']) {
      const picked = carol.call(code)
      expect(await scenario.during(picked.result)).toBe(486)
      expect(picked.response?.reason).toBe('Already taken by bob')
    }
    await scenario.pass(6000)
    expect(await scenario.during(carol.call('*8').result)).toBe(480)
    await over(scenario, bob)
  })

  it('somebody else picked it up a moment before', async () => {
    const { scenario, carol, placed, caller } = await ringing()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const [first, second] = [carol.call('*8'), alice.call('*8102')]
    const results = await scenario.during(Promise.all([first.result, second.result]))
    expect([...results].sort()).toEqual([200, 486])
    const loser = results[0] === 486 ? first : second
    expect(loser.response?.reason).toBe(`Already taken by ${results[0] === 486 ? 'alice' : 'carol'}`)
    expect(await scenario.during(placed.result)).toBe(200)
    await over(scenario, caller)
    expect((await charges(scenario)).map(({ state }) => state)).toEqual(['closed'])
  })
})

describe('who may', () => {
  it('a supervisor picks up from anybody, and own calls are always mine', async () => {
    const { scenario, placed, caller } = await ringing()
    const dave = scenario.directory.personByLogin('dave')
    if (!dave) throw new Error('no dave')
    const { numbers: _numbers, ...rest } = dave
    const phone = await scenario.registered('dave', 'dave', '10.0.0.4')
    const own = await scenario.registered('second', 'dave', '10.0.0.5')
    const mine = scenario.phone('another', { ...trunk, port: 5071 }).call('+12025550104')
    await scenario.pass(500)
    expect(await scenario.during(own.call('*8').result)).toBe(200)
    expect(await scenario.during(mine.result)).toBe(200)
    expect(placed.done).toBe(false)
    await scenario.during(scenario.directory.putPerson({ ...rest, role: 'supervisor' }))
    expect(await scenario.during(phone.call('*8102').result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    own.dialog?.bye()
    await over(scenario, caller)
  })

  it('a group may keep its calls to itself, or let others in', async () => {
    const { scenario, placed, carol, caller } = await ringing()
    const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
    const group = scenario.directory.groupById('demo-front')
    if (!group) throw new Error('no group')
    const pickup = { members: false, by: ['demo-dave'] }
    await scenario.during(scenario.directory.putGroup({ ...group, members: [...group.members], pickup }))
    expect(await scenario.during(carol.call('*8').result)).toBe(403)
    expect(await scenario.during(dave.call('*8').result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    await over(scenario, caller)
  })

  it('of several calls the one that rings longest; a call of mine to a colleague is not mine to take', async () => {
    const { scenario, bob, carol, placed, caller } = await ringing()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const own = carol.call('101')
    await scenario.pass(300)
    const second = scenario.phone('another', { ...trunk, port: 5071 })
    const later = second.call('+12025550101')
    await scenario.pass(300)
    expect(await scenario.during(carol.call('*8').result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    expect([bob.cancels.length, alice.cancels.length]).toEqual([1, 0])
    expect(await scenario.during(carol.call('*8').result)).toBe(200)
    expect(await scenario.during(later.result)).toBe(200)
    expect(await scenario.during(carol.call('*8101').result)).toBe(486)
    own.outgoing?.cancel()
    caller.dialog?.bye()
    await over(scenario, second)
  })

  it('a call of a group, by its extension', async () => {
    const { scenario, bob, carol, caller } = await house()
    const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
    const placed = dave.call('200')
    await scenario.pass(300)
    expect([bob.rung.length, carol.rung.length]).toEqual([1, 1])
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    expect(await scenario.during(alice.call('*8200').result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    expect([bob.cancels.length, carol.cancels.length]).toEqual([1, 1])
    expect(caller.rung).toEqual([])
    await over(scenario, alice)
  })

  it('the desk means one call by its id', async () => {
    const { scenario, carol, caller, placed } = await ringing()
    const second = scenario.phone('another', { ...trunk, port: 5071 })
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const later = second.call('+12025550101')
    await scenario.pass(300)
    const id = scenario.house.calls.list()[1]?.id ?? ''
    expect(await scenario.during(carol.call('*8', { headers: [['X-Baton-Call', id]] }).result)).toBe(200)
    expect(await scenario.during(later.result)).toBe(200)
    expect([placed.done, alice.cancels.length]).toEqual([false, 1])
    expect(await scenario.during(carol.call('*8', { headers: [['X-Baton-Call', id]] }).result)).toBe(486)
    expect(await scenario.during(carol.call('*8', { headers: [['X-Baton-Call', 'nothing']] }).result)).toBe(480)
    placed.outgoing?.cancel()
    await over(scenario, second)
    expect(caller.byes).toEqual([])
  })
})

describe('a busy lamp key', () => {
  it.each(['to-tag first', 'turned'] as const)('takes the call, tags %s', async (order) => {
    const { scenario, bob, carol, caller, placed } = await ringing({ supports: ['replaces'] })
    const picked = carol.call('102', { headers: [replacing(bob, ';early-only', order)] })
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    expect(bob.cancels[0]?.header('reason')).toBe(completedElsewhere)
    expect(carol.rung).toEqual([])
    await over(scenario, caller)
  })

  it('is refused for what rings no more, and by who may not', async () => {
    const { scenario, bob, carol, placed } = await ringing()
    const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
    const early = replacing(bob, ';early-only')
    const [name, value] = early
    const status = (phone: Phone, header: [string, string]) =>
      scenario.during(phone.call('102', { headers: [header] }).result)
    expect(await status(dave, early)).toBe(403)
    expect(await status(carol, [name, value.replace(/^[^;]*/, 'unknown')])).toBe(481)
    expect(await status(carol, [name, value.replace(/to-tag=[^;]*/, 'to-tag=wrong')])).toBe(481)
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    const late = carol.call('102', { headers: [early] })
    expect(await scenario.during(late.result)).toBe(486)
    expect(late.response?.reason).toBe('Already taken by bob')
    expect(await status(carol, replacing(bob))).toBe(403)
    expect(await status(dave, early)).toBe(403)
    bob.dialog?.bye()
    await scenario.pass(200)
    expect(await status(carol, early)).toBe(603)
    await over(scenario)
    expect(await status(carol, early)).toBe(481)
  })

  it('is refused with 603 once the phone has stopped, while others ring on', async () => {
    const { scenario, bob, carol, caller, placed } = await ringing()
    const second = await scenario.registered('second', 'bob', '10.0.0.6')
    await scenario.pass(300)
    bob.rung[0]?.reject(486)
    await scenario.pass(300)
    const picked = carol.call('102', { headers: [replacing(bob)] })
    expect(await scenario.during(picked.result)).toBe(603)
    expect([placed.done, second.cancels.length]).toEqual([false, 0])
    placed.outgoing?.cancel()
    await over(scenario, caller)
  })
})
