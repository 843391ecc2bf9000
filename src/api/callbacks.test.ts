import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiFixture, apiFixture, type EventReader } from '../../test/support/api.ts'
import { boardEvent } from './contract.ts'

let api: ApiFixture
let alice: string
beforeEach(async () => {
  api = await apiFixture()
  alice = await api.logIn('alice')
})
afterEach(() => api.close())

const ask = (body: unknown, token = alice) => api.ask('POST /api/v1/callbacks', { token, body })

describe('a requested call', () => {
  test('is scheduled, seen by its own person and supervisors, and called off', async () => {
    const { status, body } = await ask({ called: 'bob', at: 'in 2 hours', note: 'about the order' })
    expect(status).toBe(201)
    const at = api.clock.now() + 7_200_000
    expect(body).toMatchObject({ state: 'scheduled', at, nextAt: at, note: 'about the order', personId: 'demo-alice' })
    expect(body).toMatchObject({ called: { dial: '102', name: 'Bob' }, caller: { dial: '101', name: 'Alice' } })
    const path = `/api/v1/callbacks/${body.id}`
    expect((await api.ask(`GET ${path}`, { token: alice })).body).toMatchObject({ id: body.id, history: [] })
    const [bob, sue] = [await api.logIn('bob'), await api.logIn('sue')]
    expect((await api.ask(`GET ${path}`, { token: bob })).status).toBe(404)
    expect((await api.ask(`DELETE ${path}`, { token: bob })).status).toBe(404)
    const listed = async (token: string) => (await api.ask('GET /api/v1/callbacks', { token })).body.callbacks.length
    expect([await listed(alice), await listed(bob), await listed(sue)]).toEqual([1, 0, 1])
    expect((await api.ask(`DELETE ${path}`, { token: alice })).body.state).toBe('cancelled')
    expect((await api.ask(`DELETE ${path}`, { token: alice })).status).toBe(409)
    const scheduled = await api.ask('GET /api/v1/callbacks?state=scheduled', { token: sue })
    expect(scheduled.body.callbacks).toEqual([])
  })

  test('by number, extension and time in words or as a number', async () => {
    const at = api.clock.now() + 3_600_000
    const { body } = await ask({ called: '+1 202 555 0199', caller: '101', at })
    expect(body).toMatchObject({ called: { dial: '+12025550199' }, caller: { dial: '101' }, at })
  })

  test('an unclear name is a 409 with choices, and nothing is stored', async () => {
    await api.directory.putPerson({ login: 'annab', name: 'Anna Berg', extension: '141' })
    await api.directory.putPerson({ login: 'annam', name: 'Anna Maler', extension: '142' })
    const { status, body } = await ask({ called: 'Anna' })
    expect([status, body.code, body.field]).toEqual([409, 'ambiguous', 'called'])
    expect(body.choices).toEqual(['Anna Berg', 'Anna Maler'])
    expect((await api.ask('GET /api/v1/callbacks', { token: alice })).body.callbacks).toEqual([])
  })

  test('a guess is asked back and answered', async () => {
    const { body } = await ask({ called: 'bob', at: 'at 3' })
    expect(body).toMatchObject({ state: 'asking', question: { about: 'confirm' } })
    const path = `POST /api/v1/callbacks/${body.id}/answer`
    const answered = await api.ask(path, { token: alice, body: { text: 'yes' } })
    expect([answered.status, answered.body.state]).toEqual([200, 'scheduled'])
    expect((await api.ask(path, { token: alice, body: { text: 'yes' } })).status).toBe(409)
  })

  test.each([
    [{ called: '911' }, 403, 'emergency-not-allowed'],
    [{ called: '+19005550123' }, 403, 'premium-not-allowed'],
    [{ called: '+493012345678' }, 403, 'international-not-allowed'],
    [{ called: 'zzyzx' }, 409, 'unknown'],
    [{ called: 'bob', at: 'yesterday at 15:00' }, 409, 'past'],
    [{ called: 'bob', at: 'whenever' }, 409, 'unknown'],
    [{ called: 'bob', at: 1 }, 409, 'past'],
    [{ called: 'alice' }, 400, 'same-number'],
    [{ called: 'bob\r\nBcc: x@y' }, 400, 'invalid'],
    [{ called: 'bob', note: 'a\0b' }, 400, 'invalid'],
    [{ called: '' }, 400, 'invalid'],
    [{}, 400, 'invalid'],
  ])('%j is refused', async (body, status, code) => {
    const answer = await ask(body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect((await api.ask('GET /api/v1/callbacks', { token: alice })).body.callbacks).toEqual([])
  })

  test('more than five in an hour are too many', async () => {
    const statuses: number[] = []
    for (const called of ['bob', 'carol', 'dave', 'front', 'bob', 'bob']) statuses.push((await ask({ called })).status)
    expect(statuses).toEqual([201, 201, 201, 201, 201, 429])
  })
})

describe('events', () => {
  const open = async (login: string, query = '') => {
    const reader = api.events(await api.logIn(login), query)
    return { reader, first: await reader.next() }
  }
  const told = async ({ reader }: { reader: EventReader }) => {
    const event = await reader.nextOf('callback')
    boardEvent.parse(event)
    return `${event.callback.called.name} ${event.callback.state} ${event.callback.outcome}`.trim()
  }

  test('each change is told to who asked and to supervisors, to nobody else', async () => {
    const own = await open('alice')
    const [bob, sue, admin] = [await open('bob'), await open('sue'), await open('admin')]
    const { body } = await ask({ called: 'bob', at: 'at 3' })
    await api.ask(`POST /api/v1/callbacks/${body.id}/answer`, { token: alice, body: { text: 'yes' } })
    await api.ask(`DELETE /api/v1/callbacks/${body.id}`, { token: alice })
    for (const reader of [own, sue, admin]) {
      expect(await told(reader)).toBe('Bob asking')
      expect(await told(reader)).toBe('Bob scheduled')
      expect(await told(reader)).toBe('Bob cancelled cancelled')
    }
    await ask({ called: 'carol', at: 'in 2 hours' }, await api.logIn('bob'))
    expect(await told(bob)).toBe('Carol scheduled')
    expect([own.reader.waiting, bob.reader.waiting]).toEqual([0, 0])
  })

  test('the board without a log-in hears nothing of them', async () => {
    await api.close()
    api = await apiFixture({ demo: true })
    const board = api.events(undefined, '', { origin: api.url })
    await board.next()
    const own = await open('alice')
    alice = await api.logIn('alice')
    await ask({ called: 'bob', at: 'in 2 hours' })
    expect(await told(own)).toBe('Bob scheduled')
    api.calls.put('c1', {})
    await api.clock.advance(100)
    expect((await board.next()).type).toBe('changes')
  })

  test('what was refused in a message is told too', async () => {
    const sue = await open('sue')
    const { intake } = api.callbacks
    await intake.receive({
      ...{ channel: 'mail', messageId: 'm1', threadKeys: [], threadKey: 'm1', to: '', subject: '', timeZone: '' },
      ...{ text: 'Please have +19005550123 call me', language: '', thread: null },
      from: { address: 'x@y.example', name: '', verified: true, keys: [] },
    })
    const event = await sue.reader.nextOf('callback')
    expect(event.callback).toMatchObject({ state: 'failed', channel: 'mail', personId: '' })
  })

  test('who comes back gets what was missed, once and in order', async () => {
    const { reader, first } = await open('alice')
    const place = first as { run: string; cursor: number }
    reader.socket.close()
    await reader.closed
    const { body } = await ask({ called: 'bob', at: 'in 2 hours' })
    await api.callbacks.service.revise(body.id, { note: 'again' })
    const back = await open('alice', `?run=${place.run}&cursor=${place.cursor}`)
    expect(back.first).toMatchObject({ type: 'resumed' })
    const [scheduled, revised] = [await back.reader.nextOf('callback'), await back.reader.nextOf('callback')]
    expect([scheduled.callback.note, revised.callback.note]).toEqual(['', 'again'])
    expect(revised.cursor).toBeGreaterThan(scheduled.cursor)
    const others = await open('bob', `?run=${place.run}&cursor=${place.cursor}`)
    expect([others.first.type, others.reader.waiting]).toEqual(['resumed', 0])
  })
})

describe('the link', () => {
  test('looks, then calls off', async () => {
    const granted = await api.ask('POST /api/v1/widget/callbacks', {
      body: { caller: '+12025550123', at: 'in 2 hours' },
      headers: { origin: 'https://shop.example' },
    })
    const { code } = granted.body
    const act = (act: string, given = code) => api.ask('POST /api/v1/callback-links', { body: { code: given, act } })
    expect((await act('look')).body).toMatchObject({ state: 'scheduled', called: 'front' })
    expect((await act('look', '0'.repeat(40))).status).toBe(404)
    expect((await act('confirm')).status).toBe(409)
    expect((await act('cancel')).body.state).toBe('cancelled')
    expect((await act('cancel')).status).toBe(409)
  })

  test('of a page: opening it changes nothing', async () => {
    for (const page of ['cancel', 'confirm']) {
      const answer = await api.ask(`GET /callbacks/${page}`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'sha256-")
    }
  })
})

describe('the widget', () => {
  const body = { caller: '+12025550123' }
  const from = (origin: string) => ({ origin })
  const address = 'POST /api/v1/widget/callbacks'

  test('asks from the pages that are named', async () => {
    const answer = await api.ask(address, { body, headers: from('https://shop.example') })
    expect([answer.status, answer.body.state]).toEqual([201, 'scheduled'])
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(answer.body.text).toContain('front will ring first, then you on +12025550123: now.')
    expect(answer.body.text).toContain('press 1')
    const [row] = (await api.callbacks.storage.list({ limit: 1 })).callbacks
    expect(JSON.parse(row?.caller ?? '')).toMatchObject({ dial: '+12025550123', pressOne: true })
  })

  test('is refused from others', async () => {
    const answer = await api.ask(address, { body, headers: from('https://evil.example') })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null])
    const preflight = await api.ask('OPTIONS /api/v1/widget/callbacks', { headers: from('https://evil.example') })
    expect(preflight.status).toBe(403)
    const good = await api.ask('OPTIONS /api/v1/widget/callbacks', { headers: from('https://shop.example') })
    expect([good.status, good.headers.get('access-control-allow-headers')]).toEqual([204, 'content-type'])
  })

  test('knows a visitor again by the session only, and counts by network address', async () => {
    const headers = from('https://shop.example')
    const first = await api.ask(address, { body, headers })
    const again = await api.ask(address, { body: { ...body, session: first.body.session }, headers })
    expect([again.status, again.body.code]).toEqual([429, 'number-not-confirmed'])
    const other = await api.ask(address, { body, headers })
    expect(other.status).toBe(429)
    for (let index = 0; index < 4; index++)
      await api.ask(address, { body: { caller: `+1202555010${index + 5}` }, headers })
    const last = await api.ask(address, { body: { caller: '+12025550119' }, headers })
    expect([last.status, last.body.code]).toEqual([429, 'too-many-from-you'])
  })

  test('a visitor reaches what is public only', async () => {
    const headers = from('https://shop.example')
    const inside = await api.ask(address, { body: { ...body, called: '+12025550199' }, headers })
    expect([inside.status, inside.body.code]).toEqual([403, 'outside-not-allowed'])
    const hidden = await api.ask(address, { body: { ...body, called: 'sue' }, headers })
    expect(hidden.status).toBe(409)
  })
})

test('the script of the widget can be used by other sites', async () => {
  const answer = await api.ask('GET /widget.js')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
  expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  expect(() => new Function(answer.body)).not.toThrow()
})
