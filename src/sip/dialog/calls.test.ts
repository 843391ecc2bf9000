import { describe, expect, test } from 'vitest'
import type { Packet } from '../transport/index.ts'
import { answer, type TestNetwork, testNetwork } from './test-network.ts'
import type { Dialog } from './types.ts'

/** Drops the first `times` packets with this label that go from one party. */
function lose(net: TestNetwork, label: string, times = 1): void {
  let left = times
  net.network.rule((packet: Packet) => {
    if (packet.label !== label || left === 0) return undefined
    left--
    return 'drop'
  })
}

/** Lets bob answer every INVITE at once. */
function answering(net: TestNetwork): Dialog[] {
  const dialogs: Dialog[] = []
  net.bob.onInvite = (invitation) => {
    dialogs.push(net.bob.watch(invitation.answer({ body: answer })))
  }
  return dialogs
}

describe('a call', () => {
  test('rings, is answered, and ends', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    const placed = alice.call(bob, { reliable: false })
    await clock.advance(10)
    bob.invitations[0]!.progress(180)
    await clock.advance(100)
    bob.watch(bob.invitations[0]!.answer({ body: answer }))
    await clock.advance(10)
    placed.dialog!.bye()
    await clock.advance(10)
    expect(net.ladder()).toEqual([
      'alice -> bob INVITE',
      'bob -> alice 100 INVITE',
      'bob -> alice 180 INVITE',
      'bob -> alice 200 INVITE',
      'alice -> bob ACK',
      'alice -> bob BYE',
      'bob -> alice 200 BYE',
    ])
    expect(alice.heard).toEqual(['180', '200'])
    expect(bob.heard).toEqual(['acked', 'bye'])
    await net.drained()
  })

  test('a 180 is repeated soon after the first, and then each minute', async () => {
    const net = testNetwork()
    const { alice, bob, clock, network } = net
    const placed = alice.call(bob, { reliable: false })
    await clock.advance(10)
    bob.invitations[0]!.progress(180)
    await clock.advance(130_000)
    const start = network.log[2]!.at
    expect(network.log.filter((one) => one.label === '180 INVITE').map((one) => one.at - start)).toEqual([
      0, 500, 1500, 61_500, 121_500,
    ])
    placed.call.cancel()
    await net.drained()
    expect(alice.heard.at(-1)).toBe('487')
  })

  test.each(['INVITE', '200 INVITE', 'ACK', 'BYE', '200 BYE'])('survives the loss of %s', async (label) => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    lose(net, label)
    answering(net)
    const placed = alice.call(bob)
    await clock.until(() => placed.dialog !== undefined && bob.heard.includes('acked'))
    placed.dialog!.bye()
    await clock.until(() => bob.heard.includes('bye'))
    expect(alice.heard).toEqual(['200'])
    await net.drained()
  })

  test('a 2xx that comes again is acknowledged again', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    lose(net, 'ACK', 2)
    answering(net)
    const placed = alice.call(bob)
    await clock.until(() => bob.heard.includes('acked'))
    expect(net.ladder().filter((line) => line.includes('200') || line.includes('ACK'))).toEqual([
      'bob -> alice 200 INVITE',
      'alice -x bob ACK',
      'bob -> alice 200 INVITE',
      'alice -x bob ACK',
      'bob -> alice 200 INVITE',
      'alice -> bob ACK',
    ])
    placed.dialog!.bye()
    await net.drained()
  })

  test('a 2xx that is never acknowledged ends the dialog with BYE', async () => {
    const net = testNetwork()
    const { alice, bob } = net
    lose(net, 'ACK', 100)
    answering(net)
    alice.call(bob)
    await net.drained()
    expect(bob.heard).toEqual(['unacked', 'lost no-ack'])
    expect(alice.heard).toEqual(['200', 'bye'])
  })

  test('nobody there: the INVITE times out', async () => {
    const net = testNetwork()
    await net.bob.host.close()
    net.alice.call(net.bob)
    await net.drained()
    expect(net.alice.heard).toEqual(['timeout'])
    expect(net.network.log.length).toBe(7)
  })

  test('a refusal is acknowledged and repeated where that ACK is lost', async () => {
    const net = testNetwork()
    lose(net, 'ACK')
    net.bob.onInvite = (invitation) => invitation.reject(486)
    net.alice.call(net.bob)
    await net.drained()
    expect(net.alice.heard).toEqual(['486'])
    expect(net.ladder()).toEqual([
      'alice -> bob INVITE',
      'bob -> alice 486 INVITE',
      'alice -x bob ACK',
      'bob -> alice 486 INVITE',
      'alice -> bob ACK',
    ])
  })

  test('the next destination is tried after a refused connection, after 503 and after silence', async () => {
    const net = testNetwork()
    const { alice, bob } = net
    const busy = net.party('busy', '192.0.2.3')
    busy.onInvite = (invitation) => invitation.reject(503)
    answering(net)
    const at = (address: string, protocol: 'udp' | 'tcp') => ({ protocol, address, port: 5060, host: address })
    const placed = alice.call(bob, {
      target: {
        destinations: [at('192.0.2.9', 'tcp'), at('192.0.2.3', 'udp'), at('192.0.2.8', 'udp'), at('192.0.2.2', 'udp')],
      },
    })
    await net.clock.until(() => placed.dialog !== undefined)
    expect(alice.heard).toEqual(['200'])
    expect(net.ladder().filter((line) => line.endsWith(' INVITE') && line.startsWith('alice'))).toEqual([
      'alice -> busy INVITE',
      ...Array(7).fill('alice -x 192.0.2.8:5060 INVITE'),
      'alice -> bob INVITE',
    ])
    placed.dialog!.bye()
    await net.drained()
  })

  test('over TCP nothing is repeated, and the dialog stays on its connection', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    const dialogs = answering(net)
    const target = { destinations: [{ protocol: 'tcp' as const, address: '192.0.2.2', port: 5060, host: '192.0.2.2' }] }
    const placed = alice.call(bob, { target })
    await clock.until(() => placed.dialog !== undefined)
    await clock.advance(5000)
    dialogs[0]!.bye()
    await clock.advance(100)
    expect(net.network.log.map((one) => `${one.protocol} ${one.label}`)).toEqual([
      'tcp INVITE',
      'tcp 200 INVITE',
      'tcp ACK',
      'tcp BYE',
      'tcp 200 BYE',
    ])
    expect(alice.heard).toEqual(['200', 'bye'])
    await net.drained()
  })

  test('a connection that breaks fails the INVITE that waits on it', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    const target = { destinations: [{ protocol: 'tcp' as const, address: '192.0.2.2', port: 5060, host: '192.0.2.2' }] }
    alice.call(bob, { target })
    await clock.until(() => bob.invitations.length > 0)
    net.network.cut(alice.host.connections[0]!)
    await clock.advance(10)
    expect(alice.heard).toEqual(['unreachable'])
    bob.invitations[0]!.reject(480)
    await net.drained()
  })
})

