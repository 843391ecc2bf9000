import { describe, expect, it } from 'vitest'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }

async function start(options: Parameters<typeof Scenario.start>[0] = {}) {
  const scenario = await Scenario.start(options)
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const caller = scenario.phone('caller', trunk)
  return { scenario, alice, caller }
}

async function talk(scenario: Scenario, caller: Phone, alice: Phone): Promise<void> {
  const before = alice.rung.length
  const placed = caller.call('+12025550101')
  await scenario.clock.until(() => alice.rung.length > before)
  alice.answer()
  expect(await scenario.during(placed.result)).toBe(200)
  await scenario.pass(500)
}

async function nothingLeft(scenario: Scenario): Promise<void> {
  await scenario.pass(70_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  expect(await scenario.storage.calls.contexts()).toEqual([])
  expect((await scenario.records()).filter((record) => record.state === 'live')).toEqual([])
  expect((await scenario.media.counters()).legs).toBe(0)
}

describe('lost messages', () => {
  it.each([
    ['200 to the caller', '200 INVITE', '127.0.0.1:5070'],
    ['200 from alice', '200 INVITE', '127.0.0.1:5060'],
    ['ACK to alice', 'ACK', '10.0.0.1:5060'],
    ['ACK of the caller', 'ACK', '127.0.0.1:5060'],
    ['INVITE of the caller', 'INVITE', '127.0.0.1:5060'],
    ['INVITE to alice', 'INVITE', '10.0.0.1:5060'],
    ['BYE of the caller', 'BYE', '127.0.0.1:5060'],
    ['BYE to alice', 'BYE', '10.0.0.1:5060'],
  ])('%s: the first two are lost', async (_what, label, to) => {
    const { scenario, alice, caller } = await start()
    scenario.network.rule((packet) =>
      packet.label === label && packet.to === to && packet.count <= 2 ? 'drop' : undefined,
    )
    await talk(scenario, caller, alice)
    await scenario.pass(5000)
    caller.dialog?.bye()
    await scenario.pass(5000)
    expect(alice.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ state: 'ended', endedBy: 'caller' }])
    await nothingLeft(scenario)
  })

  it('the ACK of the caller never comes: both sides are ended, the record says so', async () => {
    const { scenario, alice, caller } = await start()
    scenario.network.rule((packet) => (packet.label === 'ACK' && packet.to === '127.0.0.1:5060' ? 'drop' : undefined))
    await talk(scenario, caller, alice)
    await scenario.pass(40_000)
    expect([caller.byes.length, alice.byes.length]).toEqual([1, 1])
    expect(await scenario.records()).toMatchObject([{ state: 'ended', cause: 'no-ack', endedBy: 'server' }])
    await nothingLeft(scenario)
  })

  it('the BYE never arrives: our side ends all the same', async () => {
    const { scenario, alice, caller } = await start()
    await talk(scenario, caller, alice)
    scenario.network.rule((packet) => (packet.label === 'BYE' && packet.to === '10.0.0.1:5060' ? 'drop' : undefined))
    caller.dialog?.bye()
    await nothingLeft(scenario)
  })
})

describe('in a call', () => {
  it('both sides re-INVITE at once (glare): both are answered', async () => {
    const { scenario, alice, caller } = await start()
    await talk(scenario, caller, alice)
    const results = await scenario.during(
      Promise.all([caller.dialog?.reinvite(caller.sdp('sendonly')), alice.dialog?.reinvite(alice.sdp('sendonly'))]),
    )
    expect(results.map((response) => response?.status)).toEqual([200, 200])
    expect(scenario.house.calls.list()).toMatchObject([{ held: true }])
    await scenario.during(Promise.all([caller.dialog?.reinvite(caller.sdp()), alice.dialog?.reinvite(alice.sdp())]))
    expect(scenario.house.calls.list()).toMatchObject([{ held: false }])
  })

  it('hold is answered with recvonly, resume with sendrecv', async () => {
    const { scenario, alice, caller } = await start()
    await talk(scenario, caller, alice)
    const held = await scenario.during(alice.dialog?.reinvite(alice.sdp('sendonly')) ?? Promise.reject())
    expect(held?.body.toString()).toContain('a=recvonly')
    const resumed = await scenario.during(alice.dialog?.reinvite(alice.sdp('sendrecv')) ?? Promise.reject())
    expect(resumed?.body.toString()).not.toMatch(/a=(recvonly|inactive)/)
  })

  it('a session whose caller vanished ends by its timer', async () => {
    const { scenario, alice, caller } = await start()
    await talk(scenario, caller, alice)
    scenario.network.rule((packet) =>
      packet.from === '127.0.0.1:5070' || packet.to === '127.0.0.1:5070' ? 'drop' : undefined,
    )
    await scenario.pass(1_900_000)
    expect(alice.byes).toHaveLength(1)
    const [record] = await scenario.records()
    expect(record).toMatchObject({ state: 'ended', endedBy: 'server' })
    expect(['session-expired', 'gone']).toContain(record?.cause)
    await nothingLeft(scenario)
  })

  it('no RTP for a minute ends it and the record says so; not while it is held', async () => {
    const { scenario, alice, caller } = await start({ silenceMs: 60_000 })
    await talk(scenario, caller, alice)
    await scenario.during(alice.dialog?.reinvite(alice.sdp('inactive')) ?? Promise.reject())
    await scenario.during(caller.dialog?.reinvite(caller.sdp('inactive')) ?? Promise.reject())
    await scenario.pass(200_000)
    expect([caller.byes.length, alice.byes.length]).toEqual([0, 0])
    await scenario.during(alice.dialog?.reinvite(alice.sdp()) ?? Promise.reject())
    await scenario.pass(70_000)
    expect([caller.byes.length, alice.byes.length]).toEqual([1, 1])
    expect(alice.byes[0]?.header('reason')).toContain('No media received')
    expect(await scenario.records()).toMatchObject([{ cause: 'media-silent', endedBy: 'server' }])
  })

  it('INFO passes through, also OPTIONS is answered', async () => {
    const { scenario, alice, caller } = await start()
    await talk(scenario, caller, alice)
    const info = await scenario.during(
      caller.dialog?.request('INFO', { body: 'Signal=5\r\n', contentType: 'application/dtmf-relay' }) ??
        Promise.reject(),
    )
    expect(info?.status).toBe(200)
    expect(alice.infos).toEqual(['Signal=5\r\n'])
    const options = await scenario.during(caller.dialog?.request('OPTIONS') ?? Promise.reject())
    expect(options?.header('allow')).toContain('INVITE')
  })

  it('a BYE that crosses a BYE ends cleanly', async () => {
    const { scenario, alice, caller } = await start()
    await talk(scenario, caller, alice)
    caller.dialog?.bye()
    alice.dialog?.bye()
    await nothingLeft(scenario)
    expect(await scenario.records()).toHaveLength(1)
  })
})

