import { afterEach, describe, expect, it } from 'vitest'
import { post, postRaw } from '../../../test/support/mail.ts'
import { mailHouse, plain } from '../../../test/support/mail-house.ts'
import type { Reception } from '../message.ts'

const house = mailHouse()
afterEach(() => house.close())

describe('mail in', () => {
  it('takes a mail for an address of ours', async () => {
    const { port, got } = await house.channel()
    await post(port, {
      ...plain,
      subject: 'Grüße',
      text: 'Bitte um 15 Uhr zurückrufen',
      messageId: '<m1@sender.test>',
      inReplyTo: '<m0@sender.test>',
      references: '<first@baton.test> <m0@sender.test>',
      headers: { 'Content-Language': 'de-DE', 'Reply-To': 'Eve <eve@evil.test>' },
    })
    expect(got).toMatchObject([
      {
        channel: 'mail',
        messageId: 'm1@sender.test',
        threadKey: 'm1@sender.test',
        threadKeys: ['m0@sender.test', 'first@baton.test'],
        from: { address: 'anna@sender.test', name: 'Anna', verified: false },
        to: 'sales@baton.test',
        subject: 'Grüße',
        text: 'Bitte um 15 Uhr zurückrufen',
        language: 'de',
      },
    ])
    expect(JSON.stringify(got)).not.toContain('evil')
  })

  it('relays nothing', async () => {
    const { port, got } = await house.channel()
    await expect(post(port, { ...plain, to: 'bob@elsewhere.test' })).rejects.toThrow(/550 no such address here/)
    await expect(post(port, { ...plain, to: '"bob@elsewhere.test"@baton.test' })).rejects.toThrow(/501/)
    expect(got).toEqual([])
  })

  it('acknowledges only what was stored', async () => {
    const answers: Reception[] = [
      { kind: 'retry', why: 'the database is away' },
      { kind: 'accepted', why: '' },
    ]
    const { port, got } = await house.channel({ reception: async () => answers.shift()! })
    const mail = { ...plain, messageId: '<again@sender.test>' }
    await expect(post(port, mail)).rejects.toThrow(/451 not taken now: the database is away/)
    expect(await post(port, mail)).toMatch(/^250/)
    expect(got.map(({ messageId }) => messageId)).toEqual(['again@sender.test', 'again@sender.test'])
  })

  it('asks for the mail again when the handler throws', async () => {
    const { port } = await house.channel({ reception: () => Promise.reject(new Error('secret detail')) })
    const failure = await post(port, plain).catch((error: Error) => error.message)
    expect(failure).toMatch(/451/)
    expect(failure).not.toContain('secret')
  })

  it('gives a mail without Message-ID the same id each time', async () => {
    const { port, got } = await house.channel()
    const lines = ['From: anna@sender.test', 'Date: Mon, 2 Nov 2026 10:00:00 +0100', 'Subject: x', '', 'call me']
    await postRaw(port, lines)
    await postRaw(port, ['Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0100', ...lines])
    await postRaw(port, [...lines.slice(0, -1), 'call me later'])
    expect(got[0]!.messageId).toMatch(/^[0-9a-f]{64}@no-message-id$/)
    expect(got[1]!.messageId).toBe(got[0]!.messageId)
    expect(got[2]!.messageId).not.toBe(got[0]!.messageId)
  })
})

describe('what is ignored', () => {
  it.each([
    ['Auto-Submitted', 'auto-replied'],
    ['Auto-Submitted', 'auto-generated; owner=x'],
    ['Precedence', 'bulk'],
    ['List-Id', '<all.sender.test>'],
    ['X-Baton-Message', 'baton-1'],
    ['X-Autoreply', 'yes'],
    ['Subject', 'Automatische Antwort: Call'],
    ['Subject', 'Out of Office: Re: Call'],
    ['From', 'MAILER-DAEMON@sender.test'],
    ['From', 'no-reply@sender.test'],
    ['From', 'sales@baton.test'],
    ['Content-Type', 'multipart/report; boundary=x; report-type=delivery-status'],
  ])('%s: %s', async (name, value) => {
    const { port, got } = await house.channel()
    const headers = { From: 'anna@sender.test', Subject: 'x', [name]: value }
    const lines = Object.entries(headers).map(([each, said]) => `${each}: ${said}`)
    expect(await postRaw(port, [...lines, '', 'call me'])).toMatch(/^250/)
    expect(got).toEqual([])
  })

  it('mails without a return path, and mails in a loop', async () => {
    const { port, got } = await house.channel()
    expect(await postRaw(port, ['From: anna@sender.test', '', 'x'], '')).toMatch(/^250/)
    const hop = 'Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0100'
    expect(await postRaw(port, [...Array(51).fill(hop), 'From: anna@sender.test', '', 'x'])).toMatch(/^250/)
    expect(got).toEqual([])
    await postRaw(port, [hop, 'From: anna@sender.test', 'Auto-Submitted: no', '', 'x'])
    expect(got).toHaveLength(1)
  })
})

describe('an invitation', () => {
  const zone =
    'BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE'
  const event = (start: string, method = 'REQUEST') =>
    `BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nVERSION:2.0\r\nMETHOD:${method}\r\n${zone}\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:${start}\r\nUID:1@google.com\r\nSUMMARY:Rückruf Vertrieb\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR`
  const invite = (content: string, method: string) => ({
    ...plain,
    icalEvent: { method, content, filename: 'invite.ics' },
    // As Google sends them.
    headers: { 'Auto-Submitted': 'auto-generated' },
  })

  it('is read from a calendar that sends it for a person', async () => {
    const { port, got } = await house.channel()
    await post(port, invite(event('20270705T150000'), 'REQUEST'))
    await post(port, invite(event('20270705T150000', 'CANCEL'), 'CANCEL'))
    expect(got.map(({ invitation }) => invitation)).toEqual([
      { startsAt: Date.UTC(2027, 6, 5, 13), summary: 'Rückruf Vertrieb', cancelled: false },
      { startsAt: Date.UTC(2027, 6, 5, 13), summary: 'Rückruf Vertrieb', cancelled: true },
    ])
  })

  it('that is answered by a calendar is ignored', async () => {
    const { port, got } = await house.channel()
    await post(port, { ...invite(event('20270705T150000', 'REPLY'), 'REPLY'), headers: {} })
    expect(got).toEqual([])
  })

  it('at a time that does not exist leaves the mail as it is, with the reason', async () => {
    const { port, got } = await house.channel()
    await post(port, { ...invite(event('20270328T023000'), 'REQUEST'), headers: {} })
    expect(got[0]).toMatchObject({
      text: 'at 3 pm please',
      invitationFault: expect.stringMatching(/does not exist/),
    })
    expect(got[0]!.invitation).toBeUndefined()
  })
})
