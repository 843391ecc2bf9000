import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Continuity } from './continuity.ts'
import { MemorySockets, rtpPacket } from './fixtures/memory-sockets.ts'
import { isAllowedTarget, Latch, learningMs } from './latch.ts'
import { PortPool } from './ports.ts'
import { Reception } from './reception.ts'
import { missed, relayedRtcp } from './rtcp.ts'
import { payloadEnd, payloadStart } from './rtp.ts'

const anywhere = () => true

describe('Latch', () => {
  it('locks the announced address with the first packet, for good', () => {
    const latch = new Latch()
    latch.announce('10.0.0.1', 4000)
    expect(latch.accept('10.0.0.1', 4000, 1, 1, 0, anywhere)).toBe(true)
    for (let i = 0; i < 9; i++) expect(latch.accept('10.0.0.9', 9, 1, 2 + i, i, anywhere)).toBe(false)
    expect([latch.address, latch.port]).toEqual(['10.0.0.1', 4000])
  })

  it('learns another source after three packets in a row', () => {
    const latch = new Latch()
    latch.announce('10.0.0.1', 4000)
    const accepted = [65534, 65535, 0].map((sequence) => latch.accept('9.9.9.9', 77, 5, sequence, 0, anywhere))
    expect(accepted).toEqual([false, false, true])
    expect([latch.address, latch.port]).toEqual(['9.9.9.9', 77])
  })

  it('learns nothing from gaps, mixed sources, mixed streams and forbidden addresses', () => {
    const latch = new Latch()
    latch.announce('', 0)
    for (const [address, port, ssrc, sequence] of [
      ['9.9.9.9', 1, 5, 1],
      ['9.9.9.9', 1, 5, 3],
      ['9.9.9.9', 2, 5, 4],
      ['9.9.9.9', 2, 6, 5],
      ['8.8.8.8', 2, 6, 6],
      ['8.8.8.8', 2, 6, 7],
    ] as const)
      expect(latch.accept(address, port, ssrc, sequence, 0, anywhere)).toBe(false)
    for (let i = 8; i < 20; i++) expect(latch.accept('7.7.7.7', 2, 6, i, 0, () => false)).toBe(false)
    expect(latch.locked).toBe(false)
  })

  it('prefers the announced address within the learning time only', () => {
    for (const [late, wins] of [
      [learningMs - 1, true],
      [learningMs, false],
    ] as const) {
      const latch = new Latch()
      latch.announce('10.0.0.1', 4000)
      for (let i = 0; i < 3; i++) latch.accept('9.9.9.9', 77, 5, i, 0, anywhere)
      expect(latch.accept('10.0.0.1', 4000, 1, 1, late, anywhere)).toBe(wins)
      expect(latch.accept('9.9.9.9', 77, 5, 4, late, anywhere)).toBe(!wins)
    }
  })

  it('starts again only when another address is announced', () => {
    const latch = new Latch()
    latch.announce('10.0.0.1', 4000)
    for (let i = 0; i < 3; i++) latch.accept('9.9.9.9', 77, 5, i, 0, anywhere)
    expect(latch.announce('10.0.0.1', 4000)).toBe(false)
    expect(latch.accept('9.9.9.9', 77, 5, 3, 99_999, anywhere)).toBe(true)
    expect(latch.announce('10.0.0.2', 4000)).toBe(true)
    expect(latch.accept('9.9.9.9', 77, 5, 4, 99_999, anywhere)).toBe(false)
    expect(latch.accept('10.0.0.2', 4000, 5, 4, 99_999, anywhere)).toBe(true)
  })
})

