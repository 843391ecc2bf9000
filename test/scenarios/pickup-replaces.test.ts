import { describe, expect, it } from 'vitest'
import type { Invitation } from '#sip'
import { charges, over, replacer, ringing } from './pickup-house.ts'

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
