import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import PostalMime from 'postal-mime'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../interop/eventually.ts'
import { House } from '../interop/house.ts'
import { accessibilityFaults, launchChromium } from '../support/browser.ts'
import { mailSink } from '../support/mail.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'

needs('chromium')('the form on a page of somebody else, confirmed by mail', () => {
  let house: House
  let browser: Browser
  let shop: Server
  let sink: Awaited<ReturnType<typeof mailSink>>
  let url = ''

  beforeAll(async () => {
    sink = await mailSink()
    const smtp = await freePort()
    shop = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(
        `<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1><script src="${house.baton.http}/widget.js" data-email></script></main>`,
      )
    })
    shop.listen(0, '127.0.0.1')
    await once(shop, 'listening')
    url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
    house = await House.ofOrganisation({
      organisation: `
people:
  - {login: seller, name: Sam Seller, extension: 102}
groups:
  - {name: Sales, extension: "300", members: [seller]}
`,
      config: `
callbacks: {widget: {origins: "${url}", called: Sales, confirm: mail}}
mail:
  hostname: baton.test
  domains: baton.test
  listen: 127.0.0.1:${smtp}
  out: {host: 127.0.0.1, port: ${sink.port}, security: none, from: callback@baton.test}
`,
    })
    browser = await launchChromium()
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await browser?.close()
    await house?.close()
    await sink?.stop()
    shop?.close()
  })

  /** The text of the mail with this number. */
  async function mailed(count: number): Promise<string> {
    const mail = await eventually(() => {
      expect(sink.mails).toHaveLength(count)
      return sink.mails[count - 1]
    })
    expect(mail?.to).toEqual(['otto@visitor.test'])
    return (await PostalMime.parse(mail?.raw ?? '')).text ?? ''
  }

  const linkIn = (text: string, page: string) =>
    new RegExp(String.raw`https?://\S+/callbacks/${page}#[0-9a-f]{40}`).exec(text)?.[0] ?? ''

  test('asks by the form, confirms by the link of the mail, and calls off by the link of the next', async () => {
    const page = await browser.newPage({ locale: 'en-US' })
    house.onClear(() => page.close())
    await page.goto(url)
    await page.getByLabel('Your telephone number').fill('+12025550145')
    await page.getByLabel('Your e-mail address').fill('otto@visitor.test')
    await page.getByLabel('At another time').check()
    await page.getByLabel('Date and time').fill(new Date(Date.now() + 26 * 3_600_000).toISOString().slice(0, 16))
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Please call me' }).click()
    await page.getByRole('status').getByText('Please open the link that was sent to you by e-mail.').waitFor()

    const asked = await mailed(1)
    expect(asked).toContain('Somebody asked for a call in your name.')
    // A link in a mail is opened by whoever looks through it first: that alone confirms nothing.
    await page.goto(linkIn(asked, 'confirm'))
    await page.getByRole('heading', { name: 'Did you ask for this call?' }).waitFor()
    expect(await page.locator('#about').textContent()).toContain('Sales')
    await page.reload()
    await page.getByRole('button', { name: 'Yes, call me' }).click()
    await page.getByRole('status').getByText('Thank you. The call will be made.').waitFor()

    const confirmed = await mailed(2)
    expect(confirmed).toContain('Sales will ring first, then you on +12025550145')
    await page.goto(linkIn(confirmed, 'cancel'))
    await page.getByRole('button', { name: 'Call it off' }).click()
    await page.getByRole('status').getByText('Your call is called off.').waitFor()
    expect(await mailed(3)).toContain('Your call with Sales is called off.')
  })
})
