import { describe, expect, it } from 'vitest'
import { Scenario } from './checked.ts'

/** Alice, bob and the demo trunk may all have their media flow directly. */
async function talking() {
  const scenario = await Scenario.start()
  const { directory } = scenario
  for (const login of ['alice', 'bob']) {
    const device = directory.deviceByUsername(login)
    if (!device) throw new Error(`no device of ${login}`)
    await scenario.during(directory.putDevice({ ...device, settings: { ...device.settings, directMedia: true } }))
  }
  const trunk = directory.trunkById('demo')
  if (!trunk) throw new Error('no trunk')
  await scenario.during(directory.putTrunk({ ...trunk, settings: { ...trunk.settings, directMedia: true } }))
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
  const caller = scenario.phone('caller', { address: '127.0.0.1', port: 5070, user: '+15551234567' })
  const placed = caller.call('+12025550101')
  await scenario.clock.until(() => alice.rung.length > 0)
  alice.answer()
  expect(await scenario.during(placed.result)).toBe(200)
  await scenario.pass(100)
  return { scenario, alice, bob, carol, caller, placed }
}

describe('direct media', () => {
  it('each side gets the description of the other', async () => {
    const { scenario, alice, placed } = await talking()
    expect(alice.rung[0]?.request.body.toString()).toContain('c=IN IP4 127.0.0.1')
    expect(placed.response?.body.toString()).toContain('c=IN IP4 10.0.0.1')
    expect((await scenario.media.counters()).legs).toBe(0)
  })

  it('hold goes on to the other side and its answer comes back', async () => {
    const { scenario, alice, caller } = await talking()
    const response = await scenario.during(alice.dialog?.reinvite(alice.sdp('sendonly')) ?? Promise.reject())
    expect(response?.body.toString()).toContain('c=IN IP4 127.0.0.1')
    expect(caller.offers[0]).toContain('a=sendonly')
    expect(scenario.house.calls.list()).toMatchObject([{ held: true }])
  })

  it('both sides hold at once (glare): one comes again, and each hears of the other', async () => {
    const { scenario, alice, caller } = await talking()
    const both = [alice, caller].map((phone) => phone.dialog?.reinvite(phone.sdp('sendonly')) ?? Promise.reject())
    const answers = await scenario.during(Promise.all(both))
    expect(answers.map((response) => response?.status)).toEqual([200, 200])
    expect([alice.offers.length, caller.offers.length]).toEqual([1, 1])
    expect(scenario.ladder().some((line) => line.endsWith('491 INVITE'))).toBe(true)
  })

  it('a transfer tells the one who stays about the new one', async () => {
    const { scenario, alice, bob, caller } = await talking()
    await scenario.during(
      alice.dialog?.request('REFER', { headers: [['Refer-To', '<sip:102@baton.local>']] }) ?? Promise.reject(),
    )
    await scenario.clock.until(() => bob.rung.length > 0)
    bob.answer()
    await scenario.pass(7000)
    expect(alice.notified.at(-1)).toBe('SIP/2.0 200 OK')
    expect(caller.offers.at(-1)).toContain('c=IN IP4 10.0.0.2')
    expect([alice.byes.length, caller.byes.length]).toEqual([1, 0])
  })

  it('a transfer to a station that needs anchored media is anchored from then on', async () => {
    const { scenario, alice, carol, caller } = await talking()
    await scenario.during(
      alice.dialog?.request('REFER', { headers: [['Refer-To', '<sip:103@baton.local>']] }) ?? Promise.reject(),
    )
    await scenario.clock.until(() => carol.rung.length > 0)
    carol.answer()
    expect(carol.rung[0]?.request.body.toString()).toContain('c=IN IP4 127.0.0.1')
    await scenario.pass(7000)
    expect(alice.notified.at(-1)).toBe('SIP/2.0 200 OK')
    expect(caller.offers).toHaveLength(1)
    expect(caller.byes).toHaveLength(0)
    expect((await scenario.media.counters()).legs).toBe(2)
  })
})
