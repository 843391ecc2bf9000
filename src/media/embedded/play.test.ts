import { afterEach, describe, expect, it } from 'vitest'
import { createDirectEngine } from '../direct.ts'
import type { Playing } from '../port.ts'
import { alice, bob, call, clock, engine, g711, good, leg, said, sockets, start, stop } from './fixtures/calls.ts'
import { type Datagram, peerSdp, rtpPacket } from './fixtures/memory-sockets.ts'
import { decodePcma, decodePcmu } from './g711.ts'

afterEach(stop)

/** Samples that tell where in the sound they are from. */
function ramp(frames: number, from = 0): Int16Array {
  return Int16Array.from({ length: 160 * frames }, (_, i) => decodePcmu(254 - from - Math.floor(i / 160)))
}

function fields({ bytes, toAddress, toPort }: Datagram) {
  return {
    to: `${toAddress}:${toPort}`,
    type: (bytes[1] as number) & 0x7f,
    marker: (bytes[1] as number) >= 0x80,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    first: bytes[12] as number,
    length: bytes.length,
  }
}

/** Which frame of a {@link ramp} a packet carries, by its loudness. */
function frameOf({ bytes }: Datagram): number {
  return 255 - (bytes[12] as number)
}

function settled(playing: Playing): Promise<string> {
  return Promise.race([playing.ended, Promise.resolve('playing')])
}

