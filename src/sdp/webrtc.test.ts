import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { staticCodec } from './codec.ts'
import { acceptAnswer, answerOffer, audioLine, makeOffer, numbered } from './negotiate.ts'
import { parseSdp } from './parse.ts'
import { isSecure, transportOf } from './transport.ts'
import type { Codec, MediaDescription, SessionDescription } from './types.ts'
import { acceptVideo, answerWebRtc, midsOf, offeredVideo, offerWebRtc, restartsIce } from './webrtc.ts'
import { writeSdp } from './write.ts'

function parsed(text: string): SessionDescription {
  const result = parseSdp(text)
  if (!result.ok) throw new Error(result.code)
  return result.value
}

const read = (name: string): string => readFileSync(new URL(`./fixtures/${name}-offer.sdp`, import.meta.url), 'utf8')
const chromium = read('chromium')
const firefox = read('firefox')
const local = {
  family: 4 as const,
  address: '192.0.2.1',
  port: 40_000,
  origin: { username: '-', sessionId: '1', version: '1' },
}
const own = {
  ufrag: 'ours',
  password: '0123456789abcdef0123456789abcdef',
  fingerprint: 'sha-256 AA:BB',
  address: '192.0.2.1',
  ports: [40_000, 40_001],
}
const g711 = [staticCodec(0), staticCodec(8)] as Codec[]
const opus = { name: 'opus', clockRate: 48_000, channels: 2, fmtp: '' }
const vp8 = { name: 'VP8', clockRate: 90_000, channels: 1, fmtp: '' }
const h264 = { name: 'H264', clockRate: 90_000, channels: 1, fmtp: 'packetization-mode=1;profile-level-id=42e01f' }

function answered(offer: string, wanted: readonly Omit<Codec, 'payloadType'>[], video = [vp8]) {
  const description = parsed(offer)
  const result = answerOffer(description, wanted, local)
  if (!result.ok) throw new Error(result.refusal)
  const complete = answerWebRtc(description, result.value.answer, video, own)
  return { audio: result.value.audio, video: complete.video, text: writeSdp(complete.answer) }
}

/** The lines of each m= section, the session's first. */
function sections(text: string): string[][] {
  return text.split(/^(?=m=)/m).map((part) => part.trim().split('\r\n'))
}

