import { describe, expect, it } from 'vitest'
import { intakeFixture, noon } from '../../../test/support/callback-intake.ts'
import type { QueueLines, WaitAtQueue } from '../types.ts'

const own = '+12025550123'
const opens = Date.UTC(2026, 10, 23, 7, 0)

/** "Helpdesk" is a queue, 600; so is a second "Sales", 601, beside the group of that name, 300. */
async function desk(wait: WaitAtQueue = { place: 3, expectedWaitSeconds: 240, open: true }) {
  const lines: QueueLines = {
    wait: () => wait,
    opensAt: (_id, at) => (wait.open ? at : Math.max(at, opens)),
    enter: () => undefined,
  }
  const fixture = await intakeFixture({}, lines)
  fixture.directory.loadQueue({ id: 'help', name: 'Helpdesk', extension: '600', numbers: ['+12025550160'] })
  fixture.directory.loadQueue({ id: 'sales-line', name: 'Sales', extension: '601', numbers: [] })
  return fixture
}

const called = (row: { called: string } | undefined): unknown => JSON.parse(row?.called ?? '{}')

describe('a queue as who is called', () => {
  it.each([
    ['its name', 'Please have the Helpdesk call me'],
    ['a part of its name', 'Please have help call me'],
    ['its extension', 'Please have 600 call me'],
    ['its number', 'Please have +1 202 555 0160 call me'],
    ['its address', 'Please have sip:600@baton.local call me'],
  ])('is known by %s', async (_what, words) => {
    const fixture = await desk()
    const { request, text } = await fixture.hand(fixture.mail(`${words} on ${own}`))
    expect(request).toMatchObject({ state: 'scheduled', dueAt: noon })
    expect(called(request)).toMatchObject({ name: 'Helpdesk', queue: 'help' })
    expect(text).toContain('Helpdesk will ring first, then you on +12025550123: now.')
    expect(text).toContain('You have place 3 in the line, and the wait is about 4 minutes. You need not hold the line.')
  })

  it('is known by the address that a message was sent to, before a group of that name', async () => {
    const fixture = await desk()
    const mail = fixture.mail(`Please call me on ${own}`, { to: 'sales@baton.example' })
    expect(called((await fixture.hand(mail)).request)).toEqual({ dial: '601', name: 'Sales', queue: 'sales-line' })
  })

  it('is asked back where a group has the same name; the answer is understood', async () => {
    const fixture = await desk()
    const mail = fixture.mail(`Please have Sales call me on ${own}`)
    const asked = await fixture.hand(mail)
    expect(asked.request?.state).toBe('asking')
    expect(asked.text).toContain('There is more than one "Sales"')
    expect(asked.text).toContain('1. Sales (601)\n2. Sales (300)')
    const { request } = await fixture.hand(fixture.reply(mail, '1'))
    expect(called(request)).toEqual({ dial: '601', name: 'Sales', queue: 'sales-line' })
  })

  it.each([
    ['en', 'Please have the Helpdesk call me', 'Helpdesk is closed until then.', 'Monday'],
    ['de', 'Der Helpdesk soll mich bitte anrufen', 'Helpdesk hat bis dahin geschlossen.', 'Montag'],
  ])('that is closed is called when it opens, and the answer says so in %s', async (_language, words, closed, day) => {
    const fixture = await desk({ place: 1, expectedWaitSeconds: null, open: false })
    const { request, text } = await fixture.hand(fixture.mail(`${words}: ${own}`))
    expect(request).toMatchObject({ state: 'scheduled', askedAt: null, dueAt: opens })
    expect(text).toContain(closed)
    expect(text).toContain(day)
    expect(text).not.toContain('place')
  })

  it('is not who is put through', async () => {
    const fixture = await desk()
    const message = fixture.mail('', {
      channel: 'api',
      from: { address: '', name: '', verified: true, keys: ['person:demo-alice'] },
    })
    const granted = await fixture.intake.request({ message, called: 'bob', caller: 'Helpdesk', note: '' })
    expect(granted).toMatchObject({ kind: 'ask', open: { questions: [{ about: 'caller', why: 'unknown' }] } })
    expect(await fixture.list()).toEqual([])
  })
})
