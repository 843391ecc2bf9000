import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiFixture, apiFixture, type EventReader } from '../../test/support/api.ts'
import { ringing } from '../../test/support/fake-calls.ts'
import { boardEvent } from './contract.ts'

let api: ApiFixture
beforeEach(async () => {
  api = await apiFixture()
})
afterEach(() => api.close())

const forBob = {
  branches: [ringing('bob/phone', 'demo-bob')],
  callee: { number: '102', name: 'Bob', personId: 'demo-bob' },
}

/** Lets the batch that is due go out. */
const flush = () => api.clock.advance(100)

async function open(login: string, query = ''): Promise<{ reader: EventReader; token: string }> {
  const token = await api.logIn(login)
  return { reader: api.events(token, query), token }
}

describe('who hears of what', () => {
  test('each their own; supervisors and administrators all', async () => {
    const readers = Object.fromEntries(
      await Promise.all(
        ['alice', 'bob', 'carol', 'sue', 'admin'].map(async (login) => [login, (await open(login)).reader] as const),
      ),
    ) as Record<string, EventReader>
    for (const reader of Object.values(readers)) boardEvent.parse(await reader.next())
    api.calls.put('c1', forBob)
    await flush()
    // Alice and carol are of bob's group, and may take the call.
    for (const login of ['bob', 'alice', 'carol', 'sue', 'admin'])
      expect(await readers[login]?.next()).toMatchObject({
        type: 'changes',
        total: 1,
        changes: [{ change: 'started', call: { mayPickUp: true, callerHidden: false } }],
      })
    api.calls.put('c2', { callee: { number: '200', name: 'front', personId: 'demo-front' } })
    await flush()
    // The group's members hear of its calls; dave is none, alice and carol are.
    for (const login of ['alice', 'carol', 'bob'])
      expect(await readers[login]?.next()).toMatchObject({ type: 'changes', changes: [{ call: { id: 'c2' } }] })
    expect(readers.alice?.waiting).toBe(0)
  })

  test('a call that rings a colleague is told to who may pick it up, without the caller to who may not, and gone once it is taken', async () => {
    await api.directory.putGroup({ name: 'floor', members: ['demo-bob', 'demo-dave'], pickup: { members: false } })
    const alice = (await open('alice')).reader
    const dave = (await open('dave')).reader
    for (const reader of [alice, dave]) await reader.next()
    const zoe = { number: '+12025550177', name: 'Zoe', personId: '' }
    api.calls.put('c1', { ...forBob, caller: zoe, trunk: 'carrier-a' })
    await flush()
    const told = async (reader: EventReader) => (await reader.nextOf('changes')).changes[0]
    expect(await told(alice)).toMatchObject({ change: 'started', call: { caller: zoe, mayPickUp: true } })
    expect(await told(dave)).toEqual({
      change: 'started',
      call: expect.objectContaining({
        ...{ id: 'c1', state: 'ringing', callerHidden: true, mayPickUp: false, trunk: '' },
        caller: { number: '', name: '', personId: '' },
        callee: forBob.callee,
      }),
    })
    const late = (await open('dave')).reader
    expect(await late.nextOf('snapshot')).toMatchObject({ total: 1, calls: [{ callerHidden: true }] })
    api.calls.put('c1', { state: 'answered', answeredBy: 'bob/phone', branches: [] })
    await flush()
    for (const reader of [alice, dave, late]) {
      const { change, call } = (await told(reader)) ?? {}
      expect([change, call?.id, call?.caller.name]).toEqual(['gone', 'c1', ''])
    }
    api.calls.put('c2', { ...forBob, caller: zoe })
    await flush()
    for (const reader of [alice, dave]) await told(reader)
    api.calls.end('c2', 'cancelled')
    await flush()
    expect(await told(alice)).toMatchObject({ change: 'ended', call: { caller: zoe, mayPickUp: false } })
    expect(await told(dave)).toMatchObject({ change: 'ended', call: { callerHidden: true } })
  })

  test('nobody picks up their own call, supervisors neither', async () => {
    const sue = (await open('sue')).reader
    const admin = (await open('admin')).reader
    for (const reader of [sue, admin]) await reader.next()
    api.calls.put('c1', { ...forBob, caller: { number: '109', name: 'Sue', personId: 'sue' } })
    await flush()
    expect(await sue.next()).toMatchObject({ changes: [{ call: { mayPickUp: false, callerHidden: false } }] })
    expect(await admin.next()).toMatchObject({ changes: [{ call: { mayPickUp: true } }] })
  })

  test('a call that is handed on is gone for whoever has no part in it any more', async () => {
    const { reader } = await open('bob')
    await reader.next()
    api.calls.put('c1', forBob)
    await flush()
    expect(await reader.next()).toMatchObject({ changes: [{ change: 'started' }], total: 1 })
    api.calls.put('c1', {
      branches: [ringing('dave/phone', 'demo-dave')],
      callee: { number: '104', name: 'Dave', personId: 'demo-dave' },
    })
    await flush()
    expect(await reader.next()).toMatchObject({ changes: [{ change: 'gone', call: { id: 'c1' } }], total: 0 })
    api.calls.put('c1', { held: true })
    api.calls.put('c2', forBob)
    await flush()
    expect(await reader.next()).toMatchObject({ changes: [{ change: 'started', call: { id: 'c2' } }] })
  })

  test('messages of somebody else’s call are none, live or over', async () => {
    api.calls.put('c1', forBob)
    api.calls.message('c1', 1, 'in', 'udp 127.0.0.1:5070', 'INVITE sip:102@baton.local SIP/2.0', 'CSeq: 1 INVITE')
    const bob = (await open('bob')).reader
    const alice = (await open('alice')).reader
    for (const reader of [bob, alice]) {
      await reader.next()
      reader.socket.send('{"watch":"c1"}')
    }
    expect(await bob.nextOf('trace')).toMatchObject({ entries: [{ at: 1 }] })
    expect(await alice.nextOf('trace')).toMatchObject({ entries: [] })
    api.calls.end('c1', 'answered')
    alice.socket.send('{"watch":"c1"}')
    expect(await alice.nextOf('trace')).toMatchObject({ entries: [] })
  })

  test('whoever loses the right to see all is asked to log in again', async () => {
    const { reader } = await open('sue')
    await reader.next()
    await api.directory.putPerson({ id: 'sue', login: 'sue', name: 'Sue', role: 'person' })
    api.calls.put('c1', forBob)
    await flush()
    expect(await reader.closed).toBe(4401)
    expect(reader.waiting).toBe(0)
  })
})

