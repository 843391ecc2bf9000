import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import type { IncomingMessage } from '#channels'
import { eventually } from '../../../test/interop/eventually.ts'
import { fromAlice, type IntakeFixture, intakeFixture, noon } from '../../../test/support/callback-intake.ts'
import { NoticeMaker } from './notices.ts'

let desk: IntakeFixture
beforeEach(async () => {
  desk = await intakeFixture()
})
afterEach(() => desk.close())

const hour = 3_600_000
const own = '+12025550123'

describe('a message becomes a call', () => {
  it('of an outsider to a department, at a time of theirs', async () => {
    const { reception, request, text } = await desk.hand(
      desk.mail(`Please have sales call me on ${own} tomorrow at 9:30`, { subject: 'Call me' }),
    )
    expect(reception.kind).toBe('accepted')
    expect(request).toMatchObject({ state: 'scheduled', channel: 'mail', target: own, personId: '' })
    expect(request?.dueAt).toBe(Date.UTC(2026, 10, 21, 8, 30))
    expect(JSON.parse(request?.called ?? '')).toEqual({ dial: '300', name: 'Sales' })
    expect(JSON.parse(request?.caller ?? '')).toEqual({ dial: own, name: '', own: true, pressOne: true })
    expect(text).toContain(`Sales will ring first, then you on ${own}: tomorrow at 9:30 (Europe/Berlin).`)
    expect(text).toMatch(/https:\/\/baton\.example\/callbacks\/cancel#[0-9a-f]{40}/)
  })

  it('in German, in the thread of the request', async () => {
    const mail = desk.mail(`Bitte lassen Sie Sales mich unter ${own} morgen um 9:30 Uhr anrufen`)
    const { request, text, bodies } = await desk.hand(mail)
    expect(request?.language).toBe('de')
    expect(text).toContain('Zuerst klingelt es bei: Sales')
    expect(text).toContain('morgen um 9:30 Uhr (Europe/Berlin)')
    expect(bodies[0]?.thread).toEqual(mail.thread)
  })

  it('of a person of ours: "me" is their own telephone', async () => {
    const { request } = await desk.hand(desk.mail('Please have Bob call me', { from: fromAlice }))
    expect(request).toMatchObject({
      state: 'scheduled',
      personId: 'demo-alice',
      dueAt: noon,
      target: 'person:demo-bob',
    })
    expect(JSON.parse(request?.caller ?? '')).toEqual({ dial: '101', name: 'Alice', own: true })
  })

  it('to whom the address says', async () => {
    const { request } = await desk.hand(desk.mail(`Call me on ${own}`, { to: 'sales@baton.example' }))
    expect(JSON.parse(request?.called ?? '')).toMatchObject({ dial: '300' })
  })

  it('with what only the subject says', async () => {
    const { request } = await desk.hand(desk.mail('', { subject: `Sales should call me on ${own}` }))
    expect(JSON.parse(request?.called ?? '')).toMatchObject({ dial: '300' })
  })

  it('once, however often the message comes', async () => {
    const mail = desk.mail(`Please have sales call me on ${own}`)
    await desk.hand(mail)
    const { reception, sent } = await desk.hand(mail)
    expect(reception).toEqual({ kind: 'accepted', why: 'it was taken before' })
    expect([(await desk.list()).length, sent.length]).toEqual([1, 1])
  })

  it('of somebody who asked before: they say only whom', async () => {
    const { request: first } = await desk.hand(desk.mail(`Please have sales call me on ${own}`))
    await desk.intake.askers.verified(first?.askerId ?? '', own, noon)
    await desk.clock.advance(hour)
    const { request } = await desk.hand(desk.mail('Please have sales call me'))
    expect(request?.id).not.toBe(first?.id)
    expect(JSON.parse(request?.caller ?? '')).toEqual({ dial: own, name: '', own: true })
  })

  it('by an invitation, which may be moved and called off', async () => {
    const startsAt = noon + 3 * hour
    const invitation = { startsAt, summary: 'Sales should call me', cancelled: false }
    const mail = desk.mail(`Sales should call me on ${own}`, { invitation })
    expect((await desk.hand(mail)).request?.dueAt).toBe(startsAt)
    const later = { ...invitation, startsAt: startsAt + hour }
    expect((await desk.hand(desk.reply(mail, '', { invitation: later }))).request?.dueAt).toBe(startsAt + hour)
    const off = { ...later, cancelled: true }
    expect((await desk.hand(desk.reply(mail, '', { invitation: off }))).request?.state).toBe('cancelled')
  })
})

describe('a centre that says its wait', () => {
  const called = JSON.stringify({ dial: '+12025550199', name: 'Centre' })
  it.each([
    ['en', { place: 3, expectedWaitSeconds: 240, open: true }, 0, 'place 3 there, and the wait is about 4 minutes.'],
    ['de', { place: 3, expectedWaitSeconds: 240, open: true }, 0, 'Platz 3, und die Wartezeit ist etwa 4 Minuten.'],
    ['en', { place: 1, expectedWaitSeconds: 60, open: true }, 0, 'You would have place 1 there.'],
    ['en', { place: 1, expectedWaitSeconds: null, open: false }, 0, 'It says that it is closed now.'],
    ['en', { place: 3, expectedWaitSeconds: 240, open: true }, hour, 'To call it off, answer "cancel".'],
  ])('is told of in %s: %j, in %i ms', async (language, wait, inMs, sentence) => {
    const { request } = await desk.hand(desk.mail(`Please have sales call me on ${own}`))
    if (!request) throw new Error('nothing was stored')
    const centreWait = async (number: string) => (number === '+12025550199' ? wait : undefined)
    const parts = { storage: desk.storage.callbacks, clock: desk.clock, baseUrl: '', centreWait }
    const row = { ...request, called, language, dueAt: noon + inMs }
    const [notice] = await new NoticeMaker(parts).confirmed(row, '')
    expect((JSON.parse(notice?.body ?? '') as { text: string }).text.endsWith(sentence)).toBe(true)
  })
})

describe('questions', () => {
  it('which of two, and the answer', async () => {
    const mail = desk.mail('Please have Anna call me', { from: fromAlice })
    const asked = await desk.hand(mail)
    expect(asked.request?.state).toBe('asking')
    expect(asked.text).toContain('There is more than one "Anna"')
    expect(asked.text).toContain('1. Anna Berg\n2. Anna Müller')
    const answer = desk.reply(mail, '2')
    const { request, text } = await desk.hand(answer)
    expect(request).toMatchObject({ id: asked.request?.id, state: 'scheduled' })
    expect(JSON.parse(request?.called ?? '')).toMatchObject({ dial: '142', name: 'Anna Müller' })
    expect(text).toContain('Anna Müller will ring first')
    const again = await desk.hand(answer)
    expect([(await desk.list()).length, again.sent.length]).toEqual([1, 2])
  })

  it('on which number, and which is "my mobile" from then on', async () => {
    const mail = desk.mail('Please have sales call me on my mobile')
    const asked = await desk.hand(mail)
    expect(asked.text).toContain('I do not know a number for "mobile"')
    const { request } = await desk.hand(desk.reply(mail, own))
    expect(request?.state).toBe('scheduled')
    const asker = await desk.storage.callbacks.askers.get(request?.askerId ?? '')
    expect(JSON.parse(asker?.numbers ?? '')).toEqual([{ number: own, label: 'mobile', verified: false }])
  })

  it('whether a guess is right, before anything is dialled', async () => {
    const mail = desk.mail('Please have Bob call me at 3', { from: fromAlice, timeZone: 'Europe/Berlin' })
    const asked = await desk.hand(mail)
    expect(asked.request?.state).toBe('asking')
    expect(asked.text).toContain('I understood: Bob will ring first, then you on 101: today at 15:00 (Europe/Berlin)')
    expect((await desk.hand(desk.reply(mail, 'at 16:00 please'))).request).toMatchObject({
      state: 'scheduled',
      dueAt: noon + 3 * hour,
    })
  })

  it('a near name is taken for the right one only when the asker says so', async () => {
    const mail = desk.mail('Please have Carrol call me', { from: fromAlice })
    const asked = await desk.hand(mail)
    expect(asked.text).toContain('I do not know "Carrol"')
    expect(asked.text).toContain('1. Carol')
    const { request } = await desk.hand(desk.reply(mail, 'yes'))
    expect(JSON.parse(request?.called ?? '')).toMatchObject({ dial: '103' })
  })

  it('end when no answer is understood', async () => {
    const mail = desk.mail('Please have Anna call me', { from: fromAlice })
    await desk.hand(mail)
    for (let round = 0; round < 4; round++) await desk.hand(desk.reply(mail, 'zzyzx qqq'))
    const [request] = await desk.list()
    expect(request?.state).toBe('cancelled')
  })

  it('end quietly when nobody answers for 7 days', async () => {
    const mail = desk.mail('Please have Anna call me', { from: fromAlice })
    const { request: asked } = await desk.hand(mail)
    const id = asked?.id ?? ''
    await desk.clock.advance(7 * 24 * hour - 1)
    await desk.service.start()
    await desk.clock.advance(0)
    expect(await desk.service.get(id)).toEqual(asked)
    await desk.service.stop()
    await desk.clock.advance(hour)
    const changed: string[] = []
    desk.service.watch(({ request }) => changed.push(`${request.state} ${request.outcome}`))
    await desk.service.start()
    await eventually(() => expect(changed).toEqual(['failed unanswered']))
    await desk.service.stop()
    expect(await desk.service.get(id)).toMatchObject({ state: 'failed', outcome: 'unanswered', dueAt: null })
    expect(await desk.storage.callbacks.outbox.of(id)).toHaveLength(1)
  })

  it('are answered by who was asked, not by others who know the thread', async () => {
    const mail = desk.mail('Please have Anna call me', { from: fromAlice })
    const { request: asked } = await desk.hand(mail)
    const other = { address: 'eve@elsewhere.example', name: 'Eve', verified: true, keys: [] }
    await desk.hand(desk.reply(mail, '2', { from: other }))
    expect(await desk.service.get(asked?.id ?? '')).toEqual(asked)
  })

  it('"cancel" calls off', async () => {
    const mail = desk.mail('Please have Bob call me in 20 minutes', { from: fromAlice })
    await desk.hand(mail)
    const { request, text } = await desk.hand(desk.reply(mail, 'Cancel, please'.replace(',', '')))
    expect(request?.state).toBe('cancelled')
    expect(text).toBe('Your call with Bob is called off.')
  })
})

describe('in a chat', () => {
  const berlin = { timeZone: 'Europe/Berlin' }
  const chat = (text: string, thread = '', more: Partial<IncomingMessage> = {}): IncomingMessage => {
    const address = 'alice@example.org'
    const threadKeys = thread === '' ? [address] : [`${address} ${thread}`, address]
    const about = { to: address, ...(thread === '' ? {} : { thread }) }
    const keys = { threadKeys, threadKey: threadKeys[0] as string, thread: about }
    return desk.mail(text, { channel: 'xmpp', from: fromAlice, ...keys, ...more })
  }

  test.each([
    ['with the thread', 't1', 't1'],
    ['from a device that knows no thread', 't1', ''],
    ['from a device with a thread of its own', '', 't2'],
  ])('a question is answered %s', async (_how, asked, answered) => {
    const { request } = await desk.hand(chat('Please have Anna call me', asked))
    expect(request?.state).toBe('asking')
    const after = await desk.hand(chat('2', answered))
    expect(after.request).toMatchObject({ id: request?.id, state: 'scheduled' })
    expect(JSON.parse(after.request?.called ?? '')).toMatchObject({ name: 'Anna Müller' })
    expect(after.bodies.at(-1)?.thread).toMatchObject(
      answered === '' ? { to: fromAlice.address } : { thread: answered },
    )
  })

  it('a question is answered though something else was asked for and is settled since', async () => {
    const { request } = await desk.hand(chat('Please have Anna call me', 't1'))
    await desk.clock.advance(1_000)
    await desk.hand(desk.mail('Please have Bob call me tomorrow at 9:30', { from: fromAlice }))
    await desk.hand(chat('1'))
    expect(await desk.service.get(request?.id ?? '')).toMatchObject({ state: 'scheduled' })
  })

  it.each([
    ['Please have Anna call me', 'Please have Bob call me tomorrow at 9:30'],
    ['Please have Bob call me at 3', 'Please have Bob call me tomorrow at 9:30'],
    ['Please have Zaphod call me at 16:00', 'Please have Bob call me tomorrow at 9:30'],
    ['Bitte soll Anna mich anrufen', 'Bitte soll Bob mich morgen um 9:30 Uhr anrufen'],
  ])('after "%s" another request is one of its own, and the question is off', async (first, second) => {
    const { request: asked } = await desk.hand(chat(first, '', berlin))
    expect(asked?.state).toBe('asking')
    await desk.clock.advance(1_000)
    const { request, text } = await desk.hand(chat(second, '', berlin))
    expect(request?.id).not.toBe(asked?.id)
    expect(request).toMatchObject({ state: 'scheduled', dueAt: Date.UTC(2026, 10, 21, 8, 30) })
    expect(text).toContain('Bob')
    expect(await desk.service.get(asked?.id ?? '')).toMatchObject({ state: 'cancelled' })
    expect(await desk.storage.callbacks.outbox.of(asked?.id ?? '')).toHaveLength(1)
  })

  it.each([
    ['Please have Anna call me', 'Anna Berg'],
    ['Please have Anna call me', 'Please have Anna Berg call me'],
    ['Please have Bob call me at 3', 'at 16:00 please'],
    ['Please have Zaphod call me', 'Bob'],
    ['Please have Zaphod call me at 16:00', 'Please have Bob call me'],
  ])('after "%s" the answer is "%s"', async (first, second) => {
    const { request: asked } = await desk.hand(chat(first, '', berlin))
    await desk.clock.advance(1_000)
    const { request } = await desk.hand(chat(second, '', berlin))
    expect(request).toMatchObject({ id: asked?.id, state: 'scheduled' })
    if (/ at /.test(first)) expect(request?.dueAt).toBe(noon + 3 * hour)
  })

  it('"cancel" calls off what waits, whatever the thread', async () => {
    const { request } = await desk.hand(chat('Please have Bob call me in 20 minutes', 't1'))
    const { text } = await desk.hand(chat('cancel', 't2'))
    expect(text).toBe('Your call with Bob is called off.')
    expect((await desk.service.get(request?.id ?? ''))?.state).toBe('cancelled')
    const again = await desk.hand(chat('cancel', 't1'))
    expect(again.reception).toEqual({ kind: 'accepted', why: 'nothing-to-cancel' })
    expect(again.bodies.map(({ text: said }) => said)).toContain('There is no call to call off.')
  })

  it('others answer no question of theirs', async () => {
    await desk.hand(chat('Please have Anna call me', 't1'))
    await desk.hand(chat('2', '', { from: { ...fromAlice, address: 'eve@elsewhere.example' } }))
    expect((await desk.list()).map(({ state }) => state)).not.toContain('scheduled')
  })

  test.each([
    ['cancel', 'There is no call to call off.'],
    ['absagen', 'Es gibt keinen Anruf, der abzusagen wäre.'],
  ])('"%s" of nothing is answered once a minute', async (words, answer) => {
    for (let index = 0; index < 3; index++) await desk.hand(chat(words))
    const due = await desk.storage.callbacks.outbox.due(noon + hour, 10)
    expect(due.map(({ body }) => JSON.parse(body))).toMatchObject([{ text: answer, thread: { to: fromAlice.address } }])
    await desk.clock.advance(60_000)
    await desk.hand(chat(words))
    expect(await desk.storage.callbacks.outbox.due(noon + hour, 10)).toHaveLength(2)
  })

  test.each([
    ['Please have Bob call me in 20 minutes', 'The new time is in the past, so your call with Bob stays as it is'],
    ['Bitte soll Bob mich in 20 Minuten anrufen', 'Die neue Zeit ist schon vorbei, darum bleibt Ihr Anruf mit Bob'],
  ])('an invitation that moves "%s" into the past changes nothing and is answered', async (words, sentence) => {
    const mail = desk.mail(words, { from: fromAlice })
    const { request } = await desk.hand(mail)
    const invitation = { startsAt: noon - hour, summary: '', cancelled: false }
    const moved = await desk.hand(desk.reply(mail, '', { invitation }))
    expect(moved.text).toContain(sentence)
    expect(moved.request).toMatchObject({ state: 'scheduled', dueAt: request?.dueAt })
  })
})

describe('bad input: nothing is dialled', () => {
  const nothingDue = async () => expect(await desk.storage.callbacks.due(noon + 1000 * hour, 10)).toEqual([])

  it('a forged From', async () => {
    const from = { ...fromAlice, verified: false }
    const { reception } = await desk.hand(desk.mail('Please have Bob call me', { from }))
    expect(reception.kind).toBe('ignored')
    expect(await desk.list()).toEqual([])
  })

  it('a forged From answers no question', async () => {
    const mail = desk.mail('Please have Anna call me', { from: fromAlice })
    await desk.hand(mail)
    await desk.hand(desk.reply(mail, '2', { from: { ...fromAlice, verified: false } }))
    expect((await desk.list())[0]?.state).toBe('asking')
  })

  test.each([
    ['messageId', { messageId: 'm1\r\nBcc: x@y' }],
    ['subject', { subject: 'Hi\r\nBcc: all@example.org' }],
    ['to', { to: 'sales@baton.example\nX: 1' }],
    ['address', { from: { ...fromAlice, address: 'a@b\r\nTo: c@d' } }],
    ['name', { from: { ...fromAlice, name: 'A\0B' } }],
  ])('header injection in %s', async (field, more) => {
    const { reception } = await desk.hand(desk.mail('Please have Bob call me', { from: fromAlice, ...more }))
    expect(reception).toMatchObject({ kind: 'ignored', why: expect.stringContaining(field) })
    await nothingDue()
  })

  test.each([
    ['Please have +19005550123 call me', 'it is a premium number'],
    ['Please have +493012345678 call me', 'it is in another country'],
    ['Please have 911 call me', 'never call emergency numbers'],
    ['Please have Bob call 911', 'never call emergency numbers'],
    ['Please call me back, Alice', ''],
    ['Please have Bob call me yesterday at 15:00', 'is in the past'],
    ['Please have 101 call me', 'the same telephone'],
    ['Please have sip:eve@evil.example call me', 'I cannot call sip:eve@evil.example'],
  ])('%s', async (words, sentence) => {
    const { request, text } = await desk.hand(desk.mail(words, { from: fromAlice, timeZone: 'America/New_York' }))
    if (request?.state === 'scheduled') throw new Error(`scheduled: ${request.called} ${request.caller} ${text}`)
    expect(text).toContain(sentence)
    await nothingDue()
  })

  it('a time that does not exist is asked back', async () => {
    const words = 'Please have Bob call me on 14 March 2027 at 2:30 am'
    const { text } = await desk.hand(desk.mail(words, { from: fromAlice, timeZone: 'America/New_York' }))
    expect(text).toContain('the clocks are put forward')
  })

  it('an invitation in the past', async () => {
    const invitation = { startsAt: noon - hour, summary: 'Call', cancelled: false }
    const { request, text } = await desk.hand(desk.mail('Bob should call me', { from: fromAlice, invitation }))
    expect(request?.state).toBe('asking')
    expect(text).toContain('is in the past. When should I call?')
    await nothingDue()
  })

  test.each([
    ['Bob should call me', 'I cannot read the time of your invitation. When should I call?'],
    ['Bob soll mich anrufen', 'Die Zeit Ihrer Einladung kann ich nicht lesen. Wann soll ich anrufen?'],
  ])('an invitation that cannot be read, with "%s"', async (words, sentence) => {
    const invitationFault = 'the calendar part cannot be read'
    const mail = desk.mail(words, { from: fromAlice, invitationFault })
    const { request, text } = await desk.hand(mail)
    expect([request?.state, text.split('\n')[0]]).toEqual(['asking', sentence])
    await nothingDue()
    expect((await desk.hand(desk.reply(mail, '14:30'))).request?.dueAt).toBe(Date.UTC(2026, 10, 20, 14, 30))
  })

  it('an invitation that cannot be read, where the text says the time', async () => {
    const invitationFault = 'the calendar part cannot be read'
    const mail = desk.mail('Bob should call me at 14:30', { from: fromAlice, invitationFault })
    expect((await desk.hand(mail)).request).toMatchObject({ state: 'scheduled', dueAt: Date.UTC(2026, 10, 20, 14, 30) })
  })

  it('outsiders order no calls to the outside, and see no contacts and log-ins', async () => {
    const { request, text } = await desk.hand(desk.mail(`Please have +12025550199 call me on ${own}`))
    expect(request?.state).toBe('failed')
    expect(text).toContain('only call people and departments of this organisation')
    const { text: unknown } = await desk.hand(desk.mail(`Please have annab call me on ${own}`))
    expect(unknown).toContain('I do not know "annab"')
    await nothingDue()
  })

  it('10,000 requests for one number leave at most the cap', async () => {
    const asked = Array.from({ length: 10_000 }, (_, index) =>
      desk.intake.receive(
        desk.mail(`Please have sales call me on ${own}`, {
          from: { address: `eve${index % 2_500}@elsewhere.example`, name: '', verified: true, keys: [] },
        }),
      ),
    )
    await Promise.all(asked)
    expect(await desk.storage.callbacks.due(noon + hour, 100)).toHaveLength(1)
  }, 300_000)

  it('one who asks without end gets one answer an hour', async () => {
    for (let index = 0; index < 30; index++) await desk.hand(desk.mail('Please have Anna call me', { from: fromAlice }))
    expect(await desk.list()).toHaveLength(6)
    expect((await desk.list()).filter(({ outcome }) => outcome === 'too-many-from-you')).toHaveLength(1)
  })

  it('a new number of somebody is tried once a day until they press the key', async () => {
    await desk.hand(desk.mail(`Please have sales call me on ${own}`))
    const { request, text } = await desk.hand(desk.mail(`Please have sales call me on ${own}`))
    expect(request?.outcome).toBe('number-not-confirmed')
    expect(text).toContain('is not confirmed yet')
  })
})

describe('who cannot prove the address', () => {
  beforeEach(async () => {
    await desk.close()
    desk = await intakeFixture({ confirmUnproven: true })
  })
  const from = { address: 'otto@elsewhere.example', name: 'Otto', verified: false, keys: [] }

  it('confirms by the link that only the owner gets', async () => {
    const { request, text } = await desk.hand(desk.mail(`Please have sales call me on ${own}`, { from }))
    expect(request?.state).toBe('asking')
    const code = /#([0-9a-f]{40})/.exec(text)?.[1] ?? ''
    expect(await desk.intake.confirmByCode('0'.repeat(40))).toBeUndefined()
    expect(await desk.intake.confirmByCode(code)).toMatchObject({ state: 'scheduled', dueAt: noon })
    expect(await desk.intake.confirmByCode(code)).toBeUndefined()
  })

  it('by an answer alone nothing is confirmed', async () => {
    const mail = desk.mail(`Please have sales call me on ${own}`, { from })
    await desk.hand(mail)
    await desk.hand(desk.reply(mail, 'yes'))
    expect((await desk.list()).every(({ state }) => state !== 'scheduled')).toBe(true)
  })
})

test('the link of a confirmation calls off', async () => {
  const { text } = await desk.hand(desk.mail('Please have Bob call me in 20 minutes', { from: fromAlice }))
  const code = /#([0-9a-f]{40})/.exec(text)?.[1] ?? ''
  expect(await desk.intake.cancelByCode(`${code.slice(0, -1)}x`)).toBeUndefined()
  expect(await desk.intake.cancelByCode(code)).toMatchObject({ state: 'cancelled' })
  expect(await desk.intake.cancelByCode(code)).toBeUndefined()
})

test('a number that nobody confirmed is rung by no second attempt', async () => {
  const { request } = await desk.hand(desk.mail(`Please have sales call me on ${own}`))
  const again = { ...request, outcome: 'caller-no-key', attempts: 1 } as NonNullable<typeof request>
  const [notice] = await desk.notices.outcome({
    what: 'again',
    request: again,
    outcome: 'caller-no-key',
    nextAt: noon + 300_000,
  })
  expect(notice?.body).toContain('I do not try again')
  await desk.storage.callbacks.change(again, 'scheduled', [])
  await desk.intake.start()
  await eventually(async () => expect((await desk.list())[0]?.state).toBe('cancelled'))
})
