import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Clock, silentLog, systemClock, VirtualClock } from '#lib'
import { FakeCalls, FakeRecords, fakeRecord, ringing } from '../../test/support/fake-calls.ts'
import { type BoardEvent, boardEvent, callList, callTrace, recordList } from './contract.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts'
import { createMetrics } from './metrics.ts'

const closers: (() => void | Promise<void>)[] = []

afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.()
})

interface Started {
  readonly server: HttpServer
  readonly calls: FakeCalls
  readonly records: FakeRecords
  readonly url: string
}

async function start(more: Partial<HttpServerOptions> = {}): Promise<Started> {
  const calls = new FakeCalls()
  const records = new FakeRecords()
  const server = await createHttpServer({
    address: '127.0.0.1',
    port: 0,
    demo: true,
    version: '1.2.3',
    calls,
    storage: records.storage,
    health: async () => ({ ready: true, details: { storage: true } }),
    metrics: async () => 'baton_calls_live 0\n',
    staticFolder: '/nonexistent',
    log: silentLog,
    clock: systemClock,
    ...more,
  })
  closers.push(() => server.close())
  return { server, calls, records, url: `http://127.0.0.1:${server.port}` }
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

/** A request with any Host and path, which fetch would not send. */
function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
      )
    })
    request.on('error', reject)
    request.end()
  })
}

const basic = (password: string, user = 'board') => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

describe('health and metrics', () => {
  test('healthz, and readyz with its details', async () => {
    let ready = true
    const { url } = await start({ health: async () => ({ ready, details: { draining: !ready } }) })
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n')
    const answer = await fetch(`${url}/readyz`)
    expect([answer.status, await answer.json()]).toEqual([200, { ready: true, details: { draining: false } }])
    ready = false
    const draining = await fetch(`${url}/readyz`)
    expect([draining.status, await draining.json()]).toEqual([503, { ready: false, details: { draining: true } }])
  })

  test('metrics are Prometheus text with the numbers of their sources', async () => {
    const calls = new FakeCalls()
    calls.put('a', { state: 'answered' })
    calls.counted.refused.set('busy', 3)
    const metrics = createMetrics({
      version: '1.2.3',
      calls: () => calls.counters,
      sip: () => ({ transactions: 4, dialogs: 2, received: 10, sent: 12, heldBack: 0, receiveErrors: 1 }),
      bindings: () => 7,
      subscriptions: () => 3,
      pickups: () => ({ replaced: 1, answered: 2, rung: 0 }),
      media: async () => ({ legs: 2, portsFree: 98, portsUsed: 2, relayed: 500, dropped: 5 }),
      causes: () => new Map([['no-answer', 6]]),
      ready: async () => true,
    })
    closers.push(() => metrics.close())
    const { url } = await start({ metrics: () => metrics.text() })
    await fetch(`${url}/metrics`)
    const answer = await fetch(`${url}/metrics`)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const lines = (await answer.text()).split('\n')
    for (const line of [
      'baton_calls_live 1',
      'baton_calls_answered_total 1',
      'baton_calls_refused_total{code="busy"} 3',
      'baton_calls_ended_total{cause="no-answer"} 6',
      'baton_sip_transactions 4',
      'baton_sip_messages_total{direction="out"} 12',
      'baton_udp_receive_errors_total 1',
      'baton_bindings 7',
      'baton_subscriptions 3',
      'baton_pickups_total{way="answered"} 2',
      'baton_media_ports{state="free"} 98',
      'baton_media_packets_dropped_total 5',
      'baton_ready 1',
    ])
      expect(lines).toContain(line)
    expect(lines.some((line) => line.startsWith('baton_event_loop_delay_seconds{quantile="0.99"}'))).toBe(true)
  })
})

