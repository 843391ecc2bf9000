import { type Entity, withoutEntities } from './entities.ts'
import { asker } from './roles.ts'

/** Somebody who can be named in a message. */
export interface Entry {
  readonly kind: 'person' | 'group' | 'queue' | 'contact'
  readonly id: string
  readonly name: string
  /** '' where there is none, as for all of these. */
  readonly extension: string
  readonly login: string
  readonly email: string
  /** Groups and company: "Anna in billing". */
  readonly within: readonly string[]
  /** Lines with what they are called: `mobile`, `work`, `home` or ''. */
  readonly numbers: readonly { readonly number: string; readonly label: string }[]
}

/** Whom a message means. */
export type Party =
  | {
      readonly kind: 'person' | 'group' | 'queue'
      readonly id: string
      readonly name: string
      readonly line: Line | ''
    }
  | { readonly kind: 'number'; readonly number: string; readonly name: string }
  /** An address on another system: `sip:anna@example.org`. */
  | { readonly kind: 'address'; readonly uri: string }
  | { readonly kind: 'session'; readonly id: string }
  /** Who asks; which of their lines, where they said so. */
  | { readonly kind: 'asker'; readonly line: Line | '' }

export type Line = 'mobile' | 'work' | 'home'

export type PartyReading =
  | { readonly kind: 'found'; readonly party: Party; readonly keys: string }
  | { readonly kind: 'ambiguous'; readonly said: string; readonly choices: readonly Entry[] }
  /** Nobody is called so. `near` are names that differ by a letter or two. */
  | { readonly kind: 'unknown'; readonly said: string; readonly near: readonly Entry[] }
  | { readonly kind: 'nobody' }

const mobile = /(?<![\p{L}])(?:mobile|mobil|mobilnummer|cell|cellphone|handy|handynummer|smartphone)(?![\p{L}])/iu
const home = /(?<![\p{L}])(?:home|private|privat|privatnummer|zuhause|zu hause)(?![\p{L}])/iu
const work = /(?<![\p{L}])(?:work|office|desk|büro|arbeit|dienstlich|festnetz|landline)(?![\p{L}])/iu

/** Words that name nobody. */
const small = new Set(
  (
    'a an the please bitte mr mrs ms dr sir madam herr herrn frau from in at of to with on by for department dept team group guys people somebody someone anyone ' +
    'der die das dem den des ein eine einem einen einer aus im in vom von bei beim zum zur mit auf unter an abteilung gruppe jemand jemanden jemandem ' +
    'number nummer telefon phone line unter back zurück again mal gern gerne just there extension her his their your ihr ihre ihren ihrem euer eure unser unsere our ' +
    'urgent urgently asap soon quickly immediately now dringend eilig schnell schnellstmöglich baldmöglichst umgehend as possible so bald wie möglich ab nach vor um am gegen bis after before until around about ' +
    'him them it this that he she they ihn ihm ihnen es er'
  ).split(' '),
)

/**
 * Whom a phrase means.
 * @param phrase masked text; @param entities those inside it; @param entries everybody who may be named
 */
export function partyOf(phrase: string, entities: readonly Entity[], entries: readonly Entry[]): PartyReading {
  const line = lineOf(phrase)
  const named = entities.find(({ kind }) => kind !== 'session') ?? entities[0]
  if (named) {
    const found = partyOfEntity(named, entries)
    if (found) return found
  }
  if (asker.test(phrase)) return { kind: 'found', party: { kind: 'asker', line }, keys: '' }
  const words = wordsOf(withoutEntities(phrase)).filter((word) => !small.has(word) && !isLineWord(word))
  if (words.length === 0)
    return line === '' ? { kind: 'nobody' } : { kind: 'found', party: { kind: 'asker', line }, keys: '' }
  return byName(words, withoutEntities(phrase), line, entries)
}

function lineOf(phrase: string): Line | '' {
  return mobile.test(phrase) ? 'mobile' : home.test(phrase) ? 'home' : work.test(phrase) ? 'work' : ''
}

function isLineWord(word: string): boolean {
  return mobile.test(word) || home.test(word) || work.test(word)
}

