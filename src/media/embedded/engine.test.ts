import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog, VirtualClock } from '#lib'
import { parseSdp } from '#sdp'
import type { MediaEngine, MediaLeg, MediaResult } from '../port.ts'
import { createEmbeddedEngine, type EmbeddedEngineOptions } from './engine.ts'
import { MemorySockets, peerSdp, rtpPacket } from './memory-sockets.ts'
import { nullSockets } from './sockets.ts'

const alice = '10.0.0.1'
const bob = '10.0.0.2'
const g711 = { 0: 'PCMU/8000', 8: 'PCMA/8000', 101: 'telephone-event/8000' }

let engine: MediaEngine
let sockets: MemorySockets
let clock: VirtualClock

async function start(options: Partial<EmbeddedEngineOptions> = {}): Promise<void> {
  sockets = new MemorySockets()
  clock = new VirtualClock()
  engine = await createEmbeddedEngine({
    address: '192.0.2.1',
    ports: { from: 40000, to: 40039 },
    log: silentLog,
    thread: false,
    clock,
    sockets,
    ...options,
  })
}

afterEach(async () => {
  await engine.close()
  expect(clock.pending).toBe(0)
})

function good<T>(result: MediaResult<T>): T {
  if (!result.ok) throw new Error(result.refusal)
  return result.value
}

async function leg(silenceMs?: number): Promise<MediaLeg> {
  return good(await engine.createLeg({ silenceMs }))
}

/** Port, formats, direction and o= version of a description of ours. */
function said(sdp: string) {
  const parsed = parseSdp(sdp)
  if (!parsed.ok) throw new Error(parsed.code)
  const [audio] = parsed.value.media
  return {
    port: audio?.port ?? 0,
    formats: audio?.formats.join(' '),
    direction: audio?.direction,
    version: Number(parsed.value.origin.version),
    lines: parsed.value.media.map((media) => `${media.kind} ${media.port === 0 ? 'off' : 'on'}`).join(', '),
  }
}

/** A call from alice to bob as the call core sets it up. */
async function call(aliceSdp: string, bobSdp: string, silenceMs?: number) {
  const caller = await leg(silenceMs)
  const callee = await leg(silenceMs)
  good(await caller.remoteOffer(aliceSdp))
  const offer = said(good(await callee.offer(caller)))
  good(await callee.remoteAnswer(bobSdp))
  const answer = said(good(await caller.answer(callee)))
  const joined = await engine.bridge(caller, callee)
  return { caller, callee, offer, answer, joined, alicePort: answer.port, bobPort: offer.port }
}

