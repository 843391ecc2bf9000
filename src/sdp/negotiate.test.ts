import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecKey, isAuxiliary, staticCodec } from './codec.ts'
import { acceptAnswer, answerOffer, audioLine, type LocalAudio, makeOffer, numbered } from './negotiate.ts'
import { parseSdp } from './parse.ts'
import type { Codec, Direction, SessionDescription } from './types.ts'
import { writeSdp } from './write.ts'

const pcmu = staticCodec(0) as Codec
const pcma = staticCodec(8) as Codec
const opus: Codec = { payloadType: 111, name: 'opus', clockRate: 48000, channels: 2, fmtp: 'useinbandfec=1' }
const event8: Codec = { payloadType: 101, name: 'telephone-event', clockRate: 8000, channels: 1, fmtp: '0-16' }
const event48: Codec = { ...event8, payloadType: 110, clockRate: 48000 }
const local: LocalAudio = {
  family: 4,
  address: '127.0.0.1',
  port: 40000,
  origin: { username: '-', sessionId: '7', version: '1' },
}

function read(text: string): SessionDescription {
  const result = parseSdp(text)
  if (!result.ok) throw new Error(result.code)
  return result.value
}

function offerOf(codecs: Codec[], extra = '', address = '10.0.0.5'): SessionDescription {
  const maps = codecs.map(
    (codec) => `a=rtpmap:${codec.payloadType} ${codec.name}/${codec.clockRate}/${codec.channels}\n`,
  )
  const types = codecs.map((codec) => codec.payloadType).join(' ')
  return read(`v=0\nc=IN IP4 ${address}\nm=audio 7000 RTP/AVP ${types}\n${maps.join('')}${extra}`)
}

function answered(offer: SessionDescription, wanted: Codec[]) {
  const result = answerOffer(offer, wanted, local)
  if (!result.ok) throw new Error(result.refusal)
  return result.value
}

describe('answerOffer', () => {
  it('prefers the order of what is wanted and keeps the offerer’s numbers', () => {
    const offered = [{ ...opus, payloadType: 120 }, pcmu, pcma, { ...event8, payloadType: 97 }]
    const { answer, audio } = answered(offerOf(offered), [pcma, pcmu])
    expect(answer.media[0]?.formats).toEqual(['8', '0', '97'])
    expect(audio.codecs.map((codec) => codec.sendType)).toEqual([8, 0, 97])
    expect(audio.remote).toEqual({ family: 4, address: '10.0.0.5', port: 7000 })
    expect(audio.remoteRtcp?.port).toBe(7001)
  })

  it('takes the telephone-event of the codec’s clock rate', () => {
    const offered = [opus, pcmu, event8, event48]
    expect(answered(offerOf(offered), [opus]).answer.media[0]?.formats).toEqual(['111', '110'])
    expect(answered(offerOf(offered), [pcmu]).answer.media[0]?.formats).toEqual(['0', '101'])
    expect(answered(offerOf(offered), [opus, pcmu]).answer.media[0]?.formats).toEqual(['111', '0', '101', '110'])
  })

  it('rejects other lines in place with port 0', () => {
    const offer = read(
      'v=0\nc=IN IP4 1.2.3.4\nm=video 4000 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 4002 RTP/SAVP 0\nm=audio 4004 RTP/AVP 0\nm=image 4006 udptl t38\n',
    )
    const { answer } = answered(offer, [pcmu])
    expect(answer.media.map(({ kind, port, protocol }) => [kind, port, protocol])).toEqual([
      ['video', 0, 'RTP/AVP'],
      ['audio', 0, 'RTP/SAVP'],
      ['audio', 40000, 'RTP/AVP'],
      ['image', 0, 'udptl'],
    ])
    expect(answer.media[3]?.formats).toEqual(['t38'])
  })

  it.each<[string, string, Direction, Direction]>([
    ['', '10.0.0.5', 'sendrecv', 'sendrecv'],
    ['a=sendonly\n', '10.0.0.5', 'sendonly', 'recvonly'],
    ['a=recvonly\n', '10.0.0.5', 'recvonly', 'sendonly'],
    ['a=inactive\n', '10.0.0.5', 'inactive', 'inactive'],
    ['', '0.0.0.0', 'sendonly', 'recvonly'],
    ['a=inactive\n', '0.0.0.0', 'inactive', 'inactive'],
  ])('mirrors hold: %j at %s', (extra, address, peer, ours) => {
    const { answer, audio } = answered(offerOf([pcmu], extra, address), [pcmu])
    expect(audio.peerDirection).toBe(peer)
    expect(answer.media[0]?.direction).toBe(ours)
    expect(audio.remote === undefined).toBe(address === '0.0.0.0')
  })

  it.each([
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 18\n', 'no-common-codec'],
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 0 RTP/AVP 0\n', 'no-common-codec'],
    ['v=0\nc=IN IP4 1.2.3.4\n', 'no-common-codec'],
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n', 'no-common-codec'],
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/SAVP 0\n', 'unsupported-transport'],
    ['v=0\nm=audio 4000 RTP/AVP 0\n', 'malformed-sdp'],
  ])('refuses %j with %s', (text, refusal) => {
    expect(answerOffer(read(text), [pcmu, event8], local)).toEqual({ ok: false, refusal })
  })

  it('never repeats ssrc lines and agrees to rtcp-mux only when offered', () => {
    const { answer } = answered(offerOf([pcmu], 'a=rtcp-mux\na=ssrc:1 cname:x\n'), [pcmu])
    const text = writeSdp(answer)
    expect(text).toContain('a=rtcp-mux')
    expect(text).not.toContain('ssrc')
    expect(writeSdp(answered(offerOf([pcmu]), [pcmu]).answer)).not.toContain('rtcp-mux')
  })

  it('tells AMR’s two packings apart', () => {
    const amr: Codec = { payloadType: 96, name: 'AMR', clockRate: 8000, channels: 1, fmtp: '' }
    const offer = offerOf([amr], 'a=fmtp:96 mode-set=7; octet-align=1\n')
    expect(answerOffer(offer, [amr], local).ok).toBe(false)
    expect(answerOffer(offer, [{ ...amr, fmtp: 'octet-align=1' }], local).ok).toBe(true)
  })
})

