import { describe, expect, it } from 'vitest'
import {
  parseAuthParams,
  parseMultipart,
  parseRAck,
  parseReason,
  parseReplaces,
  parseSessionExpires,
  parseTokenList,
  reasonPhrase,
} from './index.ts'

describe('header values', () => {
  it('reads lists of tokens', () => {
    expect(parseTokenList('100rel, Replaces ,,timer')).toEqual(['100rel', 'replaces', 'timer'])
    expect(parseTokenList('')).toEqual([])
    expect(parseTokenList('application/sdp;q=0.5, text/*')).toEqual(['application/sdp', 'text/*'])
  })

  it('reads reasons', () => {
    expect(parseReason('SIP ;cause=200 ;text="Call completed elsewhere", Q.850;cause=16')).toEqual([
      { protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' },
      { protocol: 'Q.850', cause: 16, text: undefined },
    ])
    expect(parseReason('SIP;cause=x, <bad>')).toEqual([{ protocol: 'SIP', cause: undefined, text: undefined }])
  })

  it('reads session intervals', () => {
    expect(parseSessionExpires('1800;refresher=UAC')).toEqual({ ok: true, value: { interval: 1800, refresher: 'uac' } })
    expect(parseSessionExpires('90')).toEqual({ ok: true, value: { interval: 90, refresher: undefined } })
    expect(parseSessionExpires('soon')).toMatchObject({ ok: false, code: 'bad-session-expires' })
    expect(parseSessionExpires('4294967296')).toMatchObject({ ok: false })
  })

  it('reads Replaces', () => {
    expect(parseReplaces('a@b;to-tag=1 ; from-tag=2;early-only')).toEqual({
      ok: true,
      value: { callId: 'a@b', toTag: '1', fromTag: '2', earlyOnly: true },
    })
    expect(parseReplaces('a@b;to-tag=1')).toMatchObject({ ok: false, code: 'replaces-without-tags' })
    expect(parseReplaces('a, b;to-tag=1;from-tag=2')).toMatchObject({ ok: false, code: 'bad-replaces' })
  })

  it('reads RAck', () => {
    expect(parseRAck('776656 1  INVITE')).toEqual({ ok: true, value: { rseq: 776_656, cseq: 1, method: 'INVITE' } })
    for (const bad of ['', '1 2', '1 2 INVITE x', '4294967296 1 INVITE', '1 2147483648 INVITE', 'a 1 INVITE']) {
      expect(parseRAck(bad)).toMatchObject({ ok: false, code: 'bad-rack' })
    }
  })

  it('reads challenges and credentials', () => {
    const read = parseAuthParams('Digest realm="a, \\"b\\"",qop="auth,auth-int" , stale=FALSE,nonce="=", uri=sip:a@b')
    if (!read.ok) throw new Error(read.code)
    expect(read.value.scheme).toBe('Digest')
    expect([...read.value.params]).toEqual([
      ['realm', 'a, "b"'],
      ['qop', 'auth,auth-int'],
      ['stale', 'FALSE'],
      ['nonce', '='],
      ['uri', 'sip:a@b'],
    ])
    expect(parseAuthParams('Digest realm="a", Realm="b"')).toMatchObject({ code: 'duplicate-auth-parameter' })
    expect(parseAuthParams('Digest realm="a')).toMatchObject({ code: 'unclosed-quote' })
    expect(parseAuthParams('Digest')).toMatchObject({ code: 'bad-auth-scheme' })
    expect(parseAuthParams('Basic YTpi')).toMatchObject({ ok: false })
  })

  it('has a phrase for every status', () => {
    expect([reasonPhrase(486), reasonPhrase(499), reasonPhrase(999)]).toEqual([
      'Busy Here',
      'Request Failure',
      'Unknown',
    ])
  })
})

describe('multipart bodies', () => {
  const type = 'multipart/mixed;boundary="b 1"'
  const body = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))

  it('are split at their boundary', () => {
    const read = parseMultipart(
      type,
      body(
        'preamble\n--b 1\nContent-Type: Application/SDP;x=y\nX: a\n b\n\nv=0\n--b 10\n\n--b 1\n\nplain\n--b 1--\nrest',
      ),
    )
    if (!read.ok) throw new Error(read.code)
    expect(read.value.map((part) => [part.contentType, part.body.toString()])).toEqual([
      ['application/sdp', 'v=0\r\n--b 10\r\n'],
      ['text/plain', 'plain'],
    ])
    expect(read.value[0]?.headers.get('x')).toBe('a b')
  })

  it.each([
    ['text/plain', '--b\n\nx\n--b--', 'not-multipart'],
    ['multipart/mixed', '--b\n\nx\n--b--', 'multipart-boundary'],
    ['multipart/mixed;boundary=b', 'x', 'multipart-without-parts'],
    ['multipart/mixed;boundary=b', '--b--', 'multipart-without-parts'],
    ['multipart/mixed;boundary=b', '--b\n\nx', 'multipart-unclosed'],
    ['multipart/mixed;boundary=b', '--b\nX: y\n--b--', 'multipart-bad-part'],
    ['multipart/mixed;boundary=b', `${'--b\n\nx\n'.repeat(40)}--b--`, 'multipart-too-many-parts'],
  ])('refuse %s %j with %s', (contentType, text, code) => {
    expect(parseMultipart(contentType, body(text))).toMatchObject({ ok: false, code })
  })
})
