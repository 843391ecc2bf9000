import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { type Endpoint, type EndpointName, endpoints } from './contract.ts'

let api: ApiFixture
let cookie = ''
beforeAll(async () => {
  api = await apiFixture()
  const body = { login: 'admin', password: 'admin-demo' }
  const { headers } = await api.ask('POST /api/v1/session', { body })
  cookie = (headers.get('set-cookie') ?? '').split(';')[0] as string
})
afterAll(() => api.close())

const all = Object.entries(endpoints) as [EndpointName, Endpoint][]
const changing = all.filter(([name]) => !name.startsWith('GET '))
const pathOf = (name: EndpointName) => name.replace(/\{\w+\}/g, 'demo-alice')

describe('a page of somebody else cannot act with the cookie of who looks at it', () => {
  test.each(changing.map(([name]) => name))('%s', async (name) => {
    const sent: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${api.url}.evil.example` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      {},
    ]
    for (const headers of sent) {
      const answer = await api.ask(pathOf(name), { headers: { cookie, ...headers }, raw: '{}' })
      expect([answer.status, answer.body.code], JSON.stringify(headers)).toEqual([
        403,
        headers.origin ? 'origin-refused' : 'origin-missing',
      ])
    }
    // A form can send other types than JSON without being asked; they are not read.
    const form = { cookie, origin: api.url, 'content-type': 'text/plain' }
    const { status } = await api.ask(pathOf(name), { headers: form, raw: '{"x":1}' })
    expect([400, 403, 404, 415]).toContain(status)
  })

  test('nothing has changed by all of that', async () => {
    expect((await api.ask('GET /api/v1/session', { headers: { cookie } })).status).toBe(200)
    expect(api.acts.asked).toEqual([])
    expect(api.directory.personById('demo-alice')?.name).toBe('Alice')
  })

  test('a GET changes nothing, whatever it carries', () => {
    for (const [name, endpoint] of all) if (name.startsWith('GET ')) expect(endpoint.body, name).toBeUndefined()
  })
})

interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
}

/** Where text may stand in a body. */
function textsOf(schema: JsonSchema, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const found: (readonly (string | number)[])[] = []
  if (schema.type === 'string' && !schema.enum && schema.const === undefined) found.push(path)
  for (const [key, value] of Object.entries(schema.properties ?? {})) found.push(...textsOf(value, [...path, key]))
  if (schema.items) found.push(...textsOf(schema.items, [...path, 0]))
  for (const one of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) found.push(...textsOf(one, path))
  return found
}

function bodyWith(path: readonly (string | number)[], text: string): unknown {
  return path.reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), text)
}

/** Text of several lines, which reaches no header: line feeds are fine, and nothing else. */
const ofLines = /^(?:POST|PATCH) \/api\/v1\/(?:contacts\S* (?:text|remark)|(?:widget\/)?callbacks note)$/
/** A file, cleaned line by line when it is read, and passwords that are only compared with a hash. */
const asTheyAre: readonly string[] = [
  'POST /api/v1/contacts/import text',
  'POST /api/v1/session password',
  'PUT /api/v1/session/password current',
]

const fields = all.flatMap(([name, { body }]) =>
  body
    ? textsOf(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as JsonSchema).map(
        (path) => [`${name} ${path.join('.')}`, body, path] as const,
      )
    : [],
)

test('there are many text fields', () => expect(fields.length).toBeGreaterThan(60))

test.each(fields)('no line ends or NUL in %s', (field, body, path) => {
  if (asTheyAre.includes(field)) return
  const lineFeed = ofLines.test(field) ? [] : ['+1202\n5550101']
  for (const bad of ['a\r\nX: 1', 'a\0', 'a\u2028b', ...lineFeed]) {
    const { error } = body.safeParse(bodyWith(path, bad))
    const told = error?.issues.some((issue) => path.every((key, place) => issue.path[place] === key))
    expect(told, JSON.stringify([bad, error?.issues])).toBe(true)
  }
})

test('encoded line ends in an address or a query find nothing and split nothing', async () => {
  for (const name of [
    'GET /api/v1/calls/a%0d%0aX:%201',
    'GET /api/v1/people/a%0D%0ASet-Cookie:%20x=1',
    'GET /api/v1/records?number=%0d%0aX:1',
    'GET /api/v1/contacts?q=%0d%0aX:1',
    'GET /%0d%0aX-Injected:%201',
    'GET /api/v1/%0d%0aX-Injected:%201',
  ]) {
    const answer = await api.ask(name, { headers: { cookie } })
    expect([400, 404], name).toContain(answer.status)
    expect(answer.headers.get('x-injected')).toBeNull()
    expect(answer.headers.get('x')).toBeNull()
  }
})

test('markup stays text: JSON and CSV are never shown as a page, on success and on refusal', async () => {
  const markup = '<img src=x onerror=alert(1)>'
  const headers = { cookie, origin: api.url }
  const made = await api.ask('POST /api/v1/contacts', { headers, body: { name: markup } })
  expect(made.body.name).toBe(markup)
  for (const name of [
    'GET /api/v1/contacts',
    'GET /api/v1/contacts.csv',
    'GET /api/v1/records.csv',
    `GET /api/v1/${encodeURIComponent(markup)}`,
    `GET /api/v1/contacts?${encodeURIComponent(markup)}=1`,
  ]) {
    const answer = await api.ask(name, { headers: { ...headers, accept: 'text/html' } })
    expect(answer.headers.get('content-type'), name).toMatch(/^(application\/json|text\/csv)/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('cache-control')).toBe('no-store')
    if (name.includes('.csv')) expect(answer.headers.get('content-disposition'), name).toMatch(/^attachment/)
  }
})

test('guessing the current password is bounded like guessing at the door', async () => {
  const token = await api.logIn('dave')
  const statuses: number[] = []
  for (let tries = 0; tries < 12; tries++) {
    const body = { current: `wrong ${tries}`, password: 'another long one' }
    statuses.push((await api.ask('PUT /api/v1/session/password', { token, body })).status)
  }
  expect(statuses.at(0)).toBe(400)
  expect(statuses.at(-1)).toBe(429)
})

test('a token in the address of the events is refused', async () => {
  const token = await api.logIn('alice')
  expect(await api.events(undefined, `?token=${token}`).closed).toBe(1006)
  expect(await api.events(undefined, `?auth=${token}`).closed).toBe(1006)
})
