import { describe, expect, it } from 'vitest'
import { type ParseOptions, parseMessage, type Request } from './index.ts'

const lines = [
  'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport',
  'From: <sip:ann@example.com>;tag=a',
  'To: <sip:bob@example.com>',
  'Call-ID: c@example.com',
  'CSeq: 1 OPTIONS',
]

function bytes(extra: readonly string[] = [], body = '', start = 'OPTIONS sip:bob@example.com SIP/2.0'): Buffer {
  return Buffer.from([start, ...lines, ...extra, '', body].join('\r\n'))
}

function read(buffer: Buffer): Request {
  const result = parseMessage(buffer)
  if (!result.ok || result.value.kind !== 'request') throw new Error(result.ok ? 'a response' : result.code)
  return result.value
}

function code(buffer: Buffer, options?: ParseOptions): string {
  const result = parseMessage(buffer, options)
  return result.ok ? 'ok' : result.code
}

describe('parseMessage', () => {
  it('finds a header by long and compact name in any letter case', () => {
    const message = read(bytes(['s: hello', 'X-Own:1', 'x-own : 2', 'k: a, b', 'Supported: c']))
    expect(message.header('subject')).toBe('hello')
    expect(message.header('S')).toBe('hello')
    expect(message.headerLines('X-OWN')).toEqual(['1', '2'])
    expect(message.headerList('supported')).toEqual(['a', 'b', 'c'])
    expect(message.header('x-none')).toBeUndefined()
    expect(message.allHeaders().map(([name]) => name)).toEqual([
      'Via',
      'From',
      'To',
      'Call-ID',
      'CSeq',
      's',
      'X-Own',
      'x-own',
      'k',
      'Supported',
    ])
  })

  it('splits lists outside quotes and brackets only', () => {
    const message = read(bytes(['Route: <sip:a,b@c;lr>,, "x, \\"y" <sip:d>']))
    expect(message.headerList('route')).toEqual(['<sip:a,b@c;lr>', '"x, \\"y" <sip:d>'])
  })

  it('takes the body by Content-Length, or all that is left', () => {
    expect(read(bytes(['l: 3'], 'abcdef')).body.toString()).toBe('abc')
    expect(read(bytes([], 'abcdef')).body.toString()).toBe('abcdef')
    expect(code(bytes(['l: 7'], 'abcdef'))).toBe('body-too-short')
  })

  it('drops line ends before the start line and keeps offsets right', () => {
    const message = read(Buffer.concat([Buffer.from('\r\n\r\n'), bytes(['Subject: é'])]))
    expect(message.header('subject')).toBe('é')
    expect(message.allHeaders()[0]?.[0]).toBe('Via')
    expect(message.bytes.toString()).toMatch(/^OPTIONS/)
  })

  it('leaves out contacts it cannot read in a response and knows the star', () => {
    const response = parseMessage(bytes(['Contact: <sip:a@b>, <oops', 'm: <sip:c@d>'], '', 'SIP/2.0 200 OK'))
    expect(response.ok && response.value.contacts.map((contact) => contact.uri.text)).toEqual(['sip:a@b', 'sip:c@d'])
    expect(read(bytes(['Contact: *'])).contacts).toEqual([])
  })

  it.each([
    ['From: <sip:x@y>;tag=2', 'duplicate-header'],
    ['f: <sip:x@y>;tag=2', 'duplicate-header'],
    ['CSEQ : 1 OPTIONS', 'duplicate-header'],
    ['Max-Forwards: 256', 'bad-max-forwards'],
    ['Max-Forwards: -1', 'bad-max-forwards'],
    ['Expires: soon', 'bad-expires'],
    ['Content-Length: +0', 'bad-content-length'],
    ['Contact: "x <sip:a@b>', 'unclosed-quote'],
    ['X: a\0b', 'control-character'],
    ['X: a\rb', 'control-character'],
    ['X: a\nFrom: <sip:x@y>', 'control-character'],
    ['X: "\\\r"', 'control-character'],
    ['X: a\x7fb', 'control-character'],
    ['X y: z', 'header-without-colon'],
    [': z', 'bad-header-name'],
    ['Ünder: z', 'bad-header-name'],
  ])('refuses %j with %s', (line, expected) => {
    expect(code(bytes([line]))).toBe(expected)
  })

  it('says at which byte', () => {
    const buffer = bytes(['X: a\0b'])
    expect(parseMessage(buffer)).toMatchObject({ ok: false, offset: buffer.indexOf(0) })
  })

  it('bounds size and headers', () => {
    expect(code(bytes([], 'x'.repeat(70_000)))).toBe('message-too-large')
    expect(code(bytes([], 'x'.repeat(300)), { maxBytes: 400 })).toBe('message-too-large')
    expect(code(bytes(new Array(123).fill('Y-Own: y')))).toBe('ok')
    expect(code(bytes(new Array(124).fill('Y-Own: y')))).toBe('too-many-headers')
    const result = parseMessage(bytes([], 'x'.repeat(70_000)))
    expect(result.ok ? 0 : result.answerable?.status).toBe(513)
  })

  it.each([
    ['', 'empty'],
    ['\r\n\r\n', 'empty'],
    ['x', 'bad-method'],
    ['OPTIONS sip:a@b SIP/3.0\r\n\r\n', 'unsupported-version'],
    ['OPTIONS sip:a@b HTTP/1.1\r\n\r\n', 'bad-request-line'],
    ['OPTIONS sip:a@b SIP/2.0\n\n', 'bad-request-line'],
    ['SIP/2.0 99 Low\r\n\r\n', 'bad-status'],
    ['SIP/2.0 700 High\r\n\r\n', 'bad-status'],
    ['SIP/2.0 200 OK\r\n\r\n', 'via-missing'],
  ])('refuses the start %j with %s', (text, expected) => {
    expect(code(Buffer.from(text))).toBe(expected)
  })

  it('makes a refusal that names the request and where it came from', () => {
    const bad = bytes(['Max-Forwards: many'])
    const result = parseMessage(bad, { source: { address: '198.51.100.7', port: 41_000 } })
    if (result.ok) throw new Error('accepted')
    const text = result.answerable?.response?.toString() ?? ''
    expect(result.answerable?.via).toMatchObject({ host: '192.0.2.1', port: 5060 })
    expect(text).toMatch(/^SIP\/2\.0 400 Bad Request: bad-max-forwards at byte \d+\r\n/)
    expect(text).toContain('\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=41000;received=198.51.100.7\r\n')
    expect(text).toMatch(/\r\nTo: <sip:bob@example.com>;tag=\w+\r\n/)
    expect(text).toContain('\r\nCSeq: 1 OPTIONS\r\n')
  })

  it('never answers ACK, responses or what is not SIP', () => {
    const silent = (buffer: Buffer) => {
      const result = parseMessage(buffer)
      return result.ok ? 'ok' : (result.answerable?.silent ?? 'nothing')
    }
    expect(silent(bytes(['X'], '', 'ACK sip:bob@example.com SIP/2.0'))).toBe(true)
    expect(silent(bytes(['X'], '', 'SIP/2.0 200 OK'))).toBe(true)
    expect(silent(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))).toBe('nothing')
    expect(silent(Buffer.from([0x80, 0, 1, 2]))).toBe('nothing')
  })

  // Anything quadratic takes seconds for one of these and runs into the test's time limit.
  it.each([
    ['blanks in a folded line', `Y-Own: a${' '.repeat(60_000)}b\r\n c`, 'ok'],
    ['parameters of a URI', `Contact: <sip:a@b${';p'.repeat(30_000)}>`, 'ok'],
    ['addresses', `Contact: ${'<sip:a@b;c>,'.repeat(5_000)}<sip:a@b>`, 'ok'],
    ['open brackets', `Contact: <sip:a@b>${', <'.repeat(20_000)}`, 'unclosed-bracket'],
    ['semicolons', `Y-Own: ${';'.repeat(60_000)}`, 'ok'],
    ['folds', `Y-Own: a${'\r\n '.repeat(20_000)}`, 'ok'],
  ])('reads many %s', (_, line, expected) => {
    for (let i = 0; i < 20; i++) {
      const result = parseMessage(bytes([line]))
      expect(result.ok ? 'ok' : result.code).toBe(expected)
      if (result.ok) expect(result.value.allHeaders()).toHaveLength(6)
      if (result.ok) expect(result.value.contacts.length).toBe(result.value.headerList('contact').length)
    }
  })
})
