import { type Entity, within, withoutEntities } from './entities.ts'
import { entryMentioned, foundEntry, type Party, type PartyReading, partyOf, wordsOf } from './party.ts'
import { asker, type Roles, rolesOf, type Span } from './roles.ts'
import type { Circumstances } from './understand.ts'

/** A message without its times, with its entities masked. */
export interface Sentence {
  readonly rest: string
  readonly entities: readonly Entity[]
  readonly language: 'en' | 'de'
  readonly circumstances: Circumstances
}

/** Who is called and who calls, as one way to read a message has it. */
export interface Sides {
  readonly called: PartyReading
  readonly caller: PartyReading
  /** Where the called was said. */
  readonly span?: Span
  /** Has to be shown before anything is dialled. */
  readonly guessed?: true
}

const nobody: PartyReading = { kind: 'nobody' }

/** "Call Bob for me": who asks is the caller, as without these words. */
const onBehalf =
  /(?<![\p{L}\d])(?:(?:for|4|on behalf of) (?:me|us)|on my behalf|für (?:mich|uns)|in meinem namen)(?![\p{L}])/giu

/** Reads who is who; where no verb says who is called, whoever is named. */
export function sidesOf(given: Sentence): Sides {
  const sentence = { ...given, rest: given.rest.replace(onBehalf, (words) => ' '.repeat(words.length)) }
  const { circumstances } = sentence
  const found = sidesByVerb(sentence) ?? sidesAt(rolesWithoutVerb(sentence), sentence)
  const { called } = found
  const mentionedIn = (text: string) => entryMentioned(text, circumstances.entries, circumstances.self)
  if (called.kind === 'unknown' && called.near.length === 0) {
    const near = mentionedIn(called.said)
    return near ? { ...found, called: { ...called, near: [near] } } : found
  }
  if (isSomebody(called) || called.kind === 'unknown' || circumstances.addressedTo) return found
  const mentioned = mentionedIn(sentence.rest)
  return mentioned ? { ...found, called: foundEntry(mentioned, ''), guessed: true } : found
}

/** The first reading in which the called is somebody; else the likeliest. */
function sidesByVerb(sentence: Sentence): Sides | undefined {
  let likeliest: Sides | undefined
  for (const roles of rolesOf(sentence.rest, sentence.language)) {
    const sides = sidesAt(roles, sentence)
    const { called, caller } = sides
    const known = isSomebody(called) && caller.kind !== 'unknown'
    if (roles.loose && (!known || isAddressed(called, sentence.circumstances))) continue
    // Where a name before was not known, it is not certain that this is who was meant.
    if (known) return likeliest?.called.kind === 'unknown' ? { ...sides, guessed: true } : sides
    if (roles.called && called.kind === 'nobody') continue
    likeliest ??= sides
  }
  return likeliest
}

function isSomebody(called: PartyReading): boolean {
  return called.kind === 'ambiguous' || (called.kind === 'found' && called.party.kind !== 'asker')
}

/** Who is only spoken to by name is not called where the address says who is, or where it is the name of who writes. */
function isAddressed(called: PartyReading, { addressedTo, self }: Circumstances): boolean {
  if (addressedTo) return true
  return called.kind === 'found' && called.party.kind === 'person' && called.party.id === self
}

function sidesAt(roles: Roles, { rest, entities, circumstances }: Sentence): Sides {
  const read = (span: Span | undefined): PartyReading =>
    span
      ? partyOf(rest.slice(span.start, span.end), within(entities, span.start, span.end), circumstances.entries)
      : nobody
  const [called, caller] = [read(roles.called), read(roles.caller)]
  // "Connect Bob and me", "have me call Bob": who asks is the caller, whoever comes first.
  const isAsker = ({ kind, ...reading }: PartyReading): boolean =>
    kind === 'found' && 'party' in reading && reading.party.kind === 'asker'
  const swapped = isAsker(called) && caller.kind !== 'nobody' && !isAsker(caller)
  const span = swapped ? roles.caller : roles.called
  return { called: swapped ? caller : called, caller: swapped ? called : caller, ...(span ? { span } : {}) }
}

/** A message without a verb that we know: a name or number alone. */
function rolesWithoutVerb({ rest, entities, circumstances }: Sentence): Roles {
  const [only] = entities
  if (circumstances.addressedTo || asker.test(rest)) return {}
  if (only && entities.length === 1) return { called: { start: only.start, end: only.end } }
  const words = withoutEntities(rest)
  return words !== '' && wordsOf(words).length <= 4 ? { called: { start: 0, end: rest.length } } : {}
}

/** Without a caller it is who asks; a number that no other phrase has claimed is where they are. */
export function callerOf({ caller, span }: Sides, { rest, entities }: Sentence): Party | undefined {
  if (caller.kind === 'ambiguous' || caller.kind === 'unknown') return undefined
  if (caller.kind === 'found' && !(caller.party.kind === 'asker' && caller.party.line === '')) return caller.party
  const free = entities.filter(
    ({ start, end, kind }) =>
      (kind === 'telephone' || kind === 'session') && !(span && start >= span.start && end <= span.end),
  )
  const [only] = free
  if (only && free.length === 1) {
    const found = partyOf(rest.slice(only.start, only.end), [only], [])
    if (found.kind === 'found') return found.party
  }
  return { kind: 'asker', line: '' }
}