describe('calls and records', () => {
  test('live calls, one call, and the same 404 for every other id', async () => {
    const { calls, url } = await start()
    calls.put('call-1', {
      caller: { number: '101', name: 'Alice', personId: 'alice' },
      branches: [ringing('phone', 'bob')],
    })
    const list = callList.parse(await (await fetch(`${url}/api/v1/calls`)).json())
    expect(list).toMatchObject({ total: 1, calls: [{ id: 'call-1', state: 'ringing', caller: { name: 'Alice' } }] })
    expect(await (await fetch(`${url}/api/v1/calls/call-1`)).json()).toEqual(list.calls[0])
    for (const path of ['calls/other', 'calls/other/trace', 'records/other', 'nothing']) {
      const answer = await fetch(`${url}/api/v1/${path}`)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ code: 'not-found', message: expect.stringMatching(/^There is no /) })
    }
  })

  test('the trace with its ladder', async () => {
    const { calls, url } = await start()
    calls.put('call-1', {})
    calls.message('call-1', 1000, 'in', 'udp 127.0.0.1:5070', 'INVITE sip:102@baton.local SIP/2.0', 'CSeq: 1 INVITE')
    calls.message('call-1', 1004, 'out', 'udp 127.0.0.1:5070', 'SIP/2.0 100 Trying', 'CSeq: 1 INVITE')
    const trace = callTrace.parse(await (await fetch(`${url}/api/v1/calls/call-1/trace`)).json())
    expect(trace.columns.map((column) => column.label)).toEqual(['udp 127.0.0.1:5070', 'Baton'])
    expect(trace.arrows).toMatchObject([
      { after: 0, from: 0, to: 1, label: 'INVITE' },
      { after: 4, from: 1, to: 0, label: '100 Trying' },
    ])
    expect(trace.entries).toHaveLength(2)
  })

  test('records in pages, and a clear error for a wrong limit', async () => {
    const { records, url } = await start()
    for (let i = 1; i <= 5; i++)
      records.rows.push(
        fakeRecord({ id: `r${i}`, startedAt: i, branches: '[{"station":"phone"}]', quality: 'damaged' }),
      )
    const first = recordList.parse(await (await fetch(`${url}/api/v1/records?limit=3`)).json())
    expect(first.records.map((record) => record.id)).toEqual(['r5', 'r4', 'r3'])
    expect(first.records[0]).toMatchObject({ branches: [{ station: 'phone' }], quality: {}, caller: { name: 'Alice' } })
    const second = recordList.parse(await (await fetch(`${url}/api/v1/records?limit=3&cursor=${first.next}`)).json())
    expect(second.records.map((record) => record.id)).toEqual(['r2', 'r1'])
    expect(second.next).toBeUndefined()
    for (const limit of ['0', '201', 'x', '1.5']) {
      const answer = await fetch(`${url}/api/v1/records?limit=${limit}`)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toEqual({
        code: 'bad-query',
        message: 'limit must be a whole number from 1 to 200',
        field: 'limit',
      })
    }
  })

  test('a fault of the storage is a 500 without its details', async () => {
    const broken = { records: { get: async () => undefined, list: () => Promise.reject(new Error('/secret/path')) } }
    const { url } = await start({ storage: broken })
    const answer = await fetch(`${url}/api/v1/records`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
  })
})