describe('a sound', () => {
  it('is packets of 20 ms to the peer of an early answer, and ends with the last', async () => {
    await start()
    const caller = await leg()
    good(await caller.remoteOffer(peerSdp(alice, 4000, g711)))
    good(await caller.answer())
    const playing = engine.play(caller, ramp(3))
    await clock.advance(79)
    const sent = sockets.taken()
    expect(sent.map(frameOf)).toEqual([1, 2, 3])
    const [first, second, third] = sent.map(fields)
    expect(first).toMatchObject({ to: `${alice}:4000`, type: 0, marker: true, length: 172 })
    expect([second?.marker, third?.marker]).toEqual([false, false])
    expect(third?.ssrc).toBe(first?.ssrc)
    expect((third!.sequence - first!.sequence) & 0xffff).toBe(2)
    expect((third!.timestamp - first!.timestamp) >>> 0).toBe(320)
    await clock.advance(20)
    expect(await playing.ended).toBe('ended')
    expect(await caller.statistics()).toMatchObject({ packetsSent: 3, bytesSent: 516 })
  })

  it('keeps its pace over an hour', async () => {
    await start()
    const caller = await leg()
    good(await caller.remoteOffer(peerSdp(alice, 4000, g711)))
    good(await caller.answer())
    engine.play(caller, { tone: 'comfort' })
    await clock.advance(3_600_000)
    expect(Math.abs(sockets.taken().length - 180_000)).toBeLessThanOrEqual(1)
  })

  it('takes the partner’s place, and gives it back within one stream', async () => {
    await start()
    const { caller, alicePort, bobPort } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    const talk = async (from: number, packets: number) => {
      for (let i = 0; i < packets; i++) {
        sockets.inject(bobPort, rtpPacket({ type: 0, sequence: from + i, ssrc: 0xb0b }), bob, 5000)
        await clock.advance(20)
      }
    }
    await talk(500, 2)
    const playing = engine.play(caller, ramp(50))
    await talk(502, 5)
    sockets.inject(alicePort, rtpPacket({ type: 0, sequence: 1 }), alice, 4000)
    playing.stop()
    expect(await playing.ended).toBe('stopped')
    await talk(507, 2)
    const sent = sockets.taken()
    const toBob = sent.filter(({ toAddress }) => toAddress === bob)
    expect(toBob).toHaveLength(1)
    const toAlice = sent.filter(({ toAddress }) => toAddress === alice)
    const heard = toAlice.map(fields)
    expect(toAlice.map(frameOf).map((frame) => (frame > 0 && frame < 50 ? 'sound' : 'bob'))).toEqual([
      ...['bob', 'bob'],
      ...['sound', 'sound', 'sound', 'sound', 'sound'],
      ...['bob', 'bob'],
    ])
    expect(new Set(heard.map(({ ssrc }) => ssrc))).toEqual(new Set([0xb0b]))
    expect(heard.map(({ sequence }) => sequence)).toEqual(heard.map((_, i) => 500 + i))
    expect(heard.map(({ marker }) => marker)).toEqual([false, false, true, false, false, false, false, true, false])
    for (let i = 1; i < heard.length; i++)
      expect(heard[i]!.timestamp - heard[i - 1]!.timestamp).toBeGreaterThanOrEqual(160)
  })

  it('is in the law that was negotiated, under its payload type', async () => {
    await start()
    const caller = await leg()
    good(await caller.remoteOffer(peerSdp(alice, 4000, { 8: 'PCMA/8000', 101: 'telephone-event/8000' })))
    good(await caller.answer())
    engine.play(caller, Int16Array.of(...ramp(1).fill(-8000)))
    await clock.advance(20)
    const [packet] = sockets.taken()
    expect(fields(packet!)).toMatchObject({ type: 8 })
    expect(Math.abs(decodePcma(packet!.bytes[12] as number) + 8000)).toBeLessThan(200)
  })

  it('waits some seconds for a peer that has yet to show where it is', async () => {
    await start()
    const nameless = peerSdp(alice, 4000, g711).replace(`c=IN IP4 ${alice}`, 'c=IN IP4 phone.example.org')
    const caller = await leg()
    good(await caller.remoteOffer(nameless))
    const { port } = said(good(await caller.answer()))
    const playing = engine.play(caller, ramp(2))
    await clock.advance(4000)
    expect(await settled(playing)).toBe('playing')
    for (let i = 0; i < 3; i++) sockets.inject(port, rtpPacket({ type: 0, sequence: i }), alice, 4000)
    await clock.advance(60)
    expect(sockets.taken().map(frameOf)).toEqual([1, 2])
    expect(await playing.ended).toBe('ended')
    const hidden = await leg()
    good(await hidden.remoteOffer(nameless))
    good(await hidden.answer())
    const unheard = engine.play(hidden, ramp(2))
    await clock.advance(5100)
    expect(await settled(unheard)).toBe('ended')
    expect(sockets.taken()).toEqual([])
  })

  it('waits for the answer', async () => {
    await start()
    const callee = await leg()
    good(await callee.offer())
    const playing = engine.play(callee, ramp(2))
    await clock.advance(60_000)
    expect(sockets.taken()).toEqual([])
    expect(await settled(playing)).toBe('playing')
    good(await callee.remoteAnswer(peerSdp(bob, 5000, g711)))
    await clock.advance(60)
    expect(sockets.taken().map(frameOf)).toEqual([1, 2])
    expect(await playing.ended).toBe('ended')
  })

  it('goes by unheard while the peer holds', async () => {
    await start()
    const caller = await leg()
    const offers = async (extra: string) => {
      good(await caller.remoteOffer(peerSdp(alice, 4000, g711, extra)))
      good(await caller.answer())
    }
    await offers('a=sendonly\r\n')
    const playing = engine.play(caller, ramp(40))
    await clock.advance(200)
    expect(sockets.taken()).toEqual([])
    await offers('')
    await clock.advance(100)
    expect(sockets.taken().map(frameOf)).toEqual([11, 12, 13, 14, 15])
    playing.stop()
  })

  it('is replaced by the next one, and looped when asked to', async () => {
    await start()
    const caller = await leg()
    good(await caller.remoteOffer(peerSdp(alice, 4000, g711)))
    good(await caller.answer())
    const first = engine.play(caller, ramp(50))
    await clock.advance(40)
    const second = engine.play(caller, [ramp(2, 30), { silence: 20 }, ramp(1, 40)], { loop: true })
    expect(await first.ended).toBe('stopped')
    await clock.advance(200)
    first.stop()
    const heard = sockets.taken()
    expect(heard.map(frameOf).slice(0, 10)).toEqual([1, 2, 31, 32, 0, 41, 31, 32, 0, 41])
    const sequences = heard.map((packet) => fields(packet).sequence)
    expect(sequences.map((sequence) => (sequence - sequences[0]!) & 0xffff)).toEqual(sequences.map((_, i) => i))
    await caller.close()
    expect(await second.ended).toBe('stopped')
    await clock.advance(200)
    expect(sockets.taken().length).toBeLessThanOrEqual(1)
  })

  it('leaves out what a stall of the thread swallowed, with the timestamps going on', async () => {
    let stall = 0
    await start()
    const caller = await leg()
    good(await caller.remoteOffer(peerSdp(alice, 4000, g711)))
    good(await caller.answer())
    engine.play(caller, ramp(60))
    await clock.advance(100)
    const before = sockets.taken().map(fields)
    const now = clock.now
    clock.now = () => now.call(clock) + stall
    stall = 1000
    await clock.advance(40)
    const after = sockets.taken().map(fields)
    expect(after.length).toBeLessThan(9)
    const [last] = before.slice(-1)
    expect(after[0]!.sequence).toBe((last!.sequence + 1) & 0xffff)
    expect(after[0]!.marker).toBe(true)
    expect(after[0]!.timestamp - last!.timestamp).toBeGreaterThan(7000)
  })

  it('that cannot be played is refused without harm', async () => {
    await start()
    const opus = await leg()
    good(await opus.remoteOffer(peerSdp(alice, 4000, { 111: 'opus/48000/2' })))
    const partner = await leg()
    good(await partner.offer(opus))
    good(await partner.remoteAnswer(peerSdp(bob, 5000, { 111: 'opus/48000/2' })))
    good(await opus.answer(partner))
    expect(engine.play(opus, { tone: 'busy' })).toMatchObject({ refused: 'no-g711' })
    const later = await leg()
    good(await later.offer(opus))
    const waiting = engine.play(later, { tone: 'busy' })
    expect(waiting.refused).toBeUndefined()
    good(await later.remoteAnswer(peerSdp(bob, 5002, { 111: 'opus/48000/2' })))
    await clock.advance(40)
    expect(await waiting.ended).toBe('stopped')
    await opus.close()
    const gone = engine.play(opus, { tone: 'busy' })
    expect(gone.refused).toBe('gone')
    expect(await gone.ended).toBe('stopped')
    const direct = good(await createDirectEngine().createLeg())
    expect(engine.play(direct, { tone: 'busy' }).refused).toBe('unsupported')
    expect(createDirectEngine().play(direct, { tone: 'busy' }).refused).toBe('unsupported')
    expect(sockets.taken()).toEqual([])
    expect(() => engine.play(later, { tone: 'bussy' as 'busy' })).toThrow(/no tone 'bussy'; there are dial, ringback/)
  })

  it('of one leg lasts when its partner is swapped', async () => {
    await start()
    const { caller } = await call(peerSdp(alice, 4000, g711), peerSdp(bob, 5000, g711))
    const playing = engine.play(caller, ramp(20))
    await clock.advance(100)
    const third = await leg()
    const { port } = said(good(await third.offer(caller)))
    good(await third.remoteAnswer(peerSdp('10.0.0.3', 6000, g711)))
    expect(await engine.bridge(caller, third)).toBe('bridged')
    sockets.inject(port, rtpPacket({ type: 0, sequence: 1 }), '10.0.0.3', 6000)
    await clock.advance(400)
    expect(sockets.taken().map(frameOf)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect(await playing.ended).toBe('ended')
  })
})
