import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestSecrets } from '#directory'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'

let api: ApiFixture
beforeEach(async () => {
  api = await apiFixture()
})
afterEach(() => api.close())

const alice = { login: 'alice', password: 'alice-demo' }
const cookieOf = (answer: { headers: Headers }): string =>
  (answer.headers.get('set-cookie') ?? '').split(';')[0] as string

describe('log-in', () => {
  test('answers a token and sets a cookie that scripts and other sites never see', async () => {
    const answer = await api.ask('POST /api/v1/session', { body: alice })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      token: expect.stringMatching(/^baton_s_[0-9a-f]{64}$/),
      person: { login: 'alice' },
    })
    expect(answer.headers.get('set-cookie')).toMatch(
      /^baton_session=baton_s_\w+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    )
    expect(JSON.stringify(answer.body)).not.toMatch(/ha1|hash/i)
    const byToken = await api.ask('GET /api/v1/session', { token: answer.body.token })
    const byCookie = await api.ask('GET /api/v1/session', { headers: { cookie: cookieOf(answer) } })
    expect(byToken.body).toEqual(byCookie.body)
    expect(byToken.body).toMatchObject({ kind: 'session', scopes: [], person: { id: 'demo-alice', hasPassword: true } })
  })

  test('over HTTPS the cookie is bound to this host', async () => {
    await api.close()
    api = await apiFixture({ trustedProxies: ['127.0.0.1'] })
    const answer = await api.ask('POST /api/v1/session', { body: alice, headers: { 'x-forwarded-proto': 'https' } })
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-baton_session=.*; Secure$/)
    const headers = { cookie: cookieOf(answer), 'x-forwarded-proto': 'https' }
    expect((await api.ask('GET /api/v1/session', { headers })).status).toBe(200)
    const origin = `https://127.0.0.1:${api.server.port}`
    const sip = await api.ask('POST /api/v1/session/sip', { headers: { ...headers, origin } })
    expect(sip.body.uri).toBe(`wss://127.0.0.1:${api.server.port}/sip`)
  })

  test('unknown people and wrong passwords are told the same', async () => {
    const wrong = await api.ask('POST /api/v1/session', { body: { ...alice, password: 'wrong one' } })
    const unknown = await api.ask('POST /api/v1/session', { body: { ...alice, login: 'nobody' } })
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(unknown.body).toEqual(wrong.body)
    const names = (answer: { headers: Headers }) => [...answer.headers.keys()].sort()
    expect(names(unknown)).toEqual(names(wrong))
  })

  test('ten wrong passwords lock for a quarter of an hour', async () => {
    for (let i = 0; i < 10; i++) await api.ask('POST /api/v1/session', { body: { ...alice, password: `wrong ${i}` } })
    const locked = await api.ask('POST /api/v1/session', { body: alice })
    expect([locked.status, locked.headers.get('retry-after'), locked.body.code]).toEqual([
      429,
      '900',
      'too-many-attempts',
    ])
    await api.clock.advance(900_000)
    expect((await api.ask('POST /api/v1/session', { body: alice })).status).toBe(200)
  })

  test('ends by logging out, here and everywhere, and by time', async () => {
    const tokens = [await api.logIn('alice'), await api.logIn('alice'), await api.logIn('alice')]
    const [first, second, third] = tokens
    const out = await api.ask('DELETE /api/v1/session', { token: first })
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')])
    const states = async () =>
      (await Promise.all(tokens.map((token) => api.ask('GET /api/v1/session', { token })))).map(({ status }) => status)
    expect(await states()).toEqual([401, 200, 200])
    await api.ask('DELETE /api/v1/session?everywhere=true', { token: second })
    expect(await states()).toEqual([401, 401, 401])
    expect(third).toBeDefined()
    const fourth = await api.logIn('alice')
    await api.clock.advance(12 * 3_600_000)
    expect((await api.ask('GET /api/v1/session', { token: fourth })).status).toBe(401)
    expect((await api.ask('DELETE /api/v1/session')).status).toBe(204)
  })

  test('a new password needs the old one and ends the other sessions', async () => {
    const [here, there] = [await api.logIn('alice'), await api.logIn('alice')]
    const change = (current: string) =>
      api.ask('PUT /api/v1/session/password', { token: here, body: { current, password: 'a new password' } })
    expect((await change('wrong one')).body).toMatchObject({ code: 'wrong-password', field: 'current' })
    expect((await change('alice-demo')).status).toBe(204)
    expect((await api.ask('GET /api/v1/session', { token: here })).status).toBe(200)
    expect((await api.ask('GET /api/v1/session', { token: there })).status).toBe(401)
    expect((await api.ask('POST /api/v1/session', { body: alice })).status).toBe(401)
  })

  test('a token that does not hold is refused everywhere; a stale cookie is no log-in', async () => {
    await api.close()
    api = await apiFixture({ demo: true })
    const headers = { cookie: 'baton_session=baton_s_00' }
    expect((await api.ask('GET /api/v1/calls', { headers })).status).toBe(200)
    expect((await api.ask('GET /api/v1/session', { headers })).status).toBe(401)
    expect((await api.ask('GET /api/v1/calls', { token: 'baton_s_00' })).status).toBe(401)
    expect((await api.ask('GET /api/v1/calls')).status).toBe(200)
  })

  test('the demo shows its board to everybody here, and acts for nobody', async () => {
    await api.close()
    api = await apiFixture({ demo: true })
    api.calls.put('c1', {})
    expect((await api.ask('GET /api/v1/calls')).body.total).toBe(1)
    for (const what of ['POST /api/v1/calls/c1/hangup', 'GET /api/v1/people', 'GET /api/v1/settings'])
      expect((await api.ask(what)).status).toBe(401)
    // Logged in, alice sees her own calls only.
    expect((await api.ask('GET /api/v1/calls', { token: await api.logIn('alice') })).body.total).toBe(0)
  })
})

