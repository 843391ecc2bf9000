import { expect, it } from 'vitest'
import { silentLog, VirtualClock } from '#lib'
import { openStorage } from '#storage'
import { addressForNodes, Nodes } from './nodes.ts'

const world = async () => {
  const clock = new VirtualClock()
  const storage = await openStorage({ folder: ':memory:', thread: false, clock })
  const join = (node: string, address = `udp 127.0.0.1:${node.length}`) =>
    Nodes.join({ storage, node, address, clock, log: silentLog })
  return { clock, storage, join }
}

it('nodes know of one another while they live', async () => {
  const { clock, storage, join } = await world()
  const one = await join('a')
  await join('bb')
  const seen = async () => (await one.others()).map(({ node, address }) => [node, address])
  expect(await seen()).toEqual([['bb', 'udp 127.0.0.1:2']])
  await clock.advance(60_000)
  expect(await seen()).toEqual([['bb', 'udp 127.0.0.1:2']])
  // What gives no sign of life is gone after three beats.
  await storage.nodes.seen({ node: 'ccc', address: 'udp 127.0.0.1:3', seenAt: clock.now() - 14_999 })
  expect(await seen()).toHaveLength(2)
  await clock.advance(1)
  expect(await seen()).toHaveLength(1)
})

it('a node that leaves is gone at once, and stays so', async () => {
  const { clock, join } = await world()
  const one = await join('a')
  const two = await join('bb')
  await two.leave()
  expect(await one.others()).toEqual([])
  await clock.advance(20_000)
  expect(await one.others()).toEqual([])
})

it('two processes of one name are refused, one that is started again is not', async () => {
  const { clock, join } = await world()
  const first = await join('a')
  await expect(join('a', 'udp 127.0.0.1:9')).rejects.toThrow(
    'another process at udp 127.0.0.1:1 calls itself a on this database, seen 0 s ago',
  )
  await first.leave()
  const moved = await join('a', 'udp 127.0.0.1:9')
  await moved.leave()
  await join('a')
  await join('a')
  await clock.advance(1)
})

it('is reached at what phones are told', () => {
  const sip = (host: string) => ({ listen: [{ host, port: 5062 }] }) as never
  expect(addressForNodes({ sip: sip('localhost'), publicAddress: undefined })).toBe('udp 127.0.0.1:5062')
  expect(addressForNodes({ sip: sip('0.0.0.0'), publicAddress: '192.0.2.1' })).toBe('udp 192.0.2.1:5062')
  expect(addressForNodes({ sip: sip('2001:db8::1'), publicAddress: undefined })).toBe('udp [2001:db8::1]:5062')
})
