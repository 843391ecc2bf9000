import { entitiesOf } from './entities.ts'
import { byName, type Entry, type Party, type PartyReading, partyOf } from './party.ts'
import { freshText, languageOf } from './reply.ts'
import { callerOf, type Sentence, sidesOf } from './sides.ts'
import { type When, whenOf } from './when.ts'

/** What is known before the message is read. */
export interface Circumstances {
  /** ms since 1970 */
  readonly now: number
  readonly timeZone: string
  /** Taken where the text is too short to tell. */
  readonly language: 'en' | 'de'
  /** Everybody whom this asker may name. */
  readonly entries: readonly Entry[]
  /** E.164 of what may be a telephone number, `undefined` when it is none. */
  toNumber(text: string): string | undefined
  /** Whom the message is for by its address (`sales@…`, a widget's setting). */
  readonly addressedTo?: Party
  /** Id of the person of ours who asks. */
  readonly self?: string
}

export type Question =
  | {
      readonly about: 'called' | 'caller'
      readonly why: 'ambiguous' | 'unknown'
      readonly said: string
      readonly choices: readonly Entry[]
    }
  | { readonly about: 'called'; readonly why: 'missing'; readonly said: ''; readonly choices: readonly Entry[] }
  | { readonly about: 'when'; readonly why: string; readonly said: string; readonly choices: readonly number[] }

/** A request for a call, as far as it was understood. */
export interface Understanding {
  readonly language: 'en' | 'de'
  readonly called?: Party
  readonly caller?: Party
  /** What is pressed once the called has answered: digits, `,` = 2 s, `w` = wait for a pause in speech. */
  readonly keys: string
  readonly when: When
  /** The message, for who is called. */
  readonly note: string
  /** What has to be answered before anything is dialled. */
  readonly questions: readonly Question[]
  /** Something was guessed: show what was understood before anything is dialled. */
  readonly uncertain: boolean
}

/** Reads a message. Never throws: what is not understood becomes a question. */
export function understand(message: string, circumstances: Circumstances): Understanding {
  const note = freshText(message)
  const language = languageOf(note, circumstances.language)
  const { entities, masked, keys } = entitiesOf(note, (text) => circumstances.toNumber(text))
  const { when, rest } = whenOf(masked, { now: circumstances.now, timeZone: circumstances.timeZone, language })
  const sentence: Sentence = { rest, entities, language, circumstances }
  const sides = sidesOf(sentence)
  const { called, caller } = sides
  const questions = [
    ...questionAbout('called', called, circumstances.addressedTo !== undefined),
    ...questionAbout('caller', caller, true),
    ...questionAboutTime(when),
  ]
  const calledParty = called.kind === 'found' ? called.party : circumstances.addressedTo
  const callerParty = callerOf(sides, sentence)
  return {
    language,
    ...(calledParty ? { called: calledParty } : {}),
    ...(callerParty ? { caller: callerParty } : {}),
    keys: (called.kind === 'found' && called.keys) || keys,
    when,
    note,
    questions,
    uncertain: questions.length === 0 && (sides.guessed === true || (when.kind === 'at' && when.assumed)),
  }
}

function questionAbout(about: 'called' | 'caller', reading: PartyReading, otherwiseKnown: boolean): Question[] {
  if (reading.kind === 'ambiguous') return [{ about, why: 'ambiguous', said: reading.said, choices: reading.choices }]
  if (reading.kind === 'unknown') return [{ about, why: 'unknown', said: reading.said, choices: reading.near }]
  if (about === 'called' && !otherwiseKnown && (reading.kind === 'nobody' || reading.party.kind === 'asker'))
    return [{ about, why: 'missing', said: '', choices: [] }]
  return []
}

function questionAboutTime(when: When): Question[] {
  if (when.kind === 'ambiguous') return [{ about: 'when', why: when.why, said: when.said, choices: when.choices }]
  if (when.kind !== 'impossible') return []
  return [{ about: 'when', why: when.why, said: when.said, choices: when.instead === undefined ? [] : [when.instead] }]
}

/** What an answer to a question settles: one of the choices by its place or name, or something new. */
export type Answer =
  | { readonly kind: 'party'; readonly party: Party; readonly keys: string }
  | { readonly kind: 'when'; readonly when: When & { kind: 'now' | 'at' } }
  | { readonly kind: 'not understood' }

/** Reads the answer to a question that was asked back. */
export function answerTo(question: Question, message: string, circumstances: Circumstances): Answer {
  const text = freshText(message)
  const place = placeOf(text)
  if (question.about === 'when') {
    const chosen = place === undefined ? undefined : question.choices[place - 1]
    if (chosen !== undefined) return { kind: 'when', when: { kind: 'at', at: chosen, said: text, assumed: false } }
    const { when } = whenOf(text, { ...circumstances, language: languageOf(text, circumstances.language) })
    return when.kind === 'at' || (when.kind === 'now' && when.said !== '')
      ? { kind: 'when', when }
      : { kind: 'not understood' }
  }
  const chosen = place === undefined ? undefined : question.choices[place - 1]
  const { entities, masked } = entitiesOf(text, (number) => circumstances.toNumber(number))
  const reading = chosen
    ? byName([chosen.login.toLowerCase() || chosen.extension || chosen.name], chosen.name, '', [chosen])
    : partyOf(masked, entities, question.choices.length > 0 ? [...question.choices] : circumstances.entries)
  const again = reading.kind === 'found' ? reading : partyOf(masked, entities, circumstances.entries)
  if (chosen && again.kind !== 'found' && chosen.kind !== 'contact')
    return { kind: 'party', party: { kind: chosen.kind, id: chosen.id, name: chosen.name, line: '' }, keys: '' }
  return again.kind === 'found' ? { kind: 'party', party: again.party, keys: again.keys } : { kind: 'not understood' }
}

const ordinals: readonly RegExp[] = [
  /^(?:the\s+)?(?:first|erste[rsn]?)\b/i,
  /^(?:the\s+)?(?:second|zweite[rsn]?)\b/i,
  /^(?:the\s+)?(?:third|dritte[rsn]?)\b/i,
]

function placeOf(text: string): number | undefined {
  const digits = /^\(?#?([1-9])[).]?$/.exec(text.trim().split('\n')[0]?.trim() ?? '')
  if (digits) return Number(digits[1])
  const index = ordinals.findIndex((pattern) => pattern.test(text.replace(/^(?:der|die|das)\s+/i, '')))
  return index === -1 ? undefined : index + 1
}
