import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { audioSdp, type SipClient } from '../support/sip-client.ts'
import { House } from './house.ts'
import { placeCall, ScriptedCall } from './scripted-call.ts'

describe('a caller with extensions of its own', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function alice(): Promise<SipClient> {
    const client = await house.client('alice')
    expect((await client.register('alice-demo')).status).toBe(200)
    house.onClear(() => client.register('alice-demo', 0))
    return client
  }

  test('that requires 100rel gets reliable provisional responses (RFC 3262)', async () => {
    const phone = await alice()
    const caller = await house.outsideClient()
    const { callId } = placeCall(caller, house.numberOf('alice'), {
      headers: { Require: '100rel' },
      body: audioSdp('127.0.0.1', 9),
    })
    const invite = await phone.expect({ method: 'INVITE' })
    phone.send(phone.response(invite, 180, 'Ringing'))
    const ringing = await caller.expect({ status: 180 })
    expect(ringing.header('Require')).toContain('100rel')
    const number = ringing.header('RSeq')
    expect(Number(number)).toBeGreaterThan(0)
    expect(ringing.tag('To')).toBeTruthy()
    // Unacknowledged it comes again.
    expect((await caller.expect({ status: 180 })).header('RSeq')).toBe(number)
    const call = ScriptedCall.calling(caller, ringing)
    expect((await call.ask('PRACK', { headers: { RAck: `${Number(number) + 7} 1 INVITE` } })).status).toBe(481)
    expect((await call.ask('PRACK', { headers: { RAck: `${number} 1 INVITE` } })).status).toBe(200)

    const answered = ScriptedCall.answer(phone, invite, 9)
    const response = await caller.expect({ status: 200, method: 'INVITE', callId })
    expect(response.tag('To')).toBe(ringing.tag('To'))
    call.ack(response)
    const callee = await answered
    const bye = callee.accept('BYE')
    expect((await call.ask('BYE')).status).toBe(200)
    await bye
  })

  test('that requires what nobody knows is told what (420)', async () => {
    const caller = await house.outsideClient()
    const response = await caller.ask({
      method: 'INVITE',
      uri: house.numberOf('alice'),
      headers: { Require: 'nothing-of-the-kind' },
    })
    expect([response.status, response.header('Unsupported')]).toEqual([420, 'nothing-of-the-kind'])
  })

  test('asks with OPTIONS and changes the session with UPDATE inside the dialog', async () => {
    const phone = await alice()
    const caller = await house.outsideClient()
    placeCall(caller, house.numberOf('alice'), { body: audioSdp('127.0.0.1', 9) })
    const callee = await ScriptedCall.answer(phone, await phone.expect({ method: 'INVITE' }), 9)
    const response = await caller.expect({ status: 200, method: 'INVITE' })
    const call = ScriptedCall.calling(caller, response)
    call.ack(response)
    expect(response.header('Allow')).toContain('UPDATE')

    const options = await call.ask('OPTIONS')
    expect(options.status).toBe(200)
    expect(options.header('Allow')).toContain('INVITE')

    const held = await call.ask('UPDATE', { body: audioSdp('127.0.0.1', 9, 'sendonly') })
    expect(held.status).toBe(200)
    expect(held.body).toContain('a=recvonly')
    expect((await house.calls())[0]).toMatchObject({ held: true })
    const resumed = await call.ask('UPDATE', { body: audioSdp('127.0.0.1', 9) })
    expect([resumed.status, /a=(sendrecv|recvonly)/.exec(resumed.body)?.[1]]).toEqual([200, 'sendrecv'])
    expect((await house.calls())[0]).toMatchObject({ held: false })
    // Without a description it only refreshes.
    expect(await call.ask('UPDATE')).toMatchObject({ status: 200, body: '' })

    const bye = callee.accept('BYE')
    expect((await call.ask('BYE')).status).toBe(200)
    await bye
    expect((await call.ask('OPTIONS')).status).toBe(481)
  })

  test('reaches a phone that lost the ACK: its repeated answer is acknowledged again, and so is ours repeated', async () => {
    const phone = await alice()
    const caller = await house.outsideClient()
    placeCall(caller, house.numberOf('alice'), { body: audioSdp('127.0.0.1', 9) })
    const invite = await phone.expect({ method: 'INVITE' })
    const answer = phone.response(invite, 200, 'OK', { body: audioSdp('127.0.0.1', 9) })
    phone.send(answer)
    const first = await phone.expect({ method: 'ACK' })
    phone.send(answer)
    const second = await phone.expect({ method: 'ACK' })
    for (const name of ['From', 'To', 'Call-ID', 'CSeq']) expect(second.header(name)).toBe(first.header(name))

    const response = await caller.expect({ status: 200, method: 'INVITE' })
    expect((await caller.expect({ status: 200, method: 'INVITE' })).text).toBe(response.text)
    const call = ScriptedCall.calling(caller, response)
    call.ack(response)
    const bye = call.ask('BYE')
    const last = await phone.expect({ method: 'BYE' })
    phone.send(phone.response(last, 200, 'OK'))
    expect((await bye).status).toBe(200)
  })

  test('asks with OPTIONS outside a dialog', async () => {
    const caller = await house.outsideClient()
    const response = await caller.ask({ method: 'OPTIONS' })
    expect(response.status).toBe(200)
    expect(response.header('Accept')).toBe('application/sdp')
    expect(response.header('Allow')).toContain('INVITE')
  })
})
