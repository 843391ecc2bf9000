import type { Page } from 'playwright-core'
import type { DeskWords } from '../../web/src/desk/words/en.ts'
import { colleagueRings, type FakeDesk, type FakeDeskData, fakeRinging } from './fake-desk.ts'

/** The desk in one state that can be looked at: a page, or a page with a dialog open. */
export interface DeskView {
  readonly name: string
  readonly hash: string
  /** The page's first heading. */
  readonly title: (w: DeskWords) => string
  /** Before the page opens. */
  readonly change?: (data: FakeDeskData) => void
  /** Brings the page into the state, and waits until all of it is there. */
  readonly show: (page: Page, w: DeskWords, desk: FakeDesk) => Promise<unknown>
}

const row = (page: Page, name: string | RegExp) => page.getByRole('row', { name }).first().waitFor()
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first()
const dialog = (page: Page, name?: string) => page.getByRole('dialog', name === undefined ? {} : { name })

/** Every page of the desk as it looks on a working day. */
export const deskPages: readonly DeskView[] = [
  {
    name: 'calls',
    hash: '#/calls',
    title: (w) => w.pages.calls,
    show: (page, _, desk) => {
      const now = Date.now()
      const talk = { ...fakeRinging(now), state: 'answered' as const, answeredAt: now - 83_000, mayPickUp: false }
      const bob = { number: '102', name: 'Bob', personId: 'demo-bob' }
      const carol = { number: '103', name: 'Carol', personId: 'demo-carol' }
      desk.put({ ...talk, id: 'talk', callee: bob, answeredBy: 'bob/phone', branches: [] })
      const internal = { direction: 'internal' as const, trunk: '', caller: carol, startedAt: now - 240_000 }
      desk.put({ ...talk, ...internal, id: 'held', callee: bob, held: true, answeredBy: 'bob/phone', branches: [] })
      return row(page, /Jane Cooper/)
    },
  },
  {
    name: 'pickup',
    hash: '#/calls',
    title: (w) => w.pages.calls,
    show: async (page, w, desk) => {
      const call = colleagueRings(Date.now())
      const { branches, callee } = fakeRinging(Date.now())
      desk.put(call)
      const erin = { ...callee, number: '105', name: 'Erin', personId: 'demo-erin' }
      desk.put({
        ...{ ...call, id: 'hidden', callee: erin, trunk: '', mayPickUp: false, callerHidden: true },
        caller: { number: '', name: '', personId: '' },
        branches: branches.slice(0, 1).map((branch) => ({ ...branch, station: 'erin/phone', personId: erin.personId })),
      })
      await page.getByRole('button', { name: w.pickup.button, exact: false }).nth(1).waitFor()
    },
  },
  {
    name: 'history',
    hash: '#/history',
    title: (w) => w.history.title,
    show: (page) => row(page, /Jane Cooper/),
  },
  {
    name: 'voicemail',
    hash: '#/voicemail',
    title: (w) => w.voicemail.title,
    show: (page) => page.getByRole('listitem').filter({ hasText: 'Jane Cooper' }).waitFor(),
  },
  {
    name: 'charges',
    hash: '#/charges',
    title: (w) => w.charges.title,
    show: (page) => row(page, /carol\/phone/),
  },
  {
    name: 'callbacks',
    hash: '#/callbacks',
    title: (w) => w.callbacks.title,
    show: async (page, w) => {
      await button(page, w.callbacks.attempts(2)).click()
      await page.getByRole('link', { name: w.callbacks.attempt(2) }).waitFor()
    },
  },
  {
    name: 'callbacks-week',
    hash: '#/callbacks',
    title: (w) => w.callbacks.title,
    show: async (page, w) => {
      await page.getByText(w.callbacks.week, { exact: true }).click()
      const entry = (name: RegExp) => page.getByRole('region', { name: w.callbacks.week }).getByRole('button', { name })
      await entry(/Northwind/).waitFor()
    },
  },
  {
    name: 'contacts',
    hash: '#/contacts',
    title: (w) => w.contacts.title,
    show: (page) => page.getByRole('link', { name: 'Amir Haddad' }).waitFor(),
  },
  {
    name: 'devices',
    hash: '#/devices',
    title: (w) => w.devices.title,
    show: (page) => page.getByText('udp 192.0.2.17:5060').first().waitFor(),
  },
  {
    name: 'people',
    hash: '#/people',
    title: (w) => w.people.title,
    show: (page) => button(page, 'Carol').waitFor(),
  },
  {
    name: 'groups',
    hash: '#/groups',
    title: (w) => w.groups.title,
    show: (page) => button(page, 'Front desk').waitFor(),
  },
  {
    name: 'queues',
    hash: '#/queues',
    title: (w) => w.queues.title,
    show: (page, w) => page.getByRole('table', { name: w.queues.waiting('Support') }).waitFor(),
  },
  {
    name: 'numbers',
    hash: '#/numbers',
    title: (w) => w.numbers.title,
    show: (page) => page.getByText('+1 202 555 0102').waitFor(),
  },
  {
    name: 'trunks',
    hash: '#/trunks',
    title: (w) => w.trunks.title,
    show: (page) => button(page, 'Carrier A').waitFor(),
  },
  {
    name: 'settings',
    hash: '#/settings',
    title: (w) => w.settings.title,
    change: rules,
    show: (page, w) => page.getByLabel(w.settings.forwardNoAnswer).waitFor(),
  },
]

