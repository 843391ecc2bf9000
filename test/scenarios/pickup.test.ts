import { describe, expect, it } from 'vitest'
import { CallActs, type CallError } from '#call'
import type { Invitation } from '#sip'
import type { ChargeRow } from '#storage'
import { Scenario } from './checked.ts'
import type { Phone, PhoneOptions, Placed } from './phone.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }
const completedElsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

/** Bob's phone, carol's phone, and a caller from the telephone network. */
async function house(carols: Partial<PhoneOptions> = {}, options: Parameters<typeof Scenario.start>[0] = {}) {
  const scenario = await Scenario.start(options)
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3', carols)
  const caller = scenario.phone('caller', trunk)
  return { scenario, bob, carol, caller }
}

/** The same, with bob's phone ringing. */
async function ringing(carols: Partial<PhoneOptions> = {}, options: Parameters<typeof Scenario.start>[0] = {}) {
  const parts = await house(carols, options)
  const placed = parts.caller.call('+12025550102')
  await parts.scenario.pass(1000)
  expect(parts.bob.rung).toHaveLength(1)
  return { ...parts, placed, from: parts.scenario.mark() }
}

async function charges(scenario: Scenario): Promise<readonly ChargeRow[]> {
  await scenario.pass(50)
  return (await scenario.storage.charges.list({ limit: 100 })).charges
}

/** Replaces for the dialog between the server and the newest INVITE of a ringing phone, as its own dialog package would tell it. */
function replacing(phone: Phone, more = '', order: 'to-tag first' | 'turned' = 'to-tag first'): [string, string] {
  const invitation = phone.rung.at(-1)
  const [theirs, ours] = [invitation?.localTag, invitation?.request.fromTag]
  const [to, from] = order === 'turned' ? [theirs, ours] : [ours, theirs]
  return ['Replaces', `${invitation?.request.callId};to-tag=${to};from-tag=${from}${more}`]
}

