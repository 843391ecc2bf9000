import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { VirtualClock } from '#lib'
import { endpoint, options } from './test-endpoint.ts'
import type { NetworkTransport, TransportOptions } from './transport.ts'

const open: { transport: NetworkTransport; server: Server; clients: WebSocket[] }[] = []
afterEach(async () => {
  for (const { transport, server, clients } of open.splice(0)) {
    for (const client of clients) client.terminate()
    await transport.close()
    server.close()
  }
})

async function webSocketServer(more: Partial<TransportOptions> = {}) {
  const made = await endpoint({
    listeners: {},
    allowOrigin: (origin) => origin === undefined || origin === 'https://desk.test',
    ...more,
  })
  const server = createServer()
  const upgradeOptions: { remoteAddress?: string; secure?: boolean } = {}
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head) =>
    made.transport.handleUpgrade(request, socket, head, upgradeOptions),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const clients: WebSocket[] = []
  open.push({ transport: made.transport, server, clients })
  const dial = (protocols: string[] = ['sip'], origin?: string): WebSocket => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/sip`, protocols, { origin })
    client.on('error', () => {})
    clients.push(client)
    return client
  }
  return { ...made, httpPort: port, dial, upgradeOptions }
}

async function refusal(client: WebSocket): Promise<{ status: number | undefined; text: string }> {
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, text }
}

test('messages go to and fro as text, and as binary where they are not UTF-8', async () => {
  const a = await webSocketServer()
  a.heard.reply = (bytes, flow) => a.transport.send(bytes, flow)
  const client = a.dial(['sip'], 'https://desk.test')
  await once(client, 'open')
  expect(client.protocol).toBe('sip')
  const echo = once(client, 'message')
  client.send(options('1'))
  const { flow, text } = await a.heard.nth()
  expect(text).toBe(options('1'))
  expect(await echo).toEqual([Buffer.from(options('1')), false])
  const binary = once(client, 'message')
  client.send(Buffer.from([79, 255, 254]))
  expect(await binary).toEqual([Buffer.from([79, 255, 254]), true])
  expect(flow).toMatchObject({ protocol: 'ws', reliable: true, open: true, localPort: a.httpPort })
  expect(a.transport.contactUri(flow)).toBe(`sip:127.0.0.1:${a.httpPort};transport=ws`)
  expect(a.transport.isOurs('baton.local', a.httpPort)).toBe(true)
  expect(a.transport.flow(flow.id)).toBe(flow)
})

test('a double CRLF is answered by one and not handed up', async () => {
  const a = await webSocketServer()
  const client = a.dial()
  await once(client, 'open')
  const pong = once(client, 'message')
  client.send('\r\n\r\n')
  expect(String((await pong)[0])).toBe('\r\n')
  expect(a.heard.messages).toEqual([])
})

test('without the subprotocol the answer is 400 and says why', async () => {
  const a = await webSocketServer()
  const { status, text } = await refusal(a.dial(['xmpp']))
  expect(status).toBe(400)
  expect(text).toContain('subprotocol "sip"')
})

test('a page of a foreign origin is refused', async () => {
  const a = await webSocketServer()
  expect((await refusal(a.dial(['sip'], 'https://evil.test'))).status).toBe(403)
})

test('connections are bounded for each client address, also behind a proxy', async () => {
  const a = await webSocketServer({ limits: { connectionsPerAddress: 1 } })
  a.upgradeOptions.remoteAddress = '203.0.113.9'
  a.upgradeOptions.secure = true
  const first = a.dial()
  await once(first, 'open')
  first.send(options('1'))
  expect((await a.heard.nth()).flow).toMatchObject({ remoteAddress: '203.0.113.9', protocol: 'wss' })
  expect((await refusal(a.dial())).status).toBe(503)
  a.upgradeOptions.remoteAddress = '203.0.113.10'
  await once(a.dial(), 'open')
})

test('the end is told once and the flow is gone; a message too large ends it', async () => {
  const a = await webSocketServer({ limits: { messageBytes: 1000 } })
  const client = a.dial()
  await once(client, 'open')
  client.send(options('1'))
  const { flow } = await a.heard.nth()
  const closed = once(client, 'close')
  client.send('x'.repeat(1001))
  expect((await closed)[0]).toBe(1009)
  await a.heard.until(() => a.heard.closedFlows.length > 0)
  expect(a.heard.closedFlows).toEqual([flow])
  expect(a.transport.flow(flow.id)).toBeUndefined()
})

test('a peer that answers no ping is cut at the next one', async () => {
  const clock = new VirtualClock()
  const a = await webSocketServer({ clock })
  const client = a.dial()
  client.pong = () => {}
  const opened = once(client, 'open')
  await opened
  client.send(options('1'))
  const { flow } = await a.heard.nth()
  // Pongs that the library would send by itself are held back by a peer that does not read.
  client.pause()
  await clock.advance(25_000)
  expect(flow.open).toBe(true)
  await clock.advance(25_000)
  expect(flow.open).toBe(false)
  expect(a.heard.closedFlows).toEqual([flow])
})

test('a peer that answers its pings stays', async () => {
  const clock = new VirtualClock()
  const a = await webSocketServer({ clock })
  const client = a.dial()
  await once(client, 'open')
  for (let round = 1; round <= 3; round++) {
    client.send(options(String(round)))
    const { flow } = await a.heard.nth(2 * round - 1)
    const pinged = once(client, 'ping')
    await clock.advance(25_000)
    await pinged
    // What is sent after the pong arrives after it.
    client.send(options('after'))
    await a.heard.nth(2 * round)
    expect(flow.open).toBe(true)
  }
})

test('a peer that does not read is cut when too much waits for it', async () => {
  const a = await webSocketServer()
  const client = a.dial()
  await once(client, 'open')
  client.send(options('1'))
  const { flow } = await a.heard.nth()
  client.pause()
  const chunk = Buffer.alloc(65_536, 97)
  let sent = 0
  while (a.transport.send(chunk, flow) && sent < 1000) sent++
  expect(sent).toBeLessThan(1000)
  expect(flow.open).toBe(false)
})