describe('pages of others', () => {
  test('a cookie counts for changes only with our own Origin or Sec-Fetch-Site', async () => {
    const cookie = cookieOf(await api.ask('POST /api/v1/session', { body: alice }))
    const status = async (headers: Record<string, string>) =>
      (await api.ask('PATCH /api/v1/settings', { headers: { cookie, ...headers }, body: {} })).status
    expect(await status({ origin: api.url })).toBe(200)
    expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await status({ origin: 'http://evil.example' })).toBe(403)
    expect(await status({ origin: 'null' })).toBe(403)
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await status({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await status({})).toBe(403)
    // Reading changes nothing.
    for (const method of ['GET', 'HEAD'])
      expect((await api.ask(`${method} /api/v1/settings`, { headers: { cookie } })).status).toBe(200)
  })

  test('programs with a token send no Origin; a foreign page cannot log anybody in', async () => {
    const token = await api.logIn('alice')
    expect((await api.ask('PATCH /api/v1/settings', { token, body: {} })).status).toBe(200)
    const foreign = await api.ask('POST /api/v1/session', { body: alice, headers: { origin: 'http://evil.example' } })
    expect([foreign.status, foreign.headers.get('set-cookie')]).toEqual([403, null])
    const form = { 'content-type': 'text/plain' }
    const posted = await api.ask('POST /api/v1/session', { raw: JSON.stringify(alice), headers: form })
    expect([posted.status, posted.body.code]).toEqual([415, 'not-json'])
  })
})

describe('the desk’s SIP credential', () => {
  test('is short-lived, its own, and gone with the session', async () => {
    const token = await api.logIn('alice')
    const { body } = await api.ask('POST /api/v1/session/sip', { token })
    expect(body).toMatchObject({
      username: expect.stringMatching(/^alice-desk-[0-9a-f]{8}$/),
      aor: `sip:${body.username}@baton.local`,
      realm: 'baton.local',
      uri: `ws://127.0.0.1:${api.server.port}/sip`,
      expiresAt: api.clock.now() + 900_000,
    })
    expect(body.ha1).not.toBe(digestSecrets(body.username, 'baton.local', 'alice-demo').ha1Md5)
    expect(api.directory.secretsOf(body.username)?.ha1Md5).toBe(body.ha1)
    expect(api.directory.deviceByUsername(body.username)).toMatchObject({ id: body.deviceId, personId: 'demo-alice' })
    const again = await api.ask('POST /api/v1/session/sip', { token })
    expect(again.body).toEqual(body)
    await api.ask('DELETE /api/v1/session', { token })
    expect(api.directory.secretsOf(body.username)).toBeUndefined()
  })
})

