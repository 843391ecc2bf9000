import { DateTime } from 'luxon'
import { german } from './texts-de.ts'
import { english } from './texts-en.ts'
import type { ExpectedAtCentre, InLine } from './types.ts'

/** Why a request is refused: a stable word. */
export type RefusalCode =
  | 'emergency-not-allowed'
  | 'premium-not-allowed'
  | 'international-not-allowed'
  | 'not-found'
  | 'outside-not-allowed'
  | 'same-number'
  | 'too-many-from-you'
  | 'too-many-to-number'
  | 'too-many'
  | 'number-not-confirmed'
  | 'not-understood'
  | 'outsiders-not-allowed'

/** What a message about a call speaks of. Everything is one line of text. */
export interface Spoken {
  /** Who rings first: `Sales`, `+49 30 1234`. */
  readonly called: string
  /** Who rings then, as the asker is spoken to: `you on +49…`; for others their name. */
  readonly caller: string
  /** `now`, `tomorrow at 9:30 (Europe/Berlin)` */
  readonly when: string
  /** Where it can be called off; '' for nowhere. */
  readonly link: string
}

/** What is still to be said. */
export type Asked =
  | { readonly about: 'called' | 'caller'; readonly why: 'ambiguous' | 'unknown' | 'missing'; readonly said: string }
  | { readonly about: 'when'; readonly why: string; readonly said: string }

/** All messages in one language. Each sentence is short, plain and friendly. */
export interface Texts {
  readonly now: string
  /** Formats of luxon, for a day of this week and for a date. */
  readonly today: string
  readonly tomorrow: string
  readonly date: string
  readonly clock: string
  at(day: string, clock: string): string
  you(line: string): string
  subject(called: string): string
  readonly questionSubject: string
  readonly refusalSubject: string
  confirmation(spoken: Spoken, confirmNumber: boolean): string
  /** Before what was guessed is done. */
  understood(spoken: Spoken): string
  question(asked: Asked): string
  choose(most: number): string
  readonly anyAnswer: string
  readonly notUnderstood: string
  /** By a link that only the owner of the address gets. */
  confirmByLink(link: string): string
  /** Where that link was sent by mail. */
  readonly linkSent: string
  refusal(code: RefusalCode, what: string): string
  connected(spoken: Spoken): string
  /** Why an attempt failed, as a sentence. */
  failure(outcome: string, spoken: Spoken): string
  again(when: string): string
  readonly noMore: string
  missed(spoken: Spoken): string
  cancelled(spoken: Spoken): string
  readonly nothingToCancel: string
  /** To an invitation that moves the call to a time that is over. */
  movedToPast(spoken: Spoken): string
  cancelHint(link: string): string
  centreWait(wait: ExpectedAtCentre): string
  /** What a centre had said when a call with it failed. */
  saidLast(line: InLine): string
  /** What a centre said can be listened to. @param waits we still hold the line there */
  heard(spoken: Spoken, link: string, until: string, waits: boolean): string
  /** The place in the line of a queue of ours. */
  inLine(wait: ExpectedAtCentre): string
  /** Said of a queue that is closed at the time that was asked for. */
  closedUntilThen(called: string): string
}

export type Language = 'en' | 'de'

export function textsOf(language: string): Texts {
  return language === 'de' ? german : english
}

/**
 * A time as people say it, on the clock of the asker's zone, which is named.
 * @param at ms since 1970, `null` for now
 */
export function whenText(at: number | null, now: number, timeZone: string, language: string): string {
  const texts = textsOf(language)
  if (at === null || (at <= now && at > now - 300_000)) return texts.now
  const time = DateTime.fromMillis(at, { zone: timeZone, locale: language })
  const days = time.startOf('day').diff(DateTime.fromMillis(now, { zone: timeZone }).startOf('day'), 'days').days
  const day = days === 0 ? texts.today : days > 0 && days < 2 ? texts.tomorrow : time.toFormat(texts.date)
  return `${texts.at(day, time.toFormat(texts.clock))} (${timeZone})`
}

/** Text of others in one line, without control characters and not too long. */
export function oneLine(text: string, longest = 120): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, longest)
}