/** A rule of each kind, and devices one after the other. */
function rules(data: FakeDeskData): void {
  const { settings } = data.me
  const changed: Partial<typeof settings> = {
    callerRules: [
      { callers: ['+12025550188'], action: 'divert', devices: [], to: '102' },
      { callers: ['internal'], action: 'ring', devices: ['phone'] },
    ],
    ring: { ...settings.ring, mode: 'order', order: ['Desk phone', 'Desk', 'Mobile app'] },
  }
  data.me = { ...data.me, settings: { ...settings, ...changed } }
}

/** Pages of somebody who has only begun: each says what to do next. */
export const emptyPages: readonly DeskView[] = (
  [
    ['calls', (w) => w.pages.calls, (w) => w.home.empty],
    ['history', (w) => w.history.title, (w) => w.history.empty],
    ['callbacks', (w) => w.callbacks.title, (w) => w.callbacks.empty],
    ['contacts', (w) => w.contacts.title, (w) => w.contacts.empty],
    ['devices', (w) => w.devices.title, (w) => w.devices.empty],
    ['groups', (w) => w.groups.title, (w) => w.groups.empty],
    ['numbers', (w) => w.numbers.title, (w) => w.numbers.empty],
  ] as [string, DeskView['title'], DeskView['title']][]
).map(([page, title, text]) => ({
  name: `${page}-empty`,
  hash: `#/${page}`,
  title,
  change: (data) => {
    for (const list of [data.records, data.contacts, data.devices, data.groups, data.callbacks]) list.length = 0
    for (const person of data.people) person.numbers.length = 0
  },
  show: (at, w) => at.getByText(text(w)).first().waitFor(),
}))

const ringing = async (page: Page, w: DeskWords, desk: FakeDesk) => {
  // The page's own phone rings too, so that Answer can be pressed.
  await page.locator('.account-dot[data-state=registered]').waitFor()
  const call = fakeRinging(Date.now())
  desk.ring(call)
  desk.put(call)
  const card = page.getByRole('alertdialog', { name: w.incoming.label('Jane Cooper') })
  await card.getByText('Waits for the corrected invoice').waitFor()
  await card.locator(`button[data-kind=primary]:not(:disabled)`).waitFor()
  return card
}

const on = (page: keyof DeskWords['pages']) => ({ hash: `#/${page}`, title: (w: DeskWords) => w.pages[page] })

