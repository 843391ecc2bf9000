import { de, en, type ParsedComponents, type ParsedResult } from 'chrono-node'
import { DateTime } from 'luxon'
import { plainTimes } from './plain-times.ts'

/** What a message says about the time of a call. */
export type When =
  /** No time was named, or "now". */
  | { readonly kind: 'now'; readonly said: string }
  /** `at` in ms since 1970; `assumed` when the hour of the day had to be guessed ("at 3", "tomorrow morning"). */
  | { readonly kind: 'at'; readonly at: number; readonly said: string; readonly assumed: boolean }
  /** Which of these is meant, in ms since 1970. */
  | {
      readonly kind: 'ambiguous'
      readonly said: string
      readonly why: 'hour-missing' | 'clock-goes-back' | 'two-times'
      readonly choices: readonly number[]
    }
  | {
      readonly kind: 'impossible'
      readonly said: string
      readonly why: 'past' | 'clock-goes-forward' | 'too-far'
      /** A time that would do, in ms since 1970. */
      readonly instead?: number
    }

export interface Moment {
  /** ms since 1970 */
  readonly now: number
  /** IANA name of the asker's time zone. */
  readonly timeZone: string
  readonly language: 'en' | 'de'
}

/** Farther ahead than this nobody means it. */
const farthestMs = 366 * 24 * 3_600_000
/** A little in the past is the time that the message took to come here. */
const lateMs = 5 * 60_000

/** "I met Carol yesterday": a day that is over is not that of the call, unless an hour is said with it. */
const gone = /yesterday|\blast\b|gestern|letzte/i

const timeless = new Set(['may', 'sun', 'sat', 'mar', 'march', 'wed', 'fr', 'mo', 'do', 'di', 'mi', 'sa', 'so'])

/**
 * Finds the time of a call in a sentence, in the time zone of who asks. Words and numbers that are no time have to be masked before.
 * @returns what is meant, and the sentence with the words of the time blanked out by spaces of the same length
 */
export function whenOf(sentence: string, moment: Moment): { readonly when: When; readonly rest: string } {
  const text = plainTimes(sentence, moment)
  const now = DateTime.fromMillis(moment.now, { zone: moment.timeZone })
  const reference = { instant: new Date(moment.now), timezone: now.offset }
  const parser = moment.language === 'de' ? de : en
  const found = parser
    .parse(text.text, reference, { forwardDate: true })
    .filter(
      ({ text: said, start }) => !timeless.has(said.toLowerCase()) && (start.isCertain('hour') || !gone.test(said)),
    )
  let rest = sentence
  for (const { start, end } of text.hidden) rest = blank(rest, start, end)
  for (const result of found) rest = blank(rest, text.from(result.index), text.from(result.index + result.text.length))
  const when = found.length === 0 ? vaguely(sentence) : limited(whenOfResults(found, moment), found, text.text, moment)
  return { when, rest }
}

/** "Before 5 pm" is not at five: the hour is asked for. */
function limited(when: When, [first]: readonly ParsedResult[], text: string, { now }: Moment): When {
  const before = first && limit.exec(text.slice(0, first.index))
  if (!before || when.kind !== 'at') return when
  const choices = [60, 30].map((minutes) => when.at - minutes * 60_000).filter((at) => at > now)
  return { kind: 'ambiguous', said: `${before[0].trim()} ${when.said}`, why: 'hour-missing', choices }
}

const limit = /(?<![\p{L}])(?:before|by|until|till|no later than|vor|bis|spätestens)\s+(?:um\s+|at\s+)?$/iu

/** A time that says no hour: nobody is rung at once because of it. */
const vague =
  /(?<![\p{L}])(?:(?<=(?:call|ring|phone|me|us|back)\s+)later|after\s+(?:lunch|work)|(?:at\s+)?lunch\s?time|(?:at\s+)?(?:the\s+)?end\s+of\s+(?:the\s+)?(?:day|week)|some\s?time|(?<=(?:mich|uns)\s+)später|nach\s+(?:der\s+)?(?:mittagspause|arbeit)|nach\s+feierabend|in\s+der\s+mittagspause|irgendwann|bei\s+gelegenheit)(?![\p{L}])/iu