/** Everybody hangs up; nothing is left. */
async function over(scenario: Scenario, hangUp?: Phone): Promise<void> {
  hangUp?.dialog?.bye()
  await scenario.pass(70_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  expect((await scenario.media.counters()).legs).toBe(0)
  expect(await scenario.storage.calls.contexts()).toEqual([])
}

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

/** A phone that knows Replaces: it answers the INVITE and cancels what is replaced. */
function replacer(more: Partial<PhoneOptions> = {}): { options: Partial<PhoneOptions>; own: { call?: Placed } } {
  const own: { call?: Placed } = {}
  const onInvite: PhoneOptions['onInvite'] = (invitation, phone) => {
    if (invitation.request.header('replaces') === undefined) return invitation.progress(180)
    phone.answer(invitation)
    own.call?.outgoing?.cancel()
  }
  return { options: { supports: ['replaces'], onInvite, ...more }, own }
}

describe('the dummy session', () => {
  it('is opened with 183, replaced by INVITE with Replaces, and cancelled by the phone', async () => {
    const { options, own } = replacer()
    const { scenario, bob, carol, caller, placed, from } = await ringing(options)
    own.call = carol.call('*8')
    expect(await scenario.during(placed.result)).toBe(200)
    expect(await scenario.during(own.call.result)).toBe(487)
    await scenario.pass(2000)
    const withCarol = scenario.ladder(from).filter((line) => line.includes('carol') || line.includes('caller'))
    expect(withCarol.slice(withCarol.indexOf('server -> carol 183 INVITE'))).toEqual([
      'server -> carol 183 INVITE',
      'server -> carol INVITE',
      'carol -> server 200 INVITE',
      'carol -> server CANCEL',
      'server -> caller 200 INVITE',
      'server -> carol ACK',
      'server -> carol 200 CANCEL',
      'server -> carol 487 INVITE',
      'caller -> server ACK',
      'carol -> server ACK',
    ])
    const early = own.call.progress.find(({ status }) => status === 183)
    const [invite] = carol.rung
    expect(early?.body.toString()).toContain('m=audio')
    expect(invite?.request.header('replaces')).toBe(
      `${early?.callId};to-tag=${early?.fromTag};from-tag=${early?.toTag}`,
    )
    expect(invite?.request.from.uri.user).toBe('+15551234567')
    expect(bob.cancels).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ state: 'live', answeredStation: 'carol/phone' }])
    expect(scenario.house.pickup.joined).toEqual({ replaced: 1, answered: 0, rung: 0 })
    expect((await scenario.media.counters()).legs).toBe(2)
    await over(scenario, caller)
    expect(carol.byes).toHaveLength(1)
    expect(await charges(scenario)).toMatchObject([{ state: 'closed' }])
  })

  it('is reliable where the phone takes reliable responses: the INVITE waits for the PRACK', async () => {
    const { options, own } = replacer({ reliable: true })
    const { scenario, carol, caller, placed, from } = await ringing(options)
    let lost = false
    scenario.network.rule(({ label }) => {
      if (label !== '183 INVITE' || lost) return undefined
      lost = true
      return 'drop'
    })
    own.call = carol.call('*8')
    expect(await scenario.during(placed.result)).toBe(200)
    const ladder = scenario.ladder(from)
    expect(ladder.indexOf('carol -> server PRACK')).toBeLessThan(ladder.indexOf('server -> carol INVITE'))
    expect(ladder.filter((line) => line.endsWith('183 INVITE'))).toEqual([
      'server -x carol 183 INVITE',
      'server -> carol 183 INVITE',
    ])
    await over(scenario, caller)
    expect(scenario.house.pickup.joined.replaced).toBe(1)
  })

  it('is ended by the server where the phone does not cancel it', async () => {
    const { options } = replacer()
    const { scenario, carol, caller, placed } = await ringing(options)
    const picked = carol.call('*8')
    expect(await scenario.during(placed.result)).toBe(200)
    expect(await scenario.during(picked.result, 2000)).toBe(487)
    await over(scenario, caller)
  })

  it.each([
    ['refuses the INVITE', (invitation: Invitation) => invitation.reject(481)],
    ['does not know Replaces after all', (invitation: Invitation) => invitation.reject(420)],
    ['rings instead of accepting', (invitation: Invitation) => invitation.progress(180)],
    ['says nothing', () => {}],
  ])('a phone that %s has its own INVITE answered', async (_what, onInvite) => {
    const { scenario, bob, carol, caller, placed } = await ringing({ supports: ['replaces'], onInvite })
    const picked = carol.call('*8')
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    const early = picked.progress.find(({ status }) => status === 183)
    expect(picked.response?.toTag).toBe(early?.toTag)
    expect(picked.response?.body.toString()).toBe(early?.body.toString())
    await scenario.pass(1000)
    expect([bob.cancels.length, carol.byes.length]).toEqual([1, 0])
    expect(scenario.house.pickup.joined).toEqual({ replaced: 0, answered: 1, rung: 0 })
    expect((await scenario.media.counters()).legs).toBe(2)
    await over(scenario, caller)
    expect(await charges(scenario)).toMatchObject([{ state: 'closed' }])
  })

  it('is none for a browser, which says that it knows Replaces and refuses it', async () => {
    const { scenario, carol, caller, placed } = await ringing({ supports: ['replaces'], protocol: 'ws' })
    const picked = carol.call('*8')
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    expect(picked.progress.filter(({ status }) => status > 100)).toEqual([])
    await over(scenario, caller)
  })

  it("a 200 that crosses the end of patience is ended, and the phone's own INVITE answered", async () => {
    const { scenario, carol, caller, placed, from } = await ringing({
      supports: ['replaces'],
      onInvite: (invitation, phone) => {
        invitation.progress(180)
        scenario.clock.setTimeout(() => invitation.answer({ body: phone.sdp() }), 1999)
      },
    })
    carol.call('*8')
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(500)
    expect(scenario.ladder(from).filter((line) => line === 'server -> carol BYE')).toHaveLength(1)
    await over(scenario, caller)
  })
})

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

