import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { audioSdp, type ReceivedMessage, type SipClient } from '../support/sip-client.ts'
import { House, sipMessage } from './house.ts'
import { RtpPeer } from './rtp-peer.ts'
import { ScriptedCall } from './scripted-call.ts'

// baresip sends no sound before it answers, so the phone with early media is scripted.
needs('baresip')('early media', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function alice(): Promise<{ phone: SipClient; media: RtpPeer }> {
    const phone = await house.client('alice')
    expect((await phone.register('alice-demo')).status).toBe(200)
    house.onClear(() => phone.register('alice-demo', 0))
    const media = await RtpPeer.open(660)
    house.onClear(() => media.close())
    return { phone, media }
  }

  function playEarly({ phone, media }: Awaited<ReturnType<typeof alice>>, invite: ReceivedMessage): void {
    phone.send(phone.response(invite, 183, 'Session Progress', { body: audioSdp('127.0.0.1', media.port) }))
    media.play(invite.body)
  }

  test('of the only phone is heard before it answers, and the call goes on with it', async () => {
    const early = await alice()
    const caller = await house.outsidePhone({ tone: 440, trace: true })
    await caller.dial(house.numberOf('alice'))
    const invite = await early.phone.expect({ method: 'INVITE' })
    playEarly(early, invite)
    expect(await sipMessage(caller, 'SIP/2.0 183')).toContain('m=audio')
    await caller.hears(660)
    expect((await house.calls())[0]).toMatchObject({ state: 'ringing' })
    const call = await ScriptedCall.answer(early.phone, invite, early.media.port)
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    await early.media.hears(440)
    await caller.hangup()
    await call.accept('BYE')
    expect(await house.lastRecord()).toMatchObject({ cause: 'answered' })
  })

  test('of one phone among two is kept back: the caller is told that it rings', async () => {
    const early = await alice()
    const other = await house.phone('alice', { tone: 880 })
    const caller = await house.outsidePhone({ tone: 440, trace: true })
    await caller.dial(house.numberOf('alice'))
    const invite = await early.phone.expect({ method: 'INVITE' })
    playEarly(early, invite)
    await other.event('CALL_INCOMING')
    await sipMessage(caller, 'SIP/2.0 180')
    await other.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(880)
    const cancel = await early.phone.expect({ method: 'CANCEL' })
    early.phone.send(early.phone.response(cancel, 200, 'OK'))
    early.phone.send(early.phone.response(invite, 487, 'Request Terminated'))
    expect(caller.sip().filter((message) => message.startsWith('SIP/2.0 183'))).toEqual([])
    expect((await caller.heard()).filter(({ frequency }) => frequency === 660)).toEqual([])
  })
})
