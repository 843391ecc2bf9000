import { DateTime } from 'luxon'
import { type Moment, pad } from './when.ts'

/** A text in plain figures, and which index of the original one of its indexes belongs to. */
export interface PlainText {
  readonly text: string
  from(index: number): number
  /** What is a time, but not that of the call: from where to where in the original. */
  readonly hidden: readonly { readonly start: number; readonly end: number }[]
}

const hours = {
  en: ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  de: ['eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun', 'zehn', 'elf', 'zwölf'],
}
const minutes: Readonly<Record<string, number>> = {
  ...{ five: 5, ten: 10, quarter: 15, twenty: 20, 'twenty-five': 25, half: 30 },
  ...{ fünf: 5, zehn: 10, viertel: 15, zwanzig: 20, kurz: 5 },
}
const wholes: Readonly<Record<string, number>> = { a: 1, an: 1, one: 1, two: 2, three: 3, four: 4 }
const germanWholes: Readonly<Record<string, number>> = { anderthalb: 1, eineinhalb: 1, zweieinhalb: 2, dreieinhalb: 3 }
const month = '(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]*'
const weekday =
  '(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)'

/** Stands for a time that is not that of the call. */
const other = '~'

/** Says in plain figures what the parsers of dates do not know, and hides what is a date of something else ("the invoice of 12 November"). */
export function plainTimes(sentence: string, moment: Moment): PlainText {
  const edits: Edit[] = []
  const replace: Replace = (pattern, by) => {
    for (const match of sentence.matchAll(pattern)) {
      const text = by(match)
      const end = match.index + match[0].length
      if (text !== undefined && !edits.some((edit) => edit.start < end && match.index < edit.end))
        edits.push({ start: match.index, end, by: text })
    }
  }
  if (moment.language === 'de') plainGerman(replace, moment)
  else plainEnglish(replace, moment)
  return edited(sentence, edits)
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly by: string
}

type Replace = (pattern: RegExp, by: (match: RegExpExecArray) => string | undefined) => void

function plainEnglish(replace: Replace, moment: Moment): void {
  const hour = `(${hours.en.join('|')}|\\d{1,2})`
  const figure = (word: string): number => hours.en.indexOf(word.toLowerCase()) + 1 || Number(word)
  replace(
    new RegExp(
      String.raw`\b(?:from|of|dated)\s+(?:yesterday|(?:last\s+)?${weekday}|last\s+(?:week|month)|(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?${month}(?:\s+\d{4})?|${month}\s+\d{1,2}(?:st|nd|rd|th)?(?:,?\s+\d{4})?)(?!\s*(?:to|until|-))`,
      'giu',
    ),
    () => other,
  )
  replace(
    /\bfor\s+(?:about\s+)?(?:\d+|a few|five|ten|twenty|thirty|half an|an?)\s+(?:minutes?|mins?|hours?)\b/giu,
    () => other,
  )
  replace(
    new RegExp(
      String.raw`\b(?:a\s+)?(five|ten|quarter|twenty|twenty-five|half|(?<=\bat\s)(?:5|10|15|20|25))\s+(past|after|to|before)\s+${hour}\b`,
      'giu',
    ),
    ([, part = '', side = '', word = '']) => {
      const [at, off] = [figure(word), minutes[part.toLowerCase()] ?? Number(part)]
      if (at < 1 || at > 24) return undefined
      const before = /to|before/i.test(side)
      if (before && off === 30) return undefined
      return before ? `${at === 1 ? 12 : at - 1}:${pad(60 - off)}` : `${at}:${pad(off)}`
    },
  )
  replace(
    new RegExp(String.raw`\bat\s+(${hours.en.join('|')})(?:\s+o'?clock)?\b(?!\s+\p{L}+\s+(?:minutes|hours))`, 'giu'),
    ([, word = '']) => `at ${figure(word)}`,
  )
  replace(
    /\bin\s+(an?|one|two|three|four|\d{1,2})\s+(?:and\s+a\s+half\s+hours?|hours?\s+and\s+a\s+half)\b/giu,
    ([, word = '']) => {
      const whole = wholes[word.toLowerCase()] ?? Number(word)
      return `in ${whole * 60 + 30} minutes`
    },
  )
  replace(/\bat\s+([01]?\d|2[0-3])\s?h\b/giu, ([, hour = '']) => `at ${hour}:00`)
  replace(/\bin\s+(\d{1,2})[.,]5\s+hours\b/giu, ([, hours = '']) => `in ${Number(hours) * 60 + 30} minutes`)
  replace(/\bin\s+three\s+quarters\s+of\s+an\s+hour\b/giu, () => 'in 45 minutes')
  replace(/\bin\s+a\s+quarter\s+of\s+an\s+hour\b/giu, () => 'in 15 minutes')
  replace(
    /\bbetween\s+(\d{1,2}(?:[:.]\d\d)?)\s*(am|pm)?\s+and\s+\d{1,2}(?:[:.]\d\d)?\s*(am|pm)?\b/giu,
    ([, start = '', own = '', end = '']) => `at ${start} ${own || end}`,
  )
  replace(
    new RegExp(String.raw`\b(?:on\s+)?the\s+(\d{1,2})(?:st|nd|rd|th)\b(?!\s+(?:of\s+)?${month})`, 'giu'),
    ([, day = '']) => dayToCome(Number(day), moment)?.toFormat("'on' d LLLL yyyy", { locale: 'en' }),
  )
}

