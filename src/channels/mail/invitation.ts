import ICAL from 'ical.js'
import { DateTime, IANAZone } from 'luxon'

/** A meeting as a mail's calendar part tells it. */
export interface Invitation {
  /** In ms since 1970. */
  readonly startsAt: number
  readonly summary: string
  readonly cancelled: boolean
}

/** What a calendar part holds: an invitation, or why there is none (`fault`). `method` in upper case, '' when it names none. */
export type CalendarReading = { readonly method: string } & (
  | { readonly invitation: Invitation; readonly fault?: undefined }
  | { readonly invitation?: undefined; readonly fault: string }
)

const mostCalendar = 256 * 1024
const mostSummary = 200

/**
 * Reads a `text/calendar` part (RFC 5545, RFC 5546): the first event of a REQUEST, PUBLISH or CANCEL. A repeated event counts by its first
 * time. A local time is resolved by the VTIMEZONE that came with it, else by the zone's own name (`Europe/Berlin`).
 */
export function readCalendar(text: string): CalendarReading {
  if (text.length > mostCalendar) return { method: '', fault: 'the calendar part is larger than 256 KB' }
  let method = ''
  try {
    const calendar = new ICAL.Component(ICAL.parse(text) as unknown[])
    method = String(calendar.getFirstPropertyValue('method') ?? '').toUpperCase()
    if (!['REQUEST', 'PUBLISH', 'CANCEL', ''].includes(method))
      return { method, fault: `the calendar part is a ${method.slice(0, 20)}, no invitation` }
    const event = calendar.getFirstSubcomponent('vevent')
    if (!event) return { method, fault: 'the calendar part holds no event' }
    const start = startOf(calendar, event)
    if (typeof start === 'string') return { method, fault: start }
    const summary = String(event.getFirstPropertyValue('summary') ?? '')
    const status = String(event.getFirstPropertyValue('status') ?? '').toUpperCase()
    return {
      method,
      invitation: {
        startsAt: start,
        summary: summary
          .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
          .trim()
          .slice(0, mostSummary),
        cancelled: method === 'CANCEL' || status === 'CANCELLED',
      },
    }
  } catch {
    return { method, fault: 'the calendar part cannot be read' }
  }
}

/** When the event begins, in ms since 1970, or what is wrong with its time. */
function startOf(calendar: ICAL.Component, event: ICAL.Component): number | string {
  const property = event.getFirstProperty('dtstart')
  const time = property?.getFirstValue()
  if (!property || !(time instanceof ICAL.Time)) return 'the event does not say when it begins'
  if (time.isDate) return 'the event is for a whole day and names no time'
  // As written: the library moves the 30th of February into March.
  const written = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(String(property.toJSON()[3]))
  if (!written) return 'the event does not say when it begins'
  const [year, month, day, hour, minute, second] = written.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const fields = { year, month, day, hour, minute, second }
  const named = property.getFirstParameter('tzid') || (time.zone === ICAL.Timezone.utcTimezone ? 'UTC' : '')
  if (named === 'UTC') return checked(DateTime.fromObject(fields, { zone: 'utc' }), fields)
  const zone = named || String(calendar.getFirstPropertyValue('x-wr-timezone') ?? '')
  const parts = zone.split('/')
  // Some calendars put their own name in front: `/citadel.org/20260101_1/Europe/Berlin`.
  const plain = [3, 2, 1].map((count) => parts.slice(-count).join('/')).find((name) => IANAZone.isValidZone(name))
  if (plain) return checked(DateTime.fromObject(fields, { zone: plain }), fields)
  // Outlook's zones have names of their own and are described in the calendar.
  const described = calendar
    .getAllSubcomponents('vtimezone')
    .find((each) => zone !== '' && each.getFirstPropertyValue('tzid') === zone)
  if (described) return byDescription(time, described, fields)
  return 'the event does not say in which time zone it begins'
}

type Fields = { year: number; month: number; day: number; hour: number; minute: number; second: number }

function checked(time: DateTime, fields: Fields): number | string {
  if (!time.isValid) return 'the event begins at a time that does not exist'
  // A clock that is put forward skips an hour; the library moves such times on.
  const same = time.year === fields.year && time.month === fields.month && time.day === fields.day
  return same && time.hour === fields.hour && time.minute === fields.minute
    ? time.toMillis()
    : 'the event begins at a time that does not exist: clocks are put forward then'
}

function byDescription(time: ICAL.Time, described: ICAL.Component, fields: Fields): number | string {
  const rules = described.getAllSubcomponents().flatMap((part) => part.getAllProperties('rrule'))
  if (rules.length > 8 || !rules.every((rule) => changesYearly(rule.getFirstValue())))
    return 'the time zone of the event is not described in a way that can be read'
  const zone = new ICAL.Timezone(described)
  const local = time.clone()
  local.zone = zone
  const utc = ICAL.Time.fromJSDate(new Date(local.toUnixTime() * 1000), true)
  const back = utc.convertToZone(zone)
  if (back.hour !== fields.hour || back.minute !== fields.minute || back.day !== fields.day)
    return 'the event begins at a time that does not exist: clocks are put forward then'
  return utc.toUnixTime() * 1000
}

/** Whether a rule is one that zones change by: once a year, on a day that exists. Others could be expanded for ever. */
function changesYearly(rule: unknown): boolean {
  if (!(rule instanceof ICAL.Recur) || rule.freq !== 'YEARLY') return false
  const { BYMONTH: months, BYDAY: days, BYMONTHDAY: dates, ...others } = rule.parts as Record<string, unknown[]>
  if (Object.keys(others).length > 0 || months?.length !== 1) return false
  if (days && (days.length !== 1 || !/^([+-]?[1-4]|-1)?(MO|TU|WE|TH|FR|SA|SU)$/.test(String(days[0])))) return false
  return !dates || (dates.length <= 7 && dates.every((date) => Number(date) >= 1 && Number(date) <= 28))
}
