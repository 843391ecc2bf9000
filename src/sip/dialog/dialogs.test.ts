import { describe, expect, test } from 'vitest'
import type { Packet } from '../transport/index.ts'
import { accepting, answer, connected, offer, type TestNetwork, testNetwork } from './test-network.ts'
import type { Dialog } from './types.ts'

function lose(net: TestNetwork, label: string, times = 1): void {
  let left = times
  net.network.rule((packet: Packet) => (packet.label === label && left-- > 0 ? 'drop' : undefined))
}

describe('PRACK', () => {
  test('acknowledges early media, and the 2xx waits for it', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    lose(net, 'PRACK')
    const placed = alice.call(bob)
    await clock.advance(10)
    bob.invitations[0]!.progress(183, { body: answer })
    bob.invitations[0]!.answer({ body: answer })
    await clock.until(() => bob.heard.includes('acked'))
    expect(net.ladder().slice(2)).toEqual([
      'bob -> alice 183 INVITE',
      'alice -x bob PRACK',
      'bob -> alice 183 INVITE',
      'alice -> bob PRACK',
      'bob -> alice 200 PRACK',
      'bob -> alice 200 INVITE',
      'alice -> bob ACK',
    ])
    expect(alice.heard).toEqual(['183', '200'])
    expect(bob.heard).toEqual(['pracked', 'acked'])
    placed.dialog!.bye()
    await net.drained()
  })

  test('a lost 183 is repeated', async () => {
    const net = testNetwork()
    lose(net, '183 INVITE', 3)
    const { call } = net.alice.call(net.bob)
    await net.clock.advance(10)
    net.bob.invitations[0]!.progress(183, { body: answer })
    await net.clock.until(() => net.bob.heard.includes('pracked'))
    expect(net.alice.heard).toEqual(['183'])
    call.cancel()
    await net.drained()
  })

  test('is not asked for where nobody needs it', async () => {
    const net = testNetwork()
    const { call } = net.alice.call(net.bob)
    await net.clock.advance(10)
    net.bob.invitations[0]!.progress(180)
    await net.clock.advance(10)
    expect(net.ladder()).not.toContain('alice -> bob PRACK')
    call.cancel()
    await net.drained()
  })

  test('two provisional responses go out one after the other', async () => {
    const net = testNetwork()
    const { call } = net.alice.call(net.bob)
    await net.clock.advance(10)
    net.bob.invitations[0]!.progress(183, { body: answer })
    net.bob.invitations[0]!.progress(182, { body: answer })
    await net.clock.advance(20)
    expect(net.ladder().slice(2)).toEqual([
      'bob -> alice 183 INVITE',
      'alice -> bob PRACK',
      'bob -> alice 200 PRACK',
      'bob -> alice 182 INVITE',
      'alice -> bob PRACK',
      'bob -> alice 200 PRACK',
    ])
    call.cancel()
    await net.drained()
  })

  test('that never comes ends the INVITE with 504', async () => {
    const net = testNetwork()
    lose(net, 'PRACK', 100)
    net.alice.call(net.bob)
    await net.clock.advance(10)
    net.bob.invitations[0]!.progress(183, { body: answer })
    await net.drained()
    expect(net.alice.heard).toEqual(['183', '504'])
    expect(net.bob.heard).toEqual(['unacked'])
  })

  test('CANCEL while the 2xx waits for its PRACK', async () => {
    const net = testNetwork()
    lose(net, 'PRACK', 100)
    const { call } = net.alice.call(net.bob)
    await net.clock.advance(10)
    net.bob.invitations[0]!.progress(183, { body: answer })
    const dialog = net.bob.watch(net.bob.invitations[0]!.answer({ body: answer }))
    await net.clock.advance(10)
    call.cancel()
    await net.drained()
    expect(net.alice.heard).toEqual(['183', '487'])
    expect(net.bob.heard).toEqual(['cancelled', 'lost gone'])
    expect(dialog.ended).toBe(true)
  })
})

