import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { whenOf } from './when.ts'

const berlin = 'Europe/Berlin'
/** Friday, 20 November 2026, 13:00 in Berlin. */
const friday = DateTime.fromISO('2026-11-20T13:00', { zone: berlin }).toMillis()

function said(text: string, language: 'en' | 'de', now = friday, timeZone = berlin): string {
  const { when } = whenOf(text, { now, timeZone, language })
  const show = (at: number): string => DateTime.fromMillis(at, { zone: timeZone }).toFormat("yyyy-MM-dd'T'HH:mmZZ")
  if (when.kind === 'now') return 'now'
  if (when.kind === 'at') return show(when.at) + (when.assumed ? ' assumed' : '')
  if (when.kind === 'ambiguous') return `${when.why}: ${when.choices.map(show).join(' or ')}`
  return `${when.why}${when.instead ? `, ${show(when.instead)}` : ''}`
}

describe('times in English', () => {
  it.each([
    ['please call me', 'now'],
    ['call me now', 'now'],
    ['call me at 3 pm', '2026-11-20T15:00+01:00'],
    ['call me at 3', '2026-11-20T15:00+01:00 assumed'],
    ['call me at 11', '2026-11-21T11:00+01:00'],
    ['tomorrow 9:30', '2026-11-21T09:30+01:00'],
    ['in 20 minutes', '2026-11-20T13:20+01:00'],
    ['in half an hour', '2026-11-20T13:30+01:00'],
    ['Monday at 14:00', '2026-11-23T14:00+01:00'],
    ['Friday at 15:00', '2026-11-20T15:00+01:00'],
    ['Friday at 9:00', '2026-11-27T09:00+01:00'],
    ['on Monday', 'hour-missing: 2026-11-23T10:00+01:00 or 2026-11-23T14:00+01:00'],
    ['2026-12-01T09:30:00+01:00', '2026-12-01T09:30+01:00'],
    ['2026-12-01 09:30', '2026-12-01T09:30+01:00'],
    ['yesterday at 14:00', 'past'],
    ['on 3 March 2029 at 10:00', 'too-far'],
    ['Monday at 9:00 or Tuesday at 9:00', 'two-times: 2026-11-23T09:00+01:00 or 2026-11-24T09:00+01:00'],
    ['may I ask somebody to call', 'now'],
  ])('%s', (text, expected) => {
    expect(said(text, 'en')).toBe(expected)
  })
})

describe('times in German', () => {
  it.each([
    ['bitte um Rückruf', 'now'],
    ['bitte sofort anrufen', 'now'],
    ['Mo 14 Uhr', '2026-11-23T14:00+01:00'],
    ['Montag um 14 Uhr', '2026-11-23T14:00+01:00'],
    ['morgen um 9:30', '2026-11-21T09:30+01:00'],
    ['morgen früh um 9', '2026-11-21T09:00+01:00'],
    ['in 20 Minuten', '2026-11-20T13:20+01:00'],
    ['in einer halben Stunde', '2026-11-20T13:30+01:00'],
    ['um 15 Uhr', '2026-11-20T15:00+01:00'],
    ['um halb drei', '2026-11-20T14:30+01:00'],
    ['um halb zehn', '2026-11-21T09:30+01:00'],
    ['übermorgen 14.30 Uhr', '2026-11-22T14:30+01:00'],
    ['am 1.12. um 10 Uhr', '2026-12-01T10:00+01:00'],
    ['am 5.1. um 10 Uhr', '2027-01-05T10:00+01:00'],
    ['um drei', '2026-11-20T15:00+01:00'],
    ['am Montag, 23. November um 9 Uhr', '2026-11-23T09:00+01:00'],
    ['am Montag', 'hour-missing: 2026-11-23T10:00+01:00 or 2026-11-23T14:00+01:00'],
    ['gestern um 10 Uhr', 'past'],
  ])('%s', (text, expected) => {
    expect(said(text, 'de')).toBe(expected)
  })
})

describe('changes of the clock', () => {
  const march = DateTime.fromISO('2027-03-27T12:00', { zone: berlin }).toMillis()
  const october = DateTime.fromISO('2026-10-24T12:00', { zone: berlin }).toMillis()

  it('names the hour that does not exist, and the next that does', () => {
    expect(said('28.03.2027 um 02:30 Uhr', 'de', march)).toBe('clock-goes-forward, 2027-03-28T03:30+02:00')
  })
  it('asks which of the two hours is meant', () => {
    expect(said('25.10.2026 um 02:30 Uhr', 'de', october)).toBe(
      'clock-goes-back: 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00',
    )
  })
  it('keeps the wall clock over the change', () => {
    expect(said('tomorrow 9:30', 'en', october)).toBe('2026-10-25T09:30+01:00')
  })
  it("takes the asker's zone, not ours", () => {
    expect(said('tomorrow 9:30', 'en', friday, 'America/New_York')).toBe('2026-11-21T09:30-05:00')
  })
})

describe('what is left of the sentence', () => {
  it('has no words of the time', () => {
    expect(
      whenOf('please have sales call me at 3 pm', { now: friday, timeZone: berlin, language: 'en' }).rest.trim(),
    ).toBe('please have sales call me')
  })
  it('is cut at the right place where German was put plainly', () => {
    const { rest } = whenOf('Anna soll mich um halb drei anrufen', { now: friday, timeZone: berlin, language: 'de' })
    expect(rest.replace(/\s+/g, ' ')).toBe('Anna soll mich anrufen')
  })
})
