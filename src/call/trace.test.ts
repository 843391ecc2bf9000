import { describe, expect, test } from 'vitest'
import { CallTrace, decodeTrace, isMarker } from './trace.ts'

const start = Date.UTC(2026, 0, 1)

/** What a trace keeps of one message. */
function kept(message: string): string {
  const trace = new CallTrace()
  trace.add(start, 'in', 'udp 127.0.0.1:5070', Buffer.from(message, 'utf8'))
  const [entry] = decodeTrace([trace.take() as Buffer])
  return entry?.text ?? ''
}

function invite(headers: readonly string[], body = ''): string {
  return ['INVITE sip:102@baton.local SIP/2.0', 'CSeq: 2 INVITE', ...headers, '', body].join('\r\n')
}

describe('what a trace holds', () => {
  test('what is handed over whole may be used again by another trace: each gets its own messages', () => {
    const chunks: Buffer[] = []
    for (const [index, length] of [1_000, 10, 20_000, 10].entries()) {
      const trace = new CallTrace()
      trace.add(start + index, 'in', `udp 127.0.0.1:${index}`, Buffer.alloc(length, 65 + index))
      trace.hand((chunk) => chunks.push(Buffer.from(chunk)))
      expect(trace.size).toBe(0)
      trace.hand(() => expect.unreachable())
    }
    expect(decodeTrace(chunks)).toEqual([
      { at: start, direction: 'in', peer: 'udp 127.0.0.1:0', text: 'A'.repeat(1_000) },
      { at: start + 1, direction: 'in', peer: 'udp 127.0.0.1:1', text: 'B'.repeat(10) },
      { at: start + 2, direction: 'in', peer: 'udp 127.0.0.1:2', text: 'C'.repeat(20_000) },
      { at: start + 3, direction: 'in', peer: 'udp 127.0.0.1:3', text: 'D'.repeat(10) },
    ])
  })

  test('entries come back as they were added, over several chunks', () => {
    const trace = new CallTrace()
    const first = invite(['From: "Zoë" <sip:alice@baton.local>'])
    trace.add(start, 'in', 'udp 127.0.0.1:5070', Buffer.from(first))
    trace.add(start + 3, 'out', 'udp 127.0.0.1:5070', Buffer.from('SIP/2.0 100 Trying\r\n\r\n'))
    const chunk = trace.take() as Buffer
    expect(trace.size).toBe(0)
    expect(trace.take()).toBeUndefined()
    trace.add(start + 90_000, 'out', 'tcp [::1]:5080', Buffer.from('BYE sip:x SIP/2.0\r\n\r\n'))
    trace.add(start + 89_000, 'in', 'tcp [::1]:5080', Buffer.from('SIP/2.0 200 OK\r\n\r\n'))
    expect(trace.entries().map((entry) => entry.at - start)).toEqual([90_000, 89_000])
    expect(decodeTrace([chunk, trace.take() as Buffer])).toEqual([
      { at: start, direction: 'in', peer: 'udp 127.0.0.1:5070', text: first },
      { at: start + 3, direction: 'out', peer: 'udp 127.0.0.1:5070', text: 'SIP/2.0 100 Trying\r\n\r\n' },
      { at: start + 90_000, direction: 'out', peer: 'tcp [::1]:5080', text: 'BYE sip:x SIP/2.0\r\n\r\n' },
      { at: start + 89_000, direction: 'in', peer: 'tcp [::1]:5080', text: 'SIP/2.0 200 OK\r\n\r\n' },
    ])
  })

  test('messages larger than the first buffer fit', () => {
    const large = Buffer.alloc(50_000, 'x')
    const trace = new CallTrace()
    trace.add(start, 'in', 'a', Buffer.from('small'))
    trace.add(start, 'in', 'a', large)
    expect(trace.entries().map((entry) => entry.text.length)).toEqual([5, 50_000])
  })

  test('beyond the bound a single marker says how many were left out', () => {
    const trace = new CallTrace({ messages: 2, bytes: 1000 })
    const chunks: Buffer[] = []
    for (let i = 0; i < 5; i++) trace.add(start + i, 'in', 'a', Buffer.from(`message ${i}`))
    expect(trace.entries().map((entry) => entry.text)).toEqual([
      'message 0',
      'message 1',
      '[3 more messages were left out]',
    ])
    chunks.push(trace.take() as Buffer)
    trace.add(start + 9, 'in', 'a', Buffer.from('message 9'))
    chunks.push(trace.take() as Buffer)
    const entries = decodeTrace(chunks)
    expect(entries.map((entry) => entry.text)).toEqual(['message 0', 'message 1', '[4 more messages were left out]'])
    expect(entries.map(isMarker)).toEqual([false, false, true])
  })

  test('the bound counts bytes too', () => {
    const trace = new CallTrace({ messages: 100, bytes: 1000 })
    for (let i = 0; i < 5; i++) trace.add(start, 'in', 'a', Buffer.alloc(400, 'y'))
    expect(trace.entries()).toHaveLength(3)
    expect(trace.size).toBeLessThan(1000)
  })

  test('damaged and foreign chunks never throw', () => {
    const trace = new CallTrace()
    trace.add(start, 'in', 'udp 127.0.0.1:5070', Buffer.from('first'))
    trace.add(start, 'in', 'udp 127.0.0.1:5071', Buffer.from('second'))
    const chunk = trace.take() as Buffer
    for (let length = 0; length < chunk.length; length++)
      expect(decodeTrace([chunk.subarray(0, length)]).length).toBeLessThan(2)
    expect(decodeTrace([Buffer.from([9, 1, 2, 3, 4, 5, 6, 7, 8, 9])])).toEqual([])
    expect(decodeTrace([Buffer.alloc(64, 255)])).toEqual([])
  })
})