describe('by API', () => {
  async function asked() {
    const parts = await ringing()
    const acts = new CallActs(parts.scenario.house.calls)
    const carol = parts.scenario.directory.personByLogin('carol')
    const id = parts.scenario.house.calls.list()[0]?.id
    if (!carol || !id) throw new Error('there is no carol, or no call')
    return { ...parts, acts, person: carol, id }
  }
  const codeOf = (work: Promise<void>) =>
    work.then(
      () => 'joined',
      (error: CallError) => `${error.code}: ${error.message}`,
    )

  it("carol's own phone rings, and has the call when she answers", async () => {
    const { scenario, acts, person, id, bob, carol, caller, placed } = await asked()
    const picked = codeOf(acts.pickup(id, person))
    await scenario.clock.until(() => carol.rung.length > 0)
    expect(bob.cancels).toHaveLength(1)
    expect(carol.rung[0]?.request.from.uri.user).toBe('+15551234567')
    expect(carol.rung[0]?.request.header('call-info')).toBeUndefined()
    expect(await codeOf(acts.pickup(id, person))).toBe('taken: Already taken by carol')
    carol.answer()
    expect(await scenario.during(picked)).toBe('joined')
    expect(await scenario.during(placed.result)).toBe(200)
    const [record] = await scenario.records()
    expect(JSON.parse(record?.branches ?? '')).toMatchObject([
      { station: 'bob/phone', outcome: 'picked-up', by: 'carol/phone' },
      { station: 'carol/phone', outcome: 'answered' },
    ])
    await over(scenario, caller)
    expect(await charges(scenario)).toMatchObject([{ state: 'closed', pickedUpBy: 'carol/phone' }])
  })

  it('a phone whose profile allows it is asked to answer by itself', async () => {
    const { scenario, acts, person, id, carol, caller, placed } = await asked()
    const device = scenario.directory.deviceByUsername('carol')
    if (!device) throw new Error('carol has no phone')
    await scenario.during(
      scenario.directory.putDevice({ ...device, settings: { ...device.settings, autoAnswer: true } }),
    )
    const picked = acts.pickup(id, person, 'phone')
    await scenario.clock.until(() => carol.rung.length > 0)
    expect(carol.rung[0]?.request.header('call-info')).toContain('answer-after=0')
    carol.answer()
    await scenario.during(picked)
    expect(await scenario.during(placed.result)).toBe(200)
    await over(scenario, caller)
  })

  it.each([
    ['does not answer', () => {}, 'no-answer: No answer'],
    ['refuses', (carol: Phone) => carol.rung[0]?.reject(486), 'busy: Busy Here'],
  ])("carol's phone %s: bob's rings again", async (_what, act, refusal) => {
    const { scenario, acts, person, id, bob, carol, caller, placed } = await asked()
    const picked = codeOf(acts.pickup(id, person))
    await scenario.clock.until(() => carol.rung.length > 0)
    act(carol)
    expect(await scenario.during(picked, 11_000)).toBe(refusal)
    await scenario.clock.until(() => bob.rung.length === 2)
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await over(scenario, caller)
    expect(await charges(scenario)).toMatchObject([{ state: 'void' }])
  })

  it('refusals touch nothing', async () => {
    const { scenario, acts, person, id, bob, placed } = await asked()
    const dave = scenario.directory.personByLogin('dave')
    if (!dave) throw new Error('no dave')
    const alice = scenario.directory.personByLogin('alice')
    if (!alice) throw new Error('no alice')
    expect(await codeOf(acts.pickup(id, dave))).toBe('not-allowed: Forbidden')
    expect(await codeOf(acts.pickup('nothing', person))).toBe('nothing-rings: Nothing rings there')
    expect(await codeOf(acts.pickup(id, alice))).toBe('unreachable: Temporarily Unavailable')
    expect(await codeOf(acts.pickup(id, person, 'no such device'))).toBe('unreachable: Temporarily Unavailable')
    expect([bob.cancels.length, placed.done]).toEqual([0, false])
    placed.outgoing?.cancel()
    await over(scenario)
  })

  it('the caller gives up while it rings', async () => {
    const { scenario, acts, person, id, carol, placed } = await asked()
    const picked = codeOf(acts.pickup(id, person))
    await scenario.clock.until(() => carol.rung.length > 0)
    placed.outgoing?.cancel()
    expect(await scenario.during(picked)).toBe('caller-gone: The caller has hung up')
    await scenario.pass(500)
    expect(carol.cancels).toHaveLength(1)
    await over(scenario)
  })
})

