import type { BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { en as w } from '../../web/src/desk/words/en.ts'
import { needs } from '../support/needs.ts'
import { SipClient } from '../support/sip-client.ts'
import { DeskHouse } from './desk-house.ts'

/** What the page plays: on which device, and which tones. */
const hearSound = `
  window.played = []
  const Plain = AudioContext
  window.AudioContext = class extends Plain {
    setSinkId(id) { window.played.push('device ' + (id || 'standard')); return super.setSinkId(id) }
    createOscillator() {
      const tone = super.createOscillator()
      const start = tone.start.bind(tone)
      tone.start = (at) => { window.played.push(Math.round(tone.frequency.value) + ' Hz'); start(at) }
      return tone
    }
  }`

needs('chromium')('the forms of the desk change what the server keeps', () => {
  let desks: DeskHouse
  beforeAll(async () => {
    desks = await DeskHouse.open()
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  /** A page of the desk of one demo person, logged in. */
  async function desk(login: string, hash: string): Promise<{ page: Page; context: BrowserContext }> {
    const context = await desks.browser.newContext({
      locale: 'en',
      timezoneId: 'Europe/Berlin',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write', 'microphone'],
    })
    desks.house.onClear(() => context.close())
    await context.addInitScript(hearSound)
    const body = { login, password: `${login}-demo` }
    await context.request.post(`${desks.house.baton.http}/api/v1/session`, {
      data: body,
      headers: { origin: desks.house.baton.http },
    })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    await page.goto(`${desks.house.baton.http}/desk${hash}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    return { page, context }
  }

  /** What the API says, with the page's own log-in. */
  async function read<T>(page: Page, path: string): Promise<T> {
    const response = await page.request.get(`${desks.house.baton.http}/api/v1${path}`)
    expect(response.status(), path).toBe(200)
    return (await response.json()) as T
  }

  const dialog = (page: Page) => page.getByRole('dialog')
  const save = (page: Page) => dialog(page).getByRole('button', { name: w.form.save, exact: true }).click()
  const closed = (page: Page) => dialog(page).waitFor({ state: 'detached' })

  /** The server's sentence stands at this field, and the keyboard is in it. */
  async function refusedAt(field: Locator, sentence: string | RegExp): Promise<void> {
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    const ids = ((await field.getAttribute('aria-describedby')) ?? '').split(' ')
    const told = await Promise.all(ids.filter(Boolean).map((id) => field.page().locator(`[id="${id}"]`).textContent()))
    expect(told.join('\n')).toMatch(sentence)
    await field.and(field.page().locator(':focus')).waitFor()
  }

  async function removeOpen(page: Page): Promise<void> {
    await dialog(page).getByRole('button', { name: w.form.remove }).click()
    await dialog(page).getByRole('button', { name: w.form.cancel }).waitFor()
    await dialog(page).getByRole('button', { name: w.form.remove }).click()
    await closed(page)
  }

  interface Person {
    id: string
    login: string
    name: string
    extension: string
    email: string
    role: string
    hasPassword: boolean
    grants: { international: boolean; premium: boolean }
  }
  const person = async (page: Page, login: string) => {
    const { people } = await read<{ people: Person[] }>(page, '/people')
    const found = people.find((each) => each.login === login)
    return found && read<Person>(page, `/people/${found.id}`)
  }

  test('people', async () => {
    const { page } = await desk('admin', '#/people')
    await page.getByRole('button', { name: w.people.add }).click()
    const login = dialog(page).getByLabel(w.people.login)
    await dialog(page).getByRole('textbox', { name: w.people.name, exact: true }).fill('Frida Kahn')
    await login.fill('Frida K')
    await save(page)
    await refusedAt(login, /^Found "Frida K"; allowed: a small letter, then small letters/m)
    await login.fill('frida')
    const extension = dialog(page).getByLabel(w.people.extension)
    await extension.fill('102')
    await save(page)
    await refusedAt(extension, /102/)
    await extension.fill('120')
    await dialog(page).getByLabel(w.people.email).fill('frida@example.com')
    await dialog(page).getByLabel(w.people.role).selectOption('supervisor')
    await dialog(page).getByLabel(w.people.international).check({ force: true })
    const password = dialog(page).getByLabel(w.people.password, { exact: true })
    await password.fill('short')
    await save(page)
    await refusedAt(password, /^Found a value that is not shown; allowed: at least 8 characters/m)
    await password.fill('a long password')
    await save(page)
    await closed(page)
    expect(await person(page, 'frida')).toMatchObject({
      ...{ name: 'Frida Kahn', extension: '120', email: 'frida@example.com', role: 'supervisor', hasPassword: true },
      grants: { international: true, premium: false },
    })

    await page.getByRole('button', { name: 'Frida Kahn' }).click()
    await dialog(page).getByRole('textbox', { name: w.people.name, exact: true }).fill('Frida Kahlo')
    await dialog(page).getByLabel(w.people.premium).check({ force: true })
    await save(page)
    await closed(page)
    expect(await person(page, 'frida')).toMatchObject({ name: 'Frida Kahlo', grants: { premium: true } })
    await page.getByRole('button', { name: 'Frida Kahlo' }).click()
    await removeOpen(page)
    expect(await person(page, 'frida')).toBeUndefined()
  })

  test('devices: a QR code and values to copy that a phone can register with', async () => {
    const { page } = await desk('carol', '#/devices')
    await page.getByRole('button', { name: w.devices.add }).click()
    const name = dialog(page).getByLabel(w.devices.name)
    await name.fill('phone')
    await save(page)
    await refusedAt(name, /another device named phone/)
    await name.fill('Kitchen')
    await dialog(page).getByLabel(w.devices.kind).selectOption('softphone')
    await save(page)
    const values = page.getByRole('dialog', { name: w.devices.secretTitle('Kitchen') })
    await values.getByRole('img', { name: w.devices.qr }).waitFor()
    const copied = async (what: string) => {
      await values.getByRole('button', { name: `Copy: ${what}` }).click()
      await values.getByRole('status').filter({ hasText: 'Copied' }).first().waitFor()
      return page.evaluate<string>('navigator.clipboard.readText()')
    }
    const user = await copied(w.devices.user)
    const password = await copied(w.devices.password)
    expect(await copied(w.devices.server)).toBe(desks.house.baton.sip.target)
    await values.getByRole('button', { name: w.form.close }).last().click()
    await closed(page)

    const phone = await SipClient.open({ server: desks.house.baton.sip.target, domain: await domain(page), user })
    desks.house.onClear(async () => phone.close())
    expect((await phone.register(password)).status).toBe(200)
    type Device = { name: string; kind: string; username: string; bindings: unknown[] }
    const kitchen = async (called: string) =>
      (await read<{ devices: Device[] }>(page, '/devices')).devices.find((device) => device.name === called)
    expect(await kitchen('Kitchen')).toMatchObject({ kind: 'softphone', username: user, bindings: [{}] })

    await page.getByRole('button', { name: 'Kitchen' }).click()
    await dialog(page).getByLabel(w.devices.name).fill('Galley')
    await dialog(page).getByLabel(w.devices.autoAnswer).check({ force: true })
    await save(page)
    await closed(page)
    expect(await kitchen('Galley')).toMatchObject({ username: user, autoAnswer: true })

    await page
      .getByRole('listitem')
      .filter({ hasText: 'Galley' })
      .getByRole('button', { name: w.devices.secret })
      .click()
    await dialog(page).getByRole('button', { name: w.devices.secret }).click()
    await page.getByRole('dialog', { name: w.devices.secretTitle('Galley') }).waitFor()
    expect((await phone.register(password)).status).not.toBe(200)
    await values.or(page.getByRole('dialog')).getByRole('button', { name: w.form.close }).last().click()
    await closed(page)
    await page.getByRole('button', { name: 'Galley' }).click()
    await removeOpen(page)
    expect(await kitchen('Galley')).toBeUndefined()
  })

  const domain = async (page: Page) => (await read<{ sip: { domain: string } }>(page, '/about')).sip.domain

  test('groups: members, and the order in which they ring', async () => {
    const { page } = await desk('admin', '#/groups')
    type Group = { name: string; extension: string; members: string[]; ring: Record<string, unknown> }
    const group = async (name: string) =>
      (await read<{ groups: Group[] }>(page, '/groups')).groups.find((each) => each.name === name)
    await page.getByRole('button', { name: w.groups.add }).click()
    await dialog(page).getByLabel(w.groups.name).fill('Sales')
    const extension = dialog(page).getByLabel(w.groups.extension)
    await extension.fill('101')
    const members = dialog(page).getByRole('combobox', { name: w.groups.members })
    for (const name of ['Alice', 'Bob', 'Carol']) {
      await members.fill(name)
      await page.getByRole('option', { name }).click()
    }
    await page.keyboard.press('Tab')
    await dialog(page).getByText(w.ring.order, { exact: true }).click()
    const places = dialog(page).getByRole('list', { name: w.ring.orderOf }).getByRole('listitem')
    expect(await places.allTextContents()).toEqual(['Alice', 'Bob', 'Carol'])
    const earlier = dialog(page).getByRole('button', { name: w.ring.earlier('Carol') })
    await earlier.focus()
    await page.keyboard.press('Enter')
    expect(await places.allTextContents()).toEqual(['Alice', 'Carol', 'Bob'])
    await earlier.and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Enter')
    await dialog(page).getByRole('status').getByText(w.ring.moved('Carol', 1)).waitFor()
    const seconds = dialog(page).getByLabel(w.ring.stepFor)
    await seconds.fill('20')
    await save(page)
    await refusedAt(extension, /101/)
    await extension.fill('230')
    await save(page)
    await closed(page)
    expect(await group('Sales')).toMatchObject({
      extension: '230',
      members: ['demo-alice', 'demo-bob', 'demo-carol'],
      ring: { mode: 'order', order: ['carol', 'alice', 'bob'], stepMs: 20_000 },
    })

    await page.getByRole('button', { name: 'Sales' }).click()
    await dialog(page)
      .getByRole('button', { name: w.ring.later('Carol') })
      .click()
    await save(page)
    await closed(page)
    expect((await group('Sales'))?.ring.order).toEqual(['alice', 'carol', 'bob'])
    await page.getByRole('button', { name: 'Sales' }).click()
    await dialog(page).getByText(w.ring.all, { exact: true }).click()
    await dialog(page).getByLabel(w.ring.ringFor).fill('45')
    await save(page)
    await closed(page)
    expect((await group('Sales'))?.ring).toMatchObject({ mode: 'all', ringMs: 45_000 })
    await page.getByRole('button', { name: 'Sales' }).click()
    await removeOpen(page)
    expect(await group('Sales')).toBeUndefined()
  })

  test('numbers', async () => {
    const { page } = await desk('admin', '#/numbers')
    type Row = { number: string; targetName: string }
    const target = async () =>
      (await read<{ numbers: Row[] }>(page, '/numbers')).numbers.find(({ number }) => number === '+12025550177')
        ?.targetName
    await page.getByRole('button', { name: w.numbers.add }).click()
    const number = dialog(page).getByLabel(w.numbers.number)
    await number.fill('12')
    await save(page)
    await refusedAt(number, /Found "12"; allowed: a telephone number/)
    await number.fill('+1 202 555 0177')
    await dialog(page).getByLabel(w.numbers.rings).selectOption({ label: 'Dave' })
    await save(page)
    await closed(page)
    expect(await target()).toBe('Dave')
    await page.getByRole('button', { name: '+1 202 555 0177' }).click()
    await dialog(page).getByLabel(w.numbers.rings).selectOption({ label: 'front' })
    await save(page)
    await closed(page)
    expect(await target()).toBe('front')
    await page.getByRole('button', { name: '+1 202 555 0177' }).click()
    await removeOpen(page)
    expect(await target()).toBeUndefined()
  })

  test('trunks', async () => {
    const { page } = await desk('admin', '#/trunks')
    const trunk = async () =>
      (await read<{ trunks: { name: string }[] }>(page, '/trunks')).trunks.find(({ name }) => name === 'Carrier B')
    await page.getByRole('button', { name: w.trunks.add }).click()
    await dialog(page).getByLabel(w.trunks.name).fill('Carrier B')
    const gateways = dialog(page).getByLabel(w.trunks.gateways)
    await gateways.fill('gateway.example.com')
    await save(page)
    await refusedAt(gateways, /^Found .*allowed: a SIP URI like sip:gateway.example.com/m)
    await gateways.fill('sip:192.0.2.10\nsip:192.0.2.11')
    const sources = dialog(page).getByLabel(w.trunks.sources)
    await sources.fill('everywhere')
    await save(page)
    await refusedAt(sources, /^Found "everywhere"; allowed: an address, address:port or a range/m)
    await sources.fill('192.0.2.0/24')
    await dialog(page).getByLabel(w.trunks.maxCalls).fill('12')
    await dialog(page).getByLabel(w.trunks.refer).check({ force: true })
    await dialog(page).getByLabel(w.trunks.registers).check({ force: true })
    await dialog(page).getByLabel(w.trunks.registrar).fill('sip:192.0.2.10')
    await dialog(page).getByLabel(w.trunks.username).fill('acme')
    await save(page)
    const password = dialog(page).getByLabel(w.trunks.password, { exact: true })
    await refusedAt(password, /the password for this registrar/)
    await password.fill('carrier secret')
    await save(page)
    await closed(page)
    expect(await trunk()).toMatchObject({
      join: 'refer',
      gateways: ['sip:192.0.2.10', 'sip:192.0.2.11'],
      sources: ['192.0.2.0/24'],
      maxCalls: 12,
      registration: { registrar: 'sip:192.0.2.10', username: 'acme', hasPassword: true },
    })
    await page.getByRole('button', { name: 'Carrier B' }).click()
    await dialog(page).getByLabel(w.trunks.registers).uncheck({ force: true })
    await dialog(page).getByLabel(w.trunks.priority).fill('3')
    await save(page)
    await closed(page)
    const after = await trunk()
    expect(after).toMatchObject({ priority: 3, join: 'refer' })
    expect(after).not.toHaveProperty('registration')
    await page.getByRole('button', { name: 'Carrier B' }).click()
    await removeOpen(page)
    expect(await trunk()).toBeUndefined()
  })

  test('contacts from a vCard and a CSV file: shown before they are taken', async () => {
    const { page } = await desk('dave', '#/contacts')
    type Contact = { name: string; company: string; shared: boolean; numbers: { number: string; label: string }[] }
    const names = async (q: string) => (await read<{ contacts: Contact[] }>(page, `/contacts?q=${q}`)).contacts
    const take = async (name: string, text: string) => {
      await page.getByRole('button', { name: w.contacts.import }).click()
      await dialog(page)
        .locator('input[type=file]')
        .setInputFiles({ name, mimeType: '', buffer: Buffer.from(text) })
    }
    await take(
      'people.vcf',
      [
        ...['BEGIN:VCARD', 'VERSION:4.0', 'FN:Ada Moreau', 'ORG:Moreau Optics', 'TEL;TYPE=work:+33 1 70 18 99 10'],
        ...[
          'END:VCARD',
          'BEGIN:VCARD',
          'VERSION:3.0',
          'FN:Bo Lindqvist',
          'TEL;TYPE=CELL:+46 70 123 45 67',
          'END:VCARD',
        ],
      ].join('\r\n'),
    )
    await dialog(page).getByText(w.contacts.importFound('2')).waitFor()
    expect(await names('Moreau')).toEqual([])
    await dialog(page).getByLabel(w.contacts.importShared).check({ force: true })
    await dialog(page)
      .getByRole('button', { name: w.contacts.importDo('2') })
      .click()
    await closed(page)
    await page.getByRole('link', { name: 'Ada Moreau' }).waitFor()
    expect(await names('Moreau')).toMatchObject([
      { name: 'Ada Moreau', company: 'Moreau Optics', shared: true, numbers: [{ number: '+33170189910' }] },
    ])

    await take('list.csv', 'name,company,phone\nCem Aydin,Aydin Print,+49 30 90182001\na,b,c,d\n')
    await dialog(page).getByText(w.contacts.importFound('1')).waitFor()
    await dialog(page)
      .getByText(/Line 3: has 4 cells/)
      .waitFor()
    await dialog(page)
      .getByRole('button', { name: w.contacts.importDo('1') })
      .click()
    await closed(page)
    expect(await names('Aydin')).toMatchObject([{ shared: false, numbers: [{ number: '+493090182001' }] }])

    await take('nothing.csv', 'a,b\n1,2\n')
    await dialog(page)
      .getByText(/name the columns/)
      .waitFor()
    await page.keyboard.press('Escape')
    await closed(page)

    await page.getByRole('link', { name: 'Cem Aydin' }).click()
    await dialog(page).getByRole('textbox', { name: w.contacts.name, exact: true }).fill('')
    await dialog(page).getByLabel(w.contacts.company).fill('')
    await save(page)
    await refusedAt(dialog(page).getByRole('textbox', { name: w.contacts.name, exact: true }), /name|company/)
    await dialog(page).getByLabel(w.contacts.company).fill('Aydin & Daughters')
    await save(page)
    await closed(page)
    expect(await names('Daughters')).toHaveLength(1)
  })

  interface Settings {
    preferredDevice: string
    quietHours: unknown[]
    timeZone: string
    callerRules: unknown[]
    ring: Record<string, unknown>
    forward: Record<string, string>
    hideNumber: boolean
    shownNumber: string
    declineEndsAll: boolean
  }

  test('settings: who is told of a call, where, and when', async () => {
    const { page, context } = await desk('bob', '#/history')
    const device = { data: { name: 'Mobile', kind: 'softphone' }, headers: { origin: desks.house.baton.http } }
    expect((await context.request.post(`${desks.house.baton.http}/api/v1/devices`, device)).status()).toBe(201)
    await page.goto(`${desks.house.baton.http}/desk#/settings`)
    await page.reload()
    const settings = () => read<Settings>(page, '/settings')
    const part = (name: string) => page.getByRole('region', { name, exact: true })
    const saveIn = (name: string) => part(name).getByRole('button', { name: w.settings.save }).click()
    const saved = () => page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok())

    const preferred = page.getByLabel(w.settings.preferred)
    await preferred.getByRole('option', { name: 'phone' }).waitFor({ state: 'attached' })
    await preferred.selectOption({ label: 'phone' })
    await expect.poll(async () => (await settings()).preferredDevice).toBe('demo-bob-phone')

    const quiet = part(w.settings.quiet)
    await quiet.getByRole('button', { name: w.settings.quietAdd }).click()
    await quiet.getByLabel('Fri').uncheck()
    await quiet.getByLabel(w.settings.from).fill('19:30')
    const [first] = await Promise.all([saved(), saveIn(w.settings.quiet)])
    expect(first.request().method()).toBe('PATCH')
    expect(await settings()).toMatchObject({
      quietHours: [{ days: [1, 2, 3, 4], from: '19:30', to: '08:00' }],
      timeZone: 'Europe/Berlin',
    })
    for (const day of ['Mon', 'Tue', 'Wed', 'Thu']) await quiet.getByLabel(day).uncheck()
    await saveIn(w.settings.quiet)
    await quiet.getByText(/^Found .*at least 1 entries/).waitFor()
    await quiet.getByLabel('Sun').check()
    await quiet.getByRole('combobox', { name: w.settings.timeZone }).fill('New_York')
    await page.getByRole('option', { name: 'America/New_York' }).click()
    await Promise.all([saved(), saveIn(w.settings.quiet)])
    expect(await settings()).toMatchObject({ quietHours: [{ days: [7] }], timeZone: 'America/New_York' })

    const rules = part(w.settings.rules)
    await rules.getByRole('button', { name: w.settings.ruleAdd }).click()
    const callers = rules.getByLabel(w.settings.ruleCallers)
    await callers.fill('the bank')
    await rules.getByLabel(w.settings.ruleAction).selectOption('ring')
    await saveIn(w.settings.rules)
    await refusedAt(callers, /^Found "thebank"; allowed: a number/m)
    await callers.fill('+1202555*, internal')
    await rules.getByRole('group', { name: w.settings.ruleDevices }).getByLabel('phone').check()
    await Promise.all([saved(), saveIn(w.settings.rules)])
    const ringsOnly = { callers: ['+1202555*', 'internal'], action: 'ring', devices: ['demo-bob-phone'] }
    expect((await settings()).callerRules).toEqual([ringsOnly])
    await rules.getByRole('button', { name: w.settings.ruleAdd }).click()
    const second = rules.getByRole('group', { name: w.settings.ruleRow(2) })
    await second.getByLabel(w.settings.ruleCallers).fill('anonymous')
    await second.getByLabel(w.settings.ruleTo).fill('bob')
    await saveIn(w.settings.rules)
    await refusedAt(second.getByLabel(w.settings.ruleTo), /own; allowed: somebody else/)
    await second.getByLabel(w.settings.ruleTo).fill('101')
    await second.getByRole('button', { name: w.settings.ruleUp }).click()
    await Promise.all([saved(), saveIn(w.settings.rules)])
    const diverts = { callers: ['anonymous'], action: 'divert', devices: [], to: '101' }
    expect((await settings()).callerRules).toEqual([diverts, ringsOnly])

    const ring = part(w.settings.ringMode)
    await ring.getByText(w.ring.order, { exact: true }).click()
    await ring.getByRole('button', { name: w.ring.earlier('phone') }).waitFor()
    const order = await ring.getByRole('list', { name: w.ring.orderOf }).getByRole('listitem').allTextContents()
    expect(order).toContain('Mobile')
    const [last = '', before = ''] = order.toReversed()
    await ring.getByRole('button', { name: w.ring.earlier(last) }).click()
    await ring.getByLabel(w.ring.stepFor).fill('12')
    await ring.getByLabel(w.settings.declineEnds).check({ force: true })
    await Promise.all([saved(), saveIn(w.settings.ringMode)])
    expect(await settings()).toMatchObject({
      ring: { mode: 'order', order: [...order.slice(0, -2), last, before], stepMs: 12_000 },
      declineEndsAll: true,
    })

    const forwards = part(w.settings.forwards)
    await forwards.getByLabel(w.settings.forwardBusy).fill('103')
    const noAnswer = forwards.getByLabel(w.settings.forwardNoAnswer)
    await noAnswer.fill('somebody @ home')
    await saveIn(w.settings.forwards)
    await refusedAt(noAnswer, /^Found .*an extension, a log-in or a telephone number/m)
    await noAnswer.fill('200')
    await Promise.all([saved(), saveIn(w.settings.forwards)])
    expect((await settings()).forward).toEqual({ busy: '103', noAnswer: '200' })

    const outside = part(w.settings.outside)
    const { numbers } = (await read<{ person: { numbers: string[] } }>(page, '/session')).person
    await outside.getByLabel(w.settings.shownNumber).selectOption(numbers[0] ?? '')
    await outside.getByLabel(w.settings.hideNumber).check({ force: true })
    await Promise.all([saved(), saveIn(w.settings.outside)])
    expect(await settings()).toMatchObject({ hideNumber: true, shownNumber: numbers[0] })

    await part(w.settings.presence).getByText(w.presence.away, { exact: true }).click()
    await expect.poll(async () => (await read<{ presence: string }>(page, '/settings')).presence).toBe('away')

    await page.reload()
    await expect.poll(() => part(w.settings.forwards).getByLabel(w.settings.forwardBusy).inputValue()).toBe('103')
    expect(await page.getByLabel(w.settings.preferred).inputValue()).toBe('demo-bob-phone')
  })

  test('my password', async () => {
    const { page } = await desk('dave', '#/settings')
    const part = page.getByRole('region', { name: w.settings.password })
    const current = part.getByLabel(w.settings.passwordCurrent)
    const fresh = part.getByLabel(w.settings.passwordNew)
    const send = () => part.getByRole('button', { name: w.settings.save }).click()
    await current.fill('not mine')
    await fresh.fill('another good one')
    await send()
    await refusedAt(current, /This is not your password/)
    await current.fill('dave-demo')
    await fresh.fill('short')
    await send()
    await refusedAt(fresh, /at least 8 characters/)
    await fresh.fill('another good one')
    await send()
    await page.getByText(w.settings.passwordChanged).waitFor()
    const tried = await desks.house.baton.fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login: 'dave', password: 'another good one' }),
    })
    expect(tried.status).toBe(200)
  })

  test('the speaker test plays two notes on the chosen device', async () => {
    const { page } = await desk('carol', '#/settings')
    const speaker = page.getByLabel(w.settings.speaker, { exact: true })
    await speaker.locator('option').nth(1).waitFor({ state: 'attached' })
    const chosen = await speaker.locator('option').nth(1).getAttribute('value')
    await speaker.selectOption(chosen)
    await page.getByRole('button', { name: w.settings.testSpeaker }).click()
    await page.getByText(w.settings.speakerPlayed).waitFor()
    const played = await page.evaluate<string[]>('window.played')
    expect(played.filter((line) => line.endsWith('Hz'))).toEqual(['523 Hz', '659 Hz'])
    expect(played).toContain(`device ${chosen}`)
  })
})