describe.each([
  ['Chromium', chromium, { opus: '111', events: '126', vp8: '96', lines: 3 }],
  ['Firefox', firefox, { opus: '109', events: '101', vp8: '120', lines: 2 }],
])('an offer of %s', (_, offer, numbers) => {
  it('names how its sender is reached and known', () => {
    const description = parsed(offer)
    expect(audioLine(description)).toEqual({ ok: true, value: 0 })
    const transport = transportOf(description, description.media[0] as MediaDescription)
    expect(transport?.ufrag.length).toBeGreaterThanOrEqual(4)
    expect(transport?.password.length).toBeGreaterThanOrEqual(22)
    expect(transport?.fingerprints).toHaveLength(1)
    expect(transport?.fingerprints[0]).toMatch(/^sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  })

  it('is answered for a phone with G.711, its key presses, and no video', () => {
    const { audio, video, text } = answered(offer, g711, [])
    const [session, sound, ...others] = sections(text)
    expect(session).toContain('a=group:BUNDLE 0')
    expect(session).toContain('a=ice-lite')
    expect(sound?.[0]).toBe(`m=audio 40000 UDP/TLS/RTP/SAVPF 0 8 ${numbers.events}`)
    for (const line of ['a=mid:0', 'a=rtcp-mux', 'a=setup:passive', 'a=ice-ufrag:ours', 'a=fingerprint:sha-256 AA:BB'])
      expect(sound).toContain(line)
    expect(sound).toContain('a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host')
    expect(sound).toContain('a=candidate:2 1 udp 2130706175 192.0.2.1 40001 typ host')
    expect(others).toHaveLength(numbers.lines - 1)
    for (const line of others) expect(line[0]).toMatch(/^m=\w+ 0 /)
    expect(text).not.toMatch(/a=(ssrc|extmap|candidate:0)/)
    expect([audio.remote, audio.peerDirection, audio.rtcpMux, video]).toEqual([undefined, 'sendrecv', true, undefined])
  })

  it('is answered for a browser with Opus first, G.711 behind it, and video', () => {
    const { video, text } = answered(offer, [opus, ...g711])
    const [session, sound, picture] = sections(text)
    expect(session).toContain('a=group:BUNDLE 0 1')
    expect(sound?.[0]).toMatch(new RegExp(`^m=audio 40000 UDP/TLS/RTP/SAVPF ${numbers.opus} 0 8 `))
    expect(picture?.[0]).toBe(`m=video 40000 UDP/TLS/RTP/SAVPF ${numbers.vp8}`)
    for (const line of ['a=mid:1', 'a=setup:passive', 'a=rtcp-mux', `a=rtcp-fb:${numbers.vp8} nack pli`])
      expect(picture).toContain(line)
    expect(text).not.toMatch(/transport-cc|rtx|apt=/)
    expect(video?.codecs.map((codec) => codec.receiveType)).toEqual([Number(numbers.vp8)])
  })

  it('offers video of several kinds, H.264 among them only where the profile fits', () => {
    expect(offeredVideo(parsed(offer)).every((codec) => /^(VP8|VP9|H264|AV1)$/.test(codec.name))).toBe(true)
    expect(answered(offer, g711, [h264]).video?.codecs).toHaveLength(1)
    expect(answered(offer, g711, [{ ...h264, fmtp: 'profile-level-id=f4001f' }]).video).toBeUndefined()
  })

  it.each([
    ['without ICE', /a=ice-ufrag:.*\r?\n/g],
    ['without a fingerprint', /a=fingerprint:.*\r?\n/g],
    ['without rtcp-mux', /a=rtcp-mux\r?\n/g],
  ])('%s is refused', (_name, line) => {
    expect(audioLine(parsed(offer.replaceAll(line, '')))).toEqual({ ok: false, refusal: 'unsupported-transport' })
  })

  it('of a peer that insists on being the DTLS server, or whose password can be guessed, is refused', () => {
    const refusal = { ok: false, refusal: 'unsupported-transport' }
    expect(audioLine(parsed(offer.replaceAll('setup:actpass', 'setup:passive')))).toEqual(refusal)
    expect(audioLine(parsed(offer.replaceAll(/(a=ice-pwd:).*/g, '$1short')))).toEqual(refusal)
  })

  it('with 0.0.0.0 for an address is no hold; sendonly is', () => {
    const zero = offer.replaceAll(/c=IN IP4 .*/g, 'c=IN IP4 0.0.0.0')
    expect(answered(zero, g711).audio.peerDirection).toBe('sendrecv')
    const held = answered(zero.replaceAll('a=sendrecv', 'a=sendonly'), g711)
    expect(held.audio.peerDirection).toBe('sendonly')
    expect(held.text.match(/a=recvonly/g)).toHaveLength(2)
  })

  it('with another user name restarts ICE', () => {
    const before = transportOf(parsed(offer), parsed(offer).media[0] as MediaDescription)
    expect(restartsIce(before, parsed(offer), 0)).toBe(false)
    expect(restartsIce(undefined, parsed(offer), 0)).toBe(false)
    expect(restartsIce(before, parsed(offer.replaceAll('a=ice-ufrag:', 'a=ice-ufrag:new')), 0)).toBe(true)
  })
})

describe('an offer of ours', () => {
  const codecs = numbered([opus, ...g711, vp8])
  const voice = codecs.slice(0, 3)
  const video = codecs.slice(3)

  it('has one transport for all lines and keeps its mids', () => {
    const offer = offerWebRtc(makeOffer(voice, local), video, [], own)
    const [session, sound, picture] = sections(writeSdp(offer))
    expect(session).toContain('a=group:BUNDLE 0 1')
    for (const lines of [sound, picture]) {
      expect(lines?.[0]).toMatch(/^m=\w+ 40000 UDP\/TLS\/RTP\/SAVPF /)
      expect(lines).toContain('a=setup:actpass')
    }
    expect(midsOf(offer)).toEqual(['0', '1'])
    const lines = { all: offer.media, audio: 0 }
    const again = offerWebRtc(makeOffer(voice, local, lines), [], ['a', 'b'], own)
    expect(midsOf(again)).toEqual(['a', 'b'])
    expect(writeSdp(again)).toContain('a=group:BUNDLE a\r\n')
    expect(again.media[1]?.port).toBe(0)
  })

  it('is answered with what the browser takes of it', () => {
    const offer = offerWebRtc(makeOffer(voice, local), video, [], own)
    const browser = { ...own, ufrag: 'theirs', fingerprint: 'sha-256 CC:DD' }
    const plain = answerOffer(offer, voice, local)
    if (!plain.ok) throw new Error(plain.refusal)
    const { answer } = answerWebRtc(offer, plain.value.answer, [vp8], browser)
    const active = parsed(writeSdp(answer).replaceAll('setup:passive', 'setup:active'))
    const result = acceptAnswer(offer, active)
    expect(result.ok && result.value.transport).toMatchObject({ ufrag: 'theirs', fingerprints: ['sha-256 CC:DD'] })
    expect(acceptVideo(offer, active)?.codecs.map((codec) => codec.name)).toEqual(['VP8'])
    const silent = { ...active, media: active.media.map((line, i) => (i === 1 ? { ...line, port: 0 } : line)) }
    expect(acceptVideo(offer, silent)).toBeUndefined()
    expect(acceptAnswer(offer, parsed(writeSdp(answer)))).toEqual({ ok: false, refusal: 'unsupported-transport' })
    const downgraded = parsed(writeSdp(active).replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP'))
    expect(acceptAnswer(offer, downgraded)).toEqual({ ok: false, refusal: 'unsupported-transport' })
  })
})

it('SRTP over DTLS is told from everything else', () => {
  expect(['UDP/TLS/RTP/SAVPF', 'UDP/TLS/RTP/SAVP', 'RTP/SAVPF'].map(isSecure)).toEqual([true, true, true])
  expect(['RTP/AVP', 'RTP/AVPF', 'UDP/DTLS/SCTP', 'TCP/TLS/RTP/SAVPF', 'udptl'].some(isSecure)).toBe(false)
})
