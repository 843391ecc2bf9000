import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock, VirtualClock } from '#lib'
import { pushService } from '../../test/support/push-service.ts'
import { PushSubscriptions } from './push-subscriptions.ts'
import { endpointFault, mayReach } from './reach.ts'
import { RingNotices } from './ring-notices.ts'
import { type PushNotice, vapidKeys, WebPush } from './web-push.ts'

function memory() {
  const kept = new Map<string, string>()
  return {
    kept,
    get: async (key: string) => kept.get(key),
    put: async (key: string, value: string) => void kept.set(key, value),
  }
}

const notice: PushNotice = { callId: 'call-1', state: 'ringing', title: 'Zoe calls', body: '+1', language: 'en' }

describe('sending', () => {
  let service: Awaited<ReturnType<typeof pushService>>
  beforeEach(async () => {
    service = await pushService()
  })
  afterEach(() => service.close())

  async function push(more: { clock?: VirtualClock; onlyLoopback?: boolean; said?: string[] } = {}) {
    const { clock = systemClock, onlyLoopback = true, said = [] } = more
    const subject = 'mailto:baton@baton.local'
    const reachable = mayReach(onlyLoopback)
    const told = (_: string, why: string) => void said.push(why)
    return new WebPush({ keys: await vapidKeys(memory()), subject, reachable, clock, told })
  }

  test('a notice is encrypted for the browser, urgent, short-lived and signed', async () => {
    expect(await (await push()).send(service.address(), notice)).toBe('sent')
    const [heard] = service.heard
    expect(heard?.notice).toEqual(notice)
    expect(heard?.body.includes('Zoe')).toBe(false)
    expect(heard?.headers).toMatchObject({ ttl: '30', urgency: 'high', topic: 'call-1' })
    const token = /^vapid t=[^.]+\.([^.]+)\./.exec(heard?.headers.authorization ?? '')?.[1] ?? ''
    const claims = JSON.parse(Buffer.from(token, 'base64url').toString())
    expect(claims).toMatchObject({ aud: service.url, sub: 'mailto:baton@baton.local' })
  })

  test.each([
    [404, 'gone'],
    [410, 'gone'],
    [429, 'failed'],
    [500, 'failed'],
    [307, 'failed'],
  ])('answer %d means %s, and redirects are not followed', async (status, result) => {
    service.service.status = status
    expect(await (await push()).send(service.address(), notice)).toBe(result)
    expect(service.heard.map(({ path }) => path)).toEqual(['/one'])
  })

  test('no more than 64 are under way, and a silent service is given up', async () => {
    service.service.silent = true
    const clock = new VirtualClock()
    const said: string[] = []
    const sender = await push({ clock, said })
    const under = Array.from({ length: 64 }, () => sender.send(service.address(), notice))
    expect(await sender.send(service.address(), notice)).toBe('busy')
    for (let heard = 0; heard < 64; heard++) await service.next()
    clock.advance(5_000)
    expect(new Set(await Promise.all(under))).toEqual(new Set(['failed']))
    expect(said[0]).toBe('the push service did not answer')
    service.service.silent = false
    expect(await sender.send(service.address(), notice)).toBe('sent')
  })

  test('a server that others reach sends nothing to its own machine, by address or by name', async () => {
    const said: string[] = []
    const sender = await push({ onlyLoopback: false, said })
    const port = new URL(service.url).port
    for (const host of ['127.0.0.1', 'localhost'])
      for (const scheme of ['http', 'https'])
        expect(await sender.send({ ...service.address(), endpoint: `${scheme}://${host}:${port}/` }, notice)).toBe(
          'failed',
        )
    expect(said).toHaveLength(4)
    // A name that only the look-up shows to be one's own.
    expect(await sender.send({ ...service.address(), endpoint: `https://localhost.:${port}/` }, notice)).toBe('failed')
    expect(said.at(-1)).toMatch(/no public address|ENOTFOUND|EAI_AGAIN/)
    expect(service.heard).toEqual([])
  })

  test('keys that no browser has make a failure, not an exception', async () => {
    const keys = { p256dh: 'x', auth: 'y' }
    expect(await (await push()).send({ endpoint: service.url, keys }, notice)).toBe('failed')
  })
})

test('the server’s keys are made once', async () => {
  const values = memory()
  const made = await vapidKeys(values)
  expect(made.publicKey).toMatch(/^[\w-]{87}$/)
  expect(await vapidKeys(values)).toEqual(made)
})

