import { Buffer } from 'node:buffer'
import { afterEach, expect, test } from 'vitest'
import { endpoint, options } from './test-endpoint.ts'
import type { NetworkTransport } from './transport.ts'

const open: NetworkTransport[] = []
async function udp(address = '127.0.0.1', port = 0) {
  const made = await endpoint({ listeners: { udp: [{ address, port }] } })
  open.push(made.transport)
  return made
}
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close()
})

test('datagrams go to and fro, and the same far end is the same flow object', async () => {
  const a = await udp()
  const b = await udp()
  b.heard.reply = (bytes, flow) => b.transport.send(bytes, flow)
  const flow = await a.transport.connect({ protocol: 'udp', address: '127.0.0.1', port: b.port('udp'), host: 'b' })
  expect(a.transport.send(Buffer.from(options('1')), flow)).toBe(true)
  expect(a.transport.send(Buffer.from(options('2')), flow)).toBe(true)
  const first = await a.heard.nth(1)
  const second = await a.heard.nth(2)
  expect(second.text).toBe(options('2'))
  expect(first.flow).toBe(flow)
  expect(second.flow).toBe(flow)
  expect(b.heard.messages[0]?.flow).toMatchObject({ remotePort: a.port('udp'), reliable: false, open: true })
})

test('a UDP flow is found again by its id, also by another process with the same port', async () => {
  const a = await udp()
  const flow = await a.transport.connect({ protocol: 'udp', address: '127.0.0.9', port: 5060, host: 'x' })
  expect(a.transport.flow(flow.id)).toBe(flow)
  expect(a.transport.flow(flow.id.replace('127.0.0.9:5060', '127.0.0.8:5070'))).toMatchObject({
    remoteAddress: '127.0.0.8',
    remotePort: 5070,
  })
  expect(a.transport.flow(flow.id.replace('127.0.0.1', '127.0.0.2'))).toBeUndefined()
  expect(a.transport.flow('udp nonsense')).toBeUndefined()
})

test('IPv6 listeners work and are written in brackets', async () => {
  const a = await udp('::1')
  const b = await udp('::1')
  const flow = await a.transport.connect({ protocol: 'udp', address: '::1', port: b.port('udp'), host: '::1' })
  a.transport.send(Buffer.from(options('6')), flow)
  const { flow: back } = await b.heard.nth()
  expect(b.transport.sentBy(back)).toBe(`[::1]:${b.port('udp')}`)
  expect(b.transport.contactUri(back)).toBe(`sip:[::1]:${b.port('udp')}`)
  expect(b.transport.isOurs('[0:0::1]', undefined)).toBe(true)
})

test('a port in use is said in words that help', async () => {
  const a = await udp()
  const port = a.port('udp')
  await expect(udp('127.0.0.1', port)).rejects.toThrow(
    `port ${port}/udp on 127.0.0.1 is in use: stop the other program or set BATON_SIP to another port`,
  )
  await expect(udp('192.0.2.77', 0)).rejects.toThrow('192.0.2.77 is no address of this machine')
})

test('what cannot be sent is false, never an exception', async () => {
  const a = await udp()
  const flow = await a.transport.connect({ protocol: 'udp', address: '127.0.0.1', port: 9, host: 'x' })
  expect(a.transport.send(Buffer.alloc(70_000), flow)).toBe(false)
  expect(a.transport.send(Buffer.from('x'), flow)).toBe(true)
  await expect(
    a.transport.connect({ protocol: 'udp', address: '255.255.255.255', port: 5060, host: 'x' }),
  ).rejects.toThrow('no address of a single host')
  await expect(a.transport.connect({ protocol: 'udp', address: '2001:db8::1', port: 5060, host: 'x' })).rejects.toThrow(
    'no UDP listener can reach',
  )
  await a.transport.close()
  expect(a.transport.send(Buffer.from('x'), flow)).toBe(false)
})

test('keep-alives are swallowed', async () => {
  const a = await udp()
  const b = await udp()
  const flow = await a.transport.connect({ protocol: 'udp', address: '127.0.0.1', port: b.port('udp'), host: 'b' })
  for (const text of ['\r\n', '\r\n\r\n', '\0', options('after')]) a.transport.send(Buffer.from(text), flow)
  expect((await b.heard.nth()).text).toBe(options('after'))
})

test('an answer leaves from the socket that took the request', async () => {
  const two = await endpoint({
    listeners: {
      udp: [
        { address: '127.0.0.1', port: 0 },
        { address: '127.0.0.2', port: 0 },
      ],
    },
  })
  open.push(two.transport)
  const peer = await udp()
  const second = two.transport.addresses[1]!
  const there = await peer.transport.connect({ protocol: 'udp', address: '127.0.0.2', port: second.port, host: 'x' })
  peer.transport.send(Buffer.from('hello'), there)
  const { flow } = await two.heard.nth()
  const destination = { protocol: 'udp', address: '127.0.0.1', port: peer.port('udp'), host: 'x', from: flow } as const
  expect(two.transport.existing(destination)).toBe(flow)
  expect(two.transport.existing({ ...destination, from: undefined })?.localAddress).toBe('127.0.0.1')
})

test('the public address is what Via and Contact say, for its own family only', async () => {
  const nat = await endpoint({ publicAddress: '203.0.113.5', listeners: { udp: [{ address: '0.0.0.0', port: 0 }] } })
  open.push(nat.transport)
  const port = nat.port('udp')
  const flow = await nat.transport.connect({ protocol: 'udp', address: '127.0.0.1', port: 9, host: 'x' })
  expect(nat.transport.sentBy(flow)).toBe(`203.0.113.5:${port}`)
  expect(nat.transport.isOurs('203.0.113.5', port)).toBe(true)
  expect(nat.transport.isOurs('127.0.0.3', port)).toBe(true)
  expect(nat.transport.isOurs('BATON.local', undefined)).toBe(true)
  expect(nat.transport.isOurs('baton.local', port === 1 ? 2 : 1)).toBe(false)
  expect(nat.transport.isOurs('192.0.2.1', port)).toBe(false)
})

test('without a public address a wildcard listener names the address that the peer sees', async () => {
  const wild = await endpoint({ listeners: { udp: [{ address: '0.0.0.0', port: 0 }] } })
  open.push(wild.transport)
  const flow = await wild.transport.connect({ protocol: 'udp', address: '127.0.0.1', port: 9, host: 'x' })
  expect(wild.transport.sentBy(flow)).toBe(`127.0.0.1:${wild.port('udp')}`)
})
