import { describe, expect, it } from 'vitest'
import { demoFixture, registration } from './fixture.ts'
import type { Directory } from './types.ts'

const phone = (directory: Directory) => directory.deviceByUsername('alice')
const contacts = (directory: Directory) => directory.bindingsOf('demo-alice').map((binding) => binding.contact)

describe('registrar', () => {
  it('keeps several bindings of one AoR, highest q first, with path, push and flow', async () => {
    const { directory } = await demoFixture()
    await directory.register(registration(phone(directory), [{ uri: 'sip:alice@127.0.0.1:5062', q: 200 }]))
    const push = '{"pn-provider":"webpush","pn-prid":"https://push.example.com/1"}'
    const result = await directory.register(
      registration(phone(directory), [{ uri: 'sip:alice@127.0.0.1:5064', q: 900, push }], {
        callIdHeader: 'call-2',
        port: 5064,
        path: ['<sip:edge.example.com;lr>'],
      }),
    )
    expect(result).toMatchObject({ ok: true, bindings: [{ q: 900 }, { q: 200 }] })
    expect(directory.bindingsOf('demo-alice')[0]).toMatchObject({
      contact: 'sip:alice@127.0.0.1:5064',
      path: '["<sip:edge.example.com;lr>"]',
      push,
      protocol: 'udp',
      remotePort: 5064,
      flowId: 'udp 127.0.0.1:5064',
      device: { username: 'alice', name: 'phone' },
    })
    expect(directory.bindingsOf('demo-bob')).toEqual([])
  })

  it('answers a query without change', async () => {
    const { directory, storage } = await demoFixture()
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@h' }]))
    const writes = storage.writes.length
    const result = await directory.register(registration(phone(directory), [], { cseq: 2 }))
    expect(result.ok && result.bindings.map((binding) => binding.contact)).toEqual(['sip:a@h'])
    expect(storage.writes.length).toBe(writes)
  })

  it('refreshes the same URI in other letters and keeps the time of the first registration', async () => {
    const { directory, clock, storage } = await demoFixture()
    await directory.register(registration(phone(directory), [{ uri: 'sip:alice@Host.Example:5062;transport=udp;ob' }]))
    const first = directory.bindingsOf('demo-alice')[0]
    await clock.advance(10_000)
    await directory.register(
      registration(phone(directory), [{ uri: 'SIP:alice@host.example:5062;ob;transport=UDP' }], { cseq: 2 }),
    )
    const bindings = directory.bindingsOf('demo-alice')
    expect(bindings).toHaveLength(1)
    expect(bindings[0]).toMatchObject({ id: first?.id, registeredAt: first?.registeredAt, cseq: 2 })
    expect(bindings[0]?.expiresAt).toBe((first?.expiresAt ?? 0) + 10_000)
    expect(await storage.bindingRows()).toHaveLength(1)
  })

  it('takes the comparison of URIs that it is given', async () => {
    const { directory } = await demoFixture({ sameContact: () => true })
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@h' }]))
    await directory.register(registration(phone(directory), [{ uri: 'sip:b@h' }], { cseq: 2 }))
    expect(contacts(directory)).toEqual(['sip:b@h'])
  })

  it('replaces by instance and reg-id from another address, and only then (RFC 5626 §6)', async () => {
    const { directory } = await demoFixture()
    const instance = '<urn:uuid:1>'
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@one.invalid', instance, regId: 1 }]))
    await directory.register(
      registration(phone(directory), [{ uri: 'sip:a@two.invalid', instance, regId: 1 }], { callIdHeader: 'other' }),
    )
    expect(contacts(directory)).toEqual(['sip:a@two.invalid'])
    await directory.register(
      registration(phone(directory), [{ uri: 'sip:a@three.invalid', instance, regId: 2 }], { callIdHeader: 'third' }),
    )
    await directory.register(
      registration(phone(directory), [{ uri: 'sip:a@two.invalid', instance: '<urn:uuid:2>', regId: 1 }], {
        callIdHeader: 'fourth',
      }),
    )
    expect(contacts(directory).sort()).toEqual(['sip:a@three.invalid', 'sip:a@two.invalid', 'sip:a@two.invalid'])
  })

  it('refuses what comes late within one Call-ID and changes nothing (RFC 3261 §10.3 step 7)', async () => {
    const { directory } = await demoFixture()
    const late = { ok: false, refusal: 'out-of-order' }
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@h' }], { cseq: 5 }))
    for (const cseq of [5, 4]) {
      const contacts = [{ uri: 'sip:new@h' }, { uri: 'sip:a@h', expires: 0 }]
      expect(await directory.register(registration(phone(directory), contacts, { cseq }))).toEqual(late)
      expect(await directory.register(registration(phone(directory), [], { cseq, removeAll: true }))).toEqual(late)
    }
    expect(contacts(directory)).toEqual(['sip:a@h'])
    const restarted = registration(phone(directory), [{ uri: 'sip:a@h' }], { cseq: 1, callIdHeader: 'after-restart' })
    expect((await directory.register(restarted)).ok).toBe(true)
    expect(directory.bindingsOf('demo-alice')[0]?.cseq).toBe(1)
  })

  it('takes one contact named twice in one request as one', async () => {
    const { directory, storage } = await demoFixture()
    const twice = [
      { uri: 'sip:a@h', q: 100 },
      { uri: 'sip:a@H', q: 300 },
    ]
    await directory.register(registration(phone(directory), twice))
    expect(directory.bindingsOf('demo-alice').map((binding) => binding.q)).toEqual([300])
    expect(await storage.bindingRows()).toHaveLength(1)
    const gone = [{ uri: 'sip:a@h' }, { uri: 'sip:a@h', expires: 0 }]
    await directory.register(registration(phone(directory), gone, { cseq: 2 }))
    expect(contacts(directory)).toEqual([])
    expect(await storage.bindingRows()).toHaveLength(0)
  })

  it('removes one, and all', async () => {
    const { directory, storage } = await demoFixture()
    const three = [{ uri: 'sip:a@1' }, { uri: 'sip:a@2' }, { uri: 'sip:a@3' }]
    await directory.register(registration(phone(directory), three))
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@2', expires: 0 }], { cseq: 2 }))
    expect(contacts(directory).sort()).toEqual(['sip:a@1', 'sip:a@3'])
    const all = await directory.register(registration(phone(directory), [], { cseq: 3, removeAll: true }))
    expect(all).toEqual({ ok: true, bindings: [] })
    expect(await storage.bindingRows()).toHaveLength(0)
  })

  it('bounds the interval: too brief is refused, too long is shortened, none given is the default', async () => {
    const { directory, clock } = await demoFixture({ limits: { maxExpires: 1_800, defaultExpires: 600 } })
    const ask = (uri: string, expires: number) => directory.register(registration(phone(directory), [{ uri, expires }]))
    expect(await ask('sip:a@1', 59)).toEqual({ ok: false, refusal: 'interval-too-brief', minExpires: 60 })
    await ask('sip:a@1', 60)
    await ask('sip:a@2', 4_294_967_295)
    await ask('sip:a@3', -1)
    const left = Object.fromEntries(
      directory.bindingsOf('demo-alice').map((one) => [one.contact, (one.expiresAt - clock.now()) / 1_000]),
    )
    expect(left).toEqual({ 'sip:a@1': 60, 'sip:a@2': 1_800, 'sip:a@3': 600 })
  })

  it('bounds the bindings of an AoR; refreshes still pass when it is full', async () => {
    const { directory } = await demoFixture({ limits: { maxBindingsPerAor: 2 } })
    const two = [{ uri: 'sip:a@1' }, { uri: 'sip:a@2' }]
    await directory.register(registration(phone(directory), two))
    const refused = { ok: false, refusal: 'too-many-bindings' }
    expect(await directory.register(registration(phone(directory), [{ uri: 'sip:a@3' }], { cseq: 2 }))).toEqual(refused)
    expect((await directory.register(registration(phone(directory), two, { cseq: 3 }))).ok).toBe(true)
    expect(contacts(directory)).toHaveLength(2)
  })

  it('never returns an expired binding and forgets all of them with one timer', async () => {
    const { directory, clock, storage } = await demoFixture()
    const changes: string[] = []
    directory.onBinding((binding, change) => changes.push(`${change} ${binding.contact}`))
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@1', expires: 60 }], { port: 7001 }))
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@2', expires: 90 }], { port: 7002 }))
    expect(clock.pending).toBe(1)
    expect(directory.holdsBinding('127.0.0.1', 7001)).toBe(true)
    await clock.advance(60_000)
    expect(contacts(directory)).toEqual(['sip:a@2'])
    expect(directory.holdsBinding('127.0.0.1', 7001)).toBe(false)
    expect(directory.holdsBinding('::ffff:127.0.0.1', 7002)).toBe(true)
    await clock.advance(31_000)
    expect(contacts(directory)).toEqual([])
    expect(await storage.bindingRows()).toHaveLength(0)
    expect(changes).toEqual(['added sip:a@1', 'added sip:a@2', 'removed sip:a@1', 'removed sip:a@2'])
    expect(clock.pending).toBe(0)
  })

  it('has bindings in place after a restart, without the expired ones', async () => {
    const { directory, clock, storage, restart } = await demoFixture()
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@1', expires: 60 }]))
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@2', expires: 600 }], { port: 7002 }))
    directory.close()
    expect(clock.pending).toBe(0)
    await clock.advance(120_000)
    expect(await storage.bindingRows()).toHaveLength(2)
    const again = await restart()
    expect(contacts(again)).toEqual(['sip:a@2'])
    expect(again.holdsBinding('127.0.0.1', 7002)).toBe(true)
    expect(await storage.bindingRows()).toHaveLength(1)
    const late = await again.register(registration(phone(again), [{ uri: 'sip:a@2' }], { cseq: 1 }))
    expect(late).toEqual({ ok: false, refusal: 'out-of-order' })
    await clock.advance(600_000)
    expect(await storage.bindingRows()).toHaveLength(0)
  })

  it('shows a binding only once it is stored', async () => {
    const { directory, storage } = await demoFixture()
    const gate = Promise.withResolvers<void>()
    storage.gate = gate.promise
    const result = directory.register(registration(phone(directory), [{ uri: 'sip:a@1' }]))
    await new Promise((resolve) => setImmediate(resolve))
    expect(contacts(directory)).toEqual([])
    gate.resolve()
    expect((await result).ok).toBe(true)
    expect(contacts(directory)).toEqual(['sip:a@1'])
  })

  it('leaves memory alone when storage fails, and goes on afterwards', async () => {
    const { directory, storage } = await demoFixture()
    const { put } = storage.bindings
    storage.bindings.put = () => Promise.reject(new Error('disk full'))
    const request = registration(phone(directory), [{ uri: 'sip:a@1' }])
    await expect(directory.register(request)).rejects.toThrow('disk full')
    expect(contacts(directory)).toEqual([])
    storage.bindings.put = put
    expect((await directory.register(request)).ok).toBe(true)
  })

  it('takes registrations of one AoR in order even while the first is being stored', async () => {
    const { directory, storage } = await demoFixture()
    const gate = Promise.withResolvers<void>()
    storage.gate = gate.promise
    const results = [2, 1].map((cseq) =>
      directory.register(registration(phone(directory), [{ uri: 'sip:a@1' }], { cseq })),
    )
    gate.resolve()
    expect((await Promise.all(results)).map((result) => result.ok)).toEqual([true, false])
  })

  it('ends the bindings of a closed connection, also one that was still being stored, and no other', async () => {
    const { directory, storage, clock } = await demoFixture()
    const over = (protocol: string, uri: string, port: number) =>
      directory.register(registration(phone(directory), [{ uri }], { protocol, port, callIdHeader: uri }))
    await over('ws', 'sip:a@ws.invalid', 7001)
    await over('tcp', 'sip:a@tcp', 7002)
    await over('udp', 'sip:a@udp', 7001)
    directory.flowClosed('ws', '127.0.0.1', 7001)
    expect(contacts(directory).sort()).toEqual(['sip:a@tcp', 'sip:a@udp'])
    directory.flowClosed('udp', '127.0.0.1', 7001)
    expect(directory.holdsBinding('127.0.0.1', 7001)).toBe(true)
    const late = over('ws', 'sip:a@late.invalid', 7009)
    directory.flowClosed('ws', '127.0.0.1', 7009)
    await late
    await clock.advance(0)
    expect(contacts(directory).sort()).toEqual(['sip:a@tcp', 'sip:a@udp'])
    expect((await storage.bindingRows()).map((row) => row.protocol).sort()).toEqual(['tcp', 'udp'])
  })

  it('keeps a binding that moved to a new connection while the old one closed', async () => {
    const { directory, storage, clock } = await demoFixture()
    const over = (port: number, cseq: number) =>
      directory.register(
        registration(phone(directory), [{ uri: 'sip:a@x.invalid', instance: '<urn:uuid:1>', regId: 1 }], {
          protocol: 'ws',
          port,
          cseq,
        }),
      )
    await over(7001, 1)
    const moving = over(7002, 2)
    directory.flowClosed('ws', '127.0.0.1', 7001)
    await moving
    await clock.advance(0)
    expect(directory.bindingsOf('demo-alice').map((binding) => binding.remotePort)).toEqual([7002])
    expect((await storage.bindingRows()).map((row) => row.remotePort)).toEqual([7002])
  })

  it('drops the bindings of a removed device and shows a changed one as it is', async () => {
    const { directory, storage } = await demoFixture()
    const device = phone(directory)
    await directory.register(registration(device, [{ uri: 'sip:a@1' }]))
    await directory.putDevice({ ...device!, name: 'hall' })
    expect(directory.bindingsOf('demo-alice')[0]?.device.name).toBe('hall')
    await directory.removeDevice(device!.id)
    expect(directory.bindingsOf('demo-alice')).toEqual([])
    expect(await storage.bindingRows()).toHaveLength(0)
  })

  it('stops telling a listener that has unsubscribed, and survives one that throws', async () => {
    const { directory } = await demoFixture()
    let told = 0
    directory.onBinding(() => {
      throw new Error('a fault of the listener')
    })
    const stop = directory.onBinding(() => told++)
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@1' }]))
    stop()
    await directory.register(registration(phone(directory), [{ uri: 'sip:a@2' }], { cseq: 2 }))
    expect(told).toBe(1)
  })
})
