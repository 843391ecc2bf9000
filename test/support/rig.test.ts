import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { Baresip, sipMessages } from './baresip.ts'
import { startKamailio } from './kamailio.ts'
import { needs } from './needs.ts'
import { freePort } from './ports.ts'
import { startProgram } from './program.ts'
import { audioSdp, digest, ReceivedMessage, SipClient } from './sip-client.ts'
import { runSipp, startSipp } from './sipp.ts'
import { longestGap, secondsOf } from './tone.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

describe('a program', () => {
  test('keeps its output and tells how it ended', async () => {
    const program = await startProgram('sh', ['-c', 'echo one; echo two >&2; exit 3'])
    expect(await program.ended).toEqual({ code: 3, signal: null })
    expect(program.output().split('\n').sort()).toEqual(['', 'one', 'two'])
  })

  test('is waited for by a line, and an early end says what it printed', async () => {
    const program = await startProgram('sh', ['-c', 'echo port 42; exit 1'])
    expect((await program.printed(/port (\d+)/))[1]).toBe('42')
    await expect(program.printed(/ready/)).rejects.toThrow(/sh ended \(1\) before it printed \/ready\/\.\nport 42/)
  })

  test('ends by its own pid with what it started', async () => {
    const program = await startProgram('sh', ['-c', 'sleep 600 & echo started; wait'])
    await program.printed(/started/)
    program.kill()
    // Settles only when nobody holds the output any more, so not before the sleep has ended too.
    expect((await program.ended).signal).toBe('SIGKILL')
  })

  test('that is not installed is named', async () => {
    await expect(startProgram('no-such-program', [])).rejects.toThrow('no-such-program is not installed')
  })
})

needs('baresip')('two real phones', () => {
  async function twoPhones() {
    const alice = await Baresip.start({ user: 'alice', tone: 440, trace: true })
    cleanups.push(() => alice.stop())
    const bob = await Baresip.start({ user: 'bob', tone: 660 })
    cleanups.push(() => bob.stop())
    return { alice, bob }
  }

  test('call each other, hear each other, press keys and hold', async () => {
    const { alice, bob } = await twoPhones()
    await alice.dial(bob.uri)
    expect((await bob.event('CALL_INCOMING')).peeruri).toBe(alice.uri)
    await alice.event('CALL_RINGING')
    await bob.accept()
    await alice.event('CALL_ESTABLISHED')
    await alice.hears(660)
    await bob.hears(440)
    expect(secondsOf(440, await alice.heard())).toBe(0)
    expect(secondsOf(660, await bob.heard())).toBe(0)
    expect(longestGap(660, await alice.heard())).toBe(0)

    await alice.dtmf('5#')
    expect((await bob.event('CALL_DTMF_START')).param).toBe('5')
    expect((await bob.event('CALL_DTMF_START')).param).toBe('#')

    await alice.hold()
    await bob.event('CALL_REMOTE_SDP', { param: 'offer' })
    await bob.event('CALL_REMOTE_SDP', { param: 'offer' })
    expect(
      alice
        .sip()
        .filter((message) => message.startsWith('INVITE'))
        .map(direction),
    ).toEqual(['sendrecv', 'sendonly'])
    await alice.resume()
    await bob.event('CALL_REMOTE_SDP', { param: 'offer' })
    await bob.hears(440)
    await alice.hears(660)

    await bob.hangup()
    expect((await alice.event('CALL_CLOSED')).param).toBe('Connection reset by peer')
    expect(alice.sip().at(-1)).toMatch(/^SIP\/2\.0 200 OK\r\n/)
  })

  test('an event that does not come is told with those that did', async () => {
    const { alice, bob } = await twoPhones()
    await alice.dial(bob.uri)
    await bob.event('CALL_INCOMING')
    await expect(bob.event('CALL_ESTABLISHED', {}, 50)).rejects.toThrow(
      /bob's phone: no CALL_ESTABLISHED within 50 ms; seen: CALL_INCOMING sip:alice@/,
    )
    await bob.hangup()
    expect((await alice.event('CALL_CLOSED')).param).toContain('486')
  })

  const direction = (message: string) => /a=(sendrecv|sendonly|recvonly|inactive)/.exec(message)?.[1]
})

test("baresip's trace is read as whole messages", () => {
  const output =
    'ready\n\x1b[36;1m#\nUDP 1.2.3.4:5 -> 6.7.8.9:10\nBYE sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n\n\x1b[;m\n[0:01] x\x1b[36;1m#\nTCP a -> b\nSIP/2.0 200 OK\r\n\r\nv=0\r\n\n\x1b[;m'
  expect(sipMessages(output)).toEqual(['BYE sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n', 'SIP/2.0 200 OK\r\n\r\nv=0\r\n'])
})