function partyOfEntity(entity: Entity, entries: readonly Entry[]): PartyReading | undefined {
  switch (entity.kind) {
    case 'telephone': {
      const owner = entries.find(({ numbers }) => numbers.some(({ number }) => number === entity.number))
      return {
        kind: 'found',
        party: { kind: 'number', number: entity.number, name: owner?.name ?? '' },
        keys: entity.keys,
      }
    }
    case 'extension': {
      const owner = entries.find(({ extension }) => extension === entity.extension)
      return owner ? foundEntry(owner, '') : { kind: 'unknown', said: entity.said, near: [] }
    }
    case 'mail': {
      const owner = entries.find(({ email }) => email.toLowerCase() === entity.address)
      return owner ? foundEntry(owner, '') : { kind: 'unknown', said: entity.said, near: [] }
    }
    case 'address':
      return { kind: 'found', party: { kind: 'address', uri: entity.uri }, keys: '' }
    case 'session':
      return { kind: 'found', party: { kind: 'session', id: entity.id }, keys: '' }
  }
}

/** A person or group is reached inside; a contact by one of their numbers. */
export function foundEntry(entry: Entry, line: Line | ''): PartyReading {
  if (entry.kind !== 'contact')
    return { kind: 'found', party: { kind: entry.kind, id: entry.id, name: entry.name, line }, keys: '' }
  const wanted = entry.numbers.find(({ label }) => line !== '' && label === line) ?? entry.numbers[0]
  return wanted
    ? { kind: 'found', party: { kind: 'number', number: wanted.number, name: entry.name }, keys: '' }
    : { kind: 'unknown', said: entry.name, near: [] }
}

/** The entry that a name or word means, also for an answer to a question. */
export function byName(
  words: readonly string[],
  said: string,
  line: Line | '',
  entries: readonly Entry[],
): PartyReading {
  const exact = entries.filter(
    (entry) => words.join(' ') === wordsOf(entry.name).join(' ') || words.join() === entry.extension,
  )
  // A login is often a first name that others have, too.
  const fitting =
    exact.length > 0 ? exact : entries.filter((entry) => fits(entry, words) || words.join() === entry.login)
  const [first, ...others] = own(fitting)
  if (first && others.length === 0) return foundEntry(first, line)
  if (first) return { kind: 'ambiguous', said, choices: own(fitting).slice(0, 6) }
  return { kind: 'unknown', said, near: entries.filter((entry) => isNear(entry, words)).slice(0, 6) }
}

/**
 * The one of ours whom a text names somewhere: by the full name, or by one part of it, written like a name within a sentence.
 * @param self who writes: their own name stands below a message  @returns undefined for nobody, or more than one
 */
export function entryMentioned(text: string, entries: readonly Entry[], self: string | undefined): Entry | undefined {
  const whole = ` ${allWordsOf(text).join(' ')} `
  const parts = new Set([...text.matchAll(/(?<=[\p{L},] )\p{Lu}[\p{L}'-]{2,}/gu)].flatMap(([word]) => wordsOf(word)))
  const named = entries.filter(({ id, kind, name }) => {
    const words = wordsOf(name)
    if (kind === 'contact' || id === self || words.length === 0) return false
    return whole.includes(` ${words.join(' ')} `) || (kind === 'person' && words.some((word) => parts.has(word)))
  })
  const [only, ...others] = named
  return others.length === 0 ? only : undefined
}

/** Our own people and groups come before contacts of the same name. */
function own(entries: readonly Entry[]): readonly Entry[] {
  const ours = entries.filter(({ kind }) => kind !== 'contact')
  return ours.length > 0 ? ours : entries
}

/** Every word is one of the entry's names or of what it belongs to, and at least one is its own. */
function fits(entry: Entry, words: readonly string[]): boolean {
  const names = wordsOf(entry.name)
  const around = entry.within.flatMap(wordsOf)
  let ownWords = 0
  for (const word of words) {
    if (names.some((name) => begins(name, word))) ownWords++
    else if (!around.some((name) => begins(name, word))) return false
  }
  return ownWords > 0
}

/** A name in full, or its beginning from three letters on. */
function begins(name: string, word: string): boolean {
  return name === word || (word.length >= 3 && name.startsWith(word))
}

function isNear(entry: Entry, words: readonly string[]): boolean {
  const names = [...wordsOf(entry.name), entry.login.toLowerCase()]
  return words.some(
    (word) => word.length >= 4 && names.some((name) => distance(name, word) <= (word.length > 6 ? 2 : 1)),
  )
}

/** Letters of all kinds in their plain lower case: `Müller` and `MULLER` are alike, `Mueller` too. */
export function wordsOf(text: string): string[] {
  return allWordsOf(text).slice(0, 20)
}

function allWordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** Levenshtein's distance, of words. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
