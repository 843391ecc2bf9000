import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '#lib'
import { mutate } from '../../../test/torture/mutate.ts'
import { type Message, parseMessage, type Request } from './index.ts'

const folder = fileURLToPath(new URL('../../../test/torture/rfc4475/', import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith('.dat'))
const expected = JSON.parse(readFileSync(`${folder}EXPECTED.json`, 'utf8')) as Record<
  string,
  { cls: string; strict: number[] }
>
const load = (name: string) => readFileSync(`${folder}${name}`)

/** The code and offset of every message that is refused; responses are refused in silence. */
const refused: Record<string, [code: string, status: number]> = {
  'badinv01.dat': ['empty-parameter', 400],
  'clerr.dat': ['body-too-short', 400],
  'ncl.dat': ['bad-content-length', 400],
  'scalar02.dat': ['cseq-out-of-range', 400],
  'scalarlg.dat': ['cseq-out-of-range', 400],
  'quotbal.dat': ['unclosed-quote', 400],
  'ltgtruri.dat': ['bad-uri-scheme', 400],
  'lwsruri.dat': ['bad-request-line', 400],
  'lwsstart.dat': ['bad-request-line', 400],
  'trws.dat': ['bad-request-line', 400],
  'escruri.dat': ['headers-in-request-uri', 400],
  'baddate.dat': ['bad-date', 400],
  'regbadct.dat': ['headers-outside-brackets', 400],
  'badaspec.dat': ['bad-uri-scheme', 400],
  'baddn.dat': ['unterminated-headers', 400],
  'badvers.dat': ['unsupported-version', 505],
  'mismatch01.dat': ['cseq-method-mismatch', 400],
  'mismatch02.dat': ['cseq-method-mismatch', 400],
  'bigcode.dat': ['bad-status', 400],
  'insuf.dat': ['from-missing', 400],
  'multi01.dat': ['duplicate-header', 400],
  'mcl01.dat': ['duplicate-header', 400],
  'test.dat': ['bad-request-line', 400],
}

function valid(name: string): Message {
  const result = parseMessage(load(name))
  if (!result.ok) throw new Error(`${name}: ${result.code} at ${result.offset}`)
  return result.value
}

/** Asks a message for everything it has. */
function readAll(message: Message): void {
  void [message.from, message.to, message.via, message.vias, message.contacts, message.cseq, message.callId]
  void [message.body.length, message.contentType, message.allHeaders(), message.headerList('route')]
  void (message.kind === 'request' ? message.uri : message.reason)
}

describe('the torture messages of RFC 4475', () => {
  it('are all here with a verdict', () => {
    expect(files.toSorted()).toEqual(Object.keys(expected).toSorted())
  })

  for (const name of files) {
    const verdict = refused[name]
    if (verdict === undefined) {
      it(`${name} is read`, () => {
        expect(['valid', 'semantic', 'response']).toContain(expected[name]?.cls)
        expect(() => readAll(valid(name))).not.toThrow()
      })
      continue
    }
    const [code, status] = verdict
    it(`${name} is refused with ${code}`, () => {
      const result = parseMessage(load(name))
      expect(result).toMatchObject({ ok: false, code, answerable: { status } })
      if (result.ok) return
      expect(result.offset).toBeLessThanOrEqual(load(name).length)
      if (expected[name]?.cls === 'response') {
        expect(result.answerable?.silent).toBe(true)
        expect(result.answerable?.response).toBeUndefined()
        return
      }
      expect(expected[name]?.strict).toContain(status)
      // test.dat names no Via, so nobody can be answered.
      if (name !== 'test.dat')
        expect(result.answerable?.response?.toString()).toMatch(new RegExp(`^SIP/2.0 ${status} `))
    })
  }

  it('a baddn.dat that ends as it should is refused for its display name', () => {
    const bytes = Buffer.concat([load('baddn.dat'), Buffer.from('\r\n')])
    expect(parseMessage(bytes)).toMatchObject({ ok: false, code: 'bad-display-name' })
  })
})

describe('unusual but valid messages', () => {
  it('wsinv.dat: white space and folding everywhere', () => {
    const message = valid('wsinv.dat') as Request
    expect(message.to.uri.text).toBe('sip:vivekg@chair-dnrc.example.com')
    expect(message.toTag).toBe('1918181833n')
    expect(message.from.display).toBe('J Rosenberg \\"')
    expect(message.fromTag).toBe('98asjd8')
    expect(message.cseq).toEqual({ number: 9, method: 'INVITE' })
    expect(message.vias.map((via) => [via.transport, via.host, via.branch])).toEqual([
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ])
    expect(message.header('subject')).toBe('')
    expect(message.header('NewFangledHeader')).toBe('newfangled value continued newfangled value')
    expect(message.contacts[0]?.display).toBe('Quoted string ""')
    expect([...(message.contacts[0]?.params ?? [])]).toEqual([
      ['newparam', 'newvalue'],
      ['secondparam', ''],
      ['q', '0.33'],
    ])
    expect(message.contentType).toBe('application/sdp')
    expect(message.body.length).toBe(150)
  })

  it('intmeth.dat: every character that a method, a tag and a quoted string may hold', () => {
    const message = valid('intmeth.dat') as Request
    expect(message.method).toBe("!interesting-Method0123456789_*+`.%indeed'~")
    expect(message.uri.host).toBe('example.com')
    expect(message.uri.user).toBe("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    expect(message.uri.password).toBe("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    expect(message.to.display).toBe('BEL:\x07 NUL:\x00 DEL:\x7f')
    expect(message.fromTag).toBe("_token~1'+`*%!-.")
    expect(message.from.params.get("fromparam''~+*_!.-%")).toBe('работающий')
    expect(message.header("extensionHeader-!.%*+_`'~")).toBe('﻿大停電')
  })

  it('esc01.dat: escapes are undone once', () => {
    const message = valid('esc01.dat') as Request
    expect(message.uri.user).toBe('sips:user@example.com')
    expect(message.to.uri.user).toBe('user')
    expect(message.from.uri.user).toBe('I have spaces')
    expect([...(message.contacts[0]?.uri.params ?? [])]).toEqual([
      ['lr', ''],
      ['name', 'value%41'],
    ])
  })

  it('escnull.dat: one and two escaped zeros are two users', () => {
    expect(valid('escnull.dat').contacts.map((contact) => contact.uri.user)).toEqual(['\0', '\0\0'])
  })

  it('esc02.dat: escapes outside URIs mean nothing', () => {
    const message = valid('esc02.dat') as Request
    expect(message.method).toBe('RE%47IST%45R')
    expect(message.to.display).toBe('%Z%45')
    expect(message.contacts.map((contact) => contact.uri.user)).toEqual(['alias1', 'alias3'])
  })

  it('lwsdisp.dat, semiuri.dat, cparam01.dat, cparam02.dat: where the parts of an address end', () => {
    expect(valid('lwsdisp.dat').from).toMatchObject({ display: 'caller', uri: { host: 'example.com' } })
    expect((valid('semiuri.dat') as Request).uri.user).toBe('user;par=u@example.net')
    expect(valid('semiuri.dat').headerList('accept')).toHaveLength(6)
    expect(valid('cparam01.dat').contacts[0]?.params.has('unknownparam')).toBe(true)
    expect(valid('cparam02.dat').contacts[0]?.uri.params.has('unknownparam')).toBe(true)
  })

  it('dblreq.dat: what follows the body is not part of the message', () => {
    const message = valid('dblreq.dat') as Request
    expect(message.method).toBe('REGISTER')
    expect(message.bytes.toString().endsWith('Content-Length: 0\r\n\r\n')).toBe(true)
  })

  it('longreq.dat and transports.dat: many Vias of many kinds', () => {
    expect(valid('longreq.dat').vias).toHaveLength(34)
    expect(valid('transports.dat').vias.map((via) => via.transport)).toEqual(['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP'])
  })

  it('regescrt.dat: headers of a Contact URI are kept and nothing else', () => {
    const message = valid('regescrt.dat')
    expect(message.contacts[0]?.uri.headers).toBe('Route=%3Csip:sip.example.com%3E')
    expect(message.headerList('route')).toEqual([])
  })

  it('unksm2.dat, novelsc.dat: schemes we do not know keep their text', () => {
    expect(valid('unksm2.dat').to.uri).toMatchObject({ scheme: 'isbn', opaque: '2983792873', host: '' })
    expect((valid('novelsc.dat') as Request).uri).toMatchObject({ scheme: 'soap.beep' })
  })

  it('inv2543.dat: no tag, no branch, no Content-Length', () => {
    const message = valid('inv2543.dat')
    expect([message.fromTag, message.toTag, message.via.branch]).toEqual(['', '', ''])
    expect(message.to.params.get('user')).toBe('phone')
    expect(message.body.toString()).toMatch(/^v=0/)
  })

  it('noreason.dat, unreason.dat: any reason phrase or none', () => {
    expect(valid('noreason.dat')).toMatchObject({ status: 100, reason: '' })
    expect((valid('unreason.dat') as { reason?: string }).reason).toMatch(/^= 2\*\*3 \* 5\*\*2 но сто девяносто девять/)
  })
})

describe('mutated messages', () => {
  it('are read or refused with a place inside them, and never throw', () => {
    const seeds = files.map(load)
    const random = seededRandom(4475)
    let read = 0
    for (let i = 0; i < 20_000; i++) {
      const bytes = mutate(seeds[random.integer(seeds.length)]!, random, seeds)
      const result = parseMessage(bytes)
      if (result.ok) {
        read++
        readAll(result.value)
      } else {
        expect(result.offset).toBeGreaterThanOrEqual(0)
        expect(result.offset).toBeLessThanOrEqual(bytes.length)
        const response = result.answerable?.response
        if (response) expect(parseable(response)).toBe(true)
      }
    }
    // Both kinds are exercised.
    expect(read).toBeGreaterThan(1000)
    expect(read).toBeLessThan(19_000)
  })
})

/** A refusal that we write has a start line, sound lines and an end of its own, whatever it was made from. */
function parseable(response: Buffer): boolean {
  const text = response.toString('latin1')
  return /^SIP\/2\.0 [45]\d\d [^\r\n]*\r\n(?:[\w-]+: [^\r\n]*\r\n)+\r\n$/.test(text)
}
