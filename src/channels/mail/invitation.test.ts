import { describe, expect, it } from 'vitest'
import { readCalendar } from './invitation.ts'

/** Outlook's: the zone has a Windows name and is described in the calendar. */
const outlookZone = [
  'BEGIN:VTIMEZONE',
  'TZID:W. Europe Standard Time',
  'BEGIN:STANDARD',
  'DTSTART:16010101T030000',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10',
  'END:STANDARD',
  'BEGIN:DAYLIGHT',
  'DTSTART:16010101T020000',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3',
  'END:DAYLIGHT',
  'END:VTIMEZONE',
]

const calendar = (event: readonly string[], { method = 'REQUEST', zone = outlookZone as readonly string[] } = {}) =>
  [
    'BEGIN:VCALENDAR',
    'PRODID:-//Test//EN',
    'VERSION:2.0',
    ...(method ? [`METHOD:${method}`] : []),
    ...zone,
    'BEGIN:VEVENT',
    'UID:1',
    'SUMMARY:Call Sales\\, please',
    ...event,
    'END:VEVENT',
    'END:VCALENDAR',
  ].join('\r\n')

const startsAt = (...parameters: Parameters<typeof calendar>) => {
  const { invitation, fault } = readCalendar(calendar(...parameters))
  return invitation ? new Date(invitation.startsAt).toISOString() : fault
}

describe('a calendar part', () => {
  it('tells when it begins, by the zone described in it', () => {
    expect(startsAt(['DTSTART;TZID=W. Europe Standard Time:20261124T150000'])).toBe('2026-11-24T14:00:00.000Z')
    expect(startsAt(['DTSTART;TZID=W. Europe Standard Time:20270705T150000'])).toBe('2027-07-05T13:00:00.000Z')
  })

  it('tells when it begins, by the name of the zone', () => {
    const zone: string[] = []
    expect(startsAt(['DTSTART;TZID=America/New_York:20270705T090000'], { zone })).toBe('2027-07-05T13:00:00.000Z')
    expect(startsAt(['DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20270705T150000'], { zone })).toBe(
      '2027-07-05T13:00:00.000Z',
    )
    expect(startsAt(['DTSTART:20270705T130000Z'], { zone })).toBe('2027-07-05T13:00:00.000Z')
    expect(startsAt(['DTSTART:20270705T150000'], { zone: ['X-WR-TIMEZONE:Europe/Berlin'] })).toBe(
      '2027-07-05T13:00:00.000Z',
    )
  })

  it('has its summary, and says when it is cancelled', () => {
    const start = ['DTSTART:20270705T130000Z']
    expect(readCalendar(calendar(start))).toMatchObject({
      method: 'REQUEST',
      invitation: { summary: 'Call Sales, please', cancelled: false },
    })
    expect(readCalendar(calendar(start, { method: 'CANCEL' })).invitation?.cancelled).toBe(true)
    expect(readCalendar(calendar([...start, 'STATUS:CANCELLED'])).invitation?.cancelled).toBe(true)
  })

  it('counts by its first event and the first time of a series', () => {
    const two = [
      'DTSTART:20270705T130000Z',
      'RRULE:FREQ=DAILY',
      'END:VEVENT',
      'BEGIN:VEVENT',
      'UID:2',
      'DTSTART:20280101T000000Z',
    ]
    expect(startsAt(two)).toBe('2027-07-05T13:00:00.000Z')
  })

  it.each([
    [['DTSTART;TZID=W. Europe Standard Time:20270328T023000'], outlookZone, /does not exist/],
    [['DTSTART;TZID=Europe/Berlin:20270328T023000'], [], /does not exist/],
    [['DTSTART;TZID=Europe/Berlin:20270230T100000'], [], /does not exist|cannot be read/],
    [['DTSTART;VALUE=DATE:20270328'], [], /whole day/],
    [['DTSTART:20270328T100000'], [], /time zone/],
    [['DTSTART;TZID=Atlantis/Capital:20270328T100000'], [], /time zone/],
    [['DTSTART:tomorrow'], [], /cannot be read|when it begins/],
    [[], [], /when it begins/],
  ])('without a usable time is left out: %j', (event, zone, why) => {
    expect(startsAt(event, { zone })).toMatch(why)
  })

  it('that is no invitation is left out', () => {
    expect(readCalendar(calendar(['DTSTART:20270705T130000Z'], { method: 'REPLY' }))).toMatchObject({
      method: 'REPLY',
      fault: expect.stringContaining('REPLY'),
    })
    expect(readCalendar('BEGIN:VCALENDAR\r\nEND:VCALENDAR').fault).toMatch(/no event/)
    expect(readCalendar('hello').fault).toMatch(/cannot be read/)
    expect(readCalendar('').fault).toMatch(/cannot be read/)
    expect(readCalendar('x'.repeat(300_000)).fault).toMatch(/larger/)
  })

  it.each([
    'FREQ=SECONDLY',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;BYMONTH=3;BYDAY=9SU',
    'FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;BYSECOND=1,2,3,4;BYMINUTE=1,2,3,4',
    'FREQ=YEARLY;BYYEARDAY=400',
    'FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=SU',
  ])('cannot keep the server busy with a zone that changes by %s', (rule) => {
    const zone = outlookZone.map((line) => line.replace(/^RRULE:.*/, `RRULE:${rule}`))
    expect(startsAt(['DTSTART;TZID=W. Europe Standard Time:20261124T150000'], { zone })).toMatch(
      /time zone|cannot be read/,
    )
  })
})
