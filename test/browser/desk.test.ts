import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { Desk, DeskHouse } from './desk-house.ts'

const caller = 'Demo caller'
const visitor = '+1 202 555 0199'

needs('chromium')('the desk against the real server', () => {
  let desks: DeskHouse

  beforeAll(async () => {
    desks = await DeskHouse.open()
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  async function latestRecord(page: Page): Promise<{ cause: string; endedBy: string; state: string }> {
    const { records } = (await (await page.request.get(`${desks.house.baton.http}/api/v1/records?limit=1`)).json()) as {
      records: { cause: string; endedBy: string; state: string }[]
    }
    return records[0]!
  }

  test('from the first page to hearing the demo caller: two clicks', async () => {
    const page = await (await desks.context()).newPage()
    await page.goto(desks.house.baton.http)
    await page.getByRole('link', { name: 'Open Alice’s desk and let it ring' }).click()
    const desk = new Desk(page)
    await desk.card(caller).waitFor()
    await desk.choice(caller, 'Answer').click()
    const talking = desk.talking(caller)
    await talking.getByText('In call').waitFor()
    await desk.hearsSound()
    await desk.card(caller).waitFor({ state: 'detached' })
    await talking.getByText('Clear sound').waitFor()

    await page.keyboard.press('h')
    await talking.getByText('On hold').waitFor()
    await page.keyboard.press('h')
    await talking.getByText('In call').waitFor()
    await page.keyboard.press('m')
    await talking.getByRole('button', { name: 'Unmute' }).waitFor()
    await page.keyboard.press('k')
    await page.keyboard.type('12#')
    await talking.getByText('12#').waitFor()
    await page.keyboard.press('Escape')

    await talking.getByRole('link', { name: 'Messages' }).click()
    await page
      .getByRole('button', { name: /INVITE \+ SDP/ })
      .first()
      .waitFor()
    await talking.getByRole('button', { name: 'Hang up' }).click()
    await talking.waitFor({ state: 'detached' })
    await expect.poll(() => latestRecord(page)).toMatchObject({ cause: 'answered', endedBy: 'callee' })
  })

  test('a visitor of a website asks to be called: the desk rings, then the visitor, who speaks', async () => {
    const alice = await desks.desk('Alice')
    await alice.canRing()
    const page = await (await desks.context()).newPage()
    await page.goto(desks.house.baton.http)
    await page.getByRole('link', { name: 'an example page' }).click()
    const form = page.getByRole('form', { name: 'Shall we call you?' })
    expect(await form.getByLabel('Your telephone number').inputValue()).toBe('+12025550199')
    await form.getByRole('button', { name: 'Please call me' }).click()
    await alice.card(visitor).getByText('Asked to be called').waitFor()
    await alice.choice(visitor, 'Answer').click()
    await alice.talking(visitor).getByText('In call').waitFor()
    await expect.poll(() => latestRecord(alice.page), { timeout: 60_000 }).toMatchObject({ state: 'live' })
    await alice.hearsSound()
    await alice.talking(visitor).getByRole('button', { name: 'Hang up' }).click()
    await alice.talking(visitor).waitFor({ state: 'detached' })
    await expect.poll(() => latestRecord(alice.page)).toMatchObject({ state: 'ended', cause: 'answered' })
  })

  test('declining by key ends the ringing, and the history says so', async () => {
    const desk = await desks.desk('Alice')
    await desk.letDemoCallerRing()
    await desk.page.keyboard.press('d')
    await desk.card(caller).waitFor({ state: 'detached' })
    await expect.poll(() => latestRecord(desk.page)).toMatchObject({ cause: 'declined' })
    await desk.page
      .getByRole('row', { name: /Demo caller.*Declined/ })
      .first()
      .waitFor()
  })

  test('after a reload the card is back, and still answers', async () => {
    const desk = await desks.desk('Alice')
    const { page } = desk
    await desk.letDemoCallerRing()
    await page.reload()
    await desk.card(caller).waitFor()
    await page.waitForFunction(`!document.querySelector('[role=alertdialog] [data-kind=primary]')?.disabled`)
    await page.keyboard.press('a')
    await desk.talking(caller).getByText('In call').waitFor()
    await desk.hearsSound()
    await page.keyboard.press('x')
    await desk.talking(caller).waitFor({ state: 'detached' })
  })

  test('two tabs: one registers, both show the card, either answers, and the other takes over', async () => {
    const context = await desks.context()
    const first = await desks.desk('Alice', context)
    const second = await desks.desk('Alice', context)
    await second.letDemoCallerRing()
    await first.card(caller).waitFor()
    const devices = (await (await second.page.request.get(`${desks.house.baton.http}/api/v1/devices`)).json()) as {
      devices: { kind: string; bindings: unknown[] }[]
    }
    expect(devices.devices.filter(({ kind }) => kind === 'desk').flatMap(({ bindings }) => bindings)).toHaveLength(1)
    await second.choice(caller, 'Answer').click()
    for (const desk of [first, second]) {
      await desk.talking(caller).getByText('In call').waitFor()
      await desk.card(caller).waitFor({ state: 'detached' })
    }
    await first.hearsSound()
    await second.talking(caller).getByRole('button', { name: 'Hang up' }).click()
    await first.talking(caller).waitFor({ state: 'detached' })

    await first.page.close()
    await second.letDemoCallerRing()
    await second.choice(caller, 'Answer').click()
    await second.talking(caller).getByText('In call').waitFor()
    await second.hearsSound()
    await second.page.keyboard.press('x')
    await second.talking(caller).waitFor({ state: 'detached' })
  })

  test('a refused microphone is told with what to do, and the call goes on ringing', async () => {
    const desk = await desks.desk('Alice', await desks.context({ permissions: ['notifications'] }))
    await desk.letDemoCallerRing()
    await desk.choice(caller, 'Answer').click()
    const told = 'The browser was told not to give this page the microphone'
    await desk.page.getByRole('alert').getByText(told).waitFor()
    await desk.choice(caller, 'Decline').click()
    await desk.card(caller).waitFor({ state: 'detached' })
  })

  test('the server starts again: the page says so, comes back by itself and can be rung', async () => {
    const desk = await desks.desk('Alice')
    await desk.letDemoCallerRing()
    await desk.choice(caller, 'Decline').click()
    await desk.card(caller).waitFor({ state: 'detached' })
    await desks.house.baton.stop()
    const notice = desk.page.getByText('Connection lost, coming back by itself')
    await notice.waitFor()
    await desks.house.baton.restart()
    await notice.waitFor({ state: 'detached' })
    await desk.letDemoCallerRing()
    await desk.choice(caller, 'Answer').click()
    await desk.talking(caller).getByText('In call').waitFor()
    await desk.page.keyboard.press('x')
    await desk.talking(caller).waitFor({ state: 'detached' })
  })
})
