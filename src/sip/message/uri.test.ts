import { describe, expect, it } from 'vitest'
import { escapeUser, formatNameAddr, parseNameAddr, parseNameAddrList, parseUri, type Uri, uriEquals } from './index.ts'

function uri(text: string): Uri {
  const result = parseUri(text)
  if (!result.ok) throw new Error(`${text}: ${result.code} at ${result.offset}`)
  return result.value
}

describe('parseUri', () => {
  it('takes a SIP URI apart', () => {
    const read = uri('SIPS:al%69ce:s3cret@Example.COM:5061;Transport=TCP;lr?Subject=a%20b')
    expect(read).toMatchObject({
      scheme: 'sips',
      user: 'alice',
      password: 's3cret',
      host: 'example.com',
      port: 5061,
      headers: 'Subject=a%20b',
      text: 'SIPS:al%69ce:s3cret@Example.COM:5061;Transport=TCP;lr?Subject=a%20b',
    })
    expect([...read.params]).toEqual([
      ['transport', 'TCP'],
      ['lr', ''],
    ])
  })

  it('reads IPv6 references, telephone numbers, star codes and unknown schemes', () => {
    expect(uri('sip:bob@[2001:DB8::10]:5070')).toMatchObject({ host: '[2001:db8::10]', port: 5070 })
    expect(uri('sip:[2001:db8::10]')).toMatchObject({ user: '', host: '[2001:db8::10]', port: undefined })
    const tel = uri('tel:+1-202-555-0101;phone-context=example.com')
    expect(tel).toMatchObject({ scheme: 'tel', user: '+1-202-555-0101', host: '' })
    expect(tel.params.get('phone-context')).toBe('example.com')
    expect(uri('sip:*21#@example.com').user).toBe('*21#')
    expect(uri('urn:service:sos')).toMatchObject({ scheme: 'urn', opaque: 'service:sos' })
  })

  it.each([
    ['', 'uri-without-scheme', 0],
    ['alice', 'uri-without-scheme', 0],
    ['5ip:a@b', 'bad-uri-scheme', 0],
    ['sip:', 'bad-uri-host', 4],
    ['sip:@example.com', 'empty-user', 4],
    ['sip:a b@example.com', 'bad-uri-user', 5],
    ['sip:a%2@example.com', 'bad-escape', 5],
    ['sip:a%zz@example.com', 'bad-escape', 5],
    ['sip:a@exa mple.com', 'bad-uri-character', 9],
    ['sip:a@b@c', 'bad-uri-host', 7],
    ['sip:a@[::1', 'bad-uri-host', 6],
    ['sip:a@[]', 'bad-uri-host', 6],
    ['sip:a@b:0', 'bad-uri-port', 7],
    ['sip:a@b:65536', 'bad-uri-port', 7],
    ['sip:a@b:', 'bad-uri-port', 7],
    ['sip:a@b;;lr', 'empty-uri-parameter', 8],
    ['sip:a@b;=x', 'empty-uri-parameter', 8],
    ['sip:a@b\r\nX: y', 'bad-uri-host', 7],
    ['sip:a\0@b', 'bad-uri-user', 5],
    ['tel:', 'empty-uri', 3],
    ['tel:12<34', 'bad-telephone-number', 6],
    ['isbn:1 2', 'bad-uri-character', 6],
  ])('refuses %j with %s', (text, code, offset) => {
    expect(parseUri(text)).toEqual({ ok: false, code, offset })
  })

  it('keeps users apart whose escapes are no UTF-8', () => {
    expect(uri('sip:%ff@b').user).not.toBe(uri('sip:%fe@b').user)
    expect(uri('sip:%C3%A9@b').user).toBe('é')
  })

  it('escapes a user so that it comes back', () => {
    for (const user of ['alice', '+12025550101', 'a@b', 'sip:x', 'é%#', '\r\nVia: x', 'a<b>"c" d']) {
      const escaped = escapeUser(user)
      expect(escaped).toMatch(/^[!-~]*$/)
      expect(uri(`sip:${escaped}@example.com`).user).toBe(user)
    }
  })
})

describe('uriEquals', () => {
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtlanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;newparam=5'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['tel:+1-202-555-0101', 'tel:+12025550101'],
  ])('%s equals %s', (a, b) => {
    expect(uriEquals(uri(a), uri(b))).toBe(true)
    expect(uriEquals(uri(b), uri(a))).toBe(true)
  })

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:bob@biloxi.com', 'sips:bob@biloxi.com'],
    ['sip:%00@host', 'sip:%00%00@host'],
    ['tel:+12025550101', 'tel:12025550101'],
    ['urn:service:sos', 'urn:service:fire'],
  ])('%s differs from %s', (a, b) => {
    expect(uriEquals(uri(a), uri(b))).toBe(false)
    expect(uriEquals(uri(b), uri(a))).toBe(false)
  })
})

describe('name-addr', () => {
  it('reads display names, brackets and parameters of all kinds', () => {
    const read = parseNameAddr(
      '"A \\"quoted\\" <name>" <sip:a@b;lr>;tag=x;+sip.instance="<urn:uuid:1>";methods="INVITE, ACK";q=0.5',
    )
    if (!read.ok) throw new Error(read.code)
    expect(read.value.display).toBe('A "quoted" <name>')
    expect(read.value.uri.params.has('lr')).toBe(true)
    expect([...read.value.params]).toEqual([
      ['tag', 'x'],
      ['+sip.instance', '<urn:uuid:1>'],
      ['methods', 'INVITE, ACK'],
      ['q', '0.5'],
    ])
  })

  it('splits lists at the commas that separate', () => {
    const read = parseNameAddrList('"a, b" <sip:a@b>;x="1,2" , <sip:c,d@e>, sip:f@g;tag=1')
    expect(read.ok && read.value.map((value) => value.uri.text)).toEqual(['sip:a@b', 'sip:c,d@e', 'sip:f@g'])
  })

  it.each([
    ['', 'empty-address'],
    ['<sip:a@b', 'unclosed-bracket'],
    ['"a <sip:a@b>', 'unclosed-quote'],
    ['"a" sip:a@b', 'address-expected'],
    ['A, B <sip:a@b>', 'bad-display-name'],
    ['<sip:a@b> x', 'bad-parameter'],
    ['<sip:a@b>;', 'empty-parameter'],
    ['sip:a@b?X=y', 'headers-outside-brackets'],
    ['<sip:a@b>, <sip:c@d>', 'several-values'],
  ])('refuses %j with %s', (text, code) => {
    expect(parseNameAddr(text)).toMatchObject({ ok: false, code })
  })

  it('writes what it reads back, whatever the display name', () => {
    const display = 'O\'Hara "Joe" \\ <sip:x@y>, é'
    const read = parseNameAddr(formatNameAddr(display, 'sip:a@b', { tag: 'x', reason: 'a b', lr: '' }))
    if (!read.ok) throw new Error(read.code)
    expect(read.value.display).toBe(display)
    expect([...read.value.params]).toEqual([
      ['tag', 'x'],
      ['reason', 'a b'],
      ['lr', ''],
    ])
    expect(formatNameAddr('', 'sip:a@b')).toBe('<sip:a@b>')
  })
})
