import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../interop/eventually.ts'
import { type House, outsider } from '../interop/house.ts'
import type { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import { type Desk, DeskHouse } from './desk-house.ts'

/** The outside caller as a card writes it. */
const shown = '+1 206 555 0100'

needs('chromium', 'baresip')('the desk among real phones', () => {
  let desks: DeskHouse
  let house: House

  beforeAll(async () => {
    desks = await DeskHouse.open({ tone: 700 })
    house = desks.house
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  /** Alice's desk, and a telephone outside that calls her. */
  async function ringing(): Promise<{ desk: Desk; caller: Baresip }> {
    const desk = await desks.desk('Alice')
    await desk.canRing()
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    await desk.card(shown).waitFor()
    return { desk, caller }
  }

  const gone = (desk: Desk) => desk.card(shown).waitFor({ state: 'detached' })
  /** What each station of the one live call does. */
  const stations = async () => {
    const [call] = await house.calls()
    return Object.fromEntries(call?.branches.map(({ station, state }) => [station, state]) ?? [])
  }

  test('a telephone outside calls: the card, "Answer", and both hear each other', async () => {
    const { desk, caller } = await ringing()
    await desk.card(shown).getByText('for +1 202 555 0101').waitFor()
    await desk.choice(shown, 'Answer').click()
    await caller.event('CALL_ESTABLISHED')
    await desk.talking(shown).getByText('In call').waitFor()
    await caller.hears(700)
    await desk.hears(440)
    await gone(desk)
    await caller.hangup()
    await desk.talking(shown).waitFor({ state: 'detached' })
    const record = await house.lastRecord()
    expect(record).toMatchObject({ cause: 'answered', endedBy: 'caller', caller: { number: outsider } })
    expect(record.quality.callee?.packetsReceived).toBeGreaterThan(20)
  })

  test('"Answer on…": only the chosen phone rings on, and has the call', async () => {
    const phone = await house.phone('alice', { tone: 880 })
    const { desk, caller } = await ringing()
    await expect.poll(stations).toMatchObject({ 'alice/phone': 'ringing', 'alice/desk': 'ringing' })
    await desk.choice(shown, 'Answer on…').click()
    await desk.page.getByRole('menuitem', { name: /^phone/ }).click()
    await desk.page.getByText('Pick up phone now').waitFor()
    await expect.poll(stations).toMatchObject({ 'alice/phone': 'ringing', 'alice/desk': 'ended' })
    await phone.event('CALL_INCOMING')
    await phone.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(880)
    await phone.hears(440)
    await gone(desk)
    await caller.hangup()
    expect(await house.lastRecord()).toMatchObject({ cause: 'answered', answeredBy: { station: 'alice/phone' } })
  })

  test('"Send to…": a colleague’s phone rings and has the call', async () => {
    const bob = await house.phone('bob', { tone: 880 })
    const { desk, caller } = await ringing()
    await desk.choice(shown, 'Send to…').click()
    const dialog = desk.page.getByRole('dialog', { name: 'Send the call to' })
    await dialog.getByRole('combobox').fill('bob')
    await dialog.getByRole('option', { name: /Bob/ }).waitFor()
    await desk.page.keyboard.press('Enter')
    await desk.page.getByText('Sent to Bob').waitFor()
    await gone(desk)
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(880)
    await bob.hears(440)
    await bob.hangup()
    expect(await house.lastRecord()).toMatchObject({ cause: 'answered', answeredBy: { station: 'bob/phone' } })
  })

  test('a colleague answers a call to the group: the card goes, and the history says who has it', async () => {
    const bob = await house.phone('bob', { tone: 880 })
    const carol = await house.phone('carol', { tone: 440 })
    const desk = await desks.desk('Alice')
    await desk.canRing()
    await carol.dial('200')
    await desk.card('Carol').getByText('for group front').waitFor()
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await carol.event('CALL_ESTABLISHED')
    await desk.card('Carol').waitFor({ state: 'detached' })
    await desk.page.getByText('Answered by bob/phone').first().waitFor()
    await carol.hears(880)
    await carol.hangup()
    await house.lastRecord()
    await desk.page.getByRole('link', { name: 'History', exact: true }).click()
    const row = desk.page.getByRole('row', { name: /Carol.*front.*Answered by bob\/phone/ })
    await row.first().waitFor()
  })

  test('"Decline": the caller is told', async () => {
    const { desk, caller } = await ringing()
    await desk.choice(shown, 'Decline').click()
    await gone(desk)
    expect((await caller.event('CALL_CLOSED')).param).toContain('603')
    expect(await house.lastRecord()).toMatchObject({ cause: 'declined', status: 603 })
  })

  test('the desk calls out: both hear each other; a refusal is told', async () => {
    const bob = await house.phone('bob', { tone: 880 })
    const desk = await desks.desk('Alice')
    await desk.canRing()
    const call = async () => {
      await desk.page.getByRole('button', { name: 'New call' }).click()
      const dialog = desk.page.getByRole('dialog', { name: 'New call' })
      await dialog.getByRole('combobox').fill('bob')
      await dialog.getByRole('option', { name: /Bob/ }).waitFor()
      await desk.page.keyboard.press('Enter')
      await bob.event('CALL_INCOMING')
    }
    await call()
    await bob.accept()
    await bob.hears(700)
    await desk.hears(880)
    await bob.hangup()
    await desk.page.getByText('Nobody is calling.').waitFor()
    expect(await house.lastRecord()).toMatchObject({ cause: 'answered', endedBy: 'callee' })
    await call()
    await bob.hangup()
    await desk.page.getByText('The call did not come about: Busy').waitFor()
    expect(await house.lastRecord()).toMatchObject({ cause: 'busy' })
  })

  test('the server crashes during a call: the page says so, comes back, shows no call that is over, and rings', async () => {
    const { desk, caller } = await ringing()
    await desk.choice(shown, 'Answer').click()
    await desk.talking(shown).getByText('In call').waitFor()
    await desk.hears(440)
    await house.baton.kill()
    const notice = desk.page.getByText('Connection lost, coming back by itself')
    await notice.waitFor()
    await house.baton.restart()
    await notice.waitFor({ state: 'detached' })
    await caller.event('CALL_CLOSED')
    await desk.page.getByText('The server was started again, and your call has ended.').waitFor()
    await desk.talking(shown).waitFor({ state: 'detached' })
    await desk.page.getByText('Nobody is calling.').waitFor()
    const [record] = await house.records()
    expect(record).toMatchObject({ state: 'interrupted', caller: { number: outsider } })

    await desk.canRing()
    await caller.dial(house.numberOf('alice'))
    await desk.choice(shown, 'Answer').click()
    await desk.hears(440)
    await desk.page.keyboard.press('x')
    await eventually(async () => expect((await house.lastRecord()).cause).toBe('answered'))
  })

  test('the server crashes while a call rings: the card goes, and the next call shows one again', async () => {
    const { desk, caller } = await ringing()
    await house.baton.kill()
    await desk.page.getByText('Connection lost, coming back by itself').waitFor()
    await house.baton.restart()
    await gone(desk)
    await caller.hangup()
    await desk.canRing()
    const second = await house.outsidePhone({ user: '+12065550177', tone: 440 })
    await second.dial(house.numberOf('alice'))
    await desk.choice('+1 206 555 0177', 'Answer').click()
    await desk.hears(440)
    await second.hangup()
    await house.lastRecord()
  })
})