describe('isAllowedTarget', () => {
  it.each([
    ['10.1.2.3', true, true],
    ['203.0.113.5', true, true],
    ['2001:db8::1', true, true],
    ['127.0.0.1', false, true],
    ['::1', false, true],
    ['169.254.1.1', false, true],
    ['fe80::1', false, true],
    ['::ffff:127.0.0.1', false, true],
    ['0.0.0.0', false, false],
    ['::', false, false],
    ['224.0.0.1', false, false],
    ['255.255.255.255', false, false],
    ['ff02::1', false, false],
    ['localhost', false, false],
    ['1.2.3', false, false],
    ['1.2.3.999', false, false],
  ])('%s: %s, from loopback %s', (address, outside, loopback) => {
    expect(isAllowedTarget(address, 4000, false)).toBe(outside)
    expect(isAllowedTarget(address, 4000, true)).toBe(loopback)
    expect(isAllowedTarget(address, 0, true)).toBe(false)
  })
})

describe('RTP headers', () => {
  it('finds the payload behind CSRCs, extension and before padding', () => {
    const bytes = Buffer.alloc(12 + 8 + 4 + 4 + 20)
    bytes[0] = 0x80 | 0x20 | 0x10 | 2
    bytes.writeUInt16BE(1, 22)
    bytes[bytes.length - 1] = 5
    expect(payloadStart(bytes)).toBe(28)
    expect(payloadEnd(bytes, 28)).toBe(bytes.length - 5)
    bytes[bytes.length - 1] = 21
    expect(payloadEnd(bytes, 28)).toBe(-1)
    bytes.writeUInt16BE(1000, 22)
    expect(payloadStart(bytes)).toBe(-1)
  })

  it('refuses other versions and stumps', () => {
    expect(payloadStart(Buffer.alloc(40))).toBe(-1)
    expect(payloadStart(Buffer.alloc(11, 0x80))).toBe(-1)
    expect(payloadStart(Buffer.alloc(13, 0x8f))).toBe(-1)
  })

  it('never reads outside, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const start = payloadStart(bytes)
        expect(start === -1 || (start >= 12 && start <= bytes.length)).toBe(true)
        const length = relayedRtcp(Buffer.from(bytes), [new Continuity()], [new Continuity()])
        expect(length).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })
})

describe('Reception', () => {
  it('counts loss over the wrap of the sequence number, and bears doubles and late packets', () => {
    const reception = new Reception()
    const order = [65533, 65535, 65534, 0, 0, 1, 4, 2]
    for (const sequence of order) reception.count(1, sequence, 0, 8000, 172, 0)
    expect(reception.packets).toBe(order.length)
    // Eight were expected and 3 is missing; the doubled 0 hides it, as in RFC 3550.
    expect(reception.lost).toBe(0)
    reception.count(1, 8, 0, 8000, 172, 0)
    expect(reception.lost).toBe(3)
    expect(reception.bytes).toBe((order.length + 1) * 172)
  })

  it('adds the loss of several streams and takes a jump for a restart', () => {
    const reception = new Reception()
    for (const [ssrc, sequence] of [
      [1, 10],
      [1, 12],
      [2, 500],
      [2, 503],
      [2, 20_000],
      [2, 20_002],
    ] as const)
      reception.count(ssrc, sequence, 0, 8000, 100, 0)
    expect(reception.lost).toBe(1 + 2 + 1)
  })

  it('computes jitter as RFC 3550 A.8', () => {
    const reception = new Reception()
    const arrivals = [0, 20, 45, 60, 80]
    let expected = 0
    arrivals.forEach((at, i) => {
      reception.count(1, i, i * 160, 8000, 172, at)
      if (i === 0) return
      const difference = Math.abs(at - (arrivals[i - 1] as number) - 20)
      expected += (difference - expected) / 16
    })
    expect(reception.jitterMs).toBeCloseTo(expected, 9)
    expect(expected).toBeGreaterThan(0)
  })

  it('is not disturbed by key presses and wrapped timestamps', () => {
    const reception = new Reception()
    for (let i = 0; i < 10; i++) {
      reception.count(
        1,
        2 * i,
        0xffff_ffff - 400 + i * 160 > 0xffff_ffff ? i * 160 - 401 : 0xffff_ffff - 400 + i * 160,
        8000,
        172,
        i * 20,
      )
      reception.count(1, 2 * i + 1, 77, 0, 16, i * 20 + 7)
    }
    expect(reception.jitterMs).toBeLessThan(0.1)
  })
})

