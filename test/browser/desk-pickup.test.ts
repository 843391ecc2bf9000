import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import { type Desk, DeskHouse } from './desk-house.ts'

const outside = '+1 206 555 0100'
/** What is heard of whom, in Hz. */
const tones = { alice: 700, outside: 440, bob: 880 }

needs('chromium', 'baresip')('call pickup at the desk', () => {
  let desks: DeskHouse

  beforeAll(async () => {
    desks = await DeskHouse.open({ tone: tones.alice })
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  /** Somebody from outside calls bob, whose phone rings. */
  async function ringBob(): Promise<{ bob: Baresip; caller: Baresip }> {
    const bob = await desks.house.phone('bob', { tone: tones.bob, trace: true })
    const caller = await desks.house.outsidePhone({ tone: tones.outside })
    await caller.dial(desks.house.numberOf('bob'))
    await bob.event('CALL_INCOMING')
    return { bob, caller }
  }

  const now = (desk: Desk) => desk.page.getByRole('list', { name: 'Now' })
  const button = (desk: Desk) => desk.page.getByRole('button', { name: `Pick up: ${outside}, for Bob` })
  const cancelled = ({ bob }: { bob: Baresip }) => bob.sip().some((message) => message.startsWith('CANCEL'))

  async function bothHear(alice: Desk, caller: Baresip): Promise<void> {
    await alice.talking(outside).getByText('In call').waitFor()
    await caller.hears(tones.alice)
    await alice.hears(tones.outside)
  }

  async function hangUp(alice: Desk): Promise<void> {
    await alice.talking(outside).getByRole('button', { name: 'Hang up', exact: true }).click()
    await alice.talking(outside).waitFor({ state: 'detached' })
  }

  test('by the button on the live board: both hear each other, the colleague’s phone stops, histories say who', async () => {
    const alice = await desks.desk('Alice')
    await alice.canRing()
    const { bob, caller } = await ringBob()
    await now(alice).getByRole('button', { name: 'Pick up' }).first().click()
    await bob.event('CALL_CLOSED')
    await bothHear(alice, caller)
    expect(cancelled({ bob })).toBe(true)
    await hangUp(alice)
    await caller.event('CALL_CLOSED')
    const bobs = await desks.desk('Bob')
    await bobs.page
      .getByRole('row', { name: /Picked up by alice\/desk/ })
      .first()
      .waitFor()
  })

  test('by key P: the longest-ringing call', async () => {
    const alice = await desks.desk('Alice')
    await alice.canRing()
    const { bob, caller } = await ringBob()
    await button(alice).first().waitFor()
    await alice.page.locator('#main').focus()
    await alice.page.keyboard.press('p')
    await bob.event('CALL_CLOSED')
    await bothHear(alice, caller)
    await hangUp(alice)
  })

  test('of two that ring, the button takes the one it stands at, though it began later', async () => {
    const alice = await desks.desk('Alice')
    await alice.canRing()
    const { bob, caller } = await ringBob()
    const carol = await desks.house.phone('carol', { tone: 990 })
    const second = await desks.house.outsidePhone({ user: '+12065550199', tone: 500 })
    await second.dial(desks.house.numberOf('carol'))
    await carol.event('CALL_INCOMING')
    await alice.page.getByRole('button', { name: 'Pick up: +1 206 555 0199, for Carol' }).first().click()
    await carol.event('CALL_CLOSED')
    await alice.talking('+1 206 555 0199').getByText('In call').waitFor()
    await second.hears(tones.alice)
    expect(cancelled({ bob })).toBe(false)
    await second.hangup()
    await caller.hangup()
  })

  test('on a phone of mine: it rings and takes the call', async () => {
    const alice = await desks.desk('Alice')
    await alice.canRing()
    const phone = await desks.house.phone('alice', { tone: 620 })
    await alice.page.reload()
    const { bob, caller } = await ringBob()
    await alice.page
      .getByRole('button', { name: `Pick up on…: ${outside}, for Bob` })
      .first()
      .click()
    await alice.page.getByRole('menuitem').first().click()
    await phone.event('CALL_INCOMING')
    await bob.event('CALL_CLOSED')
    await phone.accept()
    await caller.hears(620)
    await phone.hears(tones.outside)
    await caller.hangup()
  })

  test('who may not: no button and no caller, and a right that is withdrawn is told in words; it rings on', async () => {
    const dave = await desks.desk('Dave')
    const alice = await desks.desk('Alice')
    await alice.canRing()
    const { bob, caller } = await ringBob()
    await button(alice).first().waitFor()
    expect(await button(dave).count()).toBe(0)
    expect(await now(dave).getByRole('listitem').count()).toBe(0)
    await mayPickUp(false)
    try {
      await button(alice).first().click()
      await alice.page.getByText('You may not pick up calls for Bob.').waitFor()
      expect(cancelled({ bob })).toBe(false)
      await bob.accept()
      await caller.hears(tones.bob)
      await button(alice).first().waitFor({ state: 'detached' })
    } finally {
      await mayPickUp(true)
    }
    await caller.hangup()
  })

  /** Whether members of the demo's group take each other's calls. */
  async function mayPickUp(members: boolean): Promise<void> {
    const ask = (method: string, path: string, body: object, token?: string) =>
      desks.house.baton.fetch(`/api/v1${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body: JSON.stringify(body),
      })
    const session = await ask('POST', '/session', { login: 'admin', password: 'admin-demo' })
    const { token } = (await session.json()) as { token: string }
    expect((await ask('PATCH', '/groups/demo-front', { pickup: { members } }, token)).status).toBe(200)
  }
})
