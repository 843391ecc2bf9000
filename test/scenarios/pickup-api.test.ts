import { describe, expect, it } from 'vitest'
import { CallActs, type CallError } from '#call'
import type { Phone } from './phone.ts'
import { charges, over, ringing } from './pickup-house.ts'

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