describe('negotiation', () => {
  it('offers the other leg’s codecs first, answers with what both have', async () => {
    await start()
    const offered = { 9: 'G722/8000', 0: 'PCMU/8000', 96: 'telephone-event/8000' }
    const { offer, answer, joined } = await call(
      peerSdp(alice, 4000, { 107: 'opus/48000/2', ...offered }),
      peerSdp(bob, 5000, { 0: 'PCMU/8000', 9: 'G722/8000', 96: 'telephone-event/8000' }),
    )
    expect(offer.formats).toBe('0 9 107 8 96 101')
    expect(answer.formats).toBe('0 9 96')
    expect(joined).toBe('bridged')
  })

  it('refuses what it cannot serve and leaves the session as it was', async () => {
    await start()
    const one = await leg()
    await expect(one.answer()).rejects.toThrow('remoteOffer()')
    const refusal = async (sdp: string) => {
      const taken = await one.remoteOffer(sdp)
      return taken.ok ? await one.answer() : taken
    }
    expect(await refusal('nonsense')).toEqual({ ok: false, refusal: 'malformed-sdp' })
    expect(await refusal(peerSdp(alice, 4000, { 18: 'G729/8000' }))).toEqual({ ok: false, refusal: 'no-common-codec' })
    expect(await refusal(peerSdp(alice, 4000, g711).replace('RTP/AVP', 'RTP/SAVP'))).toEqual({
      ok: false,
      refusal: 'unsupported-transport',
    })
    expect(await refusal(peerSdp(alice, 4000, g711).replaceAll('IP4 10.0.0.1', 'IP6 ::1'))).toEqual({
      ok: false,
      refusal: 'unsupported-transport',
    })
    expect(said(good(await refusal(peerSdp(alice, 4000, g711)))).formats).toBe('0 8 101')
    expect((await engine.createLeg({ kind: 'webrtc' })).ok).toBe(false)
  })

  it('raises the o= version only when something changes, and keeps port and payload types', async () => {
    await start()
    const one = await leg()
    const offer = { 96: 'opus/48000/2', 100: 'telephone-event/48000', 0: 'PCMU/8000' }
    good(await one.remoteOffer(peerSdp(alice, 4000, offer)))
    const other = await leg()
    good(await other.offer(one))
    good(await other.remoteAnswer(peerSdp(bob, 5000, { 96: 'opus/48000/2' })))
    const first = said(good(await one.answer(other)))
    expect(first).toMatchObject({ formats: '96 100', version: 1 })
    good(await one.remoteOffer(peerSdp(alice, 4000, offer)))
    expect(said(good(await one.answer(other))).version).toBe(1)
    good(await one.remoteOffer(peerSdp(alice, 4000, offer, 'a=sendonly\r\n')))
    expect(said(good(await one.answer(other)))).toMatchObject({ version: 2, direction: 'recvonly', port: first.port })
    expect(one.heldByPeer).toBe(true)
    const again = said(good(await one.offer()))
    expect(again).toMatchObject({ version: 3, port: first.port, direction: 'sendrecv' })
    expect(again.formats).toMatch(/^96 0 8 100 /)
  })

  it('keeps rejected lines in later offers of its own', async () => {
    await start()
    const one = await leg()
    const offer = peerSdp(alice, 4000, g711).replace('m=audio', 'm=video 6000 RTP/AVP 31\r\nm=audio')
    good(await one.remoteOffer(`${offer}m=image 7000 udptl t38\r\n`))
    expect(said(good(await one.answer())).lines).toBe('video off, audio on, image off')
    expect(said(good(await one.offer())).lines).toBe('video off, audio on, image off')
  })

  it('gives the same answer when asked again, and refuses an answer to nothing', async () => {
    await start()
    const one = await leg()
    good(await one.remoteOffer(peerSdp(alice, 4000, g711)))
    const first = good(await one.answer())
    expect(good(await one.answer())).toBe(first)
    expect(await one.remoteAnswer(peerSdp(alice, 4000, g711))).toEqual({ ok: false, refusal: 'malformed-sdp' })
  })

  it('joins a leg whose answer is still to come, and relays from then on', async () => {
    await start()
    const callee = await leg()
    const bobPort = said(good(await callee.offer())).port
    good(await callee.remoteAnswer(peerSdp(bob, 5000, { 8: 'PCMA/8000' })))
    const caller = await leg()
    expect(await engine.bridge(caller, callee)).toBe('incompatible')
    good(await caller.offer(callee))
    expect(await engine.bridge(caller, callee)).toBe('bridged')
    sockets.inject(bobPort, rtpPacket({ type: 8, sequence: 1 }), bob, 5000)
    expect(sockets.taken()).toEqual([])
    good(await caller.remoteAnswer(peerSdp(alice, 4000, { 0: 'PCMU/8000' })))
    sockets.inject(bobPort, rtpPacket({ type: 8, sequence: 2 }), bob, 5000)
    expect(sockets.taken().map(({ toAddress, bytes }) => [toAddress, bytes[1]])).toEqual([[alice, 0]])
  })

  it('says incompatible and changes nothing when no codec is shared', async () => {
    await start()
    const { caller, callee } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    const stranger = await leg()
    good(await stranger.remoteOffer(peerSdp('10.0.0.3', 6000, { 18: 'G729/8000' })))
    const other = await leg()
    good(await other.offer(stranger))
    good(await other.remoteAnswer(peerSdp('10.0.0.4', 6000, { 18: 'G729/8000' })))
    good(await stranger.answer(other))
    expect(await engine.bridge(stranger, other)).toBe('bridged')
    expect(await engine.bridge(stranger, caller)).toBe('incompatible')
    sockets.taken()
    const port = said(good(await callee.offer())).port
    sockets.inject(port, rtpPacket({ type: 0, sequence: 1 }), bob, 5000)
    expect(sockets.taken().map((datagram) => datagram.toAddress)).toEqual([alice])
  })
})

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

