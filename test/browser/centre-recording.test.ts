import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeWav } from '#media'
import { openStorage } from '#storage'
import { de } from '../../web/src/desk/words/de.ts'
import { en } from '../../web/src/desk/words/en.ts'
import { accessibilityFaults, launchChromium } from '../support/browser.ts'
import { callbackRow } from '../support/callbacks.ts'
import { needs } from '../support/needs.ts'
import { type Baton, startBaton } from '../support/server.ts'

// What a centre said is on the desk of who asked, and behind the link of the message: both play it.

const seconds = 2

needs('chromium')('what a centre said', () => {
  let browser: Browser
  let baton: Baton
  /** What stands in the message. */
  let link: URL

  beforeAll(async () => {
    baton = await startBaton()
    await baton.stop()
    const folder = join(baton.dataFolder, 'callbacks')
    mkdirSync(folder, { recursive: true })
    const sound = Int16Array.from({ length: 8_000 * seconds }, (_, i) => 8_000 * Math.sin((Math.PI * i) / 10))
    writeFileSync(join(folder, 'a1.wav'), writeWav(sound))
    // As a server that died while it recorded leaves it: the next start offers it.
    const now = Date.now()
    const more = { state: 'connected', dueAt: null, outcome: 'connected', attempts: 1, attemptId: 'a1' } as const
    const asker = { personId: 'demo-alice', channel: 'mail', thread: '{"to":"alice@example.org"}', keys: '1' }
    const row = callbackRow('r1', { dial: '+12025550199', name: 'Centre' }, { dial: '101' }, { ...more, ...asker })
    const begun = { id: 'a1', callbackId: 'r1', number: 1 }
    const storage = await openStorage({ folder: baton.dataFolder, thread: false })
    await storage.callbacks.accept(row, [])
    await storage.callbacks.attempt({
      ...{ ...begun, node: 'node-1', callId: 'c1', startedAt: now, calledAt: now, callerAt: now, joinedAt: now },
      ...{ endedAt: now, outcome: 'connected', detail: '{"confirmations":[]}' },
    })
    await storage.callbacks.recordings.begin({
      ...{ ...begun, state: 'recording', node: 'node-1', at: now, ms: 0, partial: 0 },
    })
    await storage.close()
    await baton.restart()
    await baton.stop()
    const after = await openStorage({ folder: baton.dataFolder, thread: false })
    const [message] = await after.callbacks.outbox.of('r1')
    await after.close()
    const { text } = JSON.parse(message?.body ?? '{}') as { text: string }
    link = new URL(/https?:\S+\/callbacks\/listen#\S+/.exec(text)?.[0] ?? text)
    await baton.restart()
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await baton?.stop()
  })

  async function open(locale: 'en' | 'de', width = 1280): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ locale, reducedMotion: 'reduce', viewport: { width, height: 800 } })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      // Pages of messages have no icon.
      if (message.type() === 'error' && !/status of 404/.test(message.text())) complaints.push(message.text())
    })
    return { page, complaints }
  }

  interface Player {
    readonly duration: number
    readonly error: { readonly message: string } | null
    addEventListener(type: 'ended' | 'error', listener: () => void): void
    play(): Promise<void>
  }

  /** Plays it to its end. @returns how long it was, in seconds */
  const heard = (page: Page, label: string): Promise<number> =>
    page.getByLabel(label, { exact: true }).evaluate((element) => {
      const player = element as unknown as Player
      return new Promise<number>((resolve, reject) => {
        player.addEventListener('ended', () => resolve(player.duration))
        player.addEventListener('error', () => reject(new Error(player.error?.message)))
        player.play().catch(reject)
      })
    })

  const overflow = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

  test.each([
    ['en', en, 1280],
    ['de', de, 360],
  ] as const)('is on the desk of who asked, with its attempt (%s)', async (locale, w, width) => {
    const { page, complaints } = await open(locale, width)
    const data = { login: 'alice', password: 'alice-demo' }
    await page.request.post(`${baton.http}/api/v1/session`, { data, headers: { origin: baton.http } })
    await page.goto(`${baton.http}/desk#/callbacks`)
    await page.getByRole('button', { name: w.callbacks.attempts(1) }).click()
    await page.getByText(w.callbacks.recordingPartial).waitFor()
    expect(await heard(page, w.callbacks.recordingOf(1))).toBeCloseTo(seconds, 1)
    expect(await overflow(page)).toBe(0)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test.each([
    ['en', 'What the centre said'],
    ['de', 'Was die Zentrale gesagt hat'],
  ] as const)('is behind the link of the message, without a log-in (%s)', async (locale, title) => {
    const { page, complaints } = await open(locale, 360)
    await page.goto(`${baton.http}${link.pathname}${link.hash}`)
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
    await page.getByLabel(title, { exact: true }).waitFor()
    expect(await heard(page, title)).toBeCloseTo(seconds, 1)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('a link that is not known says so', async () => {
    const { page } = await open('en')
    await page.goto(`${baton.http}${link.pathname}#${link.hash.slice(1, -1)}x`)
    await page.getByText('This recording is not there').waitFor()
    expect(await page.locator('audio').isVisible()).toBe(false)
  })
})