test('what may be reached', () => {
  const outside = mayReach(false)
  const own = mayReach(true)
  for (const address of ['8.8.8.8', '2a00:1450:4001::1']) expect(outside(address), address).toBe(true)
  for (const address of [
    ...['127.0.0.1', '10.1.2.3', '172.20.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1'],
    ...[
      '::1',
      '::',
      'fe80::1',
      'fd00::1',
      '::ffff:10.0.0.1',
      '::ffff:127.0.0.1',
      '64:ff9b::a00:1',
      '2002:a00:1::',
      'x',
    ],
  ])
    expect(outside(address), address).toBe(false)
  expect([own('127.0.0.1'), own('::1'), own('10.1.2.3')]).toEqual([true, true, false])
  expect(endpointFault('https://push.example/1', outside)).toBeUndefined()
  expect(endpointFault('https://10.0.0.1/1', outside)).toContain('public Internet')
  expect(endpointFault('https://[::1]/1', outside)).toContain('public Internet')
  expect(endpointFault('https://2130706433/1', outside)).toContain('public Internet')
  expect(endpointFault('https://localhost/1', outside)).toContain('public Internet')
  expect(endpointFault('http://push.example/1', own)).toContain('https://')
  expect(endpointFault('http://127.0.0.1:9/1', own)).toBeUndefined()
  expect(endpointFault('https://me:secret@push.example/', outside)).toContain('https address')
  expect(endpointFault('nonsense', outside)).toContain('https address')
})

const one = (endpoint: string, loginId = 'log-in') => ({ endpoint, keys: { p256dh: 'p', auth: 'a' }, loginId })

describe('subscriptions', () => {
  test('are kept, bounded, and end with their log-in', async () => {
    const values = memory()
    const subscriptions = await PushSubscriptions.open(values)
    let added = 0
    subscriptions.onAdded = () => added++
    expect(subscriptions.empty).toBe(true)
    for (let n = 0; n < 10; n++) await subscriptions.add('alice', one(`https://push.example/${n}`, `log-in-${n % 2}`))
    expect([added, subscriptions.empty]).toEqual([10, false])
    const again = await PushSubscriptions.open(values)
    expect(again.of('alice').map(({ endpoint }) => endpoint.at(-1))).toEqual(['2', '3', '4', '5', '6', '7', '8', '9'])
    await again.endLogin('alice', 'log-in-0')
    expect(again.of('alice').map(({ endpoint }) => endpoint.at(-1))).toEqual(['3', '5', '7', '9'])
    expect(await again.remove('bob', 'https://push.example/3')).toBe(false)
    expect(again.of('alice')).toHaveLength(4)
    await again.endLogin('alice', 'log-in-1')
    expect((await PushSubscriptions.open(values)).empty).toBe(true)
  })

  test('a browser belongs to whoever asked last', async () => {
    const subscriptions = await PushSubscriptions.open(memory())
    await subscriptions.add('alice', one('https://push.example/1'))
    await subscriptions.add('bob', one('https://push.example/1', 'bobs'))
    expect(subscriptions.of('alice')).toEqual([])
    expect(subscriptions.of('bob')).toEqual([one('https://push.example/1', 'bobs')])
  })
})

describe('notices', () => {
  async function scene() {
    const subscriptions = await PushSubscriptions.open(memory())
    await subscriptions.add('alice', one('https://push.example/alice'))
    await subscriptions.add('bob', one('https://push.example/bob', 'ended'))
    const sent: string[] = []
    const answers: Record<string, 'gone'> = {}
    const notices = new RingNotices({
      subscriptions,
      push: {
        send: async ({ endpoint }, { callId, state, title, body }) => {
          sent.push([endpoint.split('/').at(-1), callId, state, title, body].join('|'))
          return answers[callId] ?? 'sent'
        },
      },
      stands: (loginId) => loginId !== 'ended',
      languageOf: () => 'de',
    })
    return { subscriptions, sent, answers, notices }
  }
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  const zoe = { number: '+12025550177', name: 'Zoe' }

  test('one when it begins to ring, one when it is over, whatever happens between', async () => {
    const { sent, notices } = await scene()
    for (const people of [[], ['alice', 'carol'], ['alice'], ['alice'], [], []])
      notices.changed('c1', new Set(people), zoe)
    await settled()
    expect(sent).toEqual(['alice|c1|ringing|Zoe ruft an|+12025550177', 'alice|c1|over|Zoe ruft an|Klingelt nicht mehr'])
    expect(notices.idle).toBe(false)
  })

  test('nobody is told after the log-in has ended, and what is gone is forgotten', async () => {
    const { sent, answers, notices, subscriptions } = await scene()
    answers.c2 = 'gone'
    notices.changed('c2', new Set(['alice', 'bob']), { number: '', name: '' })
    await settled()
    expect(sent).toEqual(['alice|c2|ringing|Unbekannt ruft an|'])
    expect(subscriptions.empty).toBe(true)
    notices.changed('c2', new Set(), zoe)
    await settled()
    expect(notices.idle).toBe(true)
    expect(sent).toHaveLength(1)
  })
})
