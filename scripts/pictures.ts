/**
 * Takes the pictures of all pages for docs/pictures, with made-up data in front of the real HTTP server, and of real calls:
 *   node scripts/pictures.ts [FOLDER] [WORD …]      only pictures whose name has one of the words
 * Needs Chromium, baresip, and the pages built (`node scripts/prepare.mjs --pages`).
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { createHttpServer } from '#api'
import { silentLog, systemClock } from '#lib'
import { launchChromium } from '../test/support/browser.ts'
import { type DeskView, deskDialogs, deskPages, emptyPages } from '../test/support/desk-views.ts'
import { FakeCalls, FakeRecords } from '../test/support/fake-calls.ts'
import { FakeDesk, fakeDeskData } from '../test/support/fake-desk.ts'
import { answerMessages, playScene } from '../test/support/fake-scene.ts'
import { de } from '../web/src/desk/words/de.ts'
import { en } from '../web/src/desk/words/en.ts'
import { takeCalls } from './pictures-of-calls.ts'

const root = resolve(import.meta.dirname, '..')
const [given, ...words] = process.argv.slice(2)
const folder = resolve(given ?? join(root, 'docs/pictures'))
mkdirSync(folder, { recursive: true })

interface Screen {
  readonly scheme: 'light' | 'dark'
  readonly device: 'desktop' | 'phone'
  readonly language: 'en' | 'de'
}

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }
const light: Screen = { scheme: 'light', device: 'desktop', language: 'en' }
const dark: Screen = { ...light, scheme: 'dark' }
const phone: Screen = { ...light, device: 'phone' }
const darkPhone: Screen = { ...dark, device: 'phone' }
const german: Screen = { ...light, language: 'de' }
const germanPhone: Screen = { ...phone, language: 'de' }

const calls = new FakeCalls()
const records = new FakeRecords()
const server = await createHttpServer({
  address: '127.0.0.1',
  port: 0,
  demo: true,
  version: '0.1.0',
  sip: { address: '127.0.0.1:5060', domain: 'baton.local' },
  visitorNumber: '+12025550199',
  calls,
  storage: records.storage,
  health: async () => ({ ready: true, details: {} }),
  metrics: async () => '',
  staticFolder: join(root, 'web/dist'),
  log: silentLog,
  clock: systemClock,
})
const url = `http://127.0.0.1:${server.port}`
const browser = await launchChromium()

const nameOf = (name: string, { scheme, device, language }: Screen) =>
  `${name}-${scheme}-${device}${language === 'en' ? '' : `-${language}`}.png`
const wanted = (file: string) => words.length === 0 || words.some((word) => file.includes(word))
const settingsOf = ({ scheme, device, language }: Screen) => ({
  viewport: sizes[device],
  colorScheme: scheme,
  locale: language,
  reducedMotion: 'reduce' as const,
})

async function shoot(file: string, page: Page): Promise<void> {
  if (!wanted(file)) return
  // The pointer would leave a button lit.
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(folder, file), animations: 'disabled' })
}

/** One picture: `NAME-SCHEME-DEVICE.png`, with the language where it is not English. */
async function take(name: string, screen: Screen, show: (page: Page) => Promise<unknown>): Promise<void> {
  const file = nameOf(name, screen)
  if (!wanted(file)) return
  const context = await browser.newContext(settingsOf(screen))
  const page = await context.newPage()
  try {
    await show(page)
    await shoot(file, page)
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error })
  } finally {
    await context.close()
  }
}

async function takeDesk({ name, hash, title, change, show }: DeskView, screens: readonly Screen[]): Promise<void> {
  for (const screen of screens) {
    await take(`desk-${name}`, screen, async (page) => {
      const w = screen.language === 'de' ? de : en
      const desk = new FakeDesk(fakeDeskData(Date.now()))
      change?.(desk.data)
      await desk.install(page)
      await page.goto(`${url}/desk${hash}`)
      await page.getByRole('heading', { level: 1, name: title(w) }).waitFor({ state: 'attached' })
      await show(page, w, desk)
    })
  }
}

try {
  const first = (page: Page) => page.goto(url).then(() => page.getByRole('radio').first().waitFor())
  for (const screen of [light, darkPhone, germanPhone]) await take('first-page', screen, first)
  const visitor = (page: Page) => page.goto(`${url}/#/visitor`).then(() => page.getByRole('form').waitFor())
  for (const screen of [light, darkPhone, germanPhone]) await take('visitor', screen, visitor)

  playScene(calls, records, Date.now())
  answerMessages(calls, 'call-ring', Date.now())
  const board = (page: Page) => page.goto(url).then(() => page.getByRole('row').nth(1).waitFor())
  for (const screen of [light, dark, phone, darkPhone, german]) await take('board', screen, board)
  const ladder = (page: Page) =>
    page.goto(`${url}/#/calls/call-ring`).then(() => page.getByRole('button', { name: /487/ }).waitFor())
  for (const screen of [light, dark, phone, darkPhone, germanPhone]) await take('ladder', screen, ladder)
  const api = (page: Page) => page.goto(`${url}/api`).then(() => page.locator('summary').nth(2).click())
  for (const screen of [light, dark, phone]) await take('api', screen, api)

  const logIn: DeskView = {
    name: 'log-in',
    hash: '',
    title: (w) => w.logIn.title,
    change: (data) => {
      data.loggedIn = false
    },
    show: (page, w) => page.getByText(w.logIn.demo).waitFor(),
  }
  await takeDesk(logIn, [light, dark, phone, darkPhone])
  for (const page of deskPages) await takeDesk(page, [light, darkPhone, germanPhone])
  for (const page of deskPages) if (['settings', 'calls', 'people'].includes(page.name)) await takeDesk(page, [german])
  for (const page of emptyPages) await takeDesk(page, [light])
  // Menus and the sheet of keys look alike on every screen.
  const small = ['presence-menu', 'account-menu', 'shortcuts', 'card-answer-on']
  for (const dialog of deskDialogs)
    await takeDesk(dialog, small.includes(dialog.name) ? [darkPhone] : [light, darkPhone])
  for (const dialog of deskDialogs)
    if (['card', 'group', 'trunk', 'device-secret'].includes(dialog.name)) await takeDesk(dialog, [germanPhone])
  // A call is made as soon as one of its pictures is wanted.
  if (words.length === 0 || words.some((word) => /call-|video/.test(word)))
    await takeCalls(
      browser,
      [light, darkPhone].map((screen) => ({
        settings: settingsOf(screen),
        shoot: (name, page) => shoot(nameOf(name, screen), page),
      })),
    )
} finally {
  await browser.close()
  await server.close()
}
