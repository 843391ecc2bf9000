import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import type { SipClient } from '../support/sip-client.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'
import { RtpPeer } from './rtp-peer.ts'
import { ScriptedCall } from './scripted-call.ts'

needs('baresip')('a station over WebSocket', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function registered(): Promise<SipClient> {
    const client = await house.client('alice', { transport: 'ws' })
    const response = await client.register('alice-demo')
    expect(response.status).toBe(200)
    expect(response.header('Contact')).toContain(client.host)
    return client
  }

  async function rtp(tone: number): Promise<RtpPeer> {
    const peer = await RtpPeer.open(tone)
    house.onClear(() => peer.close())
    return peer
  }

  /** The INVITE with plain RTP: a client that is no browser refuses the offer of WebRTC that comes first. */
  async function plainInvite(client: SipClient) {
    const first = await client.expect({ method: 'INVITE' })
    expect(first.body).toContain('UDP/TLS/RTP/SAVPF')
    client.send(client.response(first, 488, 'Not Acceptable Here'))
    const callId = first.header('Call-ID')
    return client.expect((message) => message.method === 'INVITE' && message.header('Call-ID') !== callId)
  }

  test('is called, answers, and both sides hear each other', async () => {
    const alice = await registered()
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    const invite = await plainInvite(alice)
    expect(invite.header('Via')).toMatch(/^SIP\/2\.0\/WS /)
    expect(invite.startLine).toContain(alice.host)
    alice.send(alice.response(invite, 180, 'Ringing'))
    await caller.event('CALL_RINGING')
    const media = await rtp(660)
    const call = await ScriptedCall.answer(alice, invite, media.port)
    media.play(invite.body)
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    await media.hears(440)
    await caller.hangup()
    await call.accept('BYE')
    expect(await house.lastRecord()).toMatchObject({ endedBy: 'caller', answeredBy: { personId: 'demo-alice' } })
  })

  test('is gone with its connection, and rings again once it is back', async () => {
    const before = await registered()
    before.close()
    const caller = await house.outsidePhone()
    await eventually(async () => {
      await caller.dial(house.numberOf('alice'))
      expect((await caller.event('CALL_CLOSED')).param).toContain('480')
    })
    const alice = await registered()
    await caller.dial(house.numberOf('alice'))
    const invite = await alice.expect({ method: 'INVITE' })
    expect(invite.startLine).toContain(alice.host)
    alice.send(alice.response(invite, 486, 'Busy Here'))
    expect((await caller.event('CALL_CLOSED')).param).toContain('486')
  })

  test('that comes back with a new connection while it rings is rung there', async () => {
    const before = await registered()
    const desk = await house.phone('alice', { trace: true })
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    const first = await before.expect({ method: 'INVITE' })
    before.send(before.response(first, 180, 'Ringing'))
    await desk.event('CALL_INCOMING')
    before.close()
    const alice = await registered()
    const invite = await plainInvite(alice)
    expect(invite.startLine).toContain(alice.host)
    const media = await rtp(660)
    const call = await ScriptedCall.answer(alice, invite, media.port)
    media.play(invite.body)
    await desk.event('CALL_CLOSED')
    await caller.hears(660)
    expect((await call.ask('BYE')).status).toBe(200)
    await caller.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({ endedBy: 'callee', cause: 'answered' })
  })

  test('calls a phone', async () => {
    const alice = await registered()
    const bob = await house.phone('bob', { tone: 880 })
    const media = await rtp(660)
    const asked = alice.askWithPassword(
      { method: 'INVITE', uri: 'sip:102@baton.local', body: offerOf(media.port) },
      'alice-demo',
    )
    await bob.event('CALL_INCOMING')
    await bob.accept()
    const response = await asked
    expect(response.status).toBe(200)
    const call = ScriptedCall.calling(alice, response)
    call.ack(response)
    media.play(response.body)
    await bob.hears(660)
    await media.hears(880)
    await bob.hangup()
    await call.accept('BYE')
    expect(await house.lastRecord()).toMatchObject({ endedBy: 'callee', caller: { personId: 'demo-alice' } })
  })
})

function offerOf(port: number): string {
  return `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\n`
}