describe('who may ask', () => {
  test('a foreign Host is refused everywhere but at /healthz', async () => {
    const { server } = await start({ names: ['pbx.example'] })
    for (const host of [
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'a b',
    ]) {
      for (const path of ['/', '/api/v1/calls', '/metrics', '/readyz'])
        expect((await ask(server.port, path, { host })).status).toBeGreaterThanOrEqual(400)
    }
    expect((await ask(server.port, '/api/v1/calls', { host: 'evil.example' })).status).toBe(421)
    expect((await ask(server.port, '/healthz', { host: 'evil.example' })).status).toBe(200)
    for (const host of ['localhost', '127.0.0.1:1', '[::1]:8080', 'PBX.example:443', 'a.localhost'])
      expect((await ask(server.port, '/api/v1/calls', { host })).status).toBe(200)
  })

  test('outside the demo calls need a log-in; the page that asks for one does not', async () => {
    const { server } = await start({ demo: false })
    const json = await ask(server.port, '/api/v1/records')
    expect(json.status).toBe(401)
    expect(JSON.parse(json.body)).toMatchObject({
      code: 'not-logged-in',
      message: expect.stringContaining('boardPassword'),
    })
    expect((await ask(server.port, '/', { accept: 'text/html' })).status).toBe(503)
    expect((await ask(server.port, '/api/v1/about')).status).toBe(200)
    expect((await ask(server.port, '/healthz')).status).toBe(200)
    expect((await ask(server.port, '/metrics')).status).toBe(200)
  })

  test('outside the demo with a password: HTTP Basic, and a bound on wrong ones', async () => {
    const clock = new VirtualClock()
    const { server } = await start({ demo: false, boardPassword: 'correct horse', clock })
    const path = '/api/v1/calls'
    const none = await ask(server.port, path)
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="Baton"'])
    expect((await ask(server.port, path, basic('correct horse'))).status).toBe(200)
    expect((await ask(server.port, path, basic('correct horse', 'admin'))).status).toBe(401)
    for (let i = 0; i < 9; i++) expect((await ask(server.port, path, basic(`wrong ${i}`))).status).toBe(401)
    const locked = await ask(server.port, path, basic('correct horse'))
    expect([locked.status, locked.headers['retry-after']]).toEqual([429, '60'])
    await clock.advance(60_000)
    expect((await ask(server.port, path, basic('correct horse'))).status).toBe(200)
  })

  test('X-Forwarded-For counts from trusted proxies only', async () => {
    const outside = { 'x-forwarded-for': '203.0.113.9' }
    const direct = await start()
    // A proxy that we were not told of may speak for anybody, so the demo stays shut.
    expect((await ask(direct.server.port, '/api/v1/calls', outside)).status).toBe(403)
    const behind = await start({ trustedProxies: ['127.0.0.0/8'] })
    expect((await ask(behind.server.port, '/api/v1/calls', outside)).status).toBe(403)
    expect((await ask(behind.server.port, '/api/v1/calls', { 'x-forwarded-for': '203.0.113.9, ::1' })).status).toBe(200)
    const secure = await ask(behind.server.port, '/healthz', { 'x-forwarded-proto': 'https' })
    expect(secure.headers['strict-transport-security']).toBeDefined()
    expect((await ask(direct.server.port, '/healthz', { 'x-forwarded-proto': 'https' })).headers).not.toHaveProperty(
      'strict-transport-security',
    )
    await expect(start({ trustedProxies: ['proxy.example'] })).rejects.toThrow(/trustedProxies: 'proxy.example'/)
  })

  test('other methods are refused, with those that are answered', async () => {
    const { server } = await start()
    const refused = await ask(server.port, '/api/v1/calls', {}, 'DELETE')
    expect([refused.status, refused.headers.allow]).toEqual([405, 'GET, POST'])
    expect((await ask(server.port, '/api/v1/nothing', {}, 'POST')).status).toBe(404)
    expect((await ask(server.port, '/', {}, 'POST')).status).toBe(405)
  })
})

describe('pages', () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'baton-pages-'))
    closers.push(() => rmSync(path, { recursive: true }))
    mkdirSync(join(path, 'assets'))
    writeFileSync(join(path, 'index.html'), '<!doctype html><title>Baton</title>')
    writeFileSync(join(path, 'assets', 'app-1a2b.js'), `console.log("${'x'.repeat(5000)}")`)
    writeFileSync(join(path, '.built'), '')
    writeFileSync(join(path, 'secret.pem'), 'key')
    return path
  }

  test('the page is asked for anew, its assets stay for a year', async () => {
    const { server, url } = await start({ staticFolder: folder() })
    const page = await fetch(`${url}/`)
    expect(await page.text()).toContain('<title>Baton</title>')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const asset = await ask(server.port, '/assets/app-1a2b.js', { 'accept-encoding': 'gzip' })
    expect(asset.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'gzip',
      'content-type': 'text/javascript; charset=utf-8',
    })
    const again = await ask(server.port, '/', { 'if-none-match': page.headers.get('etag') as string })
    expect([again.status, again.body]).toEqual([304, ''])
  })

  test('security headers', async () => {
    const { url } = await start({ staticFolder: folder() })
    for (const path of ['/', '/api/v1/calls', '/nothing', '/healthz']) {
      const { headers } = await fetch(url + path)
      const policy = headers.get('content-security-policy')
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  test('nothing outside the folder and no hidden or unknown file', async () => {
    const { server } = await start({ staticFolder: folder() })
    for (const path of [
      '/../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%5c..%5cetc',
      '/.built',
      '/secret.pem',
      '/assets',
    ])
      expect((await ask(server.port, path)).status).toBe(404)
  })

  test('unbuilt pages say how to build them', async () => {
    const { url } = await start()
    const answer = await fetch(`${url}/`)
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('npm start')
  })
})

/** A board connection whose messages can be awaited one by one. */
class Watcher {
  readonly socket: WebSocket
  readonly #events: BoardEvent[] = []
  #waiting: ((event: BoardEvent) => void) | undefined

  constructor(port: number, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/events`, { origin: `http://127.0.0.1:${port}`, headers })
    closers.push(() => this.socket.terminate())
    this.socket.on('message', (data) => {
      const event = boardEvent.parse(JSON.parse(String(data)))
      if (this.#waiting) this.#waiting(event)
      else this.#events.push(event)
      this.#waiting = undefined
    })
  }

  next(): Promise<BoardEvent> {
    const event = this.#events.shift()
    if (event) return Promise.resolve(event)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}

/** The HTTP status that an upgrade was answered with; 101 when it opened. */
function upgradeStatus(
  port: number,
  path: string,
  options: { origin?: string; headers?: Record<string, string> },
): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options)
    socket.on('open', () => {
      socket.terminate()
      resolve(101)
    })
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
    socket.on('error', () => {})
  })
}