describe('requests in a dialog', () => {
  test('UPDATE with an offer is answered by the handler', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    accepting(net.bob, callee, 'v=0 new')
    const asked = caller.request('UPDATE', { body: offer })
    await net.clock.advance(10)
    const response = await asked
    expect([response?.status, response?.body.toString()]).toEqual([200, 'v=0 new'])
    expect(response?.contentType).toBe('application/sdp')
    caller.bye()
    await net.drained()
  })

  test('OPTIONS, unknown methods, and requests that nobody handles', async () => {
    const net = testNetwork()
    const { caller } = await connected(net)
    const ask = async (method: string) => {
      const asked = caller.request(method)
      await net.clock.advance(100)
      return (await asked)?.status
    }
    expect(await ask('OPTIONS')).toBe(200)
    expect(await ask('PUBLISH')).toBe(405)
    expect(await ask('JUMP')).toBe(501)
    expect(await ask('REFER')).toBe(603)
    expect(await ask('MESSAGE')).toBe(405)
    expect(await ask('PRACK')).toBe(481)
    expect(net.alice.heard).toEqual([])
    caller.bye()
    await net.drained()
  })

  test('re-INVITEs are serialised', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    accepting(net.bob, callee, answer)
    const both = Promise.all([caller.reinvite(offer), caller.reinvite(offer)])
    await net.clock.advance(100)
    expect((await both).map((response) => response?.status)).toEqual([200, 200])
    expect(net.ladder()).toEqual([
      'alice -> bob INVITE',
      'bob -> alice 200 INVITE',
      'alice -> bob ACK',
      'alice -> bob INVITE',
      'bob -> alice 200 INVITE',
      'alice -> bob ACK',
    ])
    caller.bye()
    await net.drained()
  })

  test('re-INVITE without an offer: the answer comes with the ACK', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    const asked: number[] = []
    net.bob.watch(callee, {
      offer: (transaction) => {
        asked.push(transaction.request.body.length)
        transaction.respond(200, undefined, [], offer)
      },
      ack: () => net.bob.heard.push('ack'),
    })
    const done = caller.reinvite('')
    await net.clock.advance(100)
    expect((await done)?.body.toString()).toBe(offer)
    expect([asked, net.bob.heard]).toEqual([[0], ['ack']])
    caller.bye()
    await net.drained()
  })

  test('glare: both get 491, and each tries again after its own pause', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    accepting(net.alice, caller, answer)
    accepting(net.bob, callee, answer)
    const both = Promise.all([caller.reinvite(offer), callee.reinvite(offer)])
    await net.clock.advance(10)
    expect(net.ladder().filter((line) => line.includes('491')).length).toBe(2)
    await net.clock.advance(4500)
    expect((await both).map((response) => response?.status)).toEqual([200, 200])
    const invites = net.network.log.filter((one) => one.label === 'INVITE').slice(2)
    const start = net.network.log[0]!.at
    // The callee does not own the Call-ID: it goes first.
    expect(invites.map((one) => one.from)).toEqual(['192.0.2.2:5060', '192.0.2.1:5060'])
    expect(invites[0]!.at - start).toBeLessThanOrEqual(2010)
    expect(invites[1]!.at - start).toBeGreaterThanOrEqual(2100)
    caller.bye()
    await net.drained()
  })

  test('a second offer while the first is not answered gets 500 with Retry-After', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    net.bob.watch(callee, { offer: () => net.bob.heard.push('offer') })
    void caller.reinvite(offer)
    await net.clock.advance(10)
    const second = caller.request('UPDATE', { body: offer })
    await net.clock.advance(10)
    const response = await second
    expect(response?.status).toBe(500)
    expect(Number(response?.header('retry-after'))).toBeLessThanOrEqual(10)
    callee.bye()
    await net.drained()
  })

  test('a peer that knows the dialog no more: lost', async () => {
    const net = testNetwork()
    const { caller } = await connected(net)
    const stranger = net.party('stranger', '192.0.2.9')
    const state = { ...caller.state(), remoteTag: 'unheard' }
    const restored = net.alice.agent.restore(state)
    restored.handlers = { lost: (why) => stranger.heard.push(why) }
    const asked = restored.request('INFO')
    await net.clock.advance(100)
    expect((await asked)?.status).toBe(481)
    expect(stranger.heard).toEqual(['gone'])
    caller.bye()
    await net.drained()
  })

  test('a request that nobody answers: BYE is tried and the dialog is lost', async () => {
    const net = testNetwork()
    const { caller } = await connected(net)
    await net.bob.host.close()
    const asked = caller.request('INFO')
    await net.clock.advance(40_000)
    expect(await asked).toBeUndefined()
    expect(net.alice.heard).toEqual(['lost gone'])
    expect(net.ladder().at(-1)).toBe('alice -x bob BYE')
    await net.clock.advance(2_000_000)
    expect(net.alice.agent.sizes).toEqual({ dialogs: 0, transactions: 0 })
  })

  test('a restored dialog goes on with a CSeq far ahead', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    const state = JSON.parse(JSON.stringify(caller.state()))
    const restored = net.alice.agent.restore(state)
    expect(restored.state().localSeq).toBe(state.localSeq + 1000)
    restored.bye([['Reason', 'SIP;cause=500;text="Restarted"']])
    await net.clock.advance(100)
    expect([net.bob.heard, callee.ended]).toEqual([['bye'], true])
    caller.bye()
    await net.drained()
  })

  test.each([true, false])(
    'a BYE whose answer is asked for ends a restored dialog; the peer is there: %s',
    async (there) => {
      const net = testNetwork()
      const { caller } = await connected(net)
      const again = net.party('again', '192.0.2.7')
      if (!there) await net.bob.host.close()
      const target = { flow: again.host.udpFlow('192.0.2.2', 5060) }
      const asked = again.agent.restore(caller.state(), target).request('BYE')
      await net.clock.advance(40_000)
      expect((await asked)?.status).toBe(there ? 200 : undefined)
      expect(again.agent.sizes).toEqual({ dialogs: 0, transactions: 0 })
      expect(net.ladder().filter((line) => /^again .* BYE$/.test(line))).toHaveLength(there ? 1 : 11)
    },
  )

  test('the remote target moves with the Contact of a re-INVITE', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    accepting(net.bob, callee, answer)
    const moved = net.party('moved', '192.0.2.7')
    const restored = moved.agent.restore(
      { ...caller.state(), localContact: 'sip:192.0.2.7:5060' },
      { flow: moved.host.udpFlow('192.0.2.2', 5060) },
    )
    const done = restored.reinvite(offer)
    await net.clock.advance(100)
    expect((await done)?.status).toBe(200)
    expect(callee.state().remoteTarget).toBe('sip:192.0.2.7:5060')
    callee.bye()
    await net.clock.advance(100)
    expect(net.ladder().at(-1)).toBe('moved -> bob 200 BYE')
    caller.bye()
    await net.drained()
  })
})

