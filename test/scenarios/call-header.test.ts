import { expect, it } from 'vitest'
import { CallActs } from '#call'
import { Scenario } from './checked.ts'

const header = 'x-baton-call'

it('our own stations are told the id of the call, in the INVITE and in the answers', async () => {
  const scenario = await Scenario.start()
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const placed = alice.call('102')
  await scenario.pass(200)
  const [call] = scenario.house.calls.list()
  expect(call?.id).toMatch(/./)
  bob.answer()
  await scenario.during(placed.result)
  expect(bob.rung[0]?.request.header(header)).toBe(call?.id)
  expect(placed.progress.map((response) => response.header(header))).toContain(call?.id)
  expect(placed.response?.header(header)).toBe(call?.id)
})

it('a station that is rung for a call of its own, and one that gets a transferred call, are told too', async () => {
  const scenario = await Scenario.start()
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
  const person = scenario.directory.personByLogin('alice')
  if (!person) throw new Error('no alice')
  const acts = new CallActs(scenario.house.calls)
  const id = acts.originate(person, '102')
  await scenario.pass(200)
  alice.answer()
  await scenario.pass(200)
  bob.answer()
  await scenario.pass(200)
  const transferred = acts.transfer(id, person, '103')
  await scenario.clock.until(() => carol.rung.length > 0)
  carol.answer()
  await scenario.during(transferred)
  expect([alice, bob, carol].map((phone) => phone.rung[0]?.request.header(header))).toEqual([id, id, id])
})

it('trunks learn nothing of it, neither called nor calling', async () => {
  const scenario = await Scenario.start()
  const settings = { sources: [], gateways: ['sip:10.0.9.1:5060'], healthMs: 0 }
  await scenario.during(scenario.directory.putTrunk({ id: 'out', name: 'out', settings }))
  const provider = scenario.phone('provider', { address: '10.0.9.1', user: '+100' })
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const out = alice.call('+15557654321')
  await scenario.clock.until(() => provider.rung.length > 0)
  provider.answer()
  expect(await scenario.during(out.result)).toBe(200)
  expect(provider.rung[0]?.request.header(header)).toBeUndefined()

  const outside = scenario.phone('outside', { address: '127.0.0.1', port: 5070, user: '+15551234567' })
  const placed = outside.call('+12025550101')
  await scenario.clock.until(() => alice.rung.length > 0)
  alice.answer()
  expect(await scenario.during(placed.result)).toBe(200)
  expect(alice.rung[0]?.request.header(header)).toMatch(/./)
  for (const response of [placed.response, ...placed.progress]) expect(response?.header(header)).toBeUndefined()
})
