import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { buildPages, launchChromium } from '../support/browser.ts'
import { needs } from '../support/needs.ts'
import { type Baton, startBaton } from '../support/server.ts'

/** Keeps every peer connection where a test can ask for what it hears. */
const keepConnections = `
  const Plain = RTCPeerConnection
  window.connections = []
  window.RTCPeerConnection = class extends Plain {
    constructor(...settings) { super(...settings); window.connections.push(this) }
  }`
const energy = `(async () => {
  let sum = 0
  for (const connection of window.connections)
    for (const report of (await connection.getStats()).values())
      if (report.type === 'inbound-rtp' && report.kind === 'audio') sum += report.totalAudioEnergy ?? 0
  return sum
})()`

needs('chromium')('the desk against the real server', () => {
  let browser: Browser
  let baton: Baton
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    buildPages()
    baton = await startBaton()
    browser = await launchChromium()
  })
  afterEach(async () => {
    while (closers.length > 0) await closers.pop()?.()
  })
  afterAll(async () => {
    await browser?.close()
    await baton?.stop()
  })

  async function newContext(microphone = true): Promise<BrowserContext> {
    const context = await browser.newContext({
      locale: 'en',
      permissions: microphone ? ['microphone', 'notifications'] : ['notifications'],
    })
    closers.push(() => context.close())
    await context.addInitScript(keepConnections)
    return context
  }

  /** Alice's desk, logged in and ready to be rung. */
  async function desk(context: BrowserContext): Promise<Page> {
    const page = await context.newPage()
    await page.goto(`${baton.http}/desk`)
    const button = page.getByRole('button', { name: 'Log in as Alice' })
    const inside = page.getByRole('heading', { level: 1, name: 'Calls' })
    await button.or(inside).first().waitFor()
    if (await button.isVisible()) await button.click()
    await inside.waitFor()
    return page
  }

  async function ring(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Let a demo caller ring you' }).click()
    await card(page).waitFor()
  }

  const card = (page: Page) => page.getByRole('alertdialog', { name: /^Incoming call from Demo caller$/ })
  const answer = (page: Page) => card(page).getByRole('button', { name: 'Answer', exact: true })
  const talking = (page: Page) => page.getByRole('article', { name: 'Demo caller' })
  const hears = (page: Page) =>
    page.waitForFunction(`${energy}.then((heard) => heard > 0.0005)`, undefined, { timeout: 15_000 })

  async function latestRecord(page: Page): Promise<{ cause: string; endedBy: string }> {
    const { records } = (await (await page.request.get(`${baton.http}/api/v1/records?limit=1`)).json()) as {
      records: { cause: string; endedBy: string; state: string }[]
    }
    return records[0]!
  }

  test('from the first page to hearing the demo caller: two clicks', async () => {
    const context = await newContext()
    const page = await context.newPage()
    await page.goto(baton.http)
    await page.getByRole('link', { name: 'Open Alice’s desk and let it ring' }).click()
    await card(page).waitFor()
    await answer(page).click()
    await talking(page).getByText('In call').waitFor()
    await hears(page)
    await card(page).waitFor({ state: 'detached' })
    await talking(page).getByText('Clear sound').waitFor()

    await page.keyboard.press('h')
    await talking(page).getByText('On hold').waitFor()
    await page.keyboard.press('h')
    await talking(page).getByText('In call').waitFor()
    await page.keyboard.press('m')
    await talking(page).getByRole('button', { name: 'Unmute' }).waitFor()
    await page.keyboard.press('k')
    await page.keyboard.type('12#')
    await talking(page).getByText('12#').waitFor()
    await page.keyboard.press('Escape')

    await talking(page).getByRole('link', { name: 'Messages' }).click()
    await page
      .getByRole('button', { name: /INVITE \+ SDP/ })
      .first()
      .waitFor()
    await talking(page).getByRole('button', { name: 'Hang up' }).click()
    await talking(page).waitFor({ state: 'detached' })
    await expect.poll(() => latestRecord(page)).toMatchObject({ cause: 'answered', endedBy: 'callee' })
  })

  test('declining by key ends the ringing, and the history says so', async () => {
    const page = await desk(await newContext())
    await ring(page)
    await page.keyboard.press('d')
    await card(page).waitFor({ state: 'detached' })
    await expect.poll(() => latestRecord(page)).toMatchObject({ cause: 'declined' })
    await page
      .getByRole('row', { name: /Demo caller.*Declined/ })
      .first()
      .waitFor()
  })

  test('after a reload the card is back, and still answers', async () => {
    const page = await desk(await newContext())
    await ring(page)
    await page.reload()
    await card(page).waitFor()
    await page.waitForFunction(`!document.querySelector('[role=alertdialog] [data-kind=primary]')?.disabled`)
    await page.keyboard.press('a')
    await talking(page).getByText('In call').waitFor()
    await hears(page)
    await page.keyboard.press('x')
    await talking(page).waitFor({ state: 'detached' })
  })

  test('two tabs: one registers, both show the card, either answers, and the other takes over', async () => {
    const context = await newContext()
    const first = await desk(context)
    const second = await desk(context)
    await ring(second)
    await card(first).waitFor()
    const devices = (await (await second.request.get(`${baton.http}/api/v1/devices`)).json()) as {
      devices: { kind: string; bindings: unknown[] }[]
    }
    expect(devices.devices.filter(({ kind }) => kind === 'desk').flatMap(({ bindings }) => bindings)).toHaveLength(1)
    await answer(second).click()
    for (const page of [first, second]) {
      await talking(page).getByText('In call').waitFor()
      await card(page).waitFor({ state: 'detached' })
    }
    await hears(first)
    await talking(second).getByRole('button', { name: 'Hang up' }).click()
    await talking(first).waitFor({ state: 'detached' })

    await first.close()
    await ring(second)
    await answer(second).click()
    await talking(second).getByText('In call').waitFor()
    await hears(second)
    await second.keyboard.press('x')
    await talking(second).waitFor({ state: 'detached' })
  })

  test('a refused microphone is told with what to do, and the call goes on ringing', async () => {
    const page = await desk(await newContext(false))
    await ring(page)
    await answer(page).click()
    await page.getByRole('alert').getByText('The browser was told not to give this page the microphone').waitFor()
    await card(page).getByRole('button', { name: 'Decline' }).click()
    await card(page).waitFor({ state: 'detached' })
  })

  test('the server starts again: the page says so, comes back by itself and can be rung', async () => {
    const page = await desk(await newContext())
    await ring(page)
    await card(page).getByRole('button', { name: 'Decline' }).click()
    await card(page).waitFor({ state: 'detached' })
    await baton.stop()
    const notice = page.getByText('Connection lost, coming back by itself')
    await notice.waitFor()
    await baton.restart()
    await notice.waitFor({ state: 'detached' })
    await ring(page)
    await answer(page).click()
    await talking(page).getByText('In call').waitFor()
    await page.keyboard.press('x')
    await talking(page).waitFor({ state: 'detached' })
  })
})
