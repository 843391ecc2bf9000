import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createHttpServer, type HttpServer } from '#api'
import { silentLog, systemClock } from '#lib'
import { accessibilityFaults, launchChromium } from '../support/browser.ts'
import { FakeCalls, FakeRecords, fakeRecord, ringing } from '../support/fake-calls.ts'
import { answerMessages, playScene, ringMessages } from '../support/fake-scene.ts'
import { needs } from '../support/needs.ts'

const root = resolve(import.meta.dirname, '../..')

needs('chromium')('the board in Chromium', () => {
  let browser: Browser
  let pages: string
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    // A build of its own, so that what is tested is what the sources say.
    pages = mkdtempSync(join(tmpdir(), 'baton-web-'))
    const vite = join(root, 'node_modules/vite/bin/vite.js')
    const built = spawnSync(process.execPath, [vite, 'build', 'web', '--outDir', pages, '--logLevel', 'error'], {
      cwd: root,
      encoding: 'utf8',
      // The test runner's own setting would give a development build.
      env: { ...process.env, NODE_ENV: 'production' },
    })
    if (built.status !== 0) throw new Error(`the pages could not be built: ${built.stderr}`)
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(pages, { recursive: true, force: true })
  })

  afterEach(async () => {
    while (closers.length > 0) await closers.pop()?.()
  })

  async function serve(calls: FakeCalls, records: FakeRecords, port = 0): Promise<HttpServer> {
    const server = await createHttpServer({
      address: '127.0.0.1',
      port,
      demo: true,
      version: '1.2.3',
      sip: { address: '127.0.0.1:5060', domain: 'baton.local' },
      visitorNumber: '+12025550199',
      calls,
      storage: records.storage,
      health: async () => ({ ready: true, details: {} }),
      metrics: async () => '',
      staticFolder: pages,
      log: silentLog,
      clock: systemClock,
    })
    closers.push(() => server.close())
    return server
  }

  /** Opens the board; what the page complains about or fetches from elsewhere fails the test. */
  async function open(options: BrowserContextOptions = {}) {
    const calls = new FakeCalls()
    const records = new FakeRecords()
    const server = await serve(calls, records)
    const context = await browser.newContext({ locale: 'en', ...options })
    closers.push(() => context.close())
    const page = await context.newPage()
    const complaints: string[] = []
    const url = `http://127.0.0.1:${server.port}`
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) complaints.push(`fetched ${request.url()}`)
    })
    await page.goto(url)
    return { page, calls, records, server, complaints }
  }

  const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

  test('an empty board says what to do next, with the values for a phone', async () => {
    const { page, complaints } = await open()
    await shows(page, 'Register two phones as shown here, then call 102 from the first.')
    await shows(page, 'Ready for calls')
    const help = page.getByRole('complementary', { name: 'Register a phone' })
    await help.getByRole('radio', { name: /Carol/ }).check()
    expect(await help.textContent()).toContain('carol-demo')
    expect(await help.textContent()).toContain('127.0.0.1:5060')
    expect(await page.title()).toBe('Baton')
    expect(complaints).toEqual([])
  })

  test('a call appears, changes and ends, and is told to those who listen', async () => {
    const { page, calls, records, complaints } = await open()
    await shows(page, 'It is quiet.')
    const now = Date.now()
    calls.put('call-1', {
      caller: { number: '101', name: 'Alice', personId: 'alice' },
      callee: { number: '102', name: 'Bob', personId: 'bob' },
      startedAt: now - 65_000,
      branches: [ringing('bob/phone', 'bob'), ringing('bob/desk', 'bob')],
    })
    const card = page.getByRole('list', { name: 'Live calls' }).getByRole('listitem').first()
    await card.getByText('Ringing').waitFor()
    expect(await card.getByRole('link').textContent()).toMatch(/Alice[\s\S]*Bob[\s\S]*1:0\d/)
    expect(await card.getByRole('list', { name: 'Stations' }).getByRole('listitem').allTextContents()).toEqual([
      'bob/phone rings',
      'bob/desk rings',
    ])
    expect(await page.title()).toBe('(1) Baton')
    await page.locator('[aria-live=polite]', { hasText: 'Alice calls Bob' }).waitFor({ state: 'attached' })

    calls.put('call-1', {
      state: 'answered',
      answeredBy: 'bob/phone',
      answeredAt: now,
      branches: [
        { station: 'bob/phone', personId: 'bob', state: 'answered', ringMs: 900 },
        { station: 'bob/desk', personId: 'bob', state: 'ended', outcome: 'answered-elsewhere', by: 'Bob', ringMs: 900 },
      ],
    })
    await card.getByText('Talking').waitFor()
    await card.getByText('answered elsewhere: Bob').waitFor()
    calls.put('call-1', { held: true })
    await card.getByText('On hold').waitFor()

    records.rows.push(
      fakeRecord({
        id: 'call-1',
        startedAt: now,
        answeredAt: now,
        endedAt: now + 83_000,
        cause: 'answered',
        answeredStation: 'bob/phone',
        quality: JSON.stringify({
          caller: { packetsReceived: 900, packetsSent: 900, bytesReceived: 1, bytesSent: 1, lost: 100, jitterMs: 5 },
        }),
      }),
    )
    calls.end('call-1', 'answered')
    await shows(page, 'It is quiet.')
    const row = page.getByRole('row', { name: /Alice.*Bob/ })
    await row.waitFor()
    expect(await row.textContent()).toMatch(/Answered by bob\/phone[\s\S]*1:23[\s\S]*choppy/)
    expect(complaints).toEqual([])
  })

  test('the ladder of a call: by keyboard, growing, each message readable', async () => {
    const { page, calls, complaints } = await open()
    const now = Date.now()
    calls.put('call-1', { caller: { number: '+12025550147', name: '', personId: '' }, startedAt: now })
    ringMessages(calls, 'call-1', now)
    const link = page.getByRole('list', { name: 'Live calls' }).getByRole('link')
    await link.focus()
    await page.keyboard.press('Enter')
    const arrows = page.getByRole('list').getByRole('button')
    await page.getByRole('button', { name: /^0 ms INVITE \+ SDP, \S+ · udp 127\.0\.0\.1:5080 to Baton$/ }).waitFor()
    expect(await arrows.count()).toBe(8)
    await page.getByRole('button', { name: /^503 ms INVITE \+ SDP \(sent again\), .*/ }).waitFor()

    answerMessages(calls, 'call-1', now + 900)
    const cancel = page.getByRole('button', { name: /CANCEL · Call completed elsewhere, Baton to .*ws / })
    await cancel.waitFor()
    expect(await arrows.count()).toBe(15)
    await cancel.focus()
    await page.keyboard.press('Enter')
    expect(await cancel.getAttribute('aria-expanded')).toBe('true')
    await shows(page, 'Reason: SIP;cause=200;text="Call completed elsewhere"')

    await page.getByRole('link', { name: 'All calls' }).click()
    await page.getByRole('heading', { name: 'Live calls' }).waitFor()
    expect(complaints).toEqual([])
  })

  test('German by the switch, remembered, and by the browser', async () => {
    const { page, server } = await open()
    await page.getByRole('button', { name: 'Deutsch' }).click()
    await page.getByRole('heading', { name: 'Laufende Gespräche' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
    await page.reload()
    await shows(page, 'Es ist ruhig.')
    const german = await browser.newContext({ locale: 'de-AT' })
    closers.push(() => german.close())
    const second = await german.newPage()
    await second.goto(`http://127.0.0.1:${server.port}`)
    await shows(second, 'Es ist ruhig.')
  })

  test('a lost connection is told, and comes back by itself with what was missed', async () => {
    const { page, server } = await open()
    await shows(page, 'It is quiet.')
    await server.close()
    await shows(page, /^Connection lost/)
    const calls = new FakeCalls()
    calls.put('call-2', { caller: { number: '104', name: 'Dave', personId: 'dave' }, startedAt: Date.now() })
    await serve(calls, new FakeRecords(), server.port)
    await page.getByRole('link', { name: /Dave/ }).waitFor()
    await page.getByText(/^Connection lost/).waitFor({ state: 'detached' })
  })

  test('on a phone nothing is wider than the screen', async () => {
    const { page, calls, records } = await open({ viewport: { width: 360, height: 740 } })
    playScene(calls, records, Date.now())
    await page.reload()
    await page.getByText('only one side was heard').waitFor()
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    expect(await overflow()).toBe(0)
    await page.getByRole('list', { name: 'Live calls' }).getByRole('link').first().click()
    await page
      .getByRole('button', { name: /180 Ringing/ })
      .first()
      .waitFor()
    expect(await overflow()).toBe(0)
  })

  test.each([
    ['light', 1440, 900],
    ['dark', 390, 844],
  ] as const)(
    'axe finds nothing in %s at %d × %d: the first page, a page with the form, a busy board, a ladder, a call that is over, the API',
    async (colorScheme, width, height) => {
      const { page, calls, records, server } = await open({
        colorScheme,
        viewport: { width, height },
        reducedMotion: 'reduce',
      })
      const url = `http://127.0.0.1:${server.port}`
      const faults: string[] = []
      const look = async (name: string) => {
        faults.push(...(await accessibilityFaults(page)).map((fault) => `${name}: ${fault}`))
      }
      await shows(page, 'It is quiet.')
      await look('first page')
      await page.getByRole('link', { name: 'an example page' }).click()
      await page.getByRole('form', { name: 'Shall we call you?' }).waitFor()
      await look('visitor')
      playScene(calls, records, Date.now())
      await page.goto(`${url}/#/`)
      await page.getByText('only one side was heard').waitFor()
      await look('busy board')
      await page.goto(`${url}/#/calls/call-ring`)
      const ringing = page.getByRole('button', { name: /180 Ringing/ }).first()
      await ringing.click()
      await shows(page, /^SIP\/2\.0 180/)
      await look('ladder')
      await page.goto(`${url}/#/calls/${records.rows[0]?.id}`)
      await shows(page, 'Started')
      await look('call that is over')
      await page.goto(`${url}/api`)
      await page.locator('summary').first().click()
      await look('API')
      expect(faults).toEqual([])
    },
  )
})
