import { resolve } from 'node:path'
import { chromium } from 'playwright-core'
import { createHttpServer } from '#api'
import { silentLog, systemClock } from '#lib'
import { FakeCalls, FakeRecords } from './fake-calls.ts'
import { answerMessages, playScene } from './fake-scene.ts'

const calls = new FakeCalls()
const records = new FakeRecords()
const server = await createHttpServer({
  address: '127.0.0.1',
  port: 0,
  demo: true,
  version: '0.1.0',
  sip: { address: '127.0.0.1:5060', domain: 'baton.local' },
  calls,
  storage: records.storage,
  health: async () => ({ ready: true, details: {} }),
  metrics: async () => '',
  staticFolder: resolve(import.meta.dirname, '../../web/dist'),
  log: silentLog,
  clock: systemClock,
})
const url = `http://127.0.0.1:${server.port}/`
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
const only = process.argv[2]
const shot = async (
  name: string,
  scheme: 'light' | 'dark',
  size: [number, number],
  locale: string,
  hash = '',
  act?: (p: import('playwright-core').Page) => Promise<void>,
) => {
  if (only && !name.includes(only)) return
  const context = await browser.newContext({
    viewport: { width: size[0], height: size[1] },
    colorScheme: scheme,
    locale,
  })
  const page = await context.newPage()
  page.on('console', (m) => console.log(name, m.type(), m.text()))
  page.on('pageerror', (e) => console.log(name, e.message))
  await page.goto(url + hash)
  await page.waitForSelector('footer span + span')
  await page.waitForTimeout(700)
  await act?.(page)
  await page.screenshot({ path: `/tmp/shots/${name}.png`, fullPage: size[0] < 500 })
  await context.close()
}
const wide: [number, number] = [1440, 900],
  small: [number, number] = [390, 844]
await shot('empty-light-wide', 'light', wide, 'en')
playScene(calls, records, Date.now())
await shot('board-light-wide-en', 'light', wide, 'en')
await shot('board-dark-wide-de', 'dark', wide, 'de')
await shot('board-light-small-de', 'light', small, 'de')
await shot('board-dark-small-en', 'dark', small, 'en')
answerMessages(calls, 'call-ring', Date.now())
const openOne = async (p: import('playwright-core').Page) => {
  await p
    .getByRole('button', { name: /CANCEL/ })
    .first()
    .click()
  await p.waitForTimeout(300)
}
await shot('call-light-wide-en', 'light', wide, 'en', '#/calls/call-ring', openOne)
await shot('call-dark-wide-de', 'dark', wide, 'de', '#/calls/call-ring')
await shot('call-dark-small-de', 'dark', small, 'de', '#/calls/call-ring', openOne)
await shot('past-light-wide-en', 'light', wide, 'en', '#/calls/r1')
await browser.close()
await server.close()