describe('coming back', () => {
  test('what was missed comes once and in order, and nothing of others', async () => {
    const { reader, token } = await open('bob')
    const first = await reader.nextOf('snapshot')
    api.calls.put('c1', forBob)
    await flush()
    const seen = await reader.nextOf('changes')
    reader.socket.terminate()
    await reader.closed
    api.calls.put('c1', { state: 'answered' })
    await flush()
    api.calls.put('other', { caller: { number: '103', name: 'Carol', personId: 'demo-carol' } })
    await flush()
    api.calls.end('c1', 'answered')
    await flush()
    const again = api.events(token, `?run=${first.run}&cursor=${seen.cursor}`)
    expect(await again.next()).toMatchObject({ type: 'resumed', cursor: seen.cursor, total: 0 })
    const told = [await again.nextOf('changes'), await again.nextOf('changes')]
    expect(told.map(({ changes }) => changes.map(({ change }) => change))).toEqual([['changed'], ['ended']])
    expect(told.map(({ cursor }) => cursor)).toEqual([seen.cursor + 1, seen.cursor + 3])
    api.calls.put('c2', forBob)
    await flush()
    expect(await again.nextOf('changes')).toMatchObject({ cursor: seen.cursor + 4, changes: [{ call: { id: 'c2' } }] })
  })

  test('every reader that comes and goes hears of every change exactly once', async () => {
    const token = await api.logIn('bob')
    let reader = api.events(token)
    const { run, cursor } = await reader.nextOf('snapshot')
    let last = cursor
    const heard: string[] = []
    for (let i = 0; i < 200; i++) {
      if (i % 7 === 3) {
        // Lost at a bad moment: what is under way may or may not have arrived.
        reader.socket.terminate()
        await reader.closed
      }
      api.calls.put(`c${i}`, forBob)
      await flush()
      if (i % 7 === 3) {
        reader = api.events(token, `?run=${run}&cursor=${last}`)
        await reader.nextOf('resumed')
      }
      const event = await reader.nextOf('changes')
      last = event.cursor
      for (const { call } of event.changes) heard.push(call.id)
    }
    expect(heard).toEqual(Array.from({ length: 200 }, (_, i) => `c${i}`))
  })

  test('after too long, after a restart and with a cursor from nowhere: a snapshot', async () => {
    const { reader, token } = await open('sue')
    const { run, cursor } = await reader.nextOf('snapshot')
    for (const query of [`?run=other&cursor=${cursor}`, `?run=${run}&cursor=${cursor + 1}`]) {
      const again = api.events(token, query)
      expect((await again.next()).type).toBe('snapshot')
      again.socket.terminate()
    }
    for (let i = 0; i < 10_001; i++) {
      api.calls.put('c1', { startedAt: i })
      if (i % 2 === 0) await flush()
    }
    await flush()
    const late = api.events(token, `?run=${run}&cursor=${cursor}`)
    expect((await late.next()).type).toBe('resumed')
    reader.socket.terminate()
    late.socket.terminate()
    await Promise.all([reader.closed, late.closed])
    // Nobody looks for a minute: what happens then is not kept.
    const place = late.waiting
    expect(place).toBeGreaterThan(0)
    while (api.server.readers > 0) await new Promise((resolve) => setImmediate(resolve))
    await api.clock.advance(60_000)
    expect(api.calls.watchers).toBe(0)
    const later = api.events(token, `?run=${run}&cursor=${cursor + 5_000}`)
    expect(await later.next()).toMatchObject({ type: 'snapshot', total: 1 })
  })
})

