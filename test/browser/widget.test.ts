import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { House } from '../interop/house.ts'
import { Baresip } from '../support/baresip.ts'
import { launchChromium } from '../support/browser.ts'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { startProgram } from '../support/program.ts'
import { makeTone, writeWav } from '../support/tone.ts'

const provider = '127.0.0.2'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

needs('chromium', 'baresip')('the form on a page of somebody else', () => {
  let house: House
  let browser: Browser
  let shop: Server
  let gateway: Baresip
  let url = ''

  beforeAll(async () => {
    shop = createServer((request, response) => {
      const called = new URL(request.url ?? '', 'http://x').searchParams.get('called') ?? ''
      response.setHeader('content-type', 'text/html')
      response.end(
        `<!doctype html><html lang="${called === '' ? 'de' : 'en'}"><title>Shop</title><main><h1>Shop</h1><script src="${house.baton.http}/widget.js" data-called="${called}"></script></main>`,
      )
    })
    shop.listen(0, '127.0.0.1')
    await once(shop, 'listening')
    url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
    gateway = await Baresip.start({ user: '+13125550123', address: provider, tone: 440 })
    const folder = temporaryFolder('organisation')
    const config = `
http: {boardPassword: board-password}
callbacks: {widget: {origins: "${url}", called: Sales}, caps: {sourcePerHour: 100}}
`
    const organisation = `
people:
  - {login: seller, name: Sam Seller, extension: 102, devices: [{name: phone, username: seller, password: secret-of-seller}]}
groups:
  - {name: Sales, extension: "300", members: [seller]}
trunks:
  - name: provider
    settings: {sources: [${provider}], gateways: ["sip:${provider}:${gateway.port}"]}
`
    const paths = { config: join(folder, 'baton.yaml'), organisation: join(folder, 'organisation.yaml') }
    writeFileSync(paths.config, config)
    writeFileSync(paths.organisation, organisation)
    const dataFolder = temporaryFolder('data')
    const load = await startProgram(
      process.execPath,
      ['scripts/organisation.ts', paths.organisation, '--config', paths.config],
      { cwd: join(import.meta.dirname, '../..'), environment: { BATON_DATA: dataFolder } },
    )
    expect(await load.ended, load.output()).toMatchObject({ code: 0 })
    const prompts = join(dataFolder, 'prompts', 'en')
    mkdirSync(prompts, { recursive: true })
    writeWav(join(prompts, 'press-1-to-connect.wav'), makeTone(1_200, 1))
    house = await House.open({ configYaml: config, dataFolder }, 'board-password')
    browser = await launchChromium()
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await browser?.close()
    await house?.close()
    await gateway?.stop()
    shop?.close()
  })

  async function opened(query: string): Promise<Page> {
    const page = await browser.newPage()
    house.onClear(() => page.close())
    await page.goto(`${url}/${query}`)
    return page
  }

  const faults = async (page: Page): Promise<unknown> => {
    await page.evaluate(axe)
    // biome-ignore lint/suspicious/noExplicitAny: axe puts itself into the page
    const { violations } = await page.evaluate(() => (globalThis as any).axe.run())
    return violations.map(({ id, nodes }: { id: string; nodes: unknown[] }) => `${id} ${nodes.length}`)
  }

  test('makes sales ring, then the visitor, who presses 1; they talk', async () => {
    const password = 'secret-of-seller'
    const sales = await Baresip.start({
      ...{ user: 'seller', password, domain: 'baton.local', proxy: house.baton.sip.target, tone: 660 },
    })
    house.onClear(() => sales.stop())
    await sales.registered()
    const page = await opened('?called=Sales')
    await page.getByLabel('Your telephone number').fill('(312) 555-0123')
    await page.getByRole('button', { name: 'Please call me' }).click()
    const status = page.getByRole('status')
    await status.getByText('Sales will ring first, then you on +13125550123: now.').waitFor()
    await sales.event('CALL_INCOMING')
    expect(gateway.events().map(({ type }) => type)).not.toContain('CALL_INCOMING')
    await sales.accept()
    await gateway.event('CALL_INCOMING')
    await gateway.accept()
    await gateway.hears(1_200, 0.5)
    await gateway.dtmf('1')
    await gateway.hears(660, 1)
    await sales.hears(440, 1)
    await gateway.hangup()
    await sales.event('CALL_CLOSED')
  })

  test('is called off on the page; in the language of the page; by whom one can reach everything', async () => {
    const page = await opened('')
    await page.getByLabel('Ihre Telefonnummer').fill('+12025550145')
    await page.getByLabel('Zu einer anderen Zeit').check()
    const later = new Date(Date.now() + 26 * 3_600_000).toISOString().slice(0, 16)
    await page.getByLabel('Datum und Uhrzeit').fill(later)
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: 'Bitte rufen Sie mich an' }).click()
    await page.getByRole('status').getByText('Zuerst klingelt es bei: Sales').waitFor()
    await page.getByRole('button', { name: 'Absagen' }).click()
    await page.getByRole('status').getByText('Ihr Anruf ist abgesagt.').waitFor()
  })

  test('the page of a link shows what it is about and a button; opening it calls nothing off', async () => {
    const at = Date.now() + 3_600_000
    const asked = await fetch(`${house.baton.http}/api/v1/widget/callbacks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ caller: '+12025550146', at }),
    })
    const { code } = (await asked.json()) as { code: string }
    const page = await browser.newPage({ locale: 'en-US' })
    house.onClear(() => page.close())
    await page.goto(`${house.baton.http}/callbacks/cancel#${code}`)
    await page.getByRole('heading', { name: 'Call off your call?' }).waitFor()
    expect(await page.locator('#about').textContent()).toContain('Sales')
    expect(await faults(page).catch(() => [])).toEqual([])
    await page.reload()
    await page.getByRole('button', { name: 'Call it off' }).click()
    await page.getByRole('status').getByText('Your call is called off.').waitFor()
    await page.reload()
    await page.getByText('This was confirmed, called off or made already.').waitFor()
  })
})
