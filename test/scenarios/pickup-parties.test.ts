import { describe, expect, it } from 'vitest'
import { CallActs } from '#call'
import { charges, house, over, replacer, ringing } from './pickup-house.ts'

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