describe('the event WebSocket', () => {
  test('a snapshot, then what changes, numbered', async () => {
    const { calls, server } = await start()
    calls.put('a', { startedAt: 1 })
    const watcher = new Watcher(server.port)
    expect(await watcher.next()).toMatchObject({ type: 'snapshot', cursor: 0, total: 1, calls: [{ id: 'a' }] })
    calls.put('b', { startedAt: 2 })
    calls.put('b', { branches: [ringing('phone', 'bob')] })
    expect(await watcher.next()).toMatchObject({
      type: 'changes',
      cursor: 1,
      total: 2,
      changes: [{ change: 'started', call: { id: 'b', branches: [{ station: 'phone' }] } }],
    })
    calls.end('a', 'cancelled')
    expect(await watcher.next()).toMatchObject({
      type: 'changes',
      cursor: 2,
      total: 1,
      changes: [{ change: 'ended', call: { id: 'a', state: 'ended', cause: 'cancelled' } }],
    })
    expect(server.readers).toBe(1)
  })

  test('a flood of changes becomes a snapshot', async () => {
    const { calls, server } = await start()
    const watcher = new Watcher(server.port)
    await watcher.next()
    for (let i = 0; i < 700; i++) calls.put(`call-${i}`, { startedAt: i })
    const event = await watcher.next()
    expect(event).toMatchObject({ type: 'snapshot', cursor: 1, total: 700 })
    expect(event.type === 'snapshot' && event.calls).toHaveLength(500)
  })

  test('the messages of a watched call come as they happen, each once', async () => {
    const { calls, server } = await start()
    calls.put('a', {})
    calls.message('a', 1000, 'in', 'udp 127.0.0.1:5070', 'INVITE sip:102@x SIP/2.0', 'CSeq: 1 INVITE')
    const watcher = new Watcher(server.port)
    await watcher.next()
    watcher.socket.send(JSON.stringify({ watch: 'a' }))
    expect(await watcher.next()).toMatchObject({ type: 'trace', id: 'a', from: 0, entries: [{ at: 1000 }] })
    calls.message('a', 1010, 'out', 'udp 127.0.0.1:5080', 'INVITE sip:bob@x SIP/2.0', 'CSeq: 1 INVITE')
    const event = await watcher.next()
    expect(event).toMatchObject({
      type: 'trace',
      from: 1,
      entries: [{ at: 1010 }],
      arrows: [{ from: 1, to: 2, after: 10 }],
    })
    expect(event.type === 'trace' && event.columns.length).toBe(3)
  })

  test('an unknown call has an empty trace', async () => {
    const { server } = await start()
    const watcher = new Watcher(server.port)
    await watcher.next()
    watcher.socket.send('{"watch":"nothing"}')
    expect(await watcher.next()).toMatchObject({ type: 'trace', id: 'nothing', from: 0, entries: [] })
  })

  test.each(['no json', '{"watch":1}', '{"token":"x"}', '[]'])('%s closes the connection', async (text) => {
    const { server } = await start()
    const watcher = new Watcher(server.port)
    await watcher.next()
    const closed = new Promise((resolve) => watcher.socket.on('close', resolve))
    watcher.socket.send(text)
    expect(await closed).toBe(1008)
  })

  test('a page that reads too slowly is disconnected', async () => {
    const { calls, server } = await start()
    const watcher = new Watcher(server.port)
    await watcher.next()
    const closed = new Promise((resolve) => watcher.socket.on('close', resolve))
    watcher.socket.pause()
    const name = 'x'.repeat(1_000_000)
    let round = 0
    // Something changes for as long as the reader is there; kernel buffers fill first.
    const more = () => {
      if (server.readers === 0) {
        watcher.socket.resume()
        return
      }
      calls.put(`call-${round++ % 20}`, { caller: { number: '', name, personId: '' } })
      setImmediate(more)
    }
    more()
    await closed
    expect(server.readers).toBe(0)
  })

  test('a page that vanished is noticed by its missing answers', async () => {
    const clock = new VirtualClock()
    const { server } = await start({ clock: clock satisfies Clock })
    const watcher = new Watcher(server.port)
    await watcher.next()
    const closed = new Promise((resolve) => watcher.socket.on('close', resolve))
    watcher.socket.pause()
    await clock.advance(30_000)
    expect(server.readers).toBe(1)
    await clock.advance(30_000)
    watcher.socket.resume()
    await closed
    expect(server.readers).toBe(0)
  })

  test('foreign origins, none, foreign hosts and wrong paths are refused', async () => {
    const { server } = await start({ origins: ['https://desk.example'] })
    const own = `http://127.0.0.1:${server.port}`
    const path = '/api/v1/events'
    expect(await upgradeStatus(server.port, path, { origin: own })).toBe(101)
    expect(await upgradeStatus(server.port, path, { origin: 'https://desk.example' })).toBe(101)
    expect(await upgradeStatus(server.port, path, { origin: 'http://evil.example' })).toBe(403)
    expect(await upgradeStatus(server.port, path, { origin: 'null' })).toBe(403)
    expect(await upgradeStatus(server.port, path, { origin: `https://127.0.0.1:${server.port}` })).toBe(403)
    expect(await upgradeStatus(server.port, path, {})).toBe(403)
    expect(await upgradeStatus(server.port, '/other', { origin: own })).toBe(404)
    expect(
      await upgradeStatus(server.port, path, { origin: 'http://evil.example', headers: { host: 'evil.example' } }),
    ).toBe(421)
  })

  test('outside the demo it needs the password too', async () => {
    const { server } = await start({ demo: false, boardPassword: 'pw' })
    const origin = `http://127.0.0.1:${server.port}`
    const stranger = new WebSocket(`ws://127.0.0.1:${server.port}/api/v1/events`, { origin })
    expect(await new Promise((resolve) => stranger.on('close', resolve))).toBe(4401)
    expect(await upgradeStatus(server.port, '/api/v1/events', { origin, headers: basic('wrong') })).toBe(401)
    expect(await upgradeStatus(server.port, '/api/v1/events', { origin, headers: basic('pw') })).toBe(101)
  })

  test('/sip is handed on, without an Origin too, and never to foreign pages', async () => {
    const sip = new WebSocketServer({ noServer: true })
    const { server } = await start({
      demo: false,
      handleSipUpgrade: (request, socket, head) => sip.handleUpgrade(request, socket, head, () => {}),
    })
    expect(await upgradeStatus(server.port, '/sip', {})).toBe(101)
    expect(await upgradeStatus(server.port, '/sip', { origin: `http://127.0.0.1:${server.port}` })).toBe(101)
    expect(await upgradeStatus(server.port, '/sip', { origin: 'http://evil.example' })).toBe(403)
  })
})