describe('bad input', () => {
  test('is told what was wrong, in one shape', async () => {
    const token = await api.logIn('alice')
    const post = async (raw: string, path = '/api/v1/contacts') => {
      const { status, body } = await api.ask(`POST ${path}`, { token, raw })
      return [status, body.code, body.field]
    }
    expect(await post('{"name":')).toEqual([400, 'bad-json', undefined])
    expect(await post('[]')).toEqual([400, 'invalid', undefined])
    expect(await post('"text"')).toEqual([400, 'invalid', undefined])
    expect(await post('{"name":"Zoe","color":1}')).toEqual([400, 'invalid', 'color'])
    expect(await post('{"name":"Zoe","__proto__":{"shared":true}}')).toEqual([400, 'invalid', '__proto__'])
    expect(await post('{"name":7}')).toEqual([400, 'invalid', 'name'])
    expect(await post('{}')).toEqual([400, 'invalid', 'name'])
    expect(await post('{"name":"Zoe","numbers":[{"number":"1\\r\\nX: 1"}]}')).toEqual([
      400,
      'invalid',
      'numbers.0.number',
    ])
    expect(await post(`{"name":"Zoe","remark":${'['.repeat(40)}}`)).toEqual([400, 'bad-json', undefined])
    expect(await post(JSON.stringify({ name: 'x'.repeat(70_000) }))).toEqual([413, 'too-large', undefined])
    expect(await post('{"login":"alice","password":"x"}', '/api/v1/session?x=1')).toEqual([400, 'bad-query', 'x'])
    const missing = await api.ask('POST /api/v1/contacts', { token, raw: '{"color":1}' })
    expect(missing.body.message).toContain('is not a known key (allowed: name, company')
  })

  test('control characters and line separators are refused in every field', async () => {
    const token = await api.logIn('admin')
    for (const bad of ['\r', '\n', '\0', '\u2028', '\u2029', '\u0085', '\u007f']) {
      const text = `a${bad}b`
      const asked = [
        api.ask('POST /api/v1/calls', { token, body: { to: text } }),
        api.ask('POST /api/v1/people', { token, body: { login: 'erin', name: text } }),
        api.ask('POST /api/v1/devices', { token, body: { name: text } }),
        api.ask('POST /api/v1/groups', { token, body: { name: text } }),
        api.ask('POST /api/v1/trunks', { token, body: { name: text } }),
        api.ask('POST /api/v1/trunks', { token, body: { name: 't', hosts: [text] } }),
        api.ask('POST /api/v1/contacts', { token, body: { name: text } }),
        api.ask('POST /api/v1/tokens', { token, body: { name: text, scopes: ['settings'] } }),
        api.ask('PATCH /api/v1/settings', { token, body: { forward: { always: text } } }),
        api.ask('POST /api/v1/session', { body: { login: text, password: 'x' } }),
      ]
      for (const { status, body } of await Promise.all(asked)) {
        expect([status, body.code]).toEqual([400, 'invalid'])
        expect(body.field).toBeTruthy()
      }
      const path = `/api/v1/calls/a${encodeURIComponent(bad)}b`
      expect((await api.ask(`GET ${path}`, { token })).status).toBe(404)
    }
  })

  test('a query is given once, and only what is known', async () => {
    const token = await api.logIn('alice')
    const ask = async (query: string) => (await api.ask(`GET /api/v1/records${query}`, { token })).body
    expect(await ask('?limit=1&limit=2')).toMatchObject({ code: 'bad-query', field: 'limit' })
    expect(await ask('?offset=1')).toMatchObject({ code: 'bad-query', field: 'offset' })
    expect(await ask('?token=baton_s_1')).toMatchObject({ code: 'bad-query', field: 'token' })
  })
})

test('the description of the API is OpenAPI 3.1, and a page without scripts', async () => {
  const { body } = await api.ask('GET /api/openapi.json')
  expect(body.openapi).toBe('3.1.0')
  expect(body.paths['/api/v1/calls/{id}/answer'].post).toMatchObject({
    parameters: [{ name: 'id', in: 'path', required: true }],
    requestBody: { content: { 'application/json': { schema: { required: ['station'] } } } },
    responses: { default: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } } },
  })
  const ids = Object.values(body.paths).flatMap((path) => Object.values(path as object).map((one) => one.operationId))
  expect(new Set(ids).size).toBe(ids.length)
  const page = await api.ask('GET /api')
  expect(page.body).toContain('/api/v1/session/sip')
  expect(page.body).not.toMatch(/<script|https?:\/\//)
  expect(page.headers.get('content-security-policy')).toMatch(/style-src 'sha256-/)
})
