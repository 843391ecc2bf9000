import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift'
import { silentLog } from '#lib'
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

async function started(from: number): Promise<MediaEngine> {
  const engine = await createEmbeddedEngine({
    address: home,
    ports: { from, to: from + 99 },
    restMs: 200,
    log: silentLog,
  })
  toEnd.push(() => engine.close())
  return engine
}

const pcmu = new RTCRtpCodecParameters({ mimeType: 'audio/PCMU', clockRate: 8000, channels: 1, payloadType: 0 })
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

describe('WebRTC legs in the real thread', () => {
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
    alice.send('audio', 0, 5, Buffer.from('hello'))
    const [first] = await bob.hears()
    expect(first?.subarray(12).toString()).toBe('hello')
    const port = Number(/m=audio (\d+)/.exec(offer)?.[1])
    bob.socket.send(rtpPacket({ type: 0, sequence: 9, payload: Buffer.from('there') }), port, home)
    const [back] = await alice.hears()
    expect(back?.payload.toString()).toBe('there')
    expect(await caller.close()).toMatchObject({ packetsReceived: 1, packetsSent: 1 })
  })
})