describe('who may connect', () => {
  test('by first message, without an Origin, and never by the address', async () => {
    const token = await api.logIn('bob')
    const reader = api.events(undefined, '?auth=message')
    reader.socket.on('open', () => reader.socket.send(JSON.stringify({ token })))
    const { run, cursor } = await reader.nextOf('snapshot')
    const again = api.events(undefined, '?auth=message')
    again.socket.on('open', () => again.socket.send(JSON.stringify({ token, run, cursor })))
    expect((await again.next()).type).toBe('resumed')
    const inAddress = api.events(undefined, `?token=${token}`)
    expect(await inAddress.closed).toBe(1006)
    const wrong = api.events(undefined, '?auth=message')
    wrong.socket.on('open', () => wrong.socket.send('{"token":"baton_s_1"}'))
    expect(await wrong.closed).toBe(4401)
    const silent = api.events(undefined, '?auth=message')
    await new Promise((resolve) => silent.socket.on('open', resolve))
    await api.clock.advance(5_000)
    expect(await silent.closed).toBe(4401)
  })

  test('by cookie from our own pages only', async () => {
    const answer = await api.ask('POST /api/v1/session', { body: { login: 'bob', password: 'bob-demo' } })
    const cookie = (answer.headers.get('set-cookie') as string).split(';')[0] as string
    const own = api.events(undefined, '', { cookie, origin: api.url })
    expect(await own.next()).toMatchObject({ type: 'snapshot', viewer: 'demo-bob' })
    expect(await api.events(undefined, '', { cookie, origin: 'http://evil.example' }).closed).toBe(1006)
    expect(await api.events(undefined, '', { cookie }).closed).toBe(1006)
    expect(await api.events(undefined, '', { origin: api.url }).closed).toBe(4401)
  })

  test('a connection ends with its log-in', async () => {
    const one = await open('bob')
    const other = await open('bob')
    await Promise.all([one.reader.next(), other.reader.next()])
    await api.ask('DELETE /api/v1/session', { token: one.token })
    expect(await one.reader.closed).toBe(4401)
    expect(api.server.readers).toBe(1)
    await api.directory.removePerson('demo-bob')
    await api.accounts.removePerson('demo-bob')
    expect(await other.reader.closed).toBe(4401)
  })

  test('an API token needs the scope for calls', async () => {
    const make = async (scope: string) =>
      (await api.accounts.makeToken('demo-bob', { name: 'x', scopes: [scope], expiresAt: null })).text
    expect(await api.events(await make('settings')).closed).toBe(1006)
    const token = await make('calls:read')
    expect(await api.events(token).next()).toMatchObject({ type: 'snapshot', viewer: 'demo-bob' })
  })
})