function vaguely(sentence: string): When {
  const [said] = vague.exec(sentence) ?? []
  return said === undefined ? { kind: 'now', said: '' } : { kind: 'ambiguous', said, why: 'hour-missing', choices: [] }
}

function whenOfResults(found: readonly ParsedResult[], moment: Moment): When {
  const [first, ...others] = found
  if (!first) return { kind: 'now', said: '' }
  const read = whenOfResult(first, moment)
  if (others.length === 0 || read.kind !== 'at') return read
  const times = new Set([read.at])
  for (const other of others) {
    const also = whenOfResult(other, moment)
    if (also.kind === 'at') times.add(also.at)
  }
  if (times.size === 1) return read
  const said = found.map(({ text }) => text).join(', ')
  return { kind: 'ambiguous', said, why: 'two-times', choices: [...times].sort((a, b) => a - b) }
}

function whenOfResult({ text: said, start }: ParsedResult, moment: Moment): When {
  // "in 20 minutes" and "now" are distances from this moment, whatever the clocks do in between.
  if (start.isCertain('timezoneOffset')) return checked(start.date().getTime(), said, false, moment)
  const { date, assumed } = wallClockOf(said, start, moment)
  if (!start.isCertain('hour') && !partOfDay.test(said)) {
    const choices = [10, 14].map((hour) => date.set({ hour, minute: 0 }).toMillis()).filter((at) => at > moment.now)
    return { kind: 'ambiguous', said, why: 'hour-missing', choices }
  }
  return onTheClock(date, said, assumed, moment)
}

const partOfDay = /morning|afternoon|evening|noon|midnight|night|vormittag|mittag|nachmittag|abend|früh|nacht/i

/** Whether an hour may be of the morning as well as of the afternoon. German clocks have 24 hours, but people say "um 5". */
function isBareHour(said: string, start: ParsedComponents, { language }: Moment): boolean {
  if (!start.isCertain('hour')) return false
  if (language === 'en') return !start.isCertain('meridiem')
  return !/(?<!\d)0\d|\d[:.]\d|morgens|früh|nachts|vormittag|abend|nachmittag|mittag/i.test(said)
}

/** In the morning nobody means six. */
function hourOfDay(said: string, otherwise: number): number {
  if (/midnight|mitternacht/i.test(said)) return otherwise
  if (/afternoon|nachmittag/i.test(said)) return 15
  if (/noon|mittag/i.test(said) && !/vormittag/i.test(said)) return 12
  if (/morning|vormittag|früh/i.test(said)) return 9
  return /evening|abend/i.test(said) ? 18 : otherwise
}

/** "12 November", said on the 20th: next year's is a guess. */
function isFarGuess(start: ParsedComponents, { now }: Moment): boolean {
  return start.isCertain('month') && !start.isCertain('year') && start.date().getTime() > now + halfYearMs
}

const halfYearMs = 183 * 24 * 3_600_000