describe('numbered', () => {
  it('keeps numbers of the session, takes the other leg’s, then free ones', () => {
    expect(numbered([pcmu, opus, event8, event48]).map((codec) => codec.payloadType)).toEqual([0, 96, 101, 97])
    expect(numbered([opus, event8], [], [opus, { ...event8, payloadType: 96 }]).map((c) => c.payloadType)).toEqual([
      111, 96,
    ])
    expect(numbered([opus], [{ ...opus, payloadType: 99 }], [opus])[0]?.payloadType).toBe(99)
    expect(numbered([opus], [{ ...pcmu, name: 'x', payloadType: 111 }], [opus])[0]?.payloadType).toBe(96)
  })
})

describe('acceptAnswer', () => {
  const offer = makeOffer([opus, pcmu, event8], local)

  it('learns other numbers for the other direction', () => {
    const answer = offerOf([
      { ...opus, payloadType: 96 },
      { ...event8, payloadType: 100 },
    ])
    const result = acceptAnswer(offer, answer)
    expect(result.ok && result.value.codecs.map((c) => [c.name, c.sendType, c.receiveType])).toEqual([
      ['opus', 96, 111],
      ['telephone-event', 100, 101],
    ])
  })

  it('takes a dynamic type without rtpmap as ours', () => {
    const result = acceptAnswer(offer, read('v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 0 101\n'))
    expect(result.ok && result.value.codecs.map((codec) => codec.name)).toEqual(['PCMU', 'telephone-event'])
  })

  it.each([
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 0 RTP/AVP 0\n', 'no-common-codec'],
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 8\n', 'no-common-codec'],
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 101\n', 'no-common-codec'],
    ['v=0\nc=IN IP4 1.2.3.4\nm=video 4000 RTP/AVP 31\n', 'malformed-sdp'],
    ['v=0\nc=IN IP4 1.2.3.4\n', 'malformed-sdp'],
    ['v=0\nm=audio 4000 RTP/AVP 0\n', 'malformed-sdp'],
    ['v=0\nc=IN IP4 1.2.3.4\nm=audio 4000 RTP/SAVP 0\n', 'unsupported-transport'],
  ])('refuses %j with %s', (text, refusal) => {
    expect(acceptAnswer(offer, read(text))).toEqual({ ok: false, refusal })
  })
})

