import { expect, test } from 'vitest'
import { seededRandom, silentLog, VirtualClock } from '#lib'
import { parseUri, type Uri } from '../message/index.ts'
import { createResolver, type ResolverOptions } from './dns.ts'
import type { AddressRecord, NameServer, NaptrRecord, SrvRecord } from './name-server.ts'
import type { Destination } from './types.ts'

type Answers = Record<string, readonly unknown[] | 'hang' | 'fail'>

/** A name server that answers from a table keyed `A name`, and remembers what it was asked. */
function scripted(answers: Answers) {
  const asked: string[] = []
  const ask = async <T>(type: string, name: string): Promise<readonly T[]> => {
    asked.push(`${type} ${name}`)
    const answer = answers[`${type} ${name}`] ?? []
    if (answer === 'hang') return new Promise(() => {})
    if (answer === 'fail') throw new Error('SERVFAIL')
    return answer as readonly T[]
  }
  const nameServer: NameServer = {
    naptr: (name) => ask<NaptrRecord>('NAPTR', name),
    srv: (name) => ask<SrvRecord>('SRV', name),
    a: (name) => ask<AddressRecord>('A', name),
    aaaa: (name) => ask<AddressRecord>('AAAA', name),
  }
  return { nameServer, asked, answers }
}

function setup(answers: Answers = {}, more: Partial<ResolverOptions> = {}) {
  const clock = new VirtualClock()
  const server = scripted(answers)
  const random = seededRandom(1)
  const resolver = createResolver({ nameServer: server.nameServer, clock, random, log: silentLog, ...more })
  return { clock, ...server, resolver }
}

function uri(text: string): Uri {
  const result = parseUri(text)
  if (!result.ok) throw new Error(result.code)
  return result.value
}

const places = (list: readonly Destination[] | undefined): string[] | undefined =>
  list?.map((one) => `${one.protocol} ${one.address} ${one.port}`)

const a = (address: string, ttl = 60) => ({ address, ttl })

test('literal addresses and localhost are known at once, without a question', () => {
  const { resolver, asked } = setup()
  const now = (text: string) => places(resolver.resolveNow(uri(text)))
  expect(now('sip:a@192.0.2.1')).toEqual(['udp 192.0.2.1 5060'])
  expect(now('sip:a@192.0.2.1:5070;transport=tcp')).toEqual(['tcp 192.0.2.1 5070'])
  expect(now('sips:a@192.0.2.1')).toEqual(['tls 192.0.2.1 5061'])
  expect(now('sip:a@[2001:db8::1]')).toEqual(['udp 2001:db8::1 5060'])
  expect(now('sip:a@localhost')).toEqual(['udp 127.0.0.1 5060'])
  expect(now('sip:a@x.localhost;transport=tls')).toEqual(['tls 127.0.0.1 5061'])
  expect(now('sip:a@example.test;maddr=192.0.2.9')).toEqual(['udp 192.0.2.9 5060'])
  expect(asked).toEqual([])
})

test('what cannot be connected to is empty at once', () => {
  const { resolver } = setup()
  for (const text of [
    'sip:a@192.0.2.1;transport=ws',
    'sip:a@192.0.2.1;transport=sctp',
    'sips:a@192.0.2.1;transport=udp',
    'sip:a@255.255.255.255',
    'sip:a@224.0.1.75',
    'sip:a@0.0.0.0',
    'tel:+12025550101',
  ])
    expect(resolver.resolveNow(uri(text))).toEqual([])
})

test('a port means addresses only; the answer is cached for its TTL', async () => {
  const { resolver, asked, clock } = setup({
    'A pbx.test': [a('192.0.2.1', 60)],
    'AAAA pbx.test': [a('2001:db8::1', 90)],
  })
  const target = uri('sip:a@pbx.test:5080')
  expect(resolver.resolveNow(target)).toBeUndefined()
  expect(places(await resolver.resolve(target))).toEqual(['udp 192.0.2.1 5080', 'udp 2001:db8::1 5080'])
  expect(asked).toEqual(['A pbx.test', 'AAAA pbx.test'])
  expect(resolver.resolveNow(target)?.[0]?.host).toBe('pbx.test')
  await clock.advance(60_000)
  expect(resolver.resolveNow(target)).toBeUndefined()
})

test('NAPTR chooses the protocol, SRV the servers, and the certificate is still for the domain', async () => {
  const naptr = (order: number, service: string, replacement: string) => ({
    order,
    preference: 1,
    flags: 's',
    service,
    replacement,
  })
  const { resolver } = setup({
    'NAPTR example.test': [
      naptr(30, 'SIP+D2U', '_sip._udp.example.test'),
      naptr(10, 'SIPS+D2T', '_sips._tcp.example.test'),
      naptr(20, 'SIP+D2W', '_sip._ws.example.test'),
    ],
    'SRV _sips._tcp.example.test': [{ priority: 1, weight: 0, name: 'edge.test', port: 5061 }],
    'SRV _sip._udp.example.test': [
      { priority: 20, weight: 0, name: 'second.test', port: 5062 },
      { priority: 10, weight: 0, name: 'first.test', port: 5060 },
    ],
    'A edge.test': [a('192.0.2.1')],
    'A first.test': [a('192.0.2.2')],
    'A second.test': [a('192.0.2.3')],
  })
  const found = await resolver.resolve(uri('sip:a@example.test'))
  expect(places(found)).toEqual(['tls 192.0.2.1 5061', 'udp 192.0.2.2 5060', 'udp 192.0.2.3 5062'])
  expect(found[0]?.host).toBe('example.test')
  expect(places(await resolver.resolve(uri('sips:a@example.test')))).toEqual(['tls 192.0.2.1 5061'])
})