/** The fields on the asker's clock. A zone's gaps and repeats are looked at afterwards. */
function wallClockOf(said: string, start: ParsedComponents, moment: Moment): { date: Wall; assumed: boolean } {
  const now = DateTime.fromMillis(moment.now, { zone: moment.timeZone })
  const hour = start.isCertain('hour') ? (start.get('hour') ?? 12) : hourOfDay(said, start.get('hour') ?? 12)
  const minute = start.get('minute') ?? 0
  let assumed = !start.isCertain('hour') || isFarGuess(start, moment)
  let date = wall(
    {
      year: start.get('year') ?? now.year,
      month: start.get('month') ?? now.month,
      day: start.get('day') ?? now.day,
      hour,
      minute,
    },
    moment,
  )
  const dated = start.isCertain('day') || start.isCertain('month')
  if (start.isCertain('weekday') && !dated) {
    // "Friday at 15:00" said on a Friday at 13:00 is today.
    const ahead = ((start.get('weekday') as number) + 7 - (now.weekday % 7)) % 7
    const day = now.plus({ days: ahead })
    date = wall({ year: day.year, month: day.month, day: day.day, hour, minute }, moment)
    if (ahead === 0 && date.toMillis() < moment.now) date = date.plusDays(7)
  } else if (!dated) {
    date = wall({ year: now.year, month: now.month, day: now.day, hour, minute }, moment)
    if (date.toMillis() < moment.now - lateMs) date = date.plusDays(1)
  }
  // "At 3" is not in the night: an hour before seven without am or pm is taken for the afternoon, and said so.
  if (isBareHour(said, start, moment) && hour >= 1 && hour < 7) {
    assumed = true
    const today = !dated && !start.isCertain('weekday')
    const base = today
      ? wall({ year: now.year, month: now.month, day: now.day, hour: hour + 12, minute }, moment)
      : date.set({ hour: hour + 12 })
    date = today && base.toMillis() < moment.now - lateMs ? base.plusDays(1) : base
  }
  return { date, assumed }
}

interface Fields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

interface Wall {
  readonly fields: Fields
  toMillis(): number
  set(fields: Partial<Fields>): Wall
  plusDays(days: number): Wall
}

function wall(fields: Fields, moment: Moment): Wall {
  return {
    fields,
    toMillis: () => DateTime.fromObject(fields, { zone: moment.timeZone }).toMillis(),
    set: (changed) => wall({ ...fields, ...changed }, moment),
    plusDays(days) {
      const day = DateTime.utc(fields.year, fields.month, fields.day).plus({ days })
      return wall({ ...fields, year: day.year, month: day.month, day: day.day }, moment)
    },
  }
}

/** From the clock's fields to an instant: some times do not exist, some exist twice. */
function onTheClock({ fields }: Wall, said: string, assumed: boolean, moment: Moment): When {
  const { year, month, day, hour, minute } = fields
  const asUtc = Date.UTC(year, month - 1, day, hour, minute)
  const offsets = new Set<number>()
  for (const hours of [-26, 26]) {
    offsets.add(DateTime.fromMillis(asUtc + hours * 3_600_000, { zone: moment.timeZone }).offset)
  }
  const instants = [...offsets]
    .map((offset) => asUtc - offset * 60_000)
    .filter(
      (at) =>
        DateTime.fromMillis(at, { zone: moment.timeZone }).toFormat('yyyy-MM-dd HH:mm') ===
        `${year}-${pad(month)}-${pad(day)} ${pad(hour)}:${pad(minute)}`,
    )
    .sort((a, b) => a - b)
  const [first, second] = instants
  if (first === undefined) {
    const instead = DateTime.fromObject(fields, { zone: moment.timeZone }).toMillis()
    return { kind: 'impossible', said, why: 'clock-goes-forward', instead }
  }
  if (second !== undefined && second > moment.now) {
    return { kind: 'ambiguous', said, why: 'clock-goes-back', choices: instants.filter((at) => at > moment.now) }
  }
  return checked(first, said, assumed, moment)
}

function checked(at: number, said: string, assumed: boolean, { now }: Moment): When {
  if (at < now - lateMs) return { kind: 'impossible', said, why: 'past' }
  if (at > now + farthestMs) return { kind: 'impossible', said, why: 'too-far' }
  return at <= now ? { kind: 'now', said } : { kind: 'at', at, said, assumed }
}

export const pad = (number: number): string => String(number).padStart(2, '0')

function blank(text: string, from: number, to: number): string {
  return text.slice(0, from) + ' '.repeat(Math.max(0, to - from)) + text.slice(to)
}