describe('silence watch', () => {
  it('tells once when nothing comes, never while held and not before the bridge', async () => {
    await start({ silenceMs: 60_000 })
    const { caller, callee, alicePort } = await call(
      peerSdp(alice, 4000, g711),
      peerSdp(bob, 5000, g711, 'a=sendonly\r\n'),
    )
    const silent: string[] = []
    caller.handlers = { silent: () => silent.push('caller') }
    callee.handlers = { silent: () => silent.push('callee') }
    const waiting = await leg()
    waiting.handlers = { silent: () => silent.push('waiting') }
    good(await waiting.remoteOffer(peerSdp(bob, 9000, g711)))
    good(await waiting.answer())
    await clock.advance(50_000)
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1 }), alice, 4000)
    await clock.advance(59_999)
    expect(silent).toEqual([])
    await clock.advance(251)
    expect(silent).toEqual(['caller'])
    await clock.advance(200_000)
    expect(silent).toEqual(['caller'])
    for (const each of [caller, callee, waiting]) await each.close()
  })

  it('is off with 0', async () => {
    await start()
    const { caller } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711), 0)
    caller.handlers = { silent: () => expect.unreachable() }
    await clock.advance(600_000)
    expect(caller.heldByPeer).toBe(false)
  })
})

describe('life of a leg', () => {
  it('has its numbers after the end too, and its ports rest', async () => {
    await start({ ports: { from: 40000, to: 40003 } })
    const { caller, callee, alicePort } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    for (const sequence of [1, 2, 4]) sockets.inject(alicePort, rtpPacket({ type: 0, sequence }), alice, 4000)
    const expected = {
      packetsReceived: 3,
      packetsSent: 0,
      bytesReceived: 516,
      bytesSent: 0,
      lost: 1,
      codec: 'PCMU/8000',
    }
    expect(await caller.statistics()).toMatchObject(expected)
    expect(await caller.close()).toMatchObject(expected)
    expect(await caller.close()).toMatchObject(expected)
    expect(await caller.statistics()).toMatchObject(expected)
    expect(await callee.close()).toMatchObject({ packetsSent: 3, bytesSent: 516 })
    expect(await caller.offer()).toEqual({ ok: false, refusal: 'engine-gone' })
    expect(await engine.createLeg()).toEqual({ ok: false, refusal: 'no-ports' })
    expect(await engine.counters()).toMatchObject({ legs: 0, portsFree: 0, portsUsed: 0 })
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 5 }), alice, 4000)
    await clock.advance(5000)
    expect((await engine.createLeg()).ok).toBe(true)
    expect(sockets.taken()).toHaveLength(3)
  })

  it('lives without sockets and takes no packet then', async () => {
    await start({ sockets: nullSockets })
    const { joined, caller } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    expect(joined).toBe('bridged')
    expect(await caller.close()).toMatchObject({ packetsReceived: 0 })
  })

  it('answers a repeated answer with nothing new', async () => {
    await start()
    const { callee, alicePort } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    expect((await callee.remoteAnswer(peerSdp(bob, 5000, g711))).ok).toBe(true)
    expect((await callee.remoteAnswer(peerSdp(bob, 5002, g711))).ok).toBe(true)
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1 }), alice, 4000)
    expect(sockets.taken()[0]?.toPort).toBe(5002)
  })
})

describe('wrong options', () => {
  it.each([
    [{ address: 'localhost' }, 'numeric'],
    [{ publicAddress: '::1' }, 'IPv4'],
    [{ ports: { from: 5, to: 5 } }, '1-65535'],
    [{ sockets: new MemorySockets([40000]), ports: { from: 40000, to: 40001 } }, 'BATON_RTP_PORTS'],
  ])('%j', async (options, words) => {
    await start()
    await expect(
      createEmbeddedEngine({
        address: '192.0.2.1',
        ports: { from: 40000, to: 40039 },
        log: silentLog,
        thread: false,
        clock,
        sockets,
        ...options,
      }),
    ).rejects.toThrow(words)
  })
})