/** The desk with a dialog, a menu or the card of an incoming call open. */
export const deskDialogs: readonly DeskView[] = [
  { name: 'card', ...on('calls'), show: ringing },
  {
    name: 'card-answer-on',
    ...on('calls'),
    show: async (page, w, desk) => {
      const card = await ringing(page, w, desk)
      await card.getByRole('button', { name: w.incoming.answerOn }).click()
      await page.getByRole('menuitem', { name: /Desk phone/ }).waitFor()
    },
  },
  {
    name: 'card-send-to',
    ...on('calls'),
    show: async (page, w, desk) => {
      const card = await ringing(page, w, desk)
      await card.getByRole('button', { name: w.incoming.sendTo }).click()
      await dialog(page, w.transfer.sendTitle)
        .getByRole('option', { name: /Front desk/ })
        .waitFor()
    },
  },
  {
    name: 'new-call',
    ...on('calls'),
    show: async (page, w) => {
      await button(page, w.home.newCall).click()
      await dialog(page).getByRole('option', { name: /Carol/ }).waitFor()
    },
  },
  {
    name: 'palette',
    ...on('calls'),
    show: async (page, w) => {
      await page.keyboard.press('Control+K')
      await page.getByPlaceholder(w.palette.placeholder).fill('ca')
      await page.getByRole('dialog').getByText('103').waitFor()
    },
  },
  {
    name: 'shortcuts',
    ...on('calls'),
    show: async (page, w) => {
      await page.locator('#main').focus()
      await page.keyboard.press('?')
      await dialog(page, w.shortcuts.title).waitFor()
    },
  },
  {
    name: 'presence-menu',
    ...on('calls'),
    show: async (page, w) => {
      await page.getByRole('button', { name: `${w.presence.title}: ` }).click()
      await page.getByRole('menu').getByText(w.presence.dndHint).waitFor()
    },
  },
  {
    name: 'account-menu',
    ...on('calls'),
    show: async (page, w) => {
      await page.getByRole('button', { name: w.account('Alice') }).click()
      await page.getByRole('menu').getByText(w.logOut, { exact: true }).waitFor()
    },
  },
  {
    name: 'callback-ask',
    ...on('callbacks'),
    show: async (page, w) => {
      await button(page, w.callbacks.ask).click()
      await dialog(page).getByLabel(w.callbacks.called).fill('Anna')
      await page.keyboard.press('Escape')
      await dialog(page).getByText(w.callbacks.later, { exact: true }).click()
      await dialog(page).getByLabel(w.callbacks.at).fill('2030-01-07T09:30')
      await button(page, w.callbacks.askAction).click()
      await button(page, 'Anna Berg (Billing)').waitFor()
    },
  },
  {
    name: 'contact',
    hash: '#/contacts/c2',
    title: (w) => w.contacts.title,
    show: (page, w) => dialog(page, w.contacts.editTitle).getByText(w.contacts.noNotes).waitFor(),
  },
  {
    name: 'contact-import',
    ...on('contacts'),
    show: async (page, w) => {
      await button(page, w.contacts.import).click()
      const file = { name: 'address-book.csv', mimeType: 'text/csv', buffer: Buffer.from('name,phone\n') }
      await dialog(page).locator('input[type=file]').setInputFiles(file)
      await dialog(page).getByText(w.contacts.importFound('12')).waitFor()
    },
  },
  {
    name: 'device-secret',
    ...on('devices'),
    show: async (page, w) => {
      await button(page, w.devices.add).click()
      await dialog(page).getByLabel(w.devices.name).fill('Kitchen phone')
      await button(page, w.form.save).click()
      await page.getByRole('img', { name: w.devices.qr }).waitFor()
    },
  },
  {
    name: 'device-remove',
    ...on('devices'),
    show: async (page, w) => {
      await button(page, 'Mobile app').click()
      await dialog(page).getByRole('button', { name: w.form.remove }).click()
      await dialog(page).getByText(w.devices.removeSure('Mobile app')).waitFor()
    },
  },
  {
    name: 'person',
    ...on('people'),
    show: async (page, w) => {
      await button(page, 'Alice').click()
      await dialog(page, w.people.editTitle('Alice')).waitFor()
    },
  },
  {
    name: 'group',
    ...on('groups'),
    show: async (page, w) => {
      await button(page, 'Sales').click()
      await dialog(page).getByRole('list', { name: w.ring.orderOf }).waitFor()
    },
  },
  {
    name: 'group-voicemail',
    ...on('groups'),
    show: async (page, w) => {
      await button(page, 'Front desk').click()
      const greeting = dialog(page).getByRole('region', { name: w.voicemail.greetingOf('Front desk') })
      await greeting.getByText(w.voicemail.greetingRecorded).waitFor()
      await greeting.getByRole('button', { name: w.voicemail.upload }).scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'voicemail-group',
    ...on('voicemail'),
    show: async (page, w) => {
      await page.getByLabel(w.voicemail.whose).selectOption('front')
      await page.getByText(w.voicemail.greetingRecorded).waitFor()
    },
  },
  {
    name: 'queue',
    ...on('queues'),
    show: async (page, w) => {
      await button(page, 'Support').click()
      await dialog(page, w.queues.editTitle('Support')).waitFor()
    },
  },
  {
    name: 'queue-mailbox',
    ...on('queues'),
    show: async (page, w) => {
      await button(page, 'Support').click()
      const form = dialog(page, w.queues.editTitle('Support'))
      await form.getByLabel(w.queues.closedTo).scrollIntoViewIfNeeded()
      await form.getByLabel(w.queues.publicWait).scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'number',
    ...on('numbers'),
    show: async (page, w) => {
      await button(page, w.numbers.add).click()
      await dialog(page).getByLabel(w.numbers.number).waitFor()
    },
  },
  {
    name: 'trunk',
    ...on('trunks'),
    show: async (page, w) => {
      await button(page, 'Carrier A').click()
      await dialog(page).getByLabel(w.trunks.registers).check({ force: true })
      await dialog(page).getByLabel(w.trunks.registrar).waitFor()
    },
  },
  {
    name: 'refused',
    ...on('groups'),
    show: async (page, w) => {
      await button(page, w.groups.add).click()
      await dialog(page).getByLabel(w.groups.name).fill('Support')
      await dialog(page).getByLabel(w.groups.extension).fill('101')
      await button(page, w.form.save).click()
      await dialog(page).locator('[aria-invalid=true]').waitFor()
    },
  },
]
