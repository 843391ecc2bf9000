import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { House } from './house.ts'

needs('baresip')('codecs', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  test('a phone that knows only PCMA and a caller who knows only PCMU hear each other', async () => {
    const alice = await house.phone('alice', { tone: 660, codecs: ['PCMA/8000/1'] })
    const caller = await house.outsidePhone({ tone: 440, codecs: ['PCMU/8000/1'] })
    await caller.dial(house.numberOf('alice'))
    await alice.event('CALL_INCOMING')
    await alice.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660, 1)
    await alice.hears(440, 1)
    await caller.dtmf('7')
    expect((await alice.event('CALL_DTMF_START')).param).toBe('7')
    await caller.hangup()
    await alice.event('CALL_CLOSED')
    expect((await house.lastRecord()).quality).toMatchObject({
      caller: { codec: 'PCMU/8000', lost: 0 },
      callee: { codec: 'PCMA/8000', lost: 0 },
    })
  })

  test('two phones with Opus keep it', async () => {
    const alice = await house.phone('alice', { tone: 660, codecs: ['opus/48000/1'] })
    const bob = await house.phone('bob', { tone: 880, codecs: ['opus/48000/1', 'PCMU/8000/1'] })
    await bob.dial('sip:101@baton.local')
    await alice.event('CALL_INCOMING')
    await alice.accept()
    await bob.event('CALL_ESTABLISHED')
    await bob.hears(660)
    await alice.hears(880)
    await bob.hangup()
    await alice.event('CALL_CLOSED')
    expect((await house.lastRecord()).quality).toMatchObject({
      caller: { codec: expect.stringMatching(/^opus\/48000/i) },
      callee: { codec: expect.stringMatching(/^opus\/48000/i) },
    })
  })

  test('an Opus-only phone and a PCMU-only caller have nothing in common: 488', async () => {
    const alice = await house.phone('alice', { codecs: ['opus/48000/1'] })
    const caller = await house.outsidePhone({ codecs: ['PCMU/8000/1'] })
    await caller.dial(house.numberOf('alice'))
    expect((await caller.event('CALL_CLOSED')).param).toContain('488')
    expect((await alice.event('CALL_CLOSED')).param).toBe('No audio codecs')
    expect(await house.lastRecord()).toMatchObject({ cause: 'not-acceptable', answeredAt: null })
  })
})
