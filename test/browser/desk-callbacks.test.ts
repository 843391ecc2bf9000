import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { type Desk, DeskHouse } from './desk-house.ts'

needs('chromium')('requested calls at the desk', () => {
  let desks: DeskHouse

  beforeAll(async () => {
    desks = await DeskHouse.open()
  })
  afterEach(() => desks.clear())
  afterAll(() => desks?.close())

  /** Alice's page of requested calls. */
  async function page() {
    const alice = await desks.desk('Alice')
    await alice.page.getByRole('link', { name: 'Requested calls' }).first().click()
    await alice.page.getByRole('heading', { level: 1, name: 'Requested calls' }).waitFor()
    return alice
  }

  /** Fills in the form for two hours from now. */
  async function ask({ page }: Desk, called: string) {
    await page.getByRole('button', { name: 'Have somebody called' }).click()
    const form = page.getByRole('dialog', { name: 'Have somebody called' })
    await form.getByLabel('Who is called').fill(called)
    await form.getByText('At a time', { exact: true }).click()
    await form.getByLabel('Day and time').fill(inTwoDays())
    await form.getByRole('button', { name: 'Request the call' }).click()
    return form
  }

  /** As the browser's clock says it. */
  function inTwoDays(): string {
    const at = new Date(Date.now() + 48 * 3_600_000)
    return `${at.toLocaleDateString('sv')}T10:30`
  }

  test('asked for by the form, seen in the list and in the week, called off', async () => {
    const alice = await page()
    await alice.page.getByText('No call is requested.').waitFor()
    await ask(alice, 'Bob')
    const row = alice.page.getByRole('listitem').filter({ hasText: 'Bob rings first, then you' })
    await row.getByText('Scheduled').waitFor()
    const answer = await alice.page.request.get(new URL('/api/v1/callbacks', alice.page.url()).href)
    const { callbacks } = (await answer.json()) as { callbacks: { id: string; nextAt: number }[] }
    expect(callbacks.map(({ nextAt }) => nextAt)).toEqual([new Date(inTwoDays()).getTime()])

    await alice.page.getByText('Week', { exact: true }).click()
    const entry = alice.page.getByRole('cell').getByRole('button', { name: /10:30.*Bob first, then you/ })
    const after = alice.page.getByRole('button', { name: 'Week after' })
    await alice.page.getByRole('table').waitFor()
    // Two days from now may be in the next week.
    if ((await entry.count()) === 0) await after.click()
    await entry.click()
    await row.waitFor()
    expect(await alice.page.evaluate('document.activeElement.id')).toBe(`callback-${callbacks[0]?.id}`)

    await row.getByRole('button', { name: 'Call it off: the call with Bob' }).click()
    const sure = alice.page.getByRole('dialog', { name: 'Call it off' })
    await sure.getByText('Call off the call with Bob?').waitFor()
    await sure.getByRole('button', { name: 'Call it off' }).click()
    await row.getByText('Called off', { exact: true }).waitFor()
    expect(await row.getByRole('button').count()).toBe(0)
  })

  test('a name that two have is asked back with choices; the chosen one is taken', async () => {
    const alice = await page()
    for (const [name, company, number] of [
      ['Anna Berg', 'Northwind', '+12025550161'],
      ['Anna Maler', 'Harbour', '+12025550162'],
    ] as const) {
      const answer = await alice.page.request.post(new URL('/api/v1/contacts', alice.page.url()).href, {
        headers: { origin: new URL(alice.page.url()).origin },
        data: { name, company, numbers: [{ number, label: 'work' }] },
      })
      expect(answer.status()).toBe(201)
    }
    const form = await ask(alice, 'Anna')
    await form.getByText('There is more than one "Anna". Who do you mean?').waitFor()
    await form.getByRole('button', { name: 'Anna Berg (Northwind)' }).waitFor()
    await form.getByRole('button', { name: 'Anna Maler (Harbour)' }).click()
    await form.getByRole('button', { name: 'Request the call' }).click()
    await alice.page.getByRole('listitem').filter({ hasText: 'Anna Maler rings first, then you' }).waitFor()
    expect(await alice.page.getByText('Anna Berg rings first').count()).toBe(0)
  })

  /** As another program of Alice's would ask for it. */
  async function askByApi({ page }: Desk, data: { called: string; at?: number }): Promise<string> {
    const { href, origin } = new URL('/api/v1/callbacks', page.url())
    const answer = await page.request.post(href, { headers: { origin }, data })
    expect(answer.status()).toBe(201)
    return ((await answer.json()) as { id: string }).id
  }

  test('what the server changes comes by itself, and refusals are told in words', async () => {
    const alice = await page()
    const form = await ask(alice, '911')
    await form.getByText(/Not requested: I never call emergency numbers/).waitFor()
    await form.getByRole('button', { name: 'Cancel' }).click()
    const answer = await alice.page.request.post(new URL('/api/v1/callbacks', alice.page.url()).href, {
      headers: { origin: new URL(alice.page.url()).origin },
      data: { called: 'Carol', at: new Date(inTwoDays()).getTime() },
    })
    expect(answer.status()).toBe(201)
    await alice.page.getByRole('listitem').filter({ hasText: 'Carol rings first, then you' }).waitFor()
  })

  test('what happens comes by events: nothing is read again, also not when the connection was lost', async () => {
    const alice = await desks.desk('Alice')
    let cut = async (): Promise<void> => {}
    await alice.page.routeWebSocket('**/api/v1/events**', (socket) => {
      socket.connectToServer()
      cut = () => socket.close({ code: 1001 })
    })
    await alice.page.reload()
    await alice.page.getByRole('link', { name: 'Requested calls' }).first().click()
    await alice.page
      .getByText('Coming', { exact: false })
      .or(alice.page.getByText('No call is requested.'))
      .first()
      .waitFor()
    const read: string[] = []
    alice.page.on('request', (request) => {
      if (request.method() === 'GET' && /\/api\/v1\/callbacks\b/.test(request.url())) read.push(request.url())
    })
    const at = new Date(inTwoDays()).getTime()
    const row = (called: string) =>
      alice.page.getByRole('listitem').filter({ hasText: `${called} rings first, then you` })
    const id = await askByApi(alice, { called: 'Dave', at })
    await row('Dave').getByText('Scheduled').waitFor()
    const { href, origin } = new URL(`/api/v1/callbacks/${id}`, alice.page.url())
    await alice.page.request.delete(href, { headers: { origin } })
    await row('Dave').getByText('Called off', { exact: true }).waitFor()
    expect(read).toEqual([])
    await cut()
    await askByApi(alice, { called: 'Dave', at })
    await row('Dave').getByText('Scheduled').waitFor()
  })

  test('each step of an attempt is shown as it happens, in the row and in its attempts', async () => {
    const [alice, bob] = [await page(), await desks.desk('Bob')]
    await Promise.all([alice.canRing(), bob.canRing()])
    await askByApi(alice, { called: 'Bob' })
    const row = alice.page.getByRole('listitem').filter({ hasText: 'Bob rings first, then you' }).first()
    await row.getByText('Rings now').waitFor()
    await row.getByText('The called rings.').waitFor()
    await row.getByRole('button', { name: '1 attempt' }).click()
    await row.getByText('Goes on.').waitFor()
    await bob.choice('Alice', 'Answer').click()
    await row.getByText(/Called \(bob.*\): answered/).waitFor()
    await row.getByText('The called has answered, the caller rings.').waitFor()
    await alice.choice('Bob', 'Decline').click()
    await row.getByText('The called answered, the caller declined.').first().waitFor()
    // It is in the list of what is over now.
    await row.getByRole('button', { name: '1 attempt' }).click()
    await row.getByText(/Caller.*: declined/).waitFor()
  })
})