needs('sipp')('SIPp scenarios', () => {
  test.each([
    ['uac-call', 'uas-answer'],
    ['uac-wait-bye', 'uas-hangup'],
    ['uac-cancel', 'uas-ring'],
    ['uac-busy', 'uas-busy'],
  ])('%s and %s fit together', async (caller, callee) => {
    const pause = 100
    const answering = await startSipp({ scenario: callee, calls: 5, pause })
    const target = `127.0.0.1:${answering.port}`
    const calling = await runSipp({ scenario: caller, target, calls: 5, rate: 50, pause })
    expect(calling).toMatchObject({ code: 0, successful: 5, failed: 0, errors: '' })
    expect(await answering.result).toMatchObject({ code: 0, successful: 5, failed: 0, errors: '' })
  })

  test('a call that fails is counted, with its reason', async () => {
    const answering = await startSipp({ scenario: 'uas-decline' })
    const result = await runSipp({ scenario: 'uac-call', target: `127.0.0.1:${answering.port}` })
    expect(result).toMatchObject({ code: 1, successful: 0, failed: 1 })
    expect(result.errors).toContain('603 Decline')
  })

  test('a 200 that crosses the CANCEL is acknowledged and hung up', async () => {
    const answering = await startSipp({ scenario: 'uas-late-200' })
    const target = `sip:bob@127.0.0.1:${answering.port}`
    const caller = await SipClient.open({ server: `127.0.0.1:${answering.port}` })
    cleanups.push(() => caller.close())
    const call = { uri: target, callId: 'crossing@test', branch: 'z9hG4bK-crossing' }
    caller.send(caller.request({ ...call, method: 'INVITE', cseq: 1, body: audioSdp('127.0.0.1', 9) }))
    await caller.expect({ status: 180 })
    caller.send(caller.request({ ...call, method: 'CANCEL', cseq: 1 }))
    const answer = await caller.expect({ status: 200, method: 'INVITE' })
    await caller.expect({ status: 200, method: 'CANCEL' })
    const dialog = { uri: answer.contact()!, to: answer.header('To')!, callId: call.callId }
    caller.send(caller.request({ ...dialog, method: 'ACK', cseq: 1 }))
    expect((await caller.ask({ ...dialog, method: 'BYE', cseq: 2 })).status).toBe(200)
    expect(await answering.result).toMatchObject({ code: 0, successful: 1 })
  })
})

needs('kamailio', 'sipp')('Kamailio as a stateful proxy', () => {
  test('passes calls and what follows in them', async () => {
    const answering = await startSipp({ scenario: 'uas-answer', calls: 20 })
    const proxy = await startKamailio(`127.0.0.1:${answering.port}`)
    cleanups.push(() => proxy.stop())
    const calling = await runSipp({
      scenario: 'uac-call',
      target: proxy.address,
      calls: 20,
      rate: 100,
      pause: 100,
    })
    expect(calling).toMatchObject({ code: 0, successful: 20 })
    expect(await answering.result).toMatchObject({ code: 0, successful: 20 })
    expect(proxy.cpu()).toBeGreaterThanOrEqual(0)
  })
})

describe('the scripted SIP client', () => {
  const answer = (request: string) =>
    request.replace(/^\S+ .*\r\n/, 'SIP/2.0 200 OK\r\n').replace(/Contact: .*\r\n/, '')

  test('speaks UDP', async () => {
    const server = createSocket('udp4').bind(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    server.on('message', (data, { port, address }) => server.send(answer(data.toString()), port, address))
    const client = await SipClient.open({ server: `127.0.0.1:${server.address().port}` })
    cleanups.push(() => client.close())
    expect((await client.ask({ method: 'OPTIONS' })).header('cseq')).toBe('1 OPTIONS')
  })

  test('puts messages of a TCP stream together and takes them apart', async () => {
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const connected = once(server, 'connection')
    const client = await SipClient.open({ transport: 'tcp', server: `127.0.0.1:${port}` })
    cleanups.push(() => client.close())
    const [connection] = (await connected) as [Socket]
    const sent = [
      '\r\n\r\n',
      'SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n',
      'SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nl: 3\r\n\r\nv=0',
    ].join('')
    connection.write(sent.slice(0, 20))
    connection.write(sent.slice(20))
    await client.expect({ status: 180 })
    expect((await client.expect({ status: 200 })).body).toBe('v=0')
  })

  test('speaks SIP over WebSocket', async () => {
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      handleProtocols: (offered) => offered.has('sip') && 'sip',
    })
    await once(server, 'listening')
    cleanups.push(() => server.close())
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(answer(String(data)))))
    const { port } = server.address() as { port: number }
    const client = await SipClient.open({ transport: 'ws', server: `ws://127.0.0.1:${port}/sip` })
    cleanups.push(() => client.close())
    expect((await client.ask({ method: 'OPTIONS' })).header('Via')).toMatch(
      /^SIP\/2\.0\/WS \w+\.invalid;branch=z9hG4bK/,
    )
  })

  test('answers a digest challenge as RFC 2617 §3.5 does', () => {
    const challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c"'
    const value = digest(challenge, {
      method: 'GET',
      uri: '/dir/index.html',
      user: 'Mufasa',
      password: 'Circle Of Life',
    })
    // The example's HA1 and HA2 without qop.
    expect(value).toContain('response="670fd8c2df070c60b045671b8b24ff02"')
    expect(value).toContain('opaque="5ccc069c"')
  })

  test('reads headers by name, in any case, and all of them', () => {
    const message = new ReceivedMessage('INVITE sip:a SIP/2.0\r\nVia: one\r\nvia : two\r\nFrom: <sip:a>;tag=x1\r\n\r\n')
    expect(message.headers('VIA')).toEqual(['one', 'two'])
    expect(message.tag('From')).toBe('x1')
    expect(message.method).toBe('INVITE')
  })
})
