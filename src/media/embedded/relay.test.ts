import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { alice, bob, call, clock, engine, g711, good, leg, said, sockets, start, stop } from './fixtures/calls.ts'
import { peerSdp, rtpPacket } from './fixtures/memory-sockets.ts'

afterEach(stop)

describe('relay', () => {
  it('relays both ways, maps payload types per leg and drops what was not negotiated', async () => {
    await start()
    const { alicePort, bobPort } = await call(
      peerSdp(alice, 4000, { 107: 'opus/48000/2', 100: 'telephone-event/48000' }),
      peerSdp(bob, 5000, { 111: 'opus/48000/2', 126: 'telephone-event/48000' }),
    )
    sockets.inject(alicePort, rtpPacket({ type: 107, sequence: 1, marker: true }), alice, 4000)
    sockets.inject(alicePort, rtpPacket({ type: 100, sequence: 2, payload: Uint8Array.of(5, 10, 0, 160) }), alice, 4000)
    sockets.inject(alicePort, rtpPacket({ type: 8, sequence: 3 }), alice, 4000)
    sockets.inject(alicePort, Buffer.from('no RTP at all'), alice, 4000)
    const [sound, key, ...rest] = sockets.taken()
    expect(rest).toEqual([])
    expect(sound).toMatchObject({ toAddress: bob, toPort: 5000, fromPort: bobPort })
    expect(sound?.bytes[1]).toBe(0x80 | 111)
    expect(sound?.bytes.readUInt32BE(8)).toBe(0x1234)
    expect(key?.bytes[1]).toBe(126)
    expect([...(key?.bytes.subarray(12) ?? [])]).toEqual([5, 10, 0, 160])
    // Bob was offered 107 and 100, so that is what he sends.
    sockets.inject(bobPort, rtpPacket({ type: 107, sequence: 1 }), bob, 5000)
    sockets.inject(bobPort, rtpPacket({ type: 100, sequence: 2 }), bob, 5000)
    expect(sockets.taken().map(({ bytes, toAddress }) => [toAddress, bytes[1]])).toEqual([
      [alice, 107],
      [alice, 100],
    ])
    expect(await engine.counters()).toMatchObject({ legs: 2, relayed: 4, dropped: 2, portsUsed: 4, portsFree: 36 })
  })

  it('converts G.711 and says so', async () => {
    await start()
    const { alicePort, joined, bobPort } = await call(
      peerSdp(alice, 4000, { 0: 'PCMU/8000', 101: 'telephone-event/8000' }),
      peerSdp(bob, 5000, { 8: 'PCMA/8000', 101: 'telephone-event/8000' }),
    )
    expect(joined).toBe('converted')
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1, payload: Uint8Array.of(0xff, 0x80) }), alice, 4000)
    sockets.inject(bobPort, rtpPacket({ type: 8, sequence: 1, payload: Uint8Array.of(0xd5, 0xaa) }), bob, 5000)
    sockets.inject(
      alicePort,
      rtpPacket({ type: 101, sequence: 2, payload: Uint8Array.of(0xff, 0x80, 0, 0) }),
      alice,
      4000,
    )
    const [toBob, toAlice, key] = sockets.taken()
    expect([toBob?.bytes[1], ...(toBob?.bytes.subarray(12) ?? [])]).toEqual([8, 0xd5, 0xaa])
    expect([toAlice?.bytes[1], ...(toAlice?.bytes.subarray(12) ?? [])]).toEqual([0, 0xfe, 0x80])
    expect([key?.bytes[1], ...(key?.bytes.subarray(12) ?? [])]).toEqual([101, 0xff, 0x80, 0, 0])
  })

  it('never relays a third address, and sends nothing there', async () => {
    await start()
    const { alicePort, bobPort } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1 }), alice, 4000)
    for (let i = 2; i < 20; i++) {
      sockets.inject(alicePort, rtpPacket({ type: 0, sequence: i }), '6.6.6.6', 4000)
      sockets.inject(alicePort, rtpPacket({ type: 0, sequence: i }), alice, 4001)
    }
    sockets.inject(bobPort, rtpPacket({ type: 0, sequence: 1 }), bob, 5000)
    expect(sockets.taken().map(({ toAddress, toPort }) => [toAddress, toPort])).toEqual([
      [bob, 5000],
      [alice, 4000],
    ])
  })

  it('sends back to where a phone behind NAT really is', async () => {
    await start()
    const { alicePort, bobPort } = await call(peerSdp('192.168.1.9', 4000, g711), peerSdp(bob, 5000, g711))
    for (let i = 0; i < 4; i++) sockets.inject(alicePort, rtpPacket({ type: 0, sequence: i }), '203.0.113.7', 61_000)
    expect(sockets.taken()).toHaveLength(2)
    sockets.inject(bobPort, rtpPacket({ type: 0, sequence: 1 }), bob, 5000)
    expect(sockets.taken()[0]).toMatchObject({ toAddress: '203.0.113.7', toPort: 61_000 })
  })

  it('has no loopback or own port for a target', async () => {
    await start()
    const { bobPort } = await call(peerSdp('127.0.0.1', 4000, g711), peerSdp(bob, 5000, g711))
    sockets.inject(bobPort, rtpPacket({ type: 0, sequence: 1 }), bob, 5000)
    expect(sockets.taken()).toEqual([])
    const caller = await leg()
    good(await caller.remoteOffer(peerSdp('192.0.2.1', bobPort, g711)))
    good(await caller.answer())
    const callee = await leg()
    const calleePort = said(good(await callee.offer(caller))).port
    good(await callee.remoteAnswer(peerSdp('192.0.2.1', calleePort, g711)))
    await engine.bridge(caller, callee)
    for (let i = 0; i < 9; i++) sockets.inject(calleePort, rtpPacket({ type: 0, sequence: i }), '192.0.2.1', calleePort)
    expect(sockets.taken()).toEqual([])
  })

  it('sends nothing to a peer on hold, and again when it resumes', async () => {
    await start()
    const { caller, callee, alicePort, bobPort } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    const offers = async (sdp: string) => {
      good(await caller.remoteOffer(sdp))
      return said(good(await caller.answer(callee))).direction
    }
    const heard = () => {
      sockets.inject(bobPort, rtpPacket({ type: 0, sequence: 1 }), bob, 5000)
      sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1 }), alice, 4000)
      return sockets.taken().map((datagram) => datagram.toAddress)
    }
    expect(heard()).toEqual([alice, bob])
    expect(await offers(peerSdp(alice, 4000, g711, 'a=sendonly\r\n'))).toBe('recvonly')
    expect([caller.heldByPeer, heard()]).toEqual([true, [bob]])
    expect(await offers(peerSdp(alice, 4000, g711, 'a=inactive\r\n'))).toBe('inactive')
    expect([caller.heldByPeer, heard()]).toEqual([true, []])
    expect(await offers(peerSdp(alice, 4000, g711).replace(`c=IN IP4 ${alice}`, 'c=IN IP4 0.0.0.0'))).toBe('recvonly')
    expect([caller.heldByPeer, heard()]).toEqual([true, [bob]])
    expect(await offers(peerSdp(alice, 4000, g711))).toBe('sendrecv')
    expect([caller.heldByPeer, heard()]).toEqual([false, [alice, bob]])
  })

  it('keeps one stream for a leg whose partner is swapped', async () => {
    await start()
    const { caller, bobPort, callee } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    const third = await leg()
    const port = said(good(await third.offer(caller))).port
    good(await third.remoteAnswer(peerSdp('10.0.0.3', 6000, g711)))
    sockets.inject(bobPort, rtpPacket({ type: 0, sequence: 9, ssrc: 1 }), bob, 5000)
    expect(await engine.bridge(caller, third)).toBe('bridged')
    sockets.inject(bobPort, rtpPacket({ type: 0, sequence: 10, ssrc: 1 }), bob, 5000)
    sockets.inject(port, rtpPacket({ type: 0, sequence: 700, ssrc: 2 }), '10.0.0.3', 6000)
    const sent = sockets.taken()
    expect(sent.map(({ bytes }) => [bytes.readUInt16BE(2), bytes.readUInt32BE(8), bytes[1]])).toEqual([
      [9, 1, 0],
      [10, 1, 0x80],
    ])
    await engine.unbridge(third)
    sockets.inject(port, rtpPacket({ type: 0, sequence: 701, ssrc: 2 }), '10.0.0.3', 6000)
    expect(sockets.taken()).toEqual([])
    expect((await callee.statistics()).packetsReceived).toBe(2)
  })

  it('relays RTCP on its own port, and on one port when both agreed', async () => {
    await start()
    const report = Buffer.from('80c90001000000aa', 'hex')
    const { alicePort, bobPort } = await call(
      peerSdp(alice, 4000, g711, 'a=rtcp-mux\r\n'),
      peerSdp(bob, 5000, g711, 'a=rtcp:5009\r\n'),
    )
    sockets.inject(alicePort, report, alice, 4000)
    sockets.inject(bobPort + 1, report, bob, 5009)
    sockets.inject(bobPort + 1, report, '6.6.6.6', 5009)
    expect(sockets.taken().map(({ fromPort, toAddress, toPort }) => [fromPort, toAddress, toPort])).toEqual([
      [bobPort + 1, bob, 5009],
      [alicePort, alice, 4000],
    ])
  })

  it('knows an IPv6 peer however its address is written', async () => {
    await start({ address: '2001:db8::5' })
    const v6 = (address: string, port: number) => peerSdp(address, port, g711).replaceAll('IP4', 'IP6')
    const { alicePort } = await call(v6('2001:DB8:0:0::9', 4000), v6('2001:db8::0:a', 5000))
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1 }), '2001:db8::9', 4000)
    expect(sockets.taken()).toMatchObject([{ toAddress: '2001:db8::a', toPort: 5000 }])
  })

  it('sends nowhere but to the two peers, whatever comes from wherever', async () => {
    await start()
    const { alicePort, bobPort } = await call(
      peerSdp(alice, 4000, { 0: 'PCMU/8000' }, 'a=rtcp-mux\r\n'),
      peerSdp(bob, 5000, { 8: 'PCMA/8000' }),
    )
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 0 }), alice, 4000)
    sockets.inject(bobPort, rtpPacket({ type: 8, sequence: 0 }), bob, 5000)
    expect(sockets.taken()).toHaveLength(2)
    let relayed = 0
    const mutated = fc
      .tuple(
        fc.uint8Array({ minLength: 12, maxLength: 80 }),
        fc.nat(255),
        fc.constantFrom(0, 8, 101, 128, 136, 200, 201, 203, 205, 77),
      )
      .map(([bytes, first, second]) => {
        bytes[0] = first | 0x80
        bytes[1] = second
        return Buffer.from(bytes)
      })
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.constantFrom([alicePort, alice, 4000] as const, [bobPort, bob, 5000] as const),
          fc.tuple(
            fc.constantFrom(alicePort, alicePort + 1, bobPort, bobPort + 1),
            fc.constantFrom(alice, bob, '6.6.6.6', '127.0.0.1', '192.0.2.1'),
            fc.constantFrom(4000, 4001, 5000, 5001, alicePort, bobPort),
          ),
        ),
        mutated,
        async ([port, from, fromPort], bytes) => {
          sockets.inject(port, bytes, from, fromPort)
          for (const { toAddress, toPort } of sockets.taken()) {
            expect([alice, bob]).toContain(toAddress)
            expect([4000, 5000, 5001]).toContain(toPort)
            expect([alice, bob]).toContain(from)
            relayed++
          }
          await clock.advance(10)
        },
      ),
      { numRuns: 1000 },
    )
    expect(relayed).toBeGreaterThan(0)
  })

  it('bounds a flood', async () => {
    await start()
    const { alicePort } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    for (let i = 0; i < 1500; i++) sockets.inject(alicePort, rtpPacket({ type: 0, sequence: i }), alice, 4000)
    expect(sockets.taken()).toHaveLength(1000)
    await clock.advance(1000)
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1501 }), alice, 4000)
    expect(sockets.taken()).toHaveLength(1)
  })
})
