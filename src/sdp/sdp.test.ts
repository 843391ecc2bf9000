import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSdp } from './parse.ts'
import type { SessionDescription } from './types.ts'
import { writeSdp } from './write.ts'

function read(text: string): SessionDescription {
  const result = parseSdp(text)
  if (!result.ok) throw new Error(`${result.code} at ${result.offset}`)
  return result.value
}

describe('parseSdp', () => {
  it('reads a plain audio description', () => {
    const sdp = read(
      'v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.1\r\ns=call\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:30\r\n',
    )
    expect(sdp.origin).toEqual({
      username: 'user1',
      sessionId: '53655765',
      version: '2353687637',
      family: 4,
      address: '127.0.0.1',
    })
    expect(sdp.name).toBe('call')
    expect(sdp.connection).toEqual({ family: 4, address: '127.0.0.1' })
    expect(sdp.media).toHaveLength(1)
    expect(sdp.media[0]).toMatchObject({ kind: 'audio', port: 6000, direction: 'sendrecv', ptime: 30, rtcpMux: false })
    expect(sdp.media[0]?.codecs).toEqual([
      { payloadType: 0, name: 'PCMU', clockRate: 8000, channels: 1, fmtp: '' },
      { payloadType: 101, name: 'telephone-event', clockRate: 8000, channels: 1, fmtp: '0-15' },
    ])
  })

  it('bears LF alone, stray spaces, missing v=, o=, s=, t= and static types without rtpmap', () => {
    const sdp = read(
      ' c=IN IP4 10.0.0.1 \nm=audio  5004   RTP/AVP 18 9  8 0 97 \na=rtpmap: 97 iLBC/8000\na=fmtp:18 annexb=no\njunk\n',
    )
    expect(sdp.media[0]?.codecs.map((codec) => codec.name)).toEqual(['G729', 'G722', 'PCMA', 'PCMU', 'iLBC'])
    expect(sdp.media[0]?.codecs[0]?.fmtp).toBe('annexb=no')
    expect(sdp.name).toBe('-')
    expect(sdp.timing).toBe('0 0')
  })

  it('takes fmtp before rtpmap and leaves out dynamic types without rtpmap', () => {
    const sdp = read('v=0\nm=audio 4 RTP/AVP 111 98\na=fmtp:111 useinbandfec=1\na=rtpmap:111 OPUS/48000/2\n')
    expect(sdp.media[0]?.codecs).toEqual([
      { payloadType: 111, name: 'OPUS', clockRate: 48000, channels: 2, fmtp: 'useinbandfec=1' },
    ])
    expect(sdp.media[0]?.formats).toEqual(['111', '98'])
  })

  it('lets a media line inherit the session direction unless it has its own', () => {
    const sdp = read('v=0\nc=IN IP4 1.2.3.4\na=sendonly\nm=audio 4 RTP/AVP 0\nm=video 6 RTP/AVP 31\na=inactive\n')
    expect(sdp.media.map((media) => media.direction)).toEqual(['sendonly', 'inactive'])
  })

  it('reads IPv6, several c= lines, a=rtcp, rtcp-mux and lines of other kinds', () => {
    const sdp = read(
      'v=0\nc=IN IP6 2001:db8::1\nm=audio 5000/2 RTP/AVP 0\nc=IN IP4 224.2.1.1/127\nc=IN IP4 224.2.1.2/127\na=rtcp:6001 IN IP4 10.0.0.9\na=rtcp-mux\nm=image 7000 udptl t38\na=T38FaxVersion:0\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n',
    )
    expect(sdp.connection).toEqual({ family: 6, address: '2001:db8::1' })
    const [audio, image, application] = sdp.media
    expect(audio).toMatchObject({ port: 5000, rtcpMux: true, connection: { family: 4, address: '224.2.1.1' } })
    expect(audio?.rtcp).toEqual({ port: 6001, connection: { family: 4, address: '10.0.0.9' } })
    expect(audio?.others).toEqual(['c=IN IP4 224.2.1.2/127'])
    expect(image).toMatchObject({ kind: 'image', formats: ['t38'], codecs: [], others: ['a=T38FaxVersion:0'] })
    expect(application).toMatchObject({ kind: 'application', formats: ['webrtc-datachannel'] })
  })

  it.each([
    ['', 'empty'],
    ['hello', 'empty'],
    ['v=1\n', 'version'],
    ['v=0\nm=audio x RTP/AVP 0\n', 'media'],
    ['v=0\nm=audio 65536 RTP/AVP 0\n', 'media'],
    ['v=0\nm=audio 5000\n', 'media'],
    ['v=0\ns=\0\n', 'control-character'],
    [`v=0\n${'m=audio 5000 RTP/AVP 0\n'.repeat(65)}`, 'too-many-media'],
    [`v=0\nm=audio 5000 RTP/AVP${' 0'.repeat(129)}\n`, 'too-many-formats'],
    ['\n'.repeat(5000), 'too-many-lines'],
    ['x'.repeat(70_000), 'too-long'],
  ])('refuses %j as %s', (text, code) => {
    expect(parseSdp(text)).toMatchObject({ ok: false, code })
  })

  it('never throws, whatever comes', () => {
    const fragment = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'v=0',
        'm=audio 1 RTP/AVP 0 96',
        'a=rtpmap:96 ',
        'a=fmtp:',
        'c=IN IP4 ',
        'a=rtcp:',
        '\r\n',
        '\n',
        ' ',
        '/',
      ),
    )
    fc.assert(
      fc.property(fc.array(fragment), (parts) => {
        const result = parseSdp(parts.join(''))
        if (result.ok) expect(parseSdp(writeSdp(result.value)).ok).toBe(true)
      }),
    )
  })
})

describe('writeSdp', () => {
  it('gives back what was parsed', () => {
    const text =
      'v=0\r\no=- 1 2 IN IP6 ::1\r\ns=-\r\ni=about\r\nc=IN IP6 ::1\r\nb=AS:64\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 5000 RTP/AVP 0 111\r\nb=AS:50\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=ptime:20\r\na=recvonly\r\na=rtcp:5009\r\na=rtcp-mux\r\na=mid:0\r\n'
    expect(writeSdp(read(text))).toBe(text)
  })

  it('lets no value start a line of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\r', '\n', '\0', 'a', '=', ' ') }), (evil) => {
        const text = writeSdp({
          origin: { username: evil, sessionId: evil, version: evil, family: 4, address: evil },
          name: evil,
          connection: { family: 4, address: evil },
          timing: evil,
          others: [`b=${evil}`, `a=${evil}`],
          media: [
            {
              kind: evil,
              port: 1,
              protocol: evil,
              formats: [evil],
              direction: 'sendrecv',
              codecs: [{ payloadType: 96, name: evil, clockRate: 8000, channels: 1, fmtp: `x${evil}` }],
              rtcpMux: false,
              others: [`a=${evil}`],
            },
          ],
        })
        expect(text).not.toMatch(/\0/)
        const lines = text.split('\r\n')
        expect(lines.pop()).toBe('')
        expect(lines.map((line) => line.slice(0, 2))).toEqual([
          'v=',
          'o=',
          's=',
          'c=',
          'b=',
          't=',
          'a=',
          'm=',
          'a=',
          'a=',
          'a=',
          'a=',
        ])
        expect(lines.join('')).not.toMatch(/[\r\n]/)
      }),
    )
  })
})