function plainGerman(replace: Replace, moment: Moment): void {
  const now = DateTime.fromMillis(moment.now, { zone: moment.timeZone })
  const names = hours.de.join('|')
  const hour = String.raw`(${names}|\d{1,2})(?![\p{L}\d])(?:\s+uhr\b)?(?:\s+(morgens|früh|vormittags|mittags|nachmittags|abends))?`
  replace(
    new RegExp(
      String.raw`\b(?:vom|von)\s+(?:gestern|vorgestern|letzte[rnm]\s+\p{L}+|${weekday}|\d{1,2}\.\s?(?:${month}|\d{1,2}\.)(?:\s?\d{2,4})?)(?!\s*(?:bis|-))`,
      'giu',
    ),
    () => other,
  )
  replace(
    /\bfür\s+(?:etwa\s+)?(?:\d+|ein paar|fünf|zehn|zwanzig|dreißig|eine?(?:\s+halbe)?)\s+(?:minuten?|stunden?)\b/giu,
    () => other,
  )
  replace(/\bin\s+(anderthalb|eineinhalb|zweieinhalb|dreieinhalb)\s+stunden\b/giu, ([, word = '']) => {
    return `in ${(germanWholes[word.toLowerCase()] as number) * 60 + 30} Minuten`
  })
  replace(
    new RegExp(String.raw`\b(?:(?:um|gegen)\s+)?(fünf|zehn|viertel|zwanzig|kurz)\s+(nach|vor)\s+${hour}`, 'giu'),
    ([, part = '', side = '', word = '', day = '']) => {
      const off = minutes[part.toLowerCase()] ?? 0
      return clock(word, day, /vor/i.test(side) ? -off : off)
    },
  )
  replace(
    new RegExp(String.raw`\b(?:(?:um|gegen)\s+)?fünf\s+(vor|nach)\s+halb\s+${hour}`, 'giu'),
    ([, side = '', word = '', day = '']) => clock(word, day, /vor/i.test(side) ? -35 : -25),
  )
  replace(new RegExp(String.raw`\b(?:(?:um|gegen)\s+)?dreiviertel\s+${hour}`, 'giu'), ([, word = '', day = '']) =>
    clock(word, day, -15),
  )
  replace(new RegExp(String.raw`\b(?:(?:um|gegen)\s+)?halb\s+${hour}`, 'giu'), ([, word = '', day = '']) =>
    clock(word, day, -30),
  )
  replace(/\bin\s+(\d{1,2})[.,]5\s+stunden\b/giu, ([, hours = '']) => `in ${Number(hours) * 60 + 30} Minuten`)
  replace(/\bin\s+(?:einer|ner)\s+halben\s+stunde\b/giu, () => 'in 30 Minuten')
  replace(/\bin\s+(?:einer|ner)\s+viertelstunde\b/giu, () => 'in 15 Minuten')
  replace(/\bin\s+(?:einer|ner)\s+dreiviertelstunde\b/giu, () => 'in 45 Minuten')
  replace(/\b(?:sofort|gleich|umgehend)\b/giu, () => 'jetzt')
  replace(/\b(morgen|heute|übermorgen)\s+(?:früh|morgen|vormittag)\b(?!\s*um)/giu, ([, day = '']) => `${day} Vormittag`)
  replace(/\b(morgen|heute|übermorgen)\s+früh(?=\s+um)/giu, ([, day = '']) => day)
  replace(
    /\bzwischen\s+(\d{1,2}(?:[:.]\d\d)?)\s*(?:uhr\s+)?und\s+\d{1,2}(?:[:.]\d\d)?\s*uhr\b/giu,
    ([, start = '']) => `um ${start} Uhr`,
  )
  replace(/(?<![\d.])(?:am\s+)?([0-3]?\d)\.\s?([01]?\d)\.(?!\s?\d)/gu, ([, day, month]) => {
    const [d, m] = [Number(day), Number(month)]
    if (d < 1 || d > 31 || m < 1 || m > 12) return undefined
    const date = DateTime.fromObject({ year: now.year, month: m, day: d }, { zone: moment.timeZone })
    if (!date.isValid) return undefined
    return `am ${pad(d)}.${pad(m)}.${date.endOf('day') < now ? now.year + 1 : now.year}`
  })
  replace(new RegExp(String.raw`\bam\s+([0-3]?\d)\.(?=\s*(?:$|[,;!?\n]|\s(?!${month})\p{L}))`, 'giu'), ([, day = '']) =>
    dayToCome(Number(day), moment)?.toFormat("'am' dd.MM.yyyy"),
  )
  replace(
    new RegExp(
      String.raw`\b(?:um|gegen)\s+(${names})(?![\p{L}])(?:\s+uhr\b)?(?:\s+(morgens|früh|vormittags|mittags|nachmittags|abends))?`,
      'giu',
    ),
    ([, word = '', day = '']) => clock(word, day, 0),
  )
}

