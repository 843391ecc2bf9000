import { afterEach, describe, expect, it } from 'vitest'
import { alice, bob, call, engine, g711, good, leg, said, sockets, start, stop } from './fixtures/calls.ts'
import { peerSdp, rtpPacket } from './fixtures/memory-sockets.ts'

afterEach(stop)

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

  it('keeps G.711 behind the other leg’s codec for sounds, where a phone of its own order would not choose it', async () => {
    await start()
    const other = await leg()
    good(await other.remoteOffer(peerSdp(bob, 5000, { 111: 'opus/48000/2' })))
    const types = { 0: 'PCMU/8000', 8: 'PCMA/8000', 96: 'opus/48000/2' }
    const answers = async (list: string) => {
      const caller = await leg()
      good(await caller.remoteOffer(peerSdp(alice, 4000, types).replace('AVP 0 8 96', `AVP ${list}`)))
      return said(good(await caller.answer(other))).formats
    }
    expect(await answers('96 8 0')).toBe('96 0 8')
    expect(await answers('8 96 0')).toBe('96 0')
    expect(await answers('0 8 96')).toBe('96')
  })
})
