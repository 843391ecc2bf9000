import { describe, expect, test } from 'vitest'
import { answer, offer, type TestNetwork, testNetwork } from './test-network.ts'

/** A bare host that sends text to bob and keeps what comes back. */
function stranger(net: TestNetwork) {
  const answers: string[] = []
  const host = net.network.host('192.0.2.66', 5060, {
    handler: { message: (bytes) => void answers.push(bytes.toString()), closed() {} },
  })
  let serial = 0
  return {
    answers,
    /** Sends a request; what is given replaces the usual headers, '' leaves one out. */
    async ask(start: string, own: Record<string, string> = {}, body = ''): Promise<string[]> {
      const method = start.split(' ')[0]!
      const uri = start.includes(' ') ? start.slice(method.length + 1) : 'sip:bob@192.0.2.2'
      const headers: Record<string, string> = {
        Via: `SIP/2.0/UDP 192.0.2.66;rport;branch=z9hG4bK${++serial}`,
        From: '<sip:stranger@test>;tag=s',
        To: '<sip:bob@test>',
        'Call-ID': `call-${serial}`,
        CSeq: `${serial} ${method}`,
        Contact: '<sip:192.0.2.66>',
        'Max-Forwards': '70',
        'Content-Type': body ? 'application/sdp' : '',
        ...own,
      }
      const lines = Object.entries(headers).filter(([, value]) => value !== '')
      const text = `${method} ${uri} SIP/2.0\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
      const before = answers.length
      host.send(Buffer.from(text), host.udpFlow('192.0.2.2', 5060))
      await net.clock.advance(10)
      return answers.slice(before)
    },
  }
}

const first = (answers: string[]) => answers[0]?.split('\r\n')[0]

describe('what is refused before anybody sees it', () => {
  test.each([
    ['a method that is known and not allowed', 'PUBLISH', {}, '', /^SIP\/2\.0 405 /, /\r\nAllow: INVITE, ACK/],
    ['a method that nobody knows', 'RE%47IST%45R', {}, '', /^SIP\/2\.0 501 /, /\r\nAllow: /],
    ['a scheme that is no telephone', 'OPTIONS soap.beep://x/y', {}, '', /^SIP\/2\.0 416 /, /./],
    [
      'an extension in Require',
      'INVITE',
      { Require: 'timer, teleport' },
      offer,
      /^SIP\/2\.0 420 /,
      /\r\nUnsupported: teleport\r\n/,
    ],
    [
      'a body that is no SDP',
      'INVITE',
      { 'Content-Type': 'application/x-y' },
      offer,
      /^SIP\/2\.0 415 /,
      /\r\nAccept: application\/sdp\r\n/,
    ],
    [
      'an encoded body',
      'INVITE',
      { 'Content-Encoding': 'gzip' },
      offer,
      /^SIP\/2\.0 415 /,
      /\r\nAccept-Encoding: identity\r\n/,
    ],
    ['a caller that takes no SDP', 'INVITE', { Accept: 'text/none' }, offer, /^SIP\/2\.0 406 /, /./],
    ['too many hops', 'INVITE', { 'Max-Forwards': '0' }, offer, /^SIP\/2\.0 483 /, /./],
    [
      'a dialog that nobody knows',
      'INVITE',
      { To: '<sip:bob@test>;tag=none' },
      offer,
      /^SIP\/2\.0 481 /,
      /;tag=none\r\n/,
    ],
    ['a BYE to nothing', 'BYE', {}, '', /^SIP\/2\.0 481 /, /./],
    [
      'a session that is too short',
      'INVITE',
      { Supported: 'timer', 'Session-Expires': '60' },
      offer,
      /^SIP\/2\.0 422 /,
      /\r\nMin-SE: 90\r\n/,
    ],
    ['an INVITE without Contact', 'INVITE', { Contact: '' }, offer, /^SIP\/2\.0 400 /, /./],
    ['another version', 'OPTIONS sip:bob@192.0.2.2 SIP/7.0\r\nX: y', {}, '', /^SIP\/2\.0 505 /, /./],
    ['a CSeq of another method', 'OPTIONS', { CSeq: '1 INVITE' }, '', /^SIP\/2\.0 400 /, /./],
  ])('%s', async (_name, start, own, body, status, header) => {
    const net = testNetwork()
    const answers = await stranger(net).ask(start, own as Record<string, string>, body)
    expect(answers[0]).toMatch(status)
    expect(answers[0]).toMatch(header)
    expect(net.bob.invitations.length + net.bob.requests.length).toBe(0)
    await net.drained()
  })

  test('a request that comes twice by different ways gets 482', async () => {
    const net = testNetwork()
    const { ask } = stranger(net)
    const same = { 'Call-ID': 'forked', CSeq: '1 INVITE' }
    expect(first(await ask('INVITE', same, offer))).toBe('SIP/2.0 100 Trying')
    expect(first(await ask('INVITE', same, offer))).toBe('SIP/2.0 482 Merged Request')
    net.bob.invitations[0]!.reject(486)
    await net.drained()
  })

  test('malformed requests are answered at a bounded rate', async () => {
    const net = testNetwork()
    const { ask, answers } = stranger(net)
    for (let index = 0; index < 80; index++) await ask('OPTIONS', { CSeq: '99999999999 OPTIONS' })
    expect(answers.length).toBe(50)
    await net.clock.advance(1000)
    expect(first(await ask('OPTIONS', { CSeq: '99999999999 OPTIONS' }))).toMatch(/^SIP\/2\.0 400 /)
    await net.drained()
  })
})

describe('what is taken', () => {
  test('OPTIONS with no hops left, when it is for us', async () => {
    const net = testNetwork()
    const answers = await stranger(net).ask('OPTIONS', { 'Max-Forwards': '0' })
    expect(answers[0]).toMatch(/^SIP\/2\.0 200 OK\r\n/)
    expect(answers[0]).toMatch(/\r\nSupported: 100rel, timer, replaces\r\n/)
    await net.drained()
  })

  test('a repeated request gets the same answer again', async () => {
    const net = testNetwork()
    const { ask } = stranger(net)
    const same = { Via: 'SIP/2.0/UDP 192.0.2.66;branch=z9hG4bKsame', 'Call-ID': 'x', CSeq: '1 MESSAGE' }
    const once = await ask('MESSAGE', same)
    expect(await ask('MESSAGE', same)).toEqual(once)
    expect(net.bob.requests.length).toBe(1)
    await net.drained()
  })

  test('an INVITE of RFC 2543 without a branch: repetition, ACK and CANCEL find it', async () => {
    const net = testNetwork()
    const { ask } = stranger(net)
    const old = (method: string) => ({ Via: 'SIP/2.0/UDP 192.0.2.66', 'Call-ID': 'old', CSeq: `1 ${method}` })
    expect(first(await ask('INVITE', old('INVITE'), offer))).toBe('SIP/2.0 100 Trying')
    expect(first(await ask('INVITE', old('INVITE'), offer))).toBe('SIP/2.0 100 Trying')
    expect((await ask('CANCEL', old('CANCEL'))).map((text) => text.slice(8, 11))).toEqual(['200', '487'])
    const tag = /\r\nTo: .*;tag=(\w+)/.exec((await ask('INVITE', old('INVITE'), offer))[0]!)![1]
    await ask('ACK', { ...old('ACK'), To: `<sip:bob@test>;tag=${tag}` })
    await net.drained()
    expect([net.bob.invitations.length, net.bob.heard]).toEqual([1, ['cancelled']])
  })

  test('Record-Route comes back in the answer, and our requests follow it in that order', async () => {
    const net = testNetwork()
    const { ask, answers } = stranger(net)
    net.bob.onInvite = (invitation) => invitation.answer({ body: answer }).bye()
    const routes = '<sip:192.0.2.66;lr;a>, <sip:192.0.2.67;lr;b>'
    const [ok] = await ask('INVITE', { 'Record-Route': routes, 'Call-ID': 'rr', CSeq: '1 INVITE' }, offer)
    expect(ok).toContain(`\r\nRecord-Route: ${routes}\r\n`)
    const tag = /\r\nTo: .*;tag=(\w+)/.exec(ok!)![1]
    await ask('ACK', { To: `<sip:bob@test>;tag=${tag}`, 'Call-ID': 'rr', CSeq: '1 ACK' })
    const bye = answers.find((text) => text.startsWith('BYE'))
    expect(bye).toContain('\r\nRoute: <sip:192.0.2.66;lr;a>\r\nRoute: <sip:192.0.2.67;lr;b>\r\n')
    await net.drained()
  })

  test('a lower CSeq in a dialog gets 500', async () => {
    const net = testNetwork()
    const { ask } = stranger(net)
    net.bob.onInvite = (invitation) => void net.bob.watch(invitation.answer({ body: answer }))
    const [ok] = await ask('INVITE', { 'Call-ID': 'c', CSeq: '5 INVITE' }, offer)
    const dialog = { To: /\r\nTo: (.*)\r\n/.exec(ok!)![1]!, 'Call-ID': 'c' }
    await ask('ACK', { ...dialog, CSeq: '5 ACK' })
    expect(first(await ask('INFO', { ...dialog, CSeq: '4 INFO' }))).toMatch(/^SIP\/2\.0 500 /)
    expect(first(await ask('INFO', { ...dialog, CSeq: '6 INFO' }))).toMatch(/^SIP\/2\.0 200 /)
    expect(first(await ask('BYE', { ...dialog, CSeq: '7 BYE' }))).toMatch(/^SIP\/2\.0 200 /)
    await net.drained()
  })

  test('a fault in a handler answers 500 and leaves the rest alone', async () => {
    const net = testNetwork()
    const { ask } = stranger(net)
    net.bob.onInvite = () => {
      throw new Error('a bug')
    }
    expect(first(await ask('INVITE', {}, offer))).toMatch(/^SIP\/2\.0 500 /)
    expect(first(await ask('OPTIONS'))).toMatch(/^SIP\/2\.0 200 /)
    await net.drained()
  })
})
