import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import type { ReceivedMessage, SipClient } from '../support/sip-client.ts'
import { House, sipMessage } from './house.ts'

needs('baresip')('a wrong password', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  test('keeps a phone out', async () => {
    const stranger = await Baresip.start({
      user: 'alice',
      password: 'guess',
      domain: 'baton.local',
      proxy: house.baton.sip.target,
      address: '127.0.0.2',
      trace: true,
    })
    house.onClear(() => stranger.stop())
    // It tries the same password on every new challenge, until it is locked out.
    await sipMessage(stranger, 'SIP/2.0 403')
    const answers = stranger.sip().flatMap((message) => /^SIP\/2\.0 (\d+)/.exec(message)?.[1] ?? [])
    expect(answers.at(-1)).toBe('403')
    expect(new Set(answers.slice(0, -1))).toEqual(new Set(['401']))
    const caller = await house.outsidePhone()
    await caller.dial(house.numberOf('alice'))
    expect((await caller.event('CALL_CLOSED')).param).toContain('480')
  })

  test('too often locks the guesser out, while the phone that is in stays in', async () => {
    const alice = await house.phone('alice', { tone: 660 })
    const guesser = await house.client('alice')
    const statuses: number[] = []
    for (let tries = 0; tries < 11; tries++) statuses.push((await guesser.register(`guess ${tries}`)).status!)
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
    expect(statuses[10]).toBe(403)
    const right = await guesser.register('alice-demo')
    expect([right.status, right.header('Retry-After')]).toEqual([403, expect.stringMatching(/^\d+$/)])

    // Calls reach it, and it may call, though its address is the guesser's.
    const caller = await house.outsidePhone()
    await caller.dial(house.numberOf('alice'))
    await alice.event('CALL_INCOMING')
    await alice.accept()
    await caller.hears(660)
    await caller.hangup()
    await alice.event('CALL_CLOSED')
    await alice.dial('sip:104@baton.local')
    expect((await alice.event('CALL_CLOSED')).param).toContain('480')
  })

  test('is answered as an unknown user is', async () => {
    const known = await house.client('bob', { address: '127.0.0.3' })
    const unknown = await house.client('eve', { address: '127.0.0.3' })
    expect(shapeOf(await known.register('guess'))).toEqual(shapeOf(await unknown.register('guess')))
    expect(shapeOf(await callOf(known, 'sip:102@baton.local'))).toEqual(
      shapeOf(await callOf(unknown, 'sip:199@baton.local')),
    )
    const missing = await known.ask({ method: 'INVITE', uri: 'sip:199@baton.local' })
    const existing = await known.ask({ method: 'INVITE', uri: 'sip:101@baton.local' })
    expect(missing.status).toBe(407)
    expect(shapeOf(missing)).toEqual(shapeOf(existing))
  })
})

function callOf(client: SipClient, uri: string): Promise<ReceivedMessage> {
  return client.askWithPassword({ method: 'INVITE', uri }, 'guess')
}

/** What a response looks like, leaving out what differs from request to request. */
function shapeOf(response: ReceivedMessage): string[] {
  const lines = response.text.split('\r\n').filter((line) => !/^(Via|From|To|Call-ID|CSeq):/i.test(line))
  return lines.map((line) => line.replace(/nonce="[^"]*"/, (nonce) => `nonce of ${nonce.length}`))
}
