import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { House } from '../interop/house.ts'
import { Baresip } from '../support/baresip.ts'
import { accessibilityFaults, launchChromium } from '../support/browser.ts'
import { needs } from '../support/needs.ts'

const provider = '127.0.0.2'

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
    house = await House.ofOrganisation({
      organisation: `
people:
  - {login: seller, name: Sam Seller, extension: 102, devices: [{name: phone, username: seller, password: secret-of-seller}]}
groups:
  - {name: Sales, extension: "300", members: [seller]}
trunks:
  - name: provider
    settings: {sources: [${provider}], gateways: ["sip:${provider}:${gateway.port}"]}
`,
      config: `callbacks: {widget: {origins: "${url}", called: Sales}, caps: {sourcePerHour: 100}}`,
      prompts: { 'press-1-to-connect': 1_200 },
    })
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

  test('makes sales ring, then the visitor, who presses 1; they talk', async () => {
    const sales = await house.phone('seller', { tone: 660 })
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
    expect(await accessibilityFaults(page)).toEqual([])
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
    expect(await accessibilityFaults(page)).toEqual([])
    await page.reload()
    await page.getByRole('button', { name: 'Call it off' }).click()
    await page.getByRole('status').getByText('Your call is called off.').waitFor()
    await page.reload()
    await page.getByText('This was confirmed, called off or made already.').waitFor()
  })
})
