import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { seededRandom, VirtualClock } from '#lib'
import { MemoryNetwork, type MemoryNetworkOptions } from './memory.ts'
import { Heard, options } from './test-endpoint.ts'
import type { Protocol } from './types.ts'

function setup(more: Partial<MemoryNetworkOptions> = {}) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork({ clock, random: seededRandom(7), ...more })
  const host = (address: string, protocols: Protocol[] = ['udp', 'tcp', 'ws'], webSocketClient = false) => {
    const heard = new Heard()
    return { heard, host: network.host(address, 5060, { handler: heard, protocols, webSocketClient }) }
  }
  return { clock, network, alice: host('192.0.2.1'), server: host('192.0.2.9', ['udp', 'tcp', 'ws'], true), host }
}
const toServer = (protocol: Protocol) => ({ protocol, address: '192.0.2.9', port: 5060, host: 'server' })
const ok = Buffer.from('SIP/2.0 200 OK\r\nCSeq: 7 OPTIONS\r\n\r\n')

test('datagrams arrive after their travel time, and the ladder shows them', async () => {
  const { clock, network, alice, server } = setup({ delay: () => 20 })
  server.heard.reply = (_bytes, flow) => server.host.send(ok, flow)
  const flow = await alice.host.connect(toServer('udp'))
  alice.host.send(Buffer.from(options('1')), flow)
  await clock.advance(19)
  expect(server.heard.messages).toEqual([])
  await clock.advance(21)
  expect(alice.heard.messages).toEqual([{ text: ok.toString(), flow }])
  expect(network.ladder({ '192.0.2.1:5060': 'alice', '192.0.2.9:5060': 'server' })).toBe(
    '0.000 alice -> server OPTIONS\n0.020 server -> alice 200 OPTIONS',
  )
})

test('rules drop or hold single packets, counted by what they are', async () => {
  const { clock, network, alice, server } = setup()
  const remove = network.rule((packet) => {
    if (packet.label === 'OPTIONS' && packet.count === 1) return 'drop'
    return packet.text.includes('slow') ? { delay: 500 } : undefined
  })
  const flow = await alice.host.connect(toServer('udp'))
  for (const id of ['lost', 'slow', 'fast']) alice.host.send(Buffer.from(options(id)), flow)
  await clock.advance(1)
  expect(server.heard.messages.map((one) => one.text)).toEqual([options('fast')])
  await clock.advance(500)
  expect(server.heard.messages.length).toBe(2)
  expect(network.log.map((one) => one.dropped)).toEqual(['rule', '', ''])
  remove()
  alice.host.send(Buffer.from(options('slow')), flow)
  await clock.advance(1)
  expect(server.heard.messages.length).toBe(3)
})

test('chance loses and reorders its share, the same on every run', async () => {
  const run = async () => {
    const { clock, network, alice, server } = setup({ loss: 0.2, reorder: { share: 0.1, ms: 50 } })
    const flow = await alice.host.connect(toServer('udp'))
    for (let i = 0; i < 1000; i++) alice.host.send(Buffer.from(options(String(i))), flow)
    await clock.advance(51)
    return {
      heard: server.heard.messages.map((one) => one.text),
      lost: network.log.filter((one) => one.dropped).length,
    }
  }
  const first = await run()
  expect(first.lost).toBeGreaterThan(150)
  expect(first.lost).toBeLessThan(250)
  expect(first.heard.length).toBe(1000 - first.lost)
  const sorted = [...first.heard].sort(
    (x, y) => Number(/Call-ID: (\d+)/.exec(x)?.[1]) - Number(/Call-ID: (\d+)/.exec(y)?.[1]),
  )
  expect(first.heard).not.toEqual(sorted)
  expect((await run()).heard).toEqual(first.heard)
})

test('connections lose nothing, keep the order and are reused from both ends', async () => {
  const { clock, network, alice, server } = setup({ loss: 1 })
  network.rule((packet) => (packet.text.includes('first') ? { delay: 100 } : undefined))
  const connecting = alice.host.connect(toServer('tcp'))
  await clock.advance(2)
  const flow = await connecting
  expect(await alice.host.connect(toServer('tcp'))).toBe(flow)
  alice.host.send(Buffer.from(options('first')), flow)
  alice.host.send(Buffer.from(options('second')), flow)
  await clock.advance(101)
  expect(server.heard.messages.map((one) => one.text)).toEqual([options('first'), options('second')])
  const back = server.heard.messages[0]!.flow
  expect(back).toMatchObject({ protocol: 'tcp', reliable: true, localPort: 5060 })
  expect(server.host.flow(back.id)).toBe(back)
  expect(server.host.existing({ ...toServer('tcp'), address: '192.0.2.1', port: back.remotePort })).toBe(back)
  expect(server.host.contactUri(back)).toBe('sip:192.0.2.9:5060;transport=tcp')
})

test('a cut connection is told to both ends, and what was under way is gone', async () => {
  const { clock, network, alice, server } = setup()
  const connecting = alice.host.connect(toServer('tcp'))
  await clock.advance(2)
  const flow = await connecting
  alice.host.send(Buffer.from(options('1')), flow)
  network.cut(flow)
  expect(alice.heard.closedFlows).toEqual([flow])
  expect(server.heard.closedFlows.length).toBe(1)
  expect(alice.host.send(Buffer.from('x'), flow)).toBe(false)
  await clock.advance(10)
  expect(server.heard.messages).toEqual([])
  expect(alice.host.connections).toEqual([])
})

test('WebSockets are opened by clients only; nobody there means refused or lost', async () => {
  const { clock, network, alice, server } = setup()
  await expect(alice.host.connect(toServer('ws'))).rejects.toThrow('WebSockets only come in')
  const connecting = server.host.connect({ ...toServer('ws'), address: '192.0.2.1' })
  await clock.advance(2)
  expect((await connecting).protocol).toBe('ws')
  const refused = expect(alice.host.connect({ ...toServer('tcp'), port: 9 })).rejects.toThrow('refused')
  await clock.advance(2)
  await refused
  const nowhere = await alice.host.connect({ ...toServer('udp'), port: 9 })
  expect(alice.host.send(ok, nowhere)).toBe(true)
  expect(network.log.at(-1)?.dropped).toBe('nobody')
  await alice.host.close()
  expect(server.heard.closedFlows.length).toBe(1)
})

test('a host knows its own names, and a UDP flow by its id', () => {
  const { network } = setup()
  const handler = new Heard()
  const host = network.host('2001:db8::5', 5060, { handler, ownNames: ['baton.local'], publicAddress: '203.0.113.1' })
  expect(host.isOurs('Baton.local', undefined)).toBe(true)
  expect(host.isOurs('[2001:db8:0::5]', 5060)).toBe(true)
  expect(host.isOurs('baton.local', 5061)).toBe(false)
  const flow = host.udpFlow('2001:db8::6', 5060)
  expect(host.flow(flow.id)).toBe(flow)
  expect(host.sentBy(flow)).toBe('203.0.113.1:5060')
  expect(() => network.host('2001:db8::5', 5060, { handler })).toThrow('is taken')
})
