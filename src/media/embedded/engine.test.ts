import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '#lib'
import { createEmbeddedEngine } from './engine.ts'
import { alice, bob, call, clock, engine, g711, good, leg, sockets, start, stop } from './fixtures/calls.ts'
import { MemorySockets, peerSdp, rtpPacket } from './fixtures/memory-sockets.ts'
import { nullSockets } from './sockets.ts'

afterEach(stop)

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