describe('CANCEL', () => {
  test('ends a ringing call', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    const { call } = alice.call(bob, { reliable: false })
    await clock.advance(10)
    call.cancel([['Reason', 'SIP;cause=200;text="Call completed elsewhere"']])
    await clock.advance(10)
    expect(net.ladder()).toEqual([
      'alice -> bob INVITE',
      'bob -> alice 100 INVITE',
      'alice -> bob CANCEL',
      'bob -> alice 200 CANCEL',
      'bob -> alice 487 INVITE',
      'alice -> bob ACK',
    ])
    expect([alice.heard, bob.heard]).toEqual([['487'], ['cancelled']])
    await net.drained()
  })

  test('waits for the first 1xx', async () => {
    const net = testNetwork()
    lose(net, '100 INVITE')
    const { call } = net.alice.call(net.bob)
    call.cancel()
    await net.drained()
    expect(net.ladder().slice(0, 5)).toEqual([
      'alice -> bob INVITE',
      'bob -x alice 100 INVITE',
      'alice -> bob INVITE',
      'bob -> alice 100 INVITE',
      'alice -> bob CANCEL',
    ])
    expect(net.alice.heard).toEqual(['487'])
  })

  test('that is lost is sent again', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    lose(net, 'CANCEL', 2)
    const { call } = alice.call(bob)
    await clock.advance(10)
    call.cancel()
    await net.drained()
    expect([alice.heard, bob.heard]).toEqual([['487'], ['cancelled']])
  })

  test('crosses 200: the 200 was sent first', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    const { call } = alice.call(bob)
    await clock.advance(10)
    bob.watch(bob.invitations[0]!.answer({ body: answer }))
    call.cancel()
    await net.drained()
    expect(net.ladder().slice(2)).toEqual([
      'bob -> alice 200 INVITE',
      'alice -> bob CANCEL',
      'alice -> bob ACK',
      'alice -> bob BYE',
      'bob -> alice 200 CANCEL',
      'bob -> alice 200 BYE',
    ])
    expect([alice.heard, bob.heard]).toEqual([['crossed'], ['acked', 'bye']])
  })

  test('crosses 200: the CANCEL was sent first and lost', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    lose(net, 'CANCEL')
    const { call } = alice.call(bob)
    await clock.advance(10)
    call.cancel()
    await clock.advance(10)
    bob.watch(bob.invitations[0]!.answer({ body: answer }))
    await net.drained()
    expect(net.ladder().slice(2, 6)).toEqual([
      'alice -x bob CANCEL',
      'bob -> alice 200 INVITE',
      'alice -> bob ACK',
      'alice -> bob BYE',
    ])
    expect([alice.heard, bob.heard]).toEqual([['crossed'], ['acked', 'bye']])
  })

  test('without its INVITE gets 481', async () => {
    const net = testNetwork()
    const flow = net.alice.host.udpFlow('192.0.2.2', 5060)
    const lines = [
      'CANCEL sip:bob@192.0.2.2 SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnobody',
      'From: <sip:alice@test>;tag=1',
      'To: <sip:bob@test>',
      'Call-ID: nothing',
      'CSeq: 1 CANCEL',
      'Max-Forwards: 70',
    ]
    net.alice.host.send(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), flow)
    await net.drained()
    expect(net.ladder()).toEqual(['alice -> bob CANCEL', 'bob -> alice 481 CANCEL'])
  })
})