describe('races of RFC 5407', () => {
  test('BYE crosses BYE', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    caller.bye()
    callee.bye()
    await net.drained()
    expect(net.ladder()).toEqual([
      'alice -> bob BYE',
      'bob -> alice BYE',
      'bob -> alice 200 BYE',
      'alice -> bob 200 BYE',
    ])
    expect([net.alice.heard, net.bob.heard]).toEqual([[], []])
  })

  test('BYE crosses a re-INVITE', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    const done = caller.reinvite(offer)
    callee.bye()
    await net.drained()
    expect((await done)?.status).toBe(481)
    expect(net.alice.heard).toEqual(['bye'])
  })

  test('BYE while a re-INVITE waits for its answer: that gets 487', async () => {
    const net = testNetwork()
    const { caller, callee } = await connected(net)
    net.bob.watch(callee, { offer: () => {} })
    const done = caller.reinvite(offer)
    await net.clock.advance(10)
    caller.bye()
    await net.drained()
    expect((await done)?.status).toBe(487)
    expect(net.bob.heard).toEqual(['bye'])
  })

  test('re-INVITE overtakes the ACK of the INVITE', async () => {
    const net = testNetwork()
    const { alice, bob } = net
    lose(net, 'ACK')
    let callee: Dialog | undefined
    bob.onInvite = (invitation) => {
      callee = invitation.answer({ body: answer })
      accepting(bob, callee, answer)
    }
    const placed = alice.call(bob)
    await net.clock.until(() => placed.dialog !== undefined)
    const done = placed.dialog!.reinvite(offer)
    await net.clock.advance(10)
    expect((await done)?.status).toBe(200)
    placed.dialog!.bye()
    await net.drained()
  })

  test('the callee waits for the ACK before its BYE', async () => {
    const net = testNetwork()
    const { alice, bob } = net
    lose(net, 'ACK')
    bob.onInvite = (invitation) => bob.watch(invitation.answer({ body: answer })).bye()
    alice.call(bob)
    await net.drained()
    expect(net.ladder()).toEqual([
      'alice -> bob INVITE',
      'bob -> alice 200 INVITE',
      'alice -x bob ACK',
      'bob -> alice 200 INVITE',
      'alice -> bob ACK',
      'bob -> alice BYE',
      'alice -> bob 200 BYE',
    ])
  })
})