/**
 * A spoken German time. An hour in words is of the twelve: before seven it is the afternoon, unless the part of the day is said.
 * @param off minutes after the hour
 */
function clock(word: string, partOfDay: string, off: number): string | undefined {
  const named = hours.de.indexOf(word.toLowerCase()) + 1 || Number(word)
  if (named < 1 || named > 24) return undefined
  const morning = /morgens|früh|vormittags/i.test(partOfDay)
  const later = /nachmittags|abends/i.test(partOfDay) || (named === 1 && /mittags/i.test(partOfDay))
  const spoken = named * 60 + off
  const inDay = named <= 12 && !morning && (later || spoken < 7 * 60) ? spoken + 12 * 60 : spoken
  const at = inDay % (24 * 60)
  return `um ${Math.floor(at / 60)}:${pad(at % 60)} Uhr`
}

/** The next day of the month with this number. */
function dayToCome(day: number, moment: Moment): DateTime | undefined {
  const now = DateTime.fromMillis(moment.now, { zone: moment.timeZone })
  for (const months of [0, 1, 2]) {
    const { year, month } = now.plus({ months })
    const date = DateTime.fromObject({ year, month, day }, { zone: moment.timeZone })
    if (date.isValid && date.endOf('day') > now) return date
  }
  return undefined
}

function edited(sentence: string, edits: Edit[]): PlainText {
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
    hidden: edits.filter(({ by }) => by === other),
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
