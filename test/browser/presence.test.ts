import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createClient } from '#api'
import { needs } from '../support/needs.ts'
import { DeskHouse } from './desk-house.ts'

needs('chromium')('who is there', () => {
  let desks: DeskHouse
  beforeAll(async () => {
    desks = await DeskHouse.open()
  })
  afterEach(() => desks.clear())
  afterAll(() => desks.close())

  const client = async (login: string) => {
    const base = desks.house.baton.http
    const { token } = await createClient({ base })('POST /api/v1/session', {
      body: { login, password: `${login}-demo` },
    })
    return createClient({ base, token })
  }

  test('the list of people follows without being asked for again', async () => {
    const context = await desks.context()
    const page = await context.newPage()
    await page.goto(`${desks.house.baton.http}/desk#/people`)
    await page.getByRole('textbox', { name: 'Log-in' }).fill('admin')
    await page.getByRole('textbox', { name: 'Password' }).fill('admin-demo')
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    const bob = page.getByRole('listitem').filter({ hasText: 'Bob' }).locator('.target-state')
    await expect.poll(() => bob.getAttribute('data-state')).toBe('offline')
    // Only the events can tell from here on.
    await page.route('**/api/v1/people', (route) => route.abort())
    const ask = await client('bob')
    await ask('PATCH /api/v1/settings', { body: { presence: 'dnd' } })
    await expect.poll(() => bob.getAttribute('data-state')).toBe('dnd')
    await ask('PATCH /api/v1/settings', { body: { presence: 'available' } })
    await expect.poll(() => bob.getAttribute('data-state')).toBe('offline')
    const desk = await desks.desk('Bob')
    await expect.poll(() => bob.getAttribute('data-state')).toBe('free')
    await desk.page.close()
    await expect.poll(() => bob.getAttribute('data-state')).toBe('offline')
  })

  test('a demo call to somebody without a phone says what to do next', async () => {
    const desk = await desks.desk('Alice')
    await desk.canRing()
    await desk.page.getByRole('button', { name: 'New call' }).click()
    const dialog = desk.page.getByRole('dialog', { name: 'New call' })
    await dialog.getByRole('combobox').fill('carol')
    await dialog.getByRole('option', { name: /Carol/ }).waitFor()
    await desk.page.keyboard.press('Enter')
    await desk.page
      .getByText(/Nobody there: no phone, no open desk\. Open Carol’s desk .*log-in carol, password carol-demo/)
      .waitFor()
  })

  test('the first page says so too', async () => {
    const page = await (await desks.context()).newPage()
    await page.goto(desks.house.baton.http)
    await page.getByRole('button', { name: 'Let a demo caller ring Alice' }).click()
    await page.getByText(/Alice has no phone and no open desk/).waitFor()
  })
})