describe('every answer', () => {
  const names = fc.constantFrom<Codec>(
    pcmu,
    pcma,
    staticCodec(9) as Codec,
    staticCodec(18) as Codec,
    opus,
    event8,
    event48,
    staticCodec(13) as Codec,
  )
  const list = fc.uniqueArray(names, { selector: codecKey, minLength: 1 })
  const line = fc.record({
    kind: fc.constantFrom('audio', 'audio', 'video', 'image', 'application'),
    port: fc.constantFrom(0, 4000, 5000),
    protocol: fc.constantFrom('RTP/AVP', 'RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'udptl'),
    codecs: list,
    shift: fc.integer({ min: 0, max: 10 }),
    direction: fc.constantFrom<Direction>('sendrecv', 'sendonly', 'recvonly', 'inactive'),
    mux: fc.boolean(),
  })
  const offers = fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => {
    let text = 'v=0\r\no=a 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n'
    for (const { kind, port, protocol, codecs, shift, direction, mux } of lines) {
      const types = codecs.map(({ payloadType }) => (payloadType >= 96 ? payloadType + shift : payloadType))
      text += `m=${kind} ${port} ${protocol} ${types.join(' ')}\r\na=${direction}\r\n${mux ? 'a=rtcp-mux\r\n' : ''}`
      codecs.forEach((c, i) => {
        text += `a=rtpmap:${types[i]} ${c.name}/${c.clockRate}/${c.channels}\r\n`
      })
    }
    return read(text)
  })

  it('is acceptable to its offerer, line by line', () => {
    fc.assert(
      fc.property(offers, list, (offer, wanted) => {
        const result = answerOffer(offer, wanted, local)
        const line = audioLine(offer)
        if (!result.ok) {
          if (!line.ok) return
          const offered = new Set(offer.media[line.value]?.codecs.filter((c) => !isAuxiliary(c)).map(codecKey))
          expect(wanted.some((codec) => offered.has(codecKey(codec)))).toBe(false)
          return
        }
        const answer = read(writeSdp(result.value.answer))
        expect(answer.media).toHaveLength(offer.media.length)
        answer.media.forEach((media, index) => {
          const ours = offer.media[index]
          expect(media.kind).toBe(ours?.kind)
          expect(media.protocol).toBe(ours?.protocol)
          expect(media.formats.length).toBeGreaterThan(0)
          for (const format of media.formats) expect(ours?.formats).toContain(format)
          if (media.port === 0) return
          expect(index).toBe(result.value.audio.line)
          expect(ours?.port).not.toBe(0)
          for (const codec of media.codecs) {
            const same = ours?.codecs.find((one) => one.payloadType === codec.payloadType)
            expect(same && codecKey(same)).toBe(codecKey(codec))
          }
          const sends = ['sendrecv', 'sendonly']
          const receives = ['sendrecv', 'recvonly']
          if (sends.includes(media.direction)) expect(receives).toContain(ours?.direction)
          if (receives.includes(media.direction)) expect(sends).toContain(ours?.direction)
          if (media.rtcpMux) expect(ours?.rtcpMux).toBe(true)
        })
        expect(answer.media.filter((media) => media.port !== 0)).toHaveLength(1)
      }),
      { numRuns: 500 },
    )
  })

  it('to an offer of ours is understood by us with the same codecs', () => {
    fc.assert(
      fc.property(list, list, (mine, theirs) => {
        const offer = makeOffer(numbered(mine), local)
        const types = offer.media[0]?.codecs.map((codec) => codec.payloadType)
        expect(new Set(types).size).toBe(types?.length)
        const result = answerOffer(read(writeSdp(offer)), theirs, { ...local, port: 50000 })
        if (!result.ok) return
        const accepted = acceptAnswer(offer, read(writeSdp(result.value.answer)))
        expect(accepted.ok && accepted.value.codecs.map(codecKey)).toEqual(result.value.audio.codecs.map(codecKey))
      }),
      { numRuns: 300 },
    )
  })
})
