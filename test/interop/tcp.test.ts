import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { House } from './house.ts'

needs('baresip')('a phone over TCP', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  test('is called over the connection that it registered with', async () => {
    const alice = await house.phone('alice', { transport: 'tcp', tone: 660 })
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    await alice.event('CALL_INCOMING')
    await alice.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    await alice.hears(440)
    await caller.hangup()
    await alice.event('CALL_CLOSED')
    const { id } = await house.lastRecord()
    const invited = (await house.trace(id)).find(
      ({ direction, text }) => direction === 'out' && text.startsWith('INVITE'),
    )
    expect(invited?.peer).toMatch(/^tcp 127\.0\.0\.1:/)
    expect(invited?.peer).not.toBe(`tcp 127.0.0.1:${alice.port}`)
  })

  test('calls a colleague on UDP, who hangs up', async () => {
    const alice = await house.phone('alice', { transport: 'tcp', tone: 660 })
    const bob = await house.phone('bob', { tone: 880 })
    await alice.dial('sip:102@baton.local')
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await alice.event('CALL_ESTABLISHED')
    await alice.hears(880)
    await bob.hears(660)
    await bob.hangup()
    await alice.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({ endedBy: 'callee', direction: 'internal' })
  })
})
