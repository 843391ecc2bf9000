import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { systemClock, VirtualClock } from '#lib'
import { testCertificate } from './test-certificate.ts'
import { endpoint, options } from './test-endpoint.ts'
import type { NetworkTransport, TransportOptions } from './transport.ts'

const open: NetworkTransport[] = []
const sockets: Socket[] = []
async function tcp(more: Partial<TransportOptions> = {}) {
  const made = await endpoint(more)
  open.push(made.transport)
  return made
}
async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}
const to = (port: number, host = 'peer.test') => ({ protocol: 'tcp', address: '127.0.0.1', port, host }) as const
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const transport of open.splice(0)) await transport.close()
})

test('messages are framed however they are cut, and answers come back on the connection', async () => {
  const a = await tcp()
  a.heard.reply = (bytes, flow) => a.transport.send(bytes, flow)
  const socket = await dial(a.port('tcp'))
  socket.write(`${options('1', 'body')}${options('2')}`.slice(0, 100))
  socket.write(`${options('1', 'body')}${options('2')}`.slice(100))
  await a.heard.nth(2)
  expect(a.heard.messages.map((one) => one.text)).toEqual([options('1', 'body'), options('2')])
  const flow = a.heard.messages[0]!.flow
  expect(flow).toMatchObject({ protocol: 'tcp', reliable: true, open: true, remotePort: socket.localPort })
  expect(a.transport.flow(flow.id)).toBe(flow)
  expect(a.transport.existing(to(socket.localPort!))).toBe(flow)
  expect(a.transport.contactUri(flow)).toBe(`sip:127.0.0.1:${a.port('tcp')};transport=tcp`)
})

test('a double CRLF is answered by one', async () => {
  const a = await tcp()
  const socket = await dial(a.port('tcp'))
  socket.write('\r\n\r\n')
  const [pong] = (await once(socket, 'data')) as [Buffer]
  expect(pong.toString()).toBe('\r\n')
  expect(a.heard.messages).toEqual([])
})

test('one connection serves everybody who asks for it at once, and again later', async () => {
  const a = await tcp()
  const b = await tcp()
  const [one, two] = await Promise.all([a.transport.connect(to(b.port('tcp'))), a.transport.connect(to(b.port('tcp')))])
  expect(two).toBe(one)
  expect(await a.transport.connect(to(b.port('tcp')))).toBe(one)
  a.transport.send(Buffer.from(options('x')), one)
  await b.heard.nth()
  expect(b.transport.connections).toBe(1)
  expect(a.transport.sentBy(one)).toBe(`127.0.0.1:${a.port('tcp')}`)
})

test('the end of a connection is told once, and its flow is gone', async () => {
  const a = await tcp()
  const socket = await dial(a.port('tcp'))
  socket.write(options('1'))
  const { flow } = await a.heard.nth()
  socket.destroy()
  await a.heard.until(() => a.heard.closedFlows.length > 0)
  expect(a.heard.closedFlows).toEqual([flow])
  expect(flow.open).toBe(false)
  expect(a.transport.flow(flow.id)).toBeUndefined()
  expect(a.transport.send(Buffer.from('x'), flow)).toBe(false)
  expect(a.transport.connections).toBe(0)
})

test('a refused connection rejects with the place', async () => {
  const a = await tcp()
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as { port: number }
  gone.close()
  await once(gone, 'close')
  await expect(a.transport.connect(to(port))).rejects.toThrow(`no connection to 127.0.0.1:${port}/tcp`)
  await expect(a.transport.connect({ ...to(port), protocol: 'ws' })).rejects.toThrow('WebSockets only come in')
})

test('a stream that makes no sense is handed up, answered and closed', async () => {
  const a = await tcp()
  a.heard.reply = (_bytes, flow) => a.transport.send(Buffer.from('SIP/2.0 400 Bad Request\r\n\r\n'), flow)
  const socket = await dial(a.port('tcp'))
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.write('OPTIONS sip:x SIP/2.0\r\nContent-Length: many\r\n\r\n')
  await once(socket, 'close')
  expect(answer).toBe('SIP/2.0 400 Bad Request\r\n\r\n')
  expect(a.heard.faults).toEqual([{ text: expect.stringContaining('many'), code: 'bad-content-length' }])
})

test('an incomplete message is cut after its time, however often a byte drips in', async () => {
  const clock = new CountingClock()
  const a = await tcp({ clock })
  const socket = await dial(a.port('tcp'))
  const closed = once(socket, 'close')
  socket.write(options('1'))
  await a.heard.nth()
  a.heard.reply = undefined
  socket.write('OPTIONS')
  await waitForTimers(clock, 2)
  await clock.advance(9_000)
  expect(a.heard.closedFlows).toEqual([])
  await clock.advance(1_001)
  await closed
  expect(a.heard.closedFlows.length).toBe(1)
})

test('a connection that says nothing is cut', async () => {
  const clock = new CountingClock()
  const a = await tcp({ clock })
  const socket = await dial(a.port('tcp'))
  const closed = once(socket, 'close')
  await waitForTimers(clock, 1)
  await clock.advance(30_001)
  await closed
  expect(a.heard.closedFlows.length).toBe(1)
})

