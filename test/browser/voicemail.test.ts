import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { writeWav } from '#media'
import { de } from '../../web/src/desk/words/de.ts'
import { en } from '../../web/src/desk/words/en.ts'
import { eventually } from '../interop/eventually.ts'
import { accessibilityFaults } from '../support/browser.ts'
import { needs } from '../support/needs.ts'
import { DeskHouse } from './desk-house.ts'

// A phone leaves a message; the desk in Chromium counts it, plays it and deletes it.

needs('chromium', 'baresip')('messages on the desk', () => {
  let desks: DeskHouse
  beforeAll(async () => {
    desks = await DeskHouse.open()
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  async function open(locale: 'en' | 'de', login = 'bob'): Promise<Page> {
    const context = await desks.browser.newContext({ locale, reducedMotion: 'reduce' })
    const data = { login, password: `${login}-demo` }
    await context.request.post(`${desks.house.baton.http}/api/v1/session`, {
      data,
      headers: { origin: desks.house.baton.http },
    })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    return page
  }

  test('voicemail is switched on, a message comes, is played and deleted', async () => {
    const page = await open('en')
    const w = en
    await page.goto(`${desks.house.baton.http}/desk#/settings`)
    const part = page.getByRole('region', { name: w.voicemail.settings })
    await part.getByLabel(w.voicemail.on).check({ force: true })
    await part.getByLabel(w.voicemail.after).fill('1')
    await part.getByRole('button', { name: w.settings.save }).click()
    await page.getByText(w.settings.saved, { exact: true }).first().waitFor()

    const alice = await desks.house.phone('alice', { tone: 600 })
    await alice.dial('sip:102@baton.local')
    await alice.hears(1_000, 0.2)
    const since = performance.now()
    await eventually(() => expect(performance.now() - since).toBeGreaterThan(3_500))
    await alice.hangup()

    const link = page.getByRole('navigation').getByRole('link', { name: w.pages.voicemail })
    await expect.poll(() => link.textContent()).toContain(w.voicemail.waiting(1))
    await link.click()
    const message = page.getByRole('listitem').filter({ hasText: 'Alice' })
    await message.getByText(w.voicemail.fresh, { exact: true }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    const player = message.getByLabel(w.voicemail.play('Alice'))
    const played = await player.evaluate(async (audio) => {
      const sound = audio as unknown as { muted: boolean; duration: number; currentTime: number; play(): Promise<void> }
      sound.muted = true
      await sound.play()
      return sound.duration
    })
    expect(played).toBeGreaterThan(2)
    await expect
      .poll(() => player.evaluate((audio) => (audio as never as { currentTime: number }).currentTime))
      .toBeGreaterThan(0.3)
    await message.getByText(w.voicemail.fresh, { exact: true }).waitFor({ state: 'detached' })
    await expect.poll(() => link.textContent()).not.toContain(w.voicemail.waiting(1))

    await page.goto(`${desks.house.baton.http}/desk#/history`)
    await page
      .getByRole('row')
      .filter({ hasText: /Left a message of 0:0\d/ })
      .waitFor()

    const german = await open('de')
    await german.goto(`${desks.house.baton.http}/desk#/voicemail`)
    await german.getByRole('heading', { level: 1, name: de.voicemail.title }).waitFor()
    const same = german.getByRole('listitem').filter({ hasText: 'Alice' })
    await same.getByRole('button', { name: de.voicemail.remove }).click()
    const dialog = german.getByRole('dialog')
    await dialog.getByText(de.voicemail.sure('Alice')).waitFor()
    await dialog.getByRole('button', { name: de.voicemail.remove }).click()
    await german.getByText(de.voicemail.empty, { exact: true }).waitFor()
  })

  test('a group gets a mailbox and a greeting, which its members hear and take away', async () => {
    const w = en
    const admin = await open('en', 'admin')
    await admin.goto(`${desks.house.baton.http}/desk#/groups`)
    await admin.getByRole('button', { name: 'front', exact: true }).click()
    const form = admin.getByRole('dialog', { name: w.groups.editTitle('front') })
    await form.getByLabel(w.voicemail.on).check({ force: true })
    await form.getByLabel(w.voicemail.after).fill('15')
    const greeting = form.getByRole('region', { name: w.voicemail.greetingOf('front') })
    const upload = (name: string, buffer: Buffer) =>
      greeting.locator('input[type=file]').setInputFiles({ name, mimeType: 'audio/wav', buffer })
    await upload('letter.wav', Buffer.from('no sound at all'))
    await greeting.getByRole('alert').filter({ hasText: 'allowed are 16-bit PCM and G.711' }).waitFor()
    await upload('greeting.wav', writeWav(new Int16Array(16_000)))
    await greeting.getByText(w.voicemail.greetingRecorded).waitFor()
    await form.getByRole('button', { name: w.form.save }).click()
    await admin.getByText(w.groups.saved, { exact: true }).first().waitFor()
    await admin.getByRole('button', { name: 'front', exact: true }).click()
    await expect.poll(() => form.getByLabel(w.voicemail.after).inputValue()).toBe('15')

    const member = await open('en')
    await member.goto(`${desks.house.baton.http}/desk#/voicemail`)
    await member.getByLabel(w.voicemail.whose).selectOption({ label: 'front' })
    const heard = member.getByRole('region', { name: w.voicemail.greetingOf('front') })
    const duration = () =>
      heard.locator('audio').evaluate(async (audio) => {
        const sound = audio as unknown as { muted: boolean; duration: number; play(): Promise<void> }
        sound.muted = true
        await sound.play()
        return sound.duration
      })
    expect(await duration()).toBeCloseTo(2, 1)
    await heard.getByRole('button', { name: w.voicemail.reset }).press('Enter')
    await heard.getByText(w.voicemail.greetingSpoken).waitFor()
  })
})