describe('what the parties see and hear', () => {
  it('a colleague who calls is shown who picked up, and the picker who calls', async () => {
    const { scenario, bob, carol } = await house()
    const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
    const placed = dave.call('102')
    await scenario.clock.until(() => bob.rung.length > 0)
    const picked = carol.call('*8')
    expect(await scenario.during(placed.result)).toBe(200)
    expect(placed.response?.header('p-asserted-identity')).toBe('"Carol" <sip:103@baton.local>')
    expect(picked.response?.header('p-asserted-identity')).toBe('"Dave" <sip:104@baton.local>')
    expect(picked.response?.header('x-baton-call')).toBe(scenario.house.calls.list()[0]?.id)
    await over(scenario, dave)
  })

  it('who called out from the desk is told by UPDATE', async () => {
    const { scenario, bob, carol } = await house()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const person = scenario.directory.personByLogin('alice')
    if (!person) throw new Error('no alice')
    new CallActs(scenario.house.calls).originate(person, '102')
    await scenario.clock.until(() => alice.rung.length > 0)
    alice.answer()
    await scenario.clock.until(() => bob.rung.length > 0)
    const from = scenario.mark()
    expect(await scenario.during(carol.call('*8').result)).toBe(200)
    await scenario.pass(500)
    expect(scenario.ladder(from)).toContain('server -> alice UPDATE')
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'carol/phone' }])
    await over(scenario, alice)
    expect(carol.byes).toHaveLength(1)
  })

  it('an outside caller is told nothing about our extensions, and who hides stays hidden', async () => {
    const { scenario, carol, caller } = await house()
    const placed = caller.call('+12025550102', { headers: [['Privacy', 'id']] })
    await scenario.pass(500)
    const picked = carol.call('*8')
    expect(await scenario.during(placed.result)).toBe(200)
    expect(placed.response?.header('p-asserted-identity')).toBeUndefined()
    expect(picked.response?.header('p-asserted-identity')).toBeUndefined()
    await over(scenario, caller)
  })

  it.each([
    ['by code', '*8'],
    ['by API', ''],
  ])('a call whose media was to flow directly is anchored, %s', async (_how, code) => {
    const { scenario, bob, carol } = await house()
    const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
    for (const login of ['bob', 'dave', 'carol']) {
      const device = scenario.directory.deviceByUsername(login)
      if (!device) throw new Error(`no phone of ${login}`)
      const settings = { ...device.settings, directMedia: true }
      await scenario.during(scenario.directory.putDevice({ ...device, settings }))
    }
    const placed = dave.call('102')
    await scenario.clock.until(() => bob.rung.length > 0)
    expect(bob.rung[0]?.request.body.toString()).toContain('c=IN IP4 10.0.0.4')
    const person = scenario.directory.personByLogin('carol')
    if (code !== '') carol.call(code)
    else if (person) void new CallActs(scenario.house.calls).pickup(scenario.house.calls.list()[0]?.id ?? '', person)
    if (code === '') await scenario.clock.until(() => carol.rung.length > 0)
    if (code === '') carol.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect(placed.response?.body.toString()).toContain('c=IN IP4 127.0.0.1')
    expect((await scenario.media.counters()).legs).toBe(2)
    await over(scenario, dave)
  })

  it("a caller who heard the colleague's phone hears ringing until the pickup, and while it is given back", async () => {
    const { scenario, carol, caller } = await house({
      supports: ['replaces'],
      onInvite: (invitation) => invitation.progress(180),
    })
    await scenario.during(scenario.directory.putGroup({ name: 'pair', members: ['demo-alice', 'demo-carol'] }))
    const played: string[] = []
    const { play } = scenario.media
    scenario.media.play = (leg, sound, options) => {
      const playing = play(leg, sound, options)
      if (!('tone' in sound)) return playing
      const { tone } = sound
      played.push(tone)
      const stop = (): void => {
        played.push(`${tone} stopped`)
        playing.stop()
      }
      return { ...playing, stop }
    }
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1', {
      onInvite: (invitation, phone) => invitation.progress(183, { body: phone.sdp() }),
    })
    const placed = caller.call('+12025550101')
    await scenario.pass(500)
    expect(placed.progress.some(({ status }) => status === 183)).toBe(true)
    const picked = carol.call('*8')
    await scenario.pass(500)
    expect(played).toEqual(['ringback', 'comfort'])
    picked.outgoing?.cancel()
    await scenario.clock.until(() => alice.rung.length === 2)
    expect(played.slice(0, 3)).toEqual(['ringback', 'comfort', 'comfort stopped'])
    expect(played).not.toContain('ringback stopped')
    alice.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect(played.at(-1)).toBe('ringback stopped')
    await over(scenario, caller)
  })

  it('a phone without an offer is given ours', async () => {
    const { scenario, carol, caller, placed } = await ringing({ supports: ['replaces'] })
    const picked = carol.call('*8', { sdp: '' })
    expect(await scenario.during(picked.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    expect(picked.response?.body.toString()).toContain('m=audio')
    await over(scenario, caller)
  })

  it('a phone with nothing in common is refused, and the other rings again', async () => {
    const { scenario, bob, carol, caller, placed } = await ringing({ payloads: '96' })
    const picked = carol.call('*8')
    expect(await scenario.during(picked.result)).toBe(488)
    await scenario.clock.until(() => bob.rung.length === 2)
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await over(scenario, caller)
    expect(await charges(scenario)).toMatchObject([{ state: 'void', reason: 'not-acceptable' }])
  })

  it('a phone that never confirms the 183 is not there: the other rings again', async () => {
    const { options } = replacer({ reliable: true })
    const { scenario, bob, carol, caller, placed } = await ringing(options)
    scenario.network.rule(({ label }) => (label === '183 INVITE' ? 'drop' : undefined))
    const picked = carol.call('*8')
    await scenario.clock.until(() => bob.rung.length === 2, 10_000)
    expect(await scenario.during(picked.result)).toBe(487)
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    await over(scenario, caller)
  })

  it('what the database cannot write ends the pickup, and nobody hangs', async () => {
    const { scenario, carol, placed } = await ringing()
    Object.assign(scenario.storage.charges, { open: () => Promise.reject(new Error('disk full')) })
    expect(await scenario.during(carol.call('*8').result)).toBe(500)
    await scenario.pass(500)
    expect(placed.done).toBe(false)
    placed.outgoing?.cancel()
    await over(scenario)
    expect(scenario.errors.splice(0)).toHaveLength(1)
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