describe('listening', () => {
  test('a port in use is one line that says what to set', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise<void>((resolve) => other.close(() => resolve())))
    const { port } = other.address() as AddressInfo
    await expect(start({ port })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use: stop the program that listens there, or set BATON_HTTP`,
    )
    await expect(start({ address: '192.0.2.1' })).rejects.toThrow(
      '192.0.2.1 is no address of this machine: set BATON_HTTP',
    )
  })

  test('an unreadable certificate names the file', async () => {
    await expect(start({ certificate: { certificate: '/none.pem', key: '/none.key' } })).rejects.toThrow(
      '/none.pem cannot be read (ENOENT)',
    )
  })

  test('HTTPS, with a new certificate taken while it runs and a broken one refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-tls-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const make = (name: string) => {
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
      const out = ['-keyout', files.key, '-out', files.certificate, '-subj', `/CN=${name}`]
      execFileSync('openssl', ['req', '-x509', ...curve, ...out], { stdio: 'ignore' })
    }
    const served = (port: number) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN))
          socket.destroy()
        })
        socket.on('error', reject)
      })
    make('first.example')
    const clock = new VirtualClock()
    const { server } = await start({ certificate: files, clock })
    expect(await served(server.port)).toBe('first.example')
    make('second.example')
    await clock.advance(10_000)
    expect(await served(server.port)).toBe('second.example')
    writeFileSync(files.certificate, 'damaged')
    await clock.advance(10_000)
    expect(await served(server.port)).toBe('second.example')
  })

  test('closing tells the pages and leaves no watcher behind', async () => {
    const { calls, server } = await start()
    const watcher = new Watcher(server.port)
    await watcher.next()
    const closed = new Promise((resolve) => watcher.socket.on('close', resolve))
    await server.close()
    expect(await closed).toBe(1001)
    expect(calls.watchers).toBe(0)
    closers.length = 0
  })
})
