import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { de } from '../../web/src/desk/words/de.ts'
import { en } from '../../web/src/desk/words/en.ts'
import { accessibilityFaults } from '../support/browser.ts'
import { FakeDesk, fakeDeskData } from '../support/fake-desk.ts'
import { needs } from '../support/needs.ts'
import { DeskHouse } from './desk-house.ts'

needs('chromium')('the page of queues', () => {
  let desks: DeskHouse
  beforeAll(async () => {
    desks = await DeskHouse.open()
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  test.each([
    ['light', 'en', 1280],
    ['dark', 'de', 390],
  ] as const)('shows who waits, and its form: %s, %s, %i wide', async (colorScheme, locale, width) => {
    const w = locale === 'de' ? de : en
    const context = await desks.browser.newContext({ locale, colorScheme, viewport: { width, height: 800 } })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    const desk = new FakeDesk(fakeDeskData(Date.now()))
    await desk.install(page)
    await page.goto(`${desks.house.baton.http}/desk#/queues`)
    const line = page.getByRole('table', { name: w.queues.waiting('Support') })
    await line.waitFor()
    expect(await line.getByRole('row').count()).toBe(3)
    await line
      .getByRole('row', { name: new RegExp(`2 Carol .* ${w.queues.minutes(2)} ${w.queues.keptPlace}`) })
      .waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Support', exact: true }).click()
    const form = page.getByRole('dialog', { name: w.queues.editTitle('Support') })
    await form.waitFor()
    expect(await form.getByLabel(w.queues.hours).inputValue()).toBe('1,2,3,4,5 08:00-18:00')
    expect(await accessibilityFaults(page)).toEqual([])
    // Two choices with whom they are about: the mailbox of a group, and somebody who is dialled, who gets a mailbox by the keyboard.
    expect(await form.getByLabel(w.queues.closedTo).inputValue()).toBe('voicemail')
    const mailbox = form.getByRole('combobox', { name: w.queues.mailbox })
    await expect.poll(() => mailbox.first().inputValue()).toBe('Front desk')
    expect(await form.getByLabel(w.queues.dialled).inputValue()).toBe('101')
    await form.getByLabel(w.queues.overflowTo).selectOption('voicemail')
    await mailbox.nth(1).fill('Bo')
    await page.getByRole('option', { name: 'Bob', exact: true }).waitFor()
    await mailbox.nth(1).press('ArrowDown')
    await mailbox.nth(1).press('Enter')
    await form.getByRole('button', { name: w.form.save }).click()
    await expect
      .poll(() => desk.asked.find((one) => one.startsWith('PATCH /queues/help')))
      .toContain('"voicemail:demo-bob"')
    expect(desk.asked.at(-1)).toContain('"closedTo":"voicemail:front"')
    expect(complaints).toEqual([])
    await context.close()
  })
})
