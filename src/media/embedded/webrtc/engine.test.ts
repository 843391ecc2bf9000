import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift'
import { type Log, silentLog } from '#lib'
import type { MediaEngine, MediaResult } from '../../port.ts'
import { createEmbeddedEngine } from '../engine.ts'
import { peerSdp, rtpPacket } from '../fixtures/memory-sockets.ts'

const home = '127.0.0.1'
const toEnd: (() => unknown)[] = []

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

function good<T>(result: MediaResult<T>): T {
  if (!result.ok) throw new Error(result.refusal)
  return result.value
}

async function started(from: number, log: Log = silentLog): Promise<MediaEngine> {
  const engine = await createEmbeddedEngine({
    address: home,
    ports: { from, to: from + 99 },
    restMs: 200,
    log,
  })
  toEnd.push(() => engine.close())
  return engine
}

const pcmu = new RTCRtpCodecParameters({ mimeType: 'audio/PCMU', clockRate: 8000, channels: 1, payloadType: 0 })
const pcma = new RTCRtpCodecParameters({ mimeType: 'audio/PCMA', clockRate: 8000, channels: 1, payloadType: 8 })
const opus = new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 111 })
const vp8 = new RTCRtpCodecParameters({
  mimeType: 'video/VP8',
  clockRate: 90000,
  payloadType: 96,
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
})

function browser(audio: RTCRtpCodecParameters[], video: RTCRtpCodecParameters[] = []) {
  const peer = new RTCPeerConnection({
    codecs: { audio, video },
    iceAdditionalHostAddresses: [home],
    iceUseIpv6: false,
    bundlePolicy: 'max-bundle',
  })
  toEnd.push(() => peer.close())
  const voice = new MediaStreamTrack({ kind: 'audio' })
  peer.addTransceiver(voice, { direction: 'sendrecv' })
  const picture = new MediaStreamTrack({ kind: 'video' })
  if (video.length > 0) peer.addTransceiver(picture, { direction: 'sendrecv' })
  const heard: RtpPacket[] = []
  let told = () => {}
  const connected = new Promise<void>((resolve) => {
    peer.connectionStateChange.subscribe((state) => {
      if (state !== 'connected') return
      // Below werift's tracks, which want to know SSRCs beforehand.
      for (const transport of peer.dtlsTransports)
        transport.onRtp.subscribe((packet) => {
          heard.push(packet)
          told()
        })
      resolve()
    })
  })
  return {
    peer,
    connected,
    send(kind: 'audio' | 'video', type: number, sequence: number, payload: Buffer) {
      const header = new RtpHeader({ payloadType: type, sequenceNumber: sequence, timestamp: sequence * 160, ssrc: 77 })
      ;(kind === 'audio' ? voice : picture).writeRtp(new RtpPacket(header, payload))
    },
    async hears(count = 1): Promise<RtpPacket[]> {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve
        })
      }
      return heard
    },
    async offer(): Promise<string> {
      await peer.setLocalDescription(await peer.createOffer())
      return peer.localDescription?.sdp ?? ''
    },
    take: (type: 'offer' | 'answer', sdp: string) => peer.setRemoteDescription({ type, sdp }),
    async answer(sdp: string): Promise<string> {
      await peer.setRemoteDescription({ type: 'offer', sdp })
      await peer.setLocalDescription(await peer.createAnswer())
      return peer.localDescription?.sdp ?? ''
    },
  }
}

class Phone {
  readonly socket: Socket = createSocket('udp4')
  readonly heard: Buffer[] = []
  #told = () => {}

  constructor() {
    this.socket.on('message', (bytes) => {
      this.heard.push(bytes)
      this.#told()
    })
    toEnd.push(() => this.socket.close())
  }

  async bind(): Promise<number> {
    this.socket.bind(0, home)
    await once(this.socket, 'listening')
    return this.socket.address().port
  }

  async hears(count = 1): Promise<Buffer[]> {
    while (this.heard.length < count)
      await new Promise<void>((resolve) => {
        this.#told = resolve
      })
    return this.heard
  }
}

/** Sends like a phone, packet after packet, until the far end has heard: the first may come before the keys. */
async function saying<T>(send: (sequence: number) => void, heard: Promise<T>): Promise<T> {
  let sequence = 1
  const timer = setInterval(() => send(sequence++), 20)
  try {
    return await heard
  } finally {
    clearInterval(timer)
  }
}

