import { describe, expect, test } from 'vitest'
import { type TestNetwork, testNetwork } from './test-network.ts'

describe('forks', () => {
  const response = (request: string, status: string, tag: string, contact: string, more = ''): Buffer => {
    const line = (name: string) => new RegExp(`^${name}: .*$`, 'm').exec(request)![0]
    const head = [line('Via'), line('From'), `${line('To')};tag=${tag}`, line('Call-ID'), line('CSeq')]
    return Buffer.from(
      `SIP/2.0 ${status}\r\n${head.join('\r\n')}\r\nContact: <${contact}>\r\n${more}Content-Length: 0\r\n\r\n`,
    )
  }

  /** A proxy that is nothing but a host: it hands what it gets to a script. */
  function proxy(net: TestNetwork, script: (text: string, send: (bytes: Buffer) => void) => void): void {
    const host = net.network.host('192.0.2.5', 5060, {
      handler: {
        message: (bytes, flow) => script(bytes.toString(), (out) => void host.send(out, flow)),
        closed() {},
      },
    })
  }

  const viaProxy = {
    target: { destinations: [{ protocol: 'udp' as const, address: '192.0.2.5', port: 5060, host: 'p' }] },
  }

  test('one early dialog for each To-tag; the first 2xx wins, the next is acknowledged and ended along its routes', async () => {
    const net = testNetwork()
    const { alice, bob, clock } = net
    const seen: string[] = []
    proxy(net, (text, send) => {
      seen.push(text.split('\r\n')[0]!)
      if (text.startsWith('BYE')) send(response(text, '200 OK', 'x', 'sip:x@192.0.2.5').subarray(0))
      if (!text.startsWith('INVITE')) return
      send(response(text, '180 Ringing', 'one', 'sip:one@192.0.2.5'))
      send(response(text, '180 Ringing', 'two', 'sip:two@192.0.2.5'))
      send(response(text, '200 OK', 'two', 'sip:two@192.0.2.5'))
      send(response(text, '200 OK', 'one', 'sip:one@192.0.2.5', 'Record-Route: <sip:192.0.2.5;lr;fork=1>\r\n'))
    })
    const early: string[] = []
    const placed = alice.call(bob, viaProxy, { progress: (_response, dialog) => early.push(dialog!.remoteTag) })
    await clock.advance(20)
    expect(early).toEqual(['one', 'two'])
    expect(placed.dialog!.remoteTag).toBe('two')
    expect(seen.slice(1)).toEqual([
      'ACK sip:two@192.0.2.5 SIP/2.0',
      'ACK sip:one@192.0.2.5 SIP/2.0',
      'BYE sip:one@192.0.2.5 SIP/2.0',
    ])
    placed.dialog!.bye()
    await net.drained()
  })

  test('a strict router gets the Request-URI, the target goes last', async () => {
    const net = testNetwork()
    const seen: string[] = []
    proxy(net, (text, send) => {
      seen.push(text)
      if (text.startsWith('BYE')) send(response(text, '200 OK', 'x', 'sip:x@192.0.2.5'))
      if (text.startsWith('INVITE'))
        send(response(text, '200 OK', 'one', 'sip:one@192.0.2.5', 'Record-Route: <sip:192.0.2.5>\r\n'))
    })
    const placed = net.alice.call(net.bob, viaProxy)
    await net.clock.advance(20)
    placed.dialog!.bye()
    await net.drained()
    expect(seen.at(-1)).toMatch(/^BYE sip:192\.0\.2\.5 SIP\/2\.0\r\n/)
    expect(seen.at(-1)).toContain('\r\nRoute: <sip:one@192.0.2.5>\r\n')
  })

  test('a challenge is answered once, and never for a foreign realm', async () => {
    const net = testNetwork()
    const seen: string[] = []
    proxy(net, (text, send) => {
      if (!text.startsWith('INVITE')) return
      seen.push(text)
      send(
        response(
          text,
          '407 Proxy Authentication Required',
          `t${seen.length}`,
          'sip:x@192.0.2.5',
          'Proxy-Authenticate: Digest realm="trunk", nonce="n", qop="auth"\r\n',
        ),
      )
    })
    const ours = { username: 'u', password: 'p', realm: 'trunk' }
    net.alice.call(net.bob, { ...viaProxy, credentials: ours })
    await net.clock.advance(100)
    expect(seen.map((text) => text.includes('Proxy-Authorization: Digest'))).toEqual([false, true])
    expect(net.alice.heard).toEqual(['407'])
    net.alice.call(net.bob, { ...viaProxy, credentials: { ...ours, realm: 'other' } })
    await net.drained()
    expect(seen.length).toBe(3)
    expect(seen[2]).not.toContain('Authorization')
  })
})
