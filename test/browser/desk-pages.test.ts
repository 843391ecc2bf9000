import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { en } from '../../web/src/desk/words/en.ts'
import { accessibilityFaults } from '../support/browser.ts'
import { type DeskView, deskDialogs, deskPages, emptyPages } from '../support/desk-views.ts'
import { colleagueRings, FakeDesk, fakeDeskData, fakeRinging } from '../support/fake-desk.ts'
import { needs } from '../support/needs.ts'
import { DeskHouse } from './desk-house.ts'

/** Colours, width and height. */
type Screen = readonly ['dark' | 'light', number, number]
type Screens = readonly [Screen, ...Screen[]]

/** What drives the browser counts as a person's gesture, so this page meets a browser that waits for a real click. */
const soundAfterClick = `
  let touched = false
  addEventListener('pointerdown', () => { touched = true }, true)
  const Plain = AudioContext
  window.AudioContext = class extends Plain {
    get state() { return touched ? super.state : 'suspended' }
    resume() { return touched ? super.resume() : new Promise(() => {}) }
  }`

needs('chromium')('the pages of the desk', () => {
  let desks: DeskHouse
  beforeAll(async () => {
    desks = await DeskHouse.open()
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  /** Opens a page of the desk over a made-up API; what the page complains about is collected. */
  async function open(
    hash: string,
    options: BrowserContextOptions = {},
    change?: (desk: FakeDesk) => void,
    script = '',
  ) {
    const context = await desks.browser.newContext({ locale: 'en', reducedMotion: 'reduce', ...options })
    const close = () => context.close()
    desks.house.onClear(close)
    await context.addInitScript(script)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 40[149]/.test(message.text())) complaints.push(message.text())
    })
    const desk = new FakeDesk(fakeDeskData(Date.now()))
    change?.(desk)
    await desk.install(page)
    await page.goto(`${desks.house.baton.http}/desk${hash}`)
    return { page, desk, complaints, close }
  }

  const card = (page: Page) => page.getByRole('alertdialog', { name: 'Incoming call from Jane Cooper' })
  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const overflow = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

  // Colours and widths do not depend on one another: two screens show every one of them. All four: BATON_TEST_SCREENS=all.
  const screens = [
    ['dark', 390, 844],
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['light', 390, 844],
  ] as const
  const all = process.env.BATON_TEST_SCREENS === 'all'

  /** What axe, the page itself and a ruler find wrong with the desk in this state, on one screen after the other. */
  async function faultsOf(view: DeskView, screens: Screens): Promise<string[]> {
    const [[colorScheme, width, height]] = screens
    const options = { colorScheme, viewport: { width, height } }
    const { page, desk, complaints, close } = await open(view.hash, options, ({ data }) => view.change?.(data))
    await heading(page, view.title(en))
    await view.show(page, en, desk)
    const faults: string[] = []
    for (const [colorScheme, width, height] of screens) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height })
      faults.push(...(await accessibilityFaults(page)))
      if (await overflow(page)) faults.push(`wider than a screen of ${width}`)
    }
    await close()
    return [...faults, ...complaints].map((fault) => `${view.name}: ${fault}`)
  }

  /** Two views at a time: each waits for the page about as long as for axe. */
  async function faultsOfAll(views: readonly DeskView[], screens: Screens): Promise<string[]> {
    const left = [...views]
    const faults: string[] = []
    const lane = async () => {
      for (let view = left.shift(); view; view = left.shift()) faults.push(...(await faultsOf(view, screens)))
    }
    await Promise.all([lane(), lane()])
    return faults
  }

  const logIn: DeskView = {
    ...{ name: 'log-in', hash: '', title: () => 'Log in', show: async () => {} },
    change: (data) => {
      data.loggedIn = false
    },
  }

  test('axe finds nothing on the pages, dark on a phone and light on a desk, and nothing is wider than the screen', async () => {
    expect(await faultsOfAll([...deskPages, logIn], all ? screens : [screens[0], screens[1]])).toEqual([])
  }, 240_000)

  test('axe finds nothing in the dialogs, menus and empty pages', async () => {
    expect(await faultsOfAll([...deskDialogs, ...emptyPages], all ? screens : [screens[0]])).toEqual([])
  }, 240_000)

  test('a colleague’s answer takes the card away and says who has the call', async () => {
    const { page, desk } = await open('#/history')
    await heading(page, 'History')
    const ringing = fakeRinging(Date.now())
    desk.put(ringing)
    await card(page).waitFor()
    expect(await page.title()).toBe('(1) Incoming call from Jane Cooper')
    desk.put({ ...ringing, state: 'answered', answeredBy: 'bob/phone', branches: [] })
    await card(page).waitFor({ state: 'detached' })
    await page.getByText('Answered by bob/phone').waitFor()
    expect(await page.title()).toBe('History – Baton desk')
  })

  test('"Answer on…" and "Send to…" ask the server', async () => {
    const { page, desk } = await open('#/calls')
    desk.put(fakeRinging(Date.now()))
    await card(page).getByRole('button', { name: 'Answer on…' }).click()
    await page.getByRole('menuitem', { name: /Desk phone/ }).click()
    await page.getByText('Pick up Desk phone now').waitFor()
    await card(page).getByRole('button', { name: 'Send to…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Send the call to' })
    await dialog.getByRole('combobox').fill('car')
    await dialog.getByRole('option', { name: /Carol/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('Sent to Carol').waitFor()
    expect(desk.asked.filter((line) => line.includes('/calls/'))).toEqual([
      'POST /calls/ring/answer {"station":"phone"}',
      'POST /calls/ring/divert {"to":"103"}',
    ])
  })

  const refusals = {
    taken: ['Already taken by bob', 'Already taken by Bob', 'Schon angenommen von Bob'],
    'nothing-rings': ['Nothing rings there', 'Nothing rings there any more', 'Dort klingelt nichts mehr'],
    'caller-gone': ['The caller has hung up', 'The caller hung up.', 'Der Anrufer hat aufgelegt.'],
    'not-allowed': ['Forbidden', /You may not pick up calls for Carol/, /Anrufe für Carol dürfen Sie nicht heranholen/],
    unreachable: ['Temporarily Unavailable', /No device of yours is registered/, /Kein Gerät von Ihnen ist angemeldet/],
    error: ['Server Internal Error', /The call was not picked up/, /Der Anruf wurde nicht herangeholt/],
  } as const

  test.each(['en', 'de'] as const)('a pickup that is refused is told in words: %s', async (locale) => {
    const { page, desk } = await open('#/calls', { locale })
    desk.put(colleagueRings(Date.now()))
    const words = locale === 'en' ? 'Pick up on…: Amir Haddad, for Carol' : 'Heranholen an …: Amir Haddad, für Carol'
    for (const [code, [message, en, de]] of Object.entries(refusals)) {
      desk.refusal = { code, message }
      await page.getByRole('button', { name: words }).first().click()
      await page.getByRole('menuitem', { name: /Desk phone/ }).click()
      await page.getByText(locale === 'en' ? en : de).waitFor()
      await page.getByText(/Desk phone now|jetzt Desk phone/).waitFor({ state: 'detached' })
      await page.reload()
    }
    expect(new Set(desk.asked.filter((line) => line.includes('/calls/')))).toEqual(
      new Set(['POST /calls/colleague/pickup {"station":"phone"}']),
    )
  })

  test('a colleague’s call without its caller shows no button, no link and no messages', async () => {
    const { page, desk } = await open('#/calls')
    const hidden = { caller: { number: '', name: '', personId: '' }, mayPickUp: false, callerHidden: true }
    desk.put({ ...colleagueRings(Date.now()), ...hidden })
    const now = page.getByRole('list', { name: 'Now' })
    await now.getByText('Somebody').waitFor()
    await page.getByRole('list', { name: 'Colleagues' }).getByText('rings', { exact: true }).waitFor()
    expect([await page.getByRole('button', { name: /Pick up/ }).count(), await now.getByRole('link').count()]).toEqual([
      0, 0,
    ])
    desk.put(colleagueRings(Date.now()))
    await page.getByRole('button', { name: 'Pick up: Amir Haddad, for Carol' }).nth(1).waitFor()
    expect(await now.getByRole('link').count()).toBe(0)
  })

  test('markup in a caller’s name is text', async () => {
    const { page, desk, complaints } = await open('#/calls', {}, ({ data }) => {
      data.card = undefined
    })
    const name = '<img src=x onerror=alert(1)>'
    desk.put({ ...fakeRinging(Date.now()), caller: { number: '+12025550147', name, personId: '' } })
    await page.getByRole('alertdialog', { name: `Incoming call from ${name}` }).waitFor()
    expect(await page.locator('img[src=x]').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('the keyboard alone: log in, palette, shortcuts, decline; single keys can be switched off', async () => {
    const { page, desk } = await open('', {}, ({ data }) => {
      data.loggedIn = false
    })
    await page.getByLabel('Log-in name').focus()
    await page.keyboard.type('alice')
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('The log-in name or the password is wrong.').waitFor()
    expect(await page.getByLabel('Log-in name').inputValue()).toBe('alice')
    await page.getByLabel('Password', { exact: false }).first().focus()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('alice-demo')
    await page.keyboard.press('Enter')
    await heading(page, 'Calls')

    await page.keyboard.press('Control+K')
    await page.keyboard.type('settings')
    await page.keyboard.press('Enter')
    await heading(page, 'Settings')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')

    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')

    desk.put(fakeRinging(Date.now()))
    await card(page).waitFor()
    await page.getByLabel('When nobody answers').focus()
    await page.keyboard.type('d')
    expect(desk.asked.some((line) => line.includes('decline'))).toBe(false)
    await page.getByRole('switch', { name: /Single keys act/ }).focus()
    await page.keyboard.press('Space')
    await page.locator('#main').focus()
    await page.keyboard.press('d')
    expect(desk.asked.some((line) => line.includes('decline'))).toBe(false)
    await page.getByRole('switch', { name: /Single keys act/ }).focus()
    await page.keyboard.press('Space')
    await page.locator('#main').focus()
    const declined = page.waitForRequest(/decline/)
    await page.keyboard.press('d')
    await declined
  })

  /** Hands keys to the browser all at once; none waits until the page has dealt with the one before. */
  async function typesAtOnce(page: Page, ...keys: readonly string[]) {
    const devTools = await page.context().newCDPSession(page)
    const presses = keys.flatMap((key) => {
      const [name = key, control] = key.split('+').reverse()
      const text = name.length > 1 ? (name === 'Enter' ? '\r' : '') : control ? '' : name
      const event = {
        key: name,
        code: name,
        windowsVirtualKeyCode: name === 'Enter' ? 13 : 0,
        modifiers: control ? 2 : 0,
      }
      return [
        devTools.send('Input.dispatchKeyEvent', { ...event, type: text ? 'keyDown' : 'rawKeyDown', text }),
        devTools.send('Input.dispatchKeyEvent', { ...event, type: 'keyUp' }),
      ]
    })
    await Promise.all(presses)
    await devTools.detach()
  }

  test('who types faster than the page draws goes where the text says, and a key after a closed dialog is the page’s', async () => {
    const { page } = await open('#/calls', { reducedMotion: 'no-preference' })
    await heading(page, 'Calls')
    const devTools = await page.context().newCDPSession(page)
    await devTools.send('Emulation.setCPUThrottlingRate', { rate: 6 })
    for (const name of ['Settings', 'History', 'Contacts', 'Devices', 'Calls', 'Devices', 'History', 'Settings']) {
      await typesAtOnce(page, 'Control+k', ...name.toLowerCase(), 'Enter')
      await heading(page, name)
      expect(await page.getByRole('dialog').count()).toBe(0)
    }
    await typesAtOnce(page, '?')
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await sheet.waitFor()
    await page.evaluate(`document.querySelector('[role=dialog]').setAttribute('data-first', '')`)
    await typesAtOnce(page, 'Escape', '?')
    await page.locator('[role=dialog]:not([data-first])').waitFor()
  }, 120_000)

  test('what is typed before the palette has been loaded is typed all the same', async () => {
    let load = () => {}
    const asked = new Promise<void>((resolve) => {
      load = resolve
    })
    const { page, desk } = await open('', {}, undefined, '')
    await page.route(/palette-.*\.js/, async (route) => {
      await asked
      await route.continue()
    })
    await page.reload()
    await heading(page, 'Calls')
    desk.put(fakeRinging(Date.now()))
    await card(page).waitFor()
    await typesAtOnce(page, 'Control+k', ...'devicesx', 'Backspace', 'Enter', 'd')
    load()
    await heading(page, 'Devices')
    expect(desk.asked.filter((line) => line.includes('decline'))).toEqual([])
    await card(page).waitFor()
  })

  test('a browser that holds back sound is told of, and a click lets it ring', async () => {
    const { page } = await open('#/calls', {}, undefined, soundAfterClick)
    const hint = page.getByText('Your browser keeps this page silent')
    await hint.waitFor()
    await page.getByRole('button', { name: 'Go available' }).click()
    await hint.waitFor({ state: 'detached' })
  })

  test('German all over', async () => {
    const { page, desk } = await open('#/settings', { locale: 'de-DE' })
    await heading(page, 'Einstellungen')
    desk.put(fakeRinging(Date.now()))
    const incoming = page.getByRole('alertdialog', { name: 'Anruf von Jane Cooper' })
    await incoming.getByRole('button', { name: 'Ablehnen' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
  })

  test('charges of a time only, and as a file of the same time', async () => {
    const { page } = await open('#/charges')
    const rows = page.getByRole('row', { name: /Jane Cooper to Bob/ })
    await page.getByRole('row', { name: /Not taken: Caller hung up/ }).waitFor()
    expect(await rows.count()).toBe(2)
    const dayOf = (at: number) => new Date(at).toLocaleDateString('sv')
    await page.getByLabel('From').fill(dayOf(Date.now() - 86_400_000))
    await page.getByRole('row', { name: /Not taken/ }).waitFor({ state: 'detached' })
    await page.getByRole('row', { name: /Carol .*Taken at carol\/phone.* 0:07 1:35/ }).waitFor()
    const file = await page.getByRole('link', { name: 'Save as CSV' }).getAttribute('href')
    expect(file).toMatch(/^\/api\/v1\/charges\.csv\?from=\d{13}$/)
    await page.getByLabel('To', { exact: true }).fill('2001-01-01')
    await page.getByText('No charge in this time.').waitFor()
  })
})
