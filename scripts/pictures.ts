/**
 * Takes the pictures of the pages for docs/pictures, with made-up calls behind the real HTTP server:
 *   node scripts/pictures.ts [FOLDER]      needs Chromium, and the pages built (npm start does that)
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { createHttpServer } from '#api'
import { silentLog, systemClock } from '#lib'
import { FakeCalls, FakeRecords } from '../test/support/fake-calls.ts'
import { answerMessages, playScene } from '../test/support/fake-scene.ts'

const root = resolve(import.meta.dirname, '..')
const folder = resolve(process.argv[2] ?? join(root, 'docs/pictures'))
const wide = { width: 1280, height: 800 }
const small = { width: 390, height: 844 }
const board = async (page: Page) => page.getByRole('row').nth(1).waitFor()
const ladder = async (page: Page) => page.getByRole('button', { name: /487/ }).waitFor()

const pictures = [
  { name: 'board-light', scheme: 'light', size: wide, locale: 'en', hash: '', ready: board },
  { name: 'board-dark-german', scheme: 'dark', size: wide, locale: 'de', hash: '', ready: board },
  { name: 'board-phone', scheme: 'light', size: small, locale: 'en', hash: '', ready: board },
  { name: 'ladder-light', scheme: 'light', size: wide, locale: 'en', hash: '#/calls/call-ring', ready: ladder },
  { name: 'ladder-phone-dark', scheme: 'dark', size: small, locale: 'de', hash: '#/calls/call-ring', ready: ladder },
] as const

mkdirSync(folder, { recursive: true })
const calls = new FakeCalls()
const records = new FakeRecords()
playScene(calls, records, Date.now())
answerMessages(calls, 'call-ring', Date.now())
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
  staticFolder: join(root, 'web/dist'),
  log: silentLog,
  clock: systemClock,
})
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
try {
  for (const { name, scheme, size, locale, hash, ready } of pictures) {
    const context = await browser.newContext({ viewport: size, colorScheme: scheme, locale, reducedMotion: 'reduce' })
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${server.port}/${hash}`)
    await ready(page)
    await page.screenshot({ path: join(folder, `${name}.png`) })
    await context.close()
  }
} finally {
  await browser.close()
  await server.close()
}