test('without NAPTR the SRV names of every protocol are asked, without SRV the plain addresses', async () => {
  const { resolver, asked } = setup({
    'SRV _sip._tcp.only-tcp.test': [{ priority: 1, weight: 1, name: 'tcp.test', port: 5065 }],
    'A tcp.test': [a('192.0.2.1')],
    'A plain.test': [a('192.0.2.2')],
  })
  expect(places(await resolver.resolve(uri('sip:a@only-tcp.test')))).toEqual(['tcp 192.0.2.1 5065'])
  expect(places(await resolver.resolve(uri('sip:a@plain.test')))).toEqual(['udp 192.0.2.2 5060'])
  expect(asked).toContain('SRV _sips._tcp.plain.test')
  expect(places(await resolver.resolve(uri('sip:a@plain.test;transport=tls')))).toEqual(['tls 192.0.2.2 5061'])
  expect(places(await resolver.resolve(uri('sips:a@plain.test')))).toEqual(['tls 192.0.2.2 5061'])
})

test('weights share the load anew for each call, from the cache', async () => {
  const { resolver, asked } = setup({
    'SRV _sip._udp.w.test': [
      { priority: 1, weight: 90, name: 'big.test', port: 5060 },
      { priority: 1, weight: 10, name: 'small.test', port: 5060 },
    ],
    'A big.test': [a('192.0.2.1')],
    'A small.test': [a('192.0.2.2')],
  })
  const target = uri('sip:a@w.test;transport=udp')
  await resolver.resolve(target)
  const questions = asked.length
  let big = 0
  for (let i = 0; i < 1000; i++) {
    const order = resolver.resolveNow(target)
    expect(order?.length).toBe(2)
    if (order?.[0]?.address === '192.0.2.1') big++
  }
  expect(big).toBeGreaterThan(840)
  expect(big).toBeLessThan(950)
  expect(asked.length).toBe(questions)
})

test('many who ask at once cause one question; an unknown name is remembered for a while', async () => {
  const { resolver, asked, clock } = setup()
  const target = uri('sip:a@nowhere.test:5060')
  const answers = await Promise.all([resolver.resolve(target), resolver.resolve(target), resolver.resolve(target)])
  expect(answers).toEqual([[], [], []])
  expect(asked).toEqual(['A nowhere.test', 'AAAA nowhere.test'])
  expect(resolver.resolveNow(target)).toEqual([])
  await clock.advance(10_000)
  expect(resolver.resolveNow(target)).toBeUndefined()
})

test('a silent name server costs two seconds at most and blocks nobody else', async () => {
  const { resolver, clock } = setup({
    'NAPTR dead.test': 'hang',
    'SRV _sip._udp.dead.test': 'hang',
    'SRV _sip._tcp.dead.test': 'hang',
    'SRV _sips._tcp.dead.test': 'hang',
    'A dead.test': 'hang',
    'AAAA dead.test': 'hang',
    'A live.test': [a('192.0.2.1')],
  })
  let dead: readonly Destination[] | undefined
  void resolver.resolve(uri('sip:a@dead.test')).then((found) => {
    dead = found
  })
  expect(places(await resolver.resolve(uri('sip:a@live.test:5060')))).toEqual(['udp 192.0.2.1 5060'])
  expect(dead).toBeUndefined()
  await clock.advance(2_000)
  expect(dead).toEqual([])
  expect(clock.pending).toBe(0)
})

test('one address family does not wait long for the other', async () => {
  const { resolver, clock } = setup({ 'A half.test': [a('192.0.2.1')], 'AAAA half.test': 'hang' })
  const found = resolver.resolve(uri('sip:a@half.test:5060'))
  await clock.advance(150)
  expect(places(await found)).toEqual(['udp 192.0.2.1 5060'])
})

test('what was known is used while the name server fails', async () => {
  const { resolver, clock, answers } = setup({ 'A pbx.test': [a('192.0.2.1', 30)] })
  const target = uri('sip:a@pbx.test:5060')
  await resolver.resolve(target)
  await clock.advance(60_000)
  answers['A pbx.test'] = 'fail'
  expect(places(await resolver.resolve(target))).toEqual(['udp 192.0.2.1 5060'])
  answers['A pbx.test'] = [a('192.0.2.2')]
  expect(places(await resolver.resolve(target))).toEqual(['udp 192.0.2.2 5060'])
})

test('an SRV answer cannot lead to a group of hosts or to nothing', async () => {
  const { resolver } = setup({
    'SRV _sip._udp.odd.test': [
      { priority: 1, weight: 0, name: '.', port: 5060 },
      { priority: 2, weight: 0, name: 'multi.test', port: 5060 },
      { priority: 3, weight: 0, name: 'fine.test', port: 0 },
    ],
    'A multi.test': [a('239.1.2.3')],
    'A fine.test': [a('192.0.2.1')],
  })
  expect(await resolver.resolve(uri('sip:a@odd.test;transport=udp'))).toEqual([])
})
