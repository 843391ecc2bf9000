import { de, en, type ParsedComponents, type ParsedResult } from 'chrono-node'
import { DateTime } from 'luxon'

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

const timeless = new Set(['may', 'sun', 'sat', 'mar', 'march', 'wed', 'fr', 'mo', 'do', 'di', 'mi', 'sa', 'so'])

/**
 * Finds the time of a call in a sentence, in the time zone of who asks. Words and numbers that are no time have to be masked before.
 * @returns what is meant, and the sentence with the words of the time blanked out by spaces of the same length
 */
export function whenOf(sentence: string, moment: Moment): { readonly when: When; readonly rest: string } {
  const text =
    moment.language === 'de' ? plainGerman(sentence, moment) : { text: sentence, from: (index: number) => index }
  const now = DateTime.fromMillis(moment.now, { zone: moment.timeZone })
  const reference = { instant: new Date(moment.now), timezone: now.offset }
  const parser = moment.language === 'de' ? de : en
  const found = parser
    .parse(text.text, reference, { forwardDate: true })
    .filter((result) => !timeless.has(result.text.toLowerCase()))
  let rest = sentence
  for (const result of found) rest = blank(rest, text.from(result.index), text.from(result.index + result.text.length))
  return { when: whenOfResults(found, moment), rest }
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
  const { date, assumed } = wallClockOf(start, moment)
  if (!start.isCertain('hour') && !partOfDay.test(said)) {
    const choices = [10, 14].map((hour) => date.set({ hour, minute: 0 }).toMillis()).filter((at) => at > moment.now)
    return { kind: 'ambiguous', said, why: 'hour-missing', choices }
  }
  return onTheClock(date, said, assumed, moment)
}

const partOfDay = /morning|afternoon|evening|noon|midnight|night|vormittag|mittag|nachmittag|abend|früh|nacht/i

/** The fields on the asker's clock. A zone's gaps and repeats are looked at afterwards. */
function wallClockOf(start: ParsedComponents, moment: Moment): { date: Wall; assumed: boolean } {
  const now = DateTime.fromMillis(moment.now, { zone: moment.timeZone })
  const hour = start.get('hour') ?? 12
  const minute = start.get('minute') ?? 0
  let assumed = !start.isCertain('hour')
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
  if (start.isCertain('hour') && !start.isCertain('meridiem') && moment.language === 'en' && hour >= 1 && hour < 7) {
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

const pad = (number: number): string => String(number).padStart(2, '0')

function blank(text: string, from: number, to: number): string {
  return text.slice(0, from) + ' '.repeat(Math.max(0, to - from)) + text.slice(to)
}

const germanHours = ['eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun', 'zehn', 'elf', 'zwölf']

/** Says in plain figures what the German parser does not know, and tells which index of the original an index belongs to. */
function plainGerman(sentence: string, moment: Moment): { text: string; from(index: number): number } {
  const now = DateTime.fromMillis(moment.now, { zone: moment.timeZone })
  const edits: { start: number; end: number; by: string }[] = []
  const replace = (pattern: RegExp, by: (match: RegExpExecArray) => string | undefined): void => {
    for (const match of sentence.matchAll(pattern)) {
      const text = by(match)
      const end = match.index + match[0].length
      if (text !== undefined && !edits.some((edit) => edit.start < end && match.index < edit.end))
        edits.push({ start: match.index, end, by: text })
    }
  }
  replace(
    /\b(?:um\s+)?halb\s+(eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\d{1,2})(?![\p{L}\d])/giu,
    ([, word = '']) => {
      const named = germanHours.indexOf(word.toLowerCase()) + 1 || Number(word)
      if (named < 1 || named > 24) return undefined
      // Half past six in the morning is nobody's hour of business: up to seven it is the afternoon.
      const hour = named <= 7 ? named + 11 : named - 1
      return `um ${hour}:30 Uhr`
    },
  )
  replace(/\bin\s+(?:einer|ner)\s+halben\s+stunde\b/giu, () => 'in 30 Minuten')
  replace(/\bin\s+(?:einer|ner)\s+viertelstunde\b/giu, () => 'in 15 Minuten')
  replace(/\bin\s+(?:einer|ner)\s+dreiviertelstunde\b/giu, () => 'in 45 Minuten')
  replace(/\b(?:sofort|gleich|umgehend)\b/giu, () => 'jetzt')
  replace(/\b(morgen|heute|übermorgen)\s+(?:früh|morgen|vormittag)\b(?!\s*um)/giu, ([, day = '']) => `${day} Vormittag`)
  replace(/\b(morgen|heute|übermorgen)\s+früh(?=\s+um)/giu, ([, day = '']) => day)
  replace(/(?<![\d.])(?:am\s+)?([0-3]?\d)\.\s?([01]?\d)\.(?!\s?\d)/gu, ([, day, month]) => {
    const [d, m] = [Number(day), Number(month)]
    if (d < 1 || d > 31 || m < 1 || m > 12) return undefined
    const date = DateTime.fromObject({ year: now.year, month: m, day: d }, { zone: moment.timeZone })
    if (!date.isValid) return undefined
    return `am ${pad(d)}.${pad(m)}.${date.endOf('day') < now ? now.year + 1 : now.year}`
  })
  replace(
    /\bum\s+(eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)(?:\s+uhr)?\b/giu,
    ([, word = '']) => {
      const hour = germanHours.indexOf(word.toLowerCase()) + 1
      return `um ${hour < 7 ? hour + 12 : hour} Uhr`
    },
  )
  edits.sort((a, b) => a.start - b.start)
  let text = ''
  let last = 0
  const marks: { ours: number; theirs: number }[] = []
  for (const { start, end, by } of edits) {
    text += sentence.slice(last, start)
    marks.push({ ours: text.length, theirs: start })
    text += by
    marks.push({ ours: text.length, theirs: end })
    last = end
  }
  text += sentence.slice(last)
  return {
    text,
    from(index) {
      let mark = { ours: 0, theirs: 0 }
      let next: { ours: number; theirs: number } | undefined
      for (const candidate of marks) {
        if (candidate.ours <= index) mark = candidate
        else {
          next = candidate
          break
        }
      }
      return Math.min(mark.theirs + index - mark.ours, next?.theirs ?? sentence.length)
    },
  }
}