// The other side gives its ICE checks up after a few seconds: on a busy machine a call may never come about.
describe('WebRTC legs in the real thread', { retry: 2 }, () => {
  it('browser calls a phone: sound both ways', async () => {
    const engine = await started(48000)
    const alice = browser([opus, pcmu])
    const bob = new Phone()
    const caller = good(await engine.createLeg())
    const callee = good(await engine.createLeg())
    good(await caller.remoteOffer(await alice.offer()))
    const offer = good(await callee.offer(caller))
    expect(offer).toMatch(/m=audio \d+ RTP\/AVP/)
    good(await callee.remoteAnswer(peerSdp(home, await bob.bind(), { 0: 'PCMU/8000' })))
    const answer = good(await caller.answer(callee))
    expect(answer).toContain('UDP/TLS/RTP/SAVPF')
    expect(await engine.bridge(caller, callee)).toBe('bridged')
    await alice.take('answer', answer)
    await alice.connected
    const [first] = await saying((sequence) => alice.send('audio', 0, sequence, Buffer.from('hello')), bob.hears())
    expect(first?.subarray(12).toString()).toBe('hello')
    const port = Number(/m=audio (\d+)/.exec(offer)?.[1])
    const say = (sequence: number) =>
      bob.socket.send(rtpPacket({ type: 0, sequence, payload: Buffer.from('there') }), port, home)
    const [back] = await saying(say, alice.hears())
    expect(back?.payload.toString()).toBe('there')
    const numbers = await caller.close()
    expect(numbers.packetsReceived).toBeGreaterThan(0)
    expect(numbers.packetsSent).toBeGreaterThan(0)
  })

  it('a phone calls a browser, which G.711 and telephone events reach at its own numbers', async () => {
    const engine = await started(48100)
    const alice = browser([pcma])
    const bob = new Phone()
    const caller = good(await engine.createLeg())
    const callee = good(await engine.createLeg({ kind: 'webrtc' }))
    good(await caller.remoteOffer(peerSdp(home, await bob.bind(), { 0: 'PCMU/8000' })))
    const offer = good(await callee.offer(caller))
    expect(offer).toContain('a=setup:actpass')
    expect(offer).not.toContain('a=ssrc')
    good(await callee.remoteAnswer(await alice.answer(offer)))
    const port = Number(/m=audio (\d+)/.exec(good(await caller.answer(callee)))?.[1])
    expect(await engine.bridge(caller, callee)).toBe('converted')
    await alice.connected
    const send = (sequence: number) =>
      bob.socket.send(rtpPacket({ type: 0, sequence, payload: Uint8Array.of(0xff) }), port, home)
    const [packet] = await saying(send, alice.hears())
    expect([packet?.header.payloadType, ...(packet?.payload ?? [])]).toEqual([8, 0xd5])
  })

  it('two browsers: Opus and video pass', async () => {
    const engine = await started(48200)
    const [alice, bob] = [browser([opus, pcmu], [vp8]), browser([opus, pcmu], [vp8])]
    const caller = good(await engine.createLeg())
    const callee = good(await engine.createLeg({ kind: 'webrtc' }))
    good(await caller.remoteOffer(await alice.offer()))
    const offer = good(await callee.offer(caller))
    expect(offer).toMatch(/m=video \d+ UDP\/TLS\/RTP\/SAVPF 96/)
    expect(offer).toContain('a=rtcp-fb:96 nack pli')
    good(await callee.remoteAnswer(await bob.answer(offer)))
    const answer = good(await caller.answer(callee))
    expect(answer).toContain('a=group:BUNDLE 0 1')
    expect(await engine.bridge(caller, callee)).toBe('bridged')
    await alice.take('answer', answer)
    await Promise.all([alice.connected, bob.connected])
    const types = (packets: RtpPacket[]) => new Set(packets.map((each) => `${each.header.payloadType} ${each.payload}`))
    const send = (sequence: number) => {
      alice.send('audio', 111, sequence, Buffer.from('sound'))
      alice.send('video', 96, sequence, Buffer.from('picture'))
    }
    const heard = await saying(send, bob.hears(8))
    expect(types(heard)).toEqual(new Set(['111 sound', '96 picture']))
    expect(new Set(heard.map((each) => each.header.ssrc)).size).toBe(2)
    expect((await callee.close()).codec).toBe('opus/48000')
  })

  it('gives no media to a peer whose certificate is not the one that its description names', async () => {
    const reasons: unknown[] = []
    const engine = await started(48300, { ...silentLog, warn: (what) => reasons.push(what) })
    const alice = browser([pcmu])
    const bob = new Phone()
    const caller = good(await engine.createLeg())
    const callee = good(await engine.createLeg())
    const offer = await alice.offer()
    const digit = /fingerprint:sha-256 (.)/.exec(offer)?.[1] === 'A' ? 'B' : 'A'
    good(await caller.remoteOffer(offer.replace(/(fingerprint:sha-256 )./, `$1${digit}`)))
    good(await callee.offer(caller))
    good(await callee.remoteAnswer(peerSdp(home, await bob.bind(), { 0: 'PCMU/8000' })))
    const answer = good(await caller.answer(callee))
    await engine.bridge(caller, callee)
    await alice.take('answer', answer)
    await alice.connected
    alice.send('audio', 0, 5, Buffer.from('hello'))
    await expect.poll(() => reasons.length).toBe(1)
    expect(reasons[0]).toMatchObject({ reason: 'the certificate is not the one that the description names' })
    await expect.poll(async () => (await engine.counters()).dropped).toBeGreaterThan(0)
    expect(await caller.statistics()).toMatchObject({ packetsReceived: 0, packetsSent: 0 })
    expect(bob.heard).toEqual([])
  })
})
