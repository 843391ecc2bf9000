import { array, assert, constantFrom, oneof, property, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMessage, type Request, responseHeaders, writeRequest, writeResponse } from './index.ts'

const base: [string, string][] = [
  ['Via', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport'],
  ['Via', 'SIP/2.0/UDP 192.0.2.9'],
  ['Max-Forwards', '70'],
  ['From', '"Ann" <sip:ann@example.com>;tag=a'],
  ['To', '<sip:bob@example.com>'],
  ['Call-ID', 'c@example.com'],
  ['CSeq', '1 INVITE'],
]

function read(bytes: Buffer): Request {
  const result = parseMessage(bytes)
  if (!result.ok || result.value.kind !== 'request') throw new Error(result.ok ? 'a response' : result.code)
  return result.value
}

const invite = (headers: [string, string][] = [], body?: string | Buffer) =>
  writeRequest({ method: 'INVITE', uri: 'sip:bob@example.com', headers: [...base, ...headers], body })

describe('the writer', () => {
  it('writes a request with its length in bytes', () => {
    const bytes = writeRequest({ method: 'MESSAGE', uri: 'sip:b@h', headers: [['Subject', 'é']], body: 'naïve' })
    expect(bytes.toString()).toBe('MESSAGE sip:b@h SIP/2.0\r\nSubject: é\r\nContent-Length: 6\r\n\r\nnaïve')
    expect(read(invite([], Buffer.from([0, 255, 13, 10]))).body).toEqual(Buffer.from([0, 255, 13, 10]))
  })

  it('writes a response with the registered phrase', () => {
    expect(writeResponse({ status: 486, headers: [] }).toString()).toBe(
      'SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n',
    )
  })

  it('leaves Content-Length to itself', () => {
    const message = read(
      invite(
        [
          ['content-length', '99'],
          ['l', '7'],
        ],
        'abc',
      ),
    )
    expect(message.headerLines('Content-Length')).toEqual(['3'])
  })

  it('cannot be made to start another header or message by any text', () => {
    const nasty = constantFrom(
      '\r\nX: y',
      '\n',
      '\r',
      '\0',
      '\u2028',
      '\r\n\r\n',
      ' ',
      '\t',
      ':',
      '"',
      '<',
      '\x7f',
      '\x85',
    )
    const text = array(oneof(nasty, string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 }).map((all) =>
      all.join(''),
    )
    assert(
      property(array(tuple(text, text), { maxLength: 6 }), text, (extra, body) => {
        const headers = extra.map(([name, value]): [string, string] => [`X-${name}`, value])
        const message = read(writeRequest({ method: 'INVITE', uri: 'sip:b@h', headers: [...base, ...headers], body }))
        expect(message.allHeaders()).toHaveLength(base.length + headers.length + 1)
        expect(message.body.toString()).toBe(Buffer.from(body).toString())
        const written = message.allHeaders().slice(base.length, -1)
        for (let i = 0; i < headers.length; i++) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the writer replaces
          const value = headers[i]![1].replace(/[\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]/g, ' ')
          expect(written[i]![1]).toBe(
            Buffer.from(value)
              .toString()
              .replace(/^[ \t]+|[ \t]+$/g, ''),
          )
        }
      }),
      { seed: 3261, numRuns: 500 },
    )
  })

  it('cannot be broken by method, URI or reason', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 20 }), (text) => {
        for (const bytes of [
          writeRequest({ method: text, uri: text, headers: base }),
          writeResponse({ status: 400, reason: text, headers: base }),
        ]) {
          const lines = bytes.toString().split('\r\n')
          expect(lines).toHaveLength(1 + base.length + 1 + 2)
          expect(lines[0]).not.toMatch(/[\r\n\0]/)
        }
        expect(writeRequest({ method: text, uri: text, headers: [] }).toString().split('\r\n')[0]).toMatch(
          /^\S+ [^ ]* SIP\/2\.0$/,
        )
      }),
      { seed: 3261, numRuns: 300 },
    )
  })
})

describe('responseHeaders', () => {
  const request = read(
    invite([
      ['Record-Route', '<sip:p1;lr>, <sip:p2;lr>'],
      ['Timestamp', '54'],
    ]),
  )

  it('copies what a response must carry and adds the tag', () => {
    expect(responseHeaders(request, 'tt')).toEqual([
      ['Via', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport'],
      ['Via', 'SIP/2.0/UDP 192.0.2.9'],
      ['From', '"Ann" <sip:ann@example.com>;tag=a'],
      ['To', '<sip:bob@example.com>;tag=tt'],
      ['Call-ID', 'c@example.com'],
      ['CSeq', '1 INVITE'],
    ])
  })

  it('fills in where the request came from', () => {
    const [via] = responseHeaders(request, '', { source: { address: '198.51.100.7', port: 41_000 } })
    expect(via?.[1]).toBe('SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=41000;received=198.51.100.7')
  })

  it('copies Timestamp into a 100 and Record-Route into what makes a dialog', () => {
    const names = (status: number) => responseHeaders(request, 'tt', { status }).map(([name]) => name)
    expect(names(100)).toContain('Timestamp')
    expect(names(100)).not.toContain('Record-Route')
    expect(names(180)).toContain('Record-Route')
    expect(names(486)).not.toContain('Record-Route')
  })
})
