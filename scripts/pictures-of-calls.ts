/** The desk in a call, from real calls: the server, phones and browsers with a made-up camera. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { Baresip } from '../test/support/baresip.ts'
import { type Baton, startBaton } from '../test/support/server.ts'

/** How a picture is taken, and what the browser's window is like. */
export interface CallScreen {
  readonly settings: BrowserContextOptions
  /** @param name `desk-call-held` */
  readonly shoot: (name: string, page: Page) => Promise<unknown>
}

const outside = '+1 206 555 0100'
const permissions = ['microphone', 'camera', 'notifications']

/** Takes every picture of calls on each screen. Needs baresip. */
export async function takeCalls(browser: Browser, screens: readonly CallScreen[]): Promise<void> {
  const baton = await startBaton()
  try {
    for (const screen of screens) {
      await takeSoundCalls(browser, baton, screen)
      await takeVideoCalls(browser, baton, screen)
    }
  } finally {
    await baton.stop()
  }
}

const talking = (page: Page, who: string) => page.getByRole('article', { name: who })
const control = (page: Page, who: string, name: string) => talking(page, who).getByRole('button', { name, exact: true })
const card = (page: Page, who: string) => page.getByRole('alertdialog', { name: `Incoming call from ${who}` })

async function takeSoundCalls(browser: Browser, baton: Baton, { settings, shoot }: CallScreen): Promise<void> {
  const alice = await deskOf(browser, baton, 'Alice', settings)
  const caller = await Baresip.start({ user: '+12065550100', tone: 440 })
  const carol = await phoneOf(baton, 'carol')
  try {
    await caller.dial(`sip:+12025550101@${baton.sip.target}`)
    await card(alice, outside).getByRole('button', { name: 'Answer', exact: true }).click()
    await talking(alice, outside).getByText('Clear sound').waitFor()
    await shoot('desk-call', alice)

    await control(alice, outside, 'Hold').click()
    await talking(alice, outside).getByText('On hold').waitFor()
    await shoot('desk-call-held', alice)
    await control(alice, outside, 'Resume').click()
    await talking(alice, outside).getByText('Clear sound').waitFor()

    await control(alice, outside, 'Keypad').click()
    for (const key of ['4', '2', '#']) await alice.getByRole('button', { name: key, exact: true }).click()
    await shoot('desk-call-keypad', alice)
    await control(alice, outside, 'Keypad').click()

    await control(alice, outside, 'Transfer').click()
    const dialog = alice.getByRole('dialog')
    await dialog.getByRole('option', { name: /Bob/ }).waitFor()
    await shoot('desk-call-transfer', alice)
    await alice.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    await carol.dial('101')
    // The card with what is known of the caller, and the browser's own INVITE.
    await card(alice, 'Carol').locator('.background').waitFor()
    await card(alice, 'Carol').locator('[data-kind=primary]:not(:disabled)').waitFor()
    await shoot('desk-call-waiting', alice)
    await carol.hangup()
    await card(alice, 'Carol').waitFor({ state: 'detached' })

    await control(alice, outside, 'Hang up').click()
    await talking(alice, outside).waitFor({ state: 'detached' })
  } finally {
    await alice.context().close()
    await caller.stop()
    await carol.stop()
  }
}

async function takeVideoCalls(browser: Browser, baton: Baton, { settings, shoot }: CallScreen): Promise<void> {
  const alice = await deskOf(browser, baton, 'Alice', settings)
  const bob = await deskOf(browser, baton, 'Bob', {})
  try {
    await bob.getByRole('button', { name: 'New call' }).first().click()
    const dialog = bob.getByRole('dialog')
    await dialog.getByRole('combobox').fill('Alice')
    await dialog.getByRole('option', { name: /Alice/ }).waitFor()
    await dialog.getByRole('button', { name: 'Call with video', exact: true }).click()
    const answer = card(alice, 'Bob').getByRole('button', { name: 'Answer with video' })
    await answer.waitFor()
    await card(alice, 'Bob').locator('.background').waitFor()
    await shoot('desk-card-video', alice)
    await answer.click()
    await alice.locator('video[aria-label="Picture of Bob"][data-unseen=false]').waitFor()
    await alice.locator('video[aria-label="Your own picture"]').waitFor()
    await talking(alice, 'Bob').getByText('Clear sound').waitFor()
    await shoot('desk-call-video', alice)
    await control(alice, 'Bob', 'Hang up').click()
    await talking(bob, 'Alice').waitFor({ state: 'detached' })
  } finally {
    await alice.context().close()
    await bob.context().close()
  }
}

/** A desk that can be rung. */
async function deskOf(browser: Browser, baton: Baton, name: string, settings: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ locale: 'en', ...settings, permissions })
  const page = await context.newPage()
  await page.goto(`${baton.http}/desk`)
  await page.getByRole('button', { name: `Log in as ${name}` }).click()
  await page.locator('.account-dot[data-state=registered]').waitFor()
  return page
}

async function phoneOf(baton: Baton, user: string): Promise<Baresip> {
  const { target } = baton.sip
  const phone = await Baresip.start({ user, password: `${user}-demo`, domain: 'baton.local', proxy: target })
  await phone.registered()
  return phone
}
