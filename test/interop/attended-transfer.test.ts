import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { audioSdp } from '../support/sip-client.ts'
import { House, outsider } from './house.ts'
import { RtpPeer } from './rtp-peer.ts'
import { ScriptedCall } from './scripted-call.ts'

// baresip knows no attended transfer, so alice's phone is scripted here.
needs('baresip')('attended transfer', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  test('alice asks bob first, then joins him with her caller (REFER with Replaces)', async () => {
    const alice = await house.client('alice')
    expect((await alice.register('alice-demo')).status).toBe(200)
    house.onClear(() => alice.register('alice-demo', 0))
    const media = await RtpPeer.open(660)
    house.onClear(() => media.close())
    const bob = await house.phone('bob', { tone: 880 })
    const caller = await house.outsidePhone({ tone: 440 })

    await caller.dial(house.numberOf('alice'))
    const invite = await alice.expect({ method: 'INVITE' })
    const first = await ScriptedCall.answer(alice, invite, media.port)
    media.play(invite.body)
    await caller.hears(660)

    const asked = alice.askWithPassword(
      { method: 'INVITE', uri: 'sip:102@baton.local', body: audioSdp('127.0.0.1', media.port) },
      'alice-demo',
    )
    await bob.event('CALL_INCOMING')
    await bob.accept()
    const response = await asked
    const second = ScriptedCall.calling(alice, response)
    second.ack(response)
    media.play(response.body)
    await bob.hears(660)

    const replaces = `${second.callId};to-tag=${response.tag('To')};from-tag=${response.tag('From')}`
    const target = `<sip:102@baton.local?Replaces=${encodeURIComponent(replaces)}>`
    expect((await first.ask('REFER', { headers: { 'Refer-To': target } })).status).toBe(202)
    expect((await first.accept('NOTIFY')).body).toBe('SIP/2.0 100 Trying\r\n')
    expect((await first.accept('NOTIFY')).body).toBe('SIP/2.0 200 OK\r\n')
    await caller.hears(880)
    await bob.hears(440)
    expect((await first.ask('BYE')).status).toBe(200)
    await second.accept('BYE')

    await bob.hangup()
    await caller.event('CALL_CLOSED')
    await house.lastRecord()
    const [consultation, call] = await house.records()
    expect(consultation).toMatchObject({ caller: { personId: 'demo-alice' }, cause: 'transferred', state: 'ended' })
    expect(call).toMatchObject({
      caller: { number: outsider },
      answeredBy: { personId: 'demo-bob' },
      endedBy: 'callee',
      state: 'ended',
    })
  })
})