test('a peer that does not read is cut when too much waits for it', async () => {
  const a = await tcp()
  const socket = await dial(a.port('tcp'))
  socket.write(options('1'))
  const { flow } = await a.heard.nth()
  socket.pause()
  const chunk = Buffer.alloc(65_536, 97)
  let sent = 0
  while (a.transport.send(chunk, flow) && sent < 1000) sent++
  expect(sent).toBeLessThan(1000)
  expect(flow.open).toBe(false)
  expect(a.heard.closedFlows).toEqual([flow])
})

test('connections are bounded for each address and freed again', async () => {
  const a = await tcp({ limits: { connectionsPerAddress: 1 } })
  const first = await dial(a.port('tcp'))
  first.write(options('1'))
  await a.heard.nth()
  const second = await dial(a.port('tcp'))
  await once(second, 'close')
  first.destroy()
  await a.heard.until(() => a.heard.closedFlows.length === 1)
  const third = await dial(a.port('tcp'))
  third.write(options('3'))
  expect((await a.heard.nth(2)).text).toBe(options('3'))
})

test('TLS: the certificate is checked against the host unless the destination says otherwise', async () => {
  const certificate = testCertificate('sip.example.test')
  try {
    const tls = { certFile: certificate.certFile, keyFile: certificate.keyFile }
    const b = await tcp({ tls, listeners: { tls: [{ address: '127.0.0.1', port: 0 }] } })
    const trusting = await tcp({ tls: { ...tls, caFile: certificate.certFile } })
    const where = { protocol: 'tls', address: '127.0.0.1', port: b.port('tls'), host: 'sip.example.test' } as const
    const flow = await trusting.transport.connect(where)
    trusting.transport.send(Buffer.from(options('tls')), flow)
    const { text, flow: inward } = await b.heard.nth()
    expect(text).toBe(options('tls'))
    expect(inward.protocol).toBe('tls')
    expect(b.transport.contactUri(inward)).toBe(`sip:127.0.0.1:${b.port('tls')};transport=tls`)
    await expect(trusting.transport.connect({ ...where, host: 'other.test' })).rejects.toThrow(/other\.test/)
    const any = await trusting.transport.connect({ ...where, host: 'other.test', acceptAnyCertificate: true })
    expect(any).not.toBe(flow)
    const strict = await tcp()
    await expect(strict.transport.connect(where)).rejects.toThrow(/self.signed/)
    expect(trusting.transport.existing({ ...where, host: 'other.test' })).toBeUndefined()
  } finally {
    certificate.remove()
  }
})

test('TLS: a renewed certificate is used for new connections; a broken one is not', async () => {
  const certificate = testCertificate('old.test')
  try {
    const tls = { certFile: certificate.certFile, keyFile: certificate.keyFile }
    const a = await tcp({ tls, clock: systemClock, listeners: { tls: [{ address: '127.0.0.1', port: 0 }] } })
    const nameShown = async (): Promise<string | string[] | undefined> => {
      const socket = tlsConnect({ port: a.port('tls'), host: '127.0.0.1', rejectUnauthorized: false })
      sockets.push(socket)
      await once(socket, 'secureConnect')
      return socket.getPeerCertificate().subject.CN
    }
    expect(await nameShown()).toBe('old.test')
    expect(a.transport.reloadCertificates()).toBe(false)
    certificate.renew('new.test')
    expect(a.transport.reloadCertificates()).toBe(true)
    expect(await nameShown()).toBe('new.test')
    certificate.remove()
    expect(a.transport.reloadCertificates()).toBe(false)
    expect(await nameShown()).toBe('new.test')
  } finally {
    certificate.remove()
  }
})

test('TLS: connections count before their handshake and are freed when it fails', async () => {
  const certificate = testCertificate('old.test')
  try {
    const a = await tcp({
      tls: { certFile: certificate.certFile, keyFile: certificate.keyFile },
      listeners: { tls: [{ address: '127.0.0.1', port: 0 }] },
      limits: { connectionsPerAddress: 1 },
    })
    for (let round = 0; round < 3; round++) {
      const mute = await dial(a.port('tls'))
      const refused = await dial(a.port('tls'))
      await once(refused, 'close')
      mute.write('this is no handshake')
      await once(mute, 'close')
    }
    expect(a.transport.connections).toBe(0)
  } finally {
    certificate.remove()
  }
})

test('TLS: what is missing is said', async () => {
  await expect(tcp({ listeners: { tls: [{ address: '127.0.0.1', port: 0 }] } })).rejects.toThrow('set tls.certFile')
  await expect(tcp({ tls: { certFile: '/nowhere/c.pem', keyFile: '/nowhere/k.pem' } })).rejects.toThrow(
    'tls.certFile /nowhere/c.pem cannot be read',
  )
})

/** A virtual clock that says how many timers were ever set: sockets work in real time, so tests wait for what they cause. */
class CountingClock extends VirtualClock {
  set = 0

  override setTimeout(run: () => void, ms: number): ReturnType<VirtualClock['setTimeout']> {
    this.set++
    return super.setTimeout(run, ms)
  }
}

async function waitForTimers(clock: CountingClock, count: number): Promise<void> {
  while (clock.set < count) await new Promise<void>((resolve) => setImmediate(resolve))
}