describe('100rel', () => {
  it('early media goes to the caller reliably', async () => {
    const scenario = await Scenario.start()
    const bob = await scenario.registered('bob', 'bob', '10.0.0.2', {
      onInvite: (invitation, phone) => invitation.progress(183, { body: phone.sdp() }),
    })
    const caller = scenario.phone('caller', { ...trunk, reliable: true })
    scenario.network.rule((packet) => (packet.label === '183 INVITE' && packet.count === 1 ? 'drop' : undefined))
    const from = scenario.mark()
    const placed = caller.call('+12025550102')
    await scenario.pass(3000)
    expect(scenario.ladder(from)).toContain('caller -> server PRACK')
    bob.answer()
    expect(await scenario.during(placed.result)).toBe(200)
  })
})

describe('the server crashes', () => {
  it('in a call: the next start ends it on both sides and keeps the registration', async () => {
    const { scenario, alice, caller } = await start()
    await talk(scenario, caller, alice)
    await scenario.crash()
    await scenario.pass(1000)
    await scenario.boot()
    await scenario.pass(2000)
    expect([caller.byes.length, alice.byes.length]).toEqual([1, 1])
    expect(alice.byes[0]?.header('reason')).toContain('Server restarted')
    expect(await scenario.records()).toMatchObject([{ state: 'interrupted' }])
    await talk(scenario, caller, alice)
    expect(await scenario.records()).toHaveLength(2)
  })

  it('while alice rings: her late answer is ended, the record says what happened', async () => {
    const { scenario, alice, caller } = await start()
    caller.call('+12025550101')
    await scenario.clock.until(() => alice.rung.length > 0)
    await scenario.pass(100)
    await scenario.crash()
    await scenario.boot()
    alice.answer()
    await scenario.pass(5000)
    expect(alice.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ state: 'interrupted', calleeName: 'Alice', answeredAt: null }])
  })

  it('while alice rings: her phone is told to stop', async () => {
    const { scenario, alice, caller } = await start()
    caller.call('+12025550101')
    await scenario.clock.until(() => alice.rung.length > 0)
    await scenario.pass(100)
    await scenario.crash()
    await scenario.pass(1000)
    await scenario.boot()
    await scenario.pass(1000)
    expect(alice.cancels).toHaveLength(1)
    expect(alice.cancels[0]?.header('reason')).toContain('Server restarted')
  })
})

describe('registrations move', () => {
  it.each(['tcp', 'ws'] as const)('over %s: a new connection takes the place of a dead one', async (protocol) => {
    const scenario = await Scenario.start()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1', { protocol })
    const caller = scenario.phone('caller', trunk)
    await talk(scenario, caller, alice)
    caller.dialog?.bye()
    await scenario.pass(1000)
    const [binding] = scenario.directory.bindingsOf('demo-alice')
    const flow = scenario.house.transport.flow(binding?.flowId ?? '')
    if (!flow) throw new Error('the binding has no connection')
    scenario.network.cut(flow)
    await scenario.pass(100)
    expect(await scenario.during(caller.call('+12025550101').result)).toBe(480)
    alice.forgetConnection()
    expect(await scenario.during(alice.register())).toBe(200)
    await talk(scenario, caller, alice)
    expect(scenario.directory.bindingsOf('demo-alice')).toHaveLength(1)
  })
})

it('phones are asked for SHA-256 where that is set, browsers always for MD5; never for both', async () => {
  const scenario = await Scenario.start({ digest: 'SHA-256' })
  const challenges: string[] = []
  scenario.network.rule(({ text }) => {
    for (const [, algorithm] of text.matchAll(/^WWW-Authenticate:.*algorithm=([A-Z0-9-]+)/gim))
      challenges.push(algorithm ?? '')
    return undefined
  })
  const alice = scenario.phone('alice', { address: '10.0.0.1', user: 'alice' })
  expect(await scenario.during(alice.register())).toBe(200)
  const bob = scenario.phone('bob', { address: '10.0.0.2', user: 'bob', protocol: 'ws' })
  expect(await scenario.during(bob.register())).toBe(200)
  expect(challenges).toEqual(['SHA-256', 'MD5'])
})