describe('Continuity', () => {
  const header = (bytes: Buffer) => ({
    marker: (bytes.readUInt8(1) & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
  })
  const through = (out: Continuity, source: number, now: number, fields: Parameters<typeof rtpPacket>[0]) => {
    const bytes = rtpPacket(fields)
    out.apply(bytes, source, 8000, now)
    return header(bytes)
  }

  it('changes nothing while one partner sends, whatever it does', () => {
    const out = new Continuity()
    for (const [sequence, ssrc] of [
      [7, 1],
      [9, 1],
      [8, 1],
      [500, 2],
    ] as const)
      expect(through(out, 1, sequence, { type: 0, sequence, ssrc })).toMatchObject({
        sequence,
        ssrc,
        timestamp: sequence * 160,
        marker: false,
      })
    expect(out.rewrites).toBe(false)
  })

  it('goes on with SSRC, sequence and time when the partner is swapped, there and back', () => {
    const out = new Continuity()
    through(out, 1, 0, { type: 0, sequence: 65535, ssrc: 1, timestamp: 1000 })
    const first = through(out, 2, 100, { type: 0, sequence: 7, ssrc: 2, timestamp: 0xffff_fff0 })
    expect(first).toEqual({ marker: true, sequence: 0, timestamp: 1800, ssrc: 1 })
    expect(through(out, 2, 120, { type: 0, sequence: 8, ssrc: 2, timestamp: 0x90 })).toEqual({
      marker: false,
      sequence: 1,
      timestamp: 1960,
      ssrc: 1,
    })
    expect(through(out, 1, 140, { type: 0, sequence: 3, ssrc: 1, timestamp: 5 })).toEqual({
      marker: true,
      sequence: 2,
      timestamp: 2120,
      ssrc: 1,
    })
  })

  it('carries RTCP reports along and cuts BYE off', () => {
    const out = new Continuity()
    through(out, 1, 0, { type: 0, sequence: 1, ssrc: 0xaa, timestamp: 0 })
    through(out, 2, 20, { type: 0, sequence: 1, ssrc: 0xbb, timestamp: 5000 })
    const report = Buffer.alloc(28 + 8)
    report.set([0x80, 200, 0, 6])
    report.writeUInt32BE(0xbb, 4)
    report.writeUInt32BE(5160, 16)
    report.set([0x81, 203, 0, 1], 28)
    expect(relayedRtcp(report, [out], [new Continuity()])).toBe(28)
    expect(report.readUInt32BE(4)).toBe(0xaa)
    expect(report.readUInt32BE(16)).toBe(320)
    const judged = Buffer.alloc(32)
    judged.set([0x81, 201, 0, 7])
    judged.writeUInt32BE(0xcc, 4)
    judged.writeUInt32BE(0xaa, 8)
    expect(relayedRtcp(judged, [new Continuity()], [out])).toBe(32)
    expect(judged.readUInt32BE(8)).toBe(0xbb)
    expect(relayedRtcp(report.subarray(28), [out], [out])).toBe(0)
  })
})

describe('RTCP of voice and video on one transport', () => {
  const voice = new Continuity()
  const video = new Continuity()
  for (const [stream, ssrc] of [
    [voice, 0xa0],
    [video, 0xb0],
  ] as const) {
    stream.apply(rtpPacket({ type: 0, sequence: 1, ssrc }), 1, 90_000, 0)
    stream.apply(rtpPacket({ type: 0, sequence: 1, ssrc: ssrc + 1 }), 2, 90_000, 20)
  }
  const packet = (first: number, type: number, ...words: number[]): Buffer => {
    const bytes = Buffer.alloc(4 + 4 * words.length)
    bytes.set([0x80 | first, type, 0, words.length])
    for (const [i, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, 4 + 4 * i)
    return bytes
  }

  it('names each stream as its sender knows it: NACK, PLI, FIR, REMB', () => {
    const nack = packet(1, 205, 1, 0xb0, 0x0005_0003)
    const pli = packet(1, 206, 1, 0xb0)
    const fir = packet(4, 206, 1, 0, 0xb0, 0x0100_0000)
    const remb = packet(15, 206, 1, 0, 0x5245_4d42, 0x0200_0001, 0xa0, 0xb0)
    const all = Buffer.concat([nack, pli, fir, remb])
    expect(relayedRtcp(all, [new Continuity()], [voice, video])).toBe(all.length)
    const expected = [
      packet(1, 205, 1, 0xb1, 0x0005_0003),
      packet(1, 206, 1, 0xb1),
      packet(4, 206, 1, 0, 0xb1, 0x0100_0000),
      packet(15, 206, 1, 0, 0x5245_4d42, 0x0200_0001, 0xa1, 0xb1),
    ]
    expect(all.toString('hex')).toBe(Buffer.concat(expected).toString('hex'))
  })

  it('tells what a NACK asks for again, and nothing of a packet that is cut off', () => {
    const asked: [number, number][] = []
    const nack = Buffer.concat([packet(0, 201, 1), packet(1, 205, 1, 0xb0, 0xffff_8001)])
    missed(nack, (ssrc, sequence) => asked.push([ssrc, sequence]))
    expect(asked).toEqual([
      [0xb0, 0xffff],
      [0xb0, 0],
      [0xb0, 15],
    ])
    for (let length = 0; length < nack.length; length++)
      missed(Buffer.from(nack.subarray(0, length)), () => expect.unreachable())
  })

  it('goes on with new numbers when a sender’s jump back', () => {
    const stream = new Continuity()
    const through1 = (sequence: number): number => {
      const bytes = rtpPacket({ type: 0, sequence, ssrc: 7 })
      stream.apply(bytes, 1, 8000, sequence)
      return bytes.readUInt16BE(2)
    }
    expect(through1(5000)).toBe(5000)
    stream.splice()
    expect([through1(10), through1(11)]).toEqual([5001, 5002])
    expect(stream.ssrc).toBe(7)
  })
})

describe('PortPool', () => {
  const pool = (sockets: MemorySockets, time: { now: number }, to = 40009) =>
    new PortPool({ sockets, address: '127.0.0.1', from: 40001, to, restMs: 5000, now: () => time.now })

  it('gives even ports with the next and skips those in use elsewhere', () => {
    const ports = pool(new MemorySockets([40005]), { now: 0 })
    expect([ports.take()?.port, ports.take()?.port, ports.take()?.port, ports.take()?.port]).toEqual([
      40002,
      40006,
      40008,
      undefined,
    ])
    expect(ports.counts()).toEqual({ free: 0, used: 6 })
  })

  it('lets released ports rest and tries foreign ones again', () => {
    const time = { now: 0 }
    const sockets = new MemorySockets([40004, 40007, 40009])
    const ports = pool(sockets, time)
    const pair = ports.take()
    expect(pair?.port).toBe(40002)
    expect(ports.take()).toBeUndefined()
    if (pair) ports.release(pair)
    time.now = 4999
    sockets.foreign.clear()
    expect(ports.take()?.port).toBe(40004)
    expect([ports.take()?.port, ports.take()?.port, ports.take()]).toEqual([40006, 40008, undefined])
    time.now = 5000
    expect(ports.take()).toBe(pair)
  })

  it('binds ahead in steps only, and closes everything', () => {
    const sockets = new MemorySockets()
    const ports = pool(sockets, { now: 0 }, 41999)
    const pair = ports.take()
    expect(sockets.open.size).toBe(32)
    expect(ports.low).toBe(false)
    for (let i = 0; i < 8; i++) ports.take()
    expect(ports.low).toBe(true)
    ports.close()
    if (pair) ports.release(pair)
    expect(ports.take()).toBeUndefined()
  })
})
