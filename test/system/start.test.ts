import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { freePort, freePorts } from '../support/ports.ts'
import { type Baton, startBaton, startServer } from '../support/server.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** Settings of a start that would succeed. */
async function goodEnvironment(): Promise<Record<string, string>> {
  const rtp = await freePorts(20)
  return {
    BATON_DATA: temporaryFolder('data'),
    BATON_HTTP: `127.0.0.1:${await freePort()}`,
    BATON_SIP: `127.0.0.1:${await freePort()}`,
    BATON_RTP_PORTS: `${rtp}-${rtp + 19}`,
  }
}

/** Starts the server with these settings and returns the one line with which it refuses. */
async function refusal(
  environment: Record<string, string>,
  { yaml, args = [] }: { yaml?: string; args?: string[] } = {},
): Promise<string> {
  const all = [...args]
  if (yaml !== undefined) {
    const path = join(temporaryFolder('config'), 'baton.yaml')
    writeFileSync(path, yaml)
    all.push('--config', path)
  }
  const server = await startServer(all, { ...(await goodEnvironment()), ...environment })
  cleanups.push(() => server.kill())
  expect(await server.ended).toEqual({ code: 1, signal: null })
  // Warnings about the machine, as log entries, may come before it.
  const lines = server
    .output()
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('{"level":40'))
  expect(lines).toHaveLength(1)
  return lines[0]!
}

describe('a start that cannot be is refused in one line that says what to change', () => {
  test('the HTTP port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const { port } = server.address() as { port: number }
    const line = await refusal({ BATON_HTTP: `127.0.0.1:${port}` })
    expect(line).toMatch(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use.*BATON_HTTP`))
  })

  test('the SIP port is in use', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    cleanups.push(() => socket.close())
    const { port } = socket.address()
    const line = await refusal({ BATON_SIP: `127.0.0.1:${port}` })
    expect(line).toMatch(new RegExp(`port ${port}/udp on 127\\.0\\.0\\.1 is in use.*BATON_SIP`))
  })

  test('a second server on the same data folder', async () => {
    const baton = await startBaton()
    cleanups.push(() => baton.stop())
    const line = await refusal({ BATON_DATA: baton.dataFolder })
    expect(line).toContain(baton.dataFolder)
  })

  test('the data folder cannot be one', async () => {
    const file = join(temporaryFolder('data'), 'file')
    writeFileSync(file, '')
    const line = await refusal({ BATON_DATA: join(file, 'data') })
    expect(line).toContain(join(file, 'data'))
    expect(line).toContain('BATON_DATA')
  })

  test('the database in the data folder is none', async () => {
    const folder = temporaryFolder('data')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'baton.db'), 'this is no database, and it is long enough to be looked at'.repeat(100))
    const line = await refusal({ BATON_DATA: folder })
    expect(line).toContain(folder)
  })

  test.each([
    ['an unknown key', 'sipp:\n  listen: 127.0.0.1:5060\n', /sipp.*allowed/],
    ['an unknown key within', 'sip:\n  listn: 127.0.0.1:5060\n', /sip\.listn.*listen/],
    ['a wrong value', 'sip:\n  minExpires: soon\n', /sip\.minExpires.*soon/],
    ['no YAML', 'sip: [\n', /baton\.yaml/],
  ])('the configuration has %s', async (_, yaml, expected) => {
    expect(await refusal({}, { yaml })).toMatch(expected)
  })

  test('the configuration does not exist', async () => {
    expect(await refusal({}, { args: ['--config', '/no/such/baton.yaml'] })).toContain('/no/such/baton.yaml')
  })

  test.each([
    ['an unknown variable', { BATON_HTPT: '127.0.0.1:1' }, /BATON_HTPT.*BATON_HTTP/],
    ['a wrong address', { BATON_HTTP: 'everywhere' }, /BATON_HTTP.*everywhere.*127\.0\.0\.1:/],
    ['demo people beyond loopback', { BATON_SIP: '0.0.0.0:5060' }, /BATON_SIP.*loopback/],
    ['a part that this version lacks', { BATON_RTPENGINE: '127.0.0.1:22222' }, /BATON_RTPENGINE.*not supported/],
  ])('the environment has %s', async (_, environment, expected) => {
    expect(await refusal(environment as Record<string, string>)).toMatch(expected)
  })

  test('an option that does not exist', async () => {
    expect(await refusal({}, { args: ['--confg', 'x'] })).toMatch(/--confg.*--config/)
  })

  test('the desk beyond loopback without HTTPS', async () => {
    const line = await refusal({ BATON_HTTP: '0.0.0.0:18080' }, { yaml: 'sip:\n  domain: example.test\n' })
    expect(line).toMatch(/HTTPS.*microphone/)
  })
})

describe('the first minutes', () => {
  let baton: Baton

  test('the ready line names the page and the SIP addresses, and what it names answers', async () => {
    baton = await startBaton()
    cleanups.push(() => baton.stop())
    const ready = /^Baton is ready: (\S+) \(SIP: (.*)\)$/m.exec(baton.output())
    expect(ready?.[1]).toBe(baton.http)
    expect(ready?.[2]).toBe(`udp ${baton.sip.target}, tcp ${baton.sip.target}`)

    const health = await baton.fetch('/healthz')
    expect([health.status, await health.text()]).toEqual([200, 'ok\n'])
    const readiness = await baton.fetch('/readyz')
    expect([readiness.status, await readiness.json()]).toMatchObject([200, { ready: true }])
    const metrics = await baton.fetch('/metrics')
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await metrics.text()).toMatch(/^baton_calls_live 0$/m)

    const about = (await (await baton.fetch('/api/v1/about')).json()) as { demo: boolean; people: { login: string }[] }
    expect(about.demo).toBe(true)
    expect(about.people.map(({ login }) => login)).toEqual(['alice', 'bob', 'carol', 'dave'])
    expect(await (await baton.fetch('/api/v1/calls')).json()).toEqual({ calls: [], total: 0 })
    expect(await (await baton.fetch('/api/v1/records')).json()).toMatchObject({ records: [] })
  })

  test('a person finds everything where it was after a restart', async () => {
    baton = await startBaton()
    cleanups.push(() => baton.stop())
    expect(await baton.stop()).toBe(0)
    await baton.restart()
    const about = (await (await baton.fetch('/api/v1/about')).json()) as { people: { login: string }[] }
    expect(about.people.map(({ login }) => login)).toContain('alice')
  })
})