describe('secrets are masked', () => {
  const credential =
    'Digest username="alice", realm="baton.local", nonce="SECRET1", response="SECRET2", algorithm=MD5, cnonce="SECRET3"'

  test.each([
    ['Authorization', `Authorization: ${credential}`],
    ['lower case', `authorization: ${credential}`],
    ['space before the colon', `AUTHORIZATION \t: ${credential}`],
    ['proxy', `Proxy-Authorization:${credential}`],
    ['challenge', 'WWW-Authenticate: Digest realm="baton.local", nonce="SECRET1", opaque="SECRET2", algorithm=MD5'],
    ['proxy challenge', 'proxy-authenticate: Digest nonce="SECRET1",algorithm=MD5,realm="baton.local"'],
    [
      'folded',
      `Authorization: Digest\r\n username="alice",\r\n\trealm="baton.local",\r\n  response="SECRET"\r\n , algorithm=MD5`,
    ],
    ['folded before the value', `Authorization:\r\n ${credential}`],
    ['folded by line feeds', `Authorization: Digest realm="baton.local", algorithm=MD5,\n response="SECRET"`],
  ])('%s keeps scheme and realm only', (_, header) => {
    const text = kept(invite(['Max-Forwards: 70', header, 'To: <sip:bob@baton.local>']))
    expect(text).not.toMatch(/SECRET/)
    expect(text).toMatch(/: Digest .*realm="baton.local".*\[masked\]/)
    expect(text).toContain('algorithm=MD5')
    expect(text).toContain('To: <sip:bob@baton.local>\r\n')
  })

  test.each([
    ['Basic', 'Authorization: Basic SECRET=='],
    ['no scheme', 'Authorization: SECRET'],
    ['unknown scheme', 'Authorization: SECRET more'],
    ['unfinished quote', 'Authorization: Digest realm="baton, response=SECRET'],
    ['escaped quote', 'Authorization: Digest realm="a\\"b", response="SECRET"'],
    ['a harmless name with another value', 'Authorization: Digest qop=SECRET.SECRET+'],
    ['Authentication-Info', 'Authentication-Info: nextnonce="SECRET", rspauth="SECRET"'],
    ['Proxy-Authentication-Info', 'proxy-authentication-info: rspauth="SECRET"'],
    ['URI password', 'Contact: <sip:alice:SECRET@127.0.0.1:5070>'],
    ['URI password with @', 'Contact: sip:alice:SECRET@SECRET@127.0.0.1'],
    ['URI password with colons', 'Contact:sip:a:SECRET:SECRET@h'],
    ['embedded header', 'Refer-To: <sip:x@h?Replaces=a%3Bto-tag%3Db&Authorization=Digest%20SECRET>'],
    ['embedded header, spelt oddly', 'Refer-To: <SIPS:x@h?%41uthorization=SECRET>'],
  ])('%s', (_, header) => {
    const text = kept(invite([header]))
    expect(text).not.toMatch(/SECRET/)
    expect(text).toContain('[masked]')
  })

  test('Replaces in a Refer-To stays readable', () => {
    expect(kept(invite(['Refer-To: <sip:x@h?Replaces=a%3Bto-tag%3Db&Subject=SECRET>']))).toContain(
      '?Replaces=a%3Bto-tag%3Db&[masked]>',
    )
  })

  test.each([
    ['crypto', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET|2^20'],
    ['upper case', 'A=CRYPTO:1 AES inline:SECRET'],
    ['blanks', ' a = crypto:1 SECRET'],
    ['ice-pwd', 'a=ice-pwd:SECRET'],
    ['key-mgmt', 'a=key-mgmt:mikey SECRET'],
    ['k=', 'k=clear:SECRET'],
  ])('SDP: %s', (_, line) => {
    const sdp = `v=0\r\nm=audio 4000 RTP/SAVP 0\r\n${line}\r\na=ice-ufrag:abcd\r\na=sendrecv\r\n`
    for (const body of [sdp, sdp.replaceAll('\r\n', '\n'), sdp.replaceAll('\r\n', '\r')]) {
      const text = kept(invite(['Content-Type: application/sdp'], body))
      expect(text).not.toMatch(/SECRET/)
      expect(text).toContain('[masked]')
      expect(text).toContain('a=ice-ufrag:abcd')
      expect(text).toContain('a=sendrecv')
    }
  })

  test('SDP inside a multipart body', () => {
    const body =
      '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=crypto:1 X inline:SECRET\r\n--b\r\n\r\nrest\r\n--b--\r\n'
    const text = kept(invite(['c: multipart/mixed;boundary=b'], body))
    expect(text).not.toMatch(/SECRET/)
    expect(text).toContain('rest\r\n--b--')
  })

  test('credentials inside a body part (message/sipfrag)', () => {
    expect(
      kept(invite(['c: message/sipfrag'], `INVITE sip:x SIP/2.0\r\nAuthorization: Digest response="SECRET"`)),
    ).not.toMatch(/SECRET/)
  })

  test.each([['Content-Encoding: gzip'], ['e: gzip'], ['E : deflate'], ['Content-Transfer-Encoding: base64']])(
    'a body that cannot be read is left out: %s',
    (header) => {
      expect(kept(invite([header], 'U0VDUkVU'))).toContain('\r\n\r\n[8 bytes masked]')
    },
  )

  test.each([
    ['MESSAGE sip:bob@baton.local SIP/2.0\r\nCSeq: 1 MESSAGE\r\n\r\nSECRET'],
    ['\r\n\r\nMESSAGE sip:bob@baton.local SIP/2.0\r\n\r\nSECRET'],
    ['MESSAGE sip:bob@baton.local SIP/2.0\nc: text/plain\n\nSECRET'],
    ['message sip:bob@baton.local SIP/2.0\r\n\r\nSECRET'],
    ['SIP/2.0 200 OK\r\nCSeq: 1 MESSAGE\r\n\r\nSECRET'],
    ['SIP/2.0 200 OK\r\ncseq:1\r\n MESSAGE\r\n\r\nSECRET'],
    ['INFO sip:bob@baton.local SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSECRET'],
    ['MESSAGE sip:bob@baton.local SIP/2.0\r\nc: multipart/mixed;boundary=b\r\n\r\n--b\r\n\r\nSECRET\r\n--b--'],
  ])('bodies of MESSAGE and INFO: %j', (message) => {
    const text = kept(message)
    expect(text).not.toMatch(/SECRET/)
    expect(text).toMatch(/\[\d+ bytes masked\]$/)
  })

  test('what holds no secret stays byte for byte', () => {
    const message = invite(
      [
        'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport',
        'Accept: application/sdp',
        'Identity: eyJhbGciOiJFUzI1NiJ9..sig;info=<https://cert.example/c.pem>',
        'k: replaces, timer',
        'i: a:b@host',
        'Contact: <sip:alice@127.0.0.1:5070;ob>',
        'Content-Type: application/sdp',
        'Content-Length: 20',
        'Subject: folded\r\n value',
      ],
      'v=0\r\na=ice-options:trickle\r\na=fingerprint:sha-256 AA\r\na=candidate:1 1 udp 1 127.0.0.1 5 typ host\r\n',
    )
    expect(kept(message)).toBe(message)
  })
})

test('hostile messages of 64 KB are masked in linear time', () => {
  const hostile = [
    invite([`Contact: ${'sip:'.repeat(15_000)}`, 'k: x']),
    invite([`Contact: sip:a:${'@'.repeat(60_000)}`]),
    invite([`Contact: ${'a:'.repeat(30_000)}@h`]),
    invite([`Authorization: Digest ${'a="'.repeat(20_000)}`]),
    invite([`Authorization: Digest qop=${' '.repeat(60_000)}x`]),
    invite([`Content-Encoding: ${' '.repeat(60_000)}x`], 'body'),
    invite([`CSeq: 1${' '.repeat(60_000)}MESSAGE x`]),
    invite([`Authorization: x${'\r\n y'.repeat(15_000)}`]),
    invite([`k: ${' '.repeat(60_000)}`], `k${' '.repeat(60_000)}x`),
  ]
  // A quadratic pass would not end within the test's time limit.
  for (const message of hostile) expect(kept(message).length).toBeGreaterThan(0)
})
