import type { Clock } from '#lib'
import type { CallbackStorage } from '#storage'
import type { Asker } from './asker.ts'
import { type Caps, targetCap } from './caps.ts'
import type { Draft, Open } from './draft.ts'
import { calledOf, callerOf, type Side, type Surroundings } from './resolve.ts'
import type { RefusalCode } from './texts.ts'
import { entitiesOf } from './understanding/entities.ts'
import type { Circumstances, Party, Question } from './understanding/index.ts'
import { partyOf } from './understanding/party.ts'
import { whenOf } from './understanding/when.ts'

/** What follows from what was said. */
export type Decision =
  | { readonly kind: 'ask'; readonly open: Open; readonly called?: Side; readonly caller?: Side }
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly what: string }
  | {
      readonly kind: 'schedule'
      readonly draft: Draft
      readonly called: Side
      readonly caller: Side
      /** Who is bothered, as caps count it. */
      readonly target: string
      /** When the called is open, where it is a queue that is closed then: ms since 1970. */
      readonly opensAt?: number
    }

/** A little in the past is the time that the message took to come here. */
const lateMs = 5 * 60_000
const farthestMs = 366 * 24 * 3_600_000

export interface DeciderParts {
  readonly storage: CallbackStorage
  readonly clock: Clock
  readonly caps: Caps
  readonly around: Surroundings
}

/** Decides whether a request can be made, is refused, or what has to be asked first. */
export class Decider {
  readonly #parts: DeciderParts

  constructor(parts: DeciderParts) {
    this.#parts = parts
  }

  async decide(draft: Draft, questions: readonly Question[], asker: Asker, rounds: number): Promise<Decision> {
    const { around, storage, clock, caps } = this.#parts
    const ask = (question: Question, sides: { called?: Side; caller?: Side } = {}): Decision => ({
      ...{ kind: 'ask', open: { kind: 'question', questions: [question, ...questions.slice(1)], draft, rounds } },
      ...sides,
    })
    const [first] = questions
    if (first && namesEmergency(first, around))
      return { kind: 'refuse', code: 'emergency-not-allowed', what: first.said }
    if (first) return ask(first)
    const called = await calledOf(draft.called, asker, around)
    if (called.kind === 'refused') return { kind: 'refuse', code: called.code, what: called.what }
    if (called.kind === 'ask') return ask(called.question)
    const caller = await callerOf(draft.caller, asker, around)
    if (caller.kind === 'refused') return { kind: 'refuse', code: caller.code, what: caller.what }
    if (caller.kind === 'ask') return ask(caller.question, { called: called.side })
    const sides = { called: called.side, caller: caller.side }
    if (isSame(called.side, caller.side)) return { kind: 'refuse', code: 'same-number', what: '' }
    const now = clock.now()
    const why = draft.at === null ? '' : draft.at < now - lateMs ? 'past' : draft.at > now + farthestMs ? 'too-far' : ''
    if (why !== '') return ask({ about: 'when', why, said: '', choices: [] }, sides)
    const { target, unconfirmed } = targetOf(called.side, caller.side, asker)
    const capped = await targetCap(storage, target, unconfirmed, now, caps)
    if (capped)
      return { kind: 'refuse', code: capped, what: target.startsWith('person:') ? called.side.party.name : target }
    if (draft.uncertain) return { kind: 'ask', open: { kind: 'confirm', questions: [], draft, rounds }, ...sides }
    const { queue } = called.side.party
    const opensAt = queue === undefined ? undefined : around.lines?.opensAt(queue, Math.max(draft.at ?? now, now))
    return { kind: 'schedule', draft, ...sides, target, ...(opensAt === undefined ? {} : { opensAt }) }
  }

  /** Reads the fields of a form: each says one thing. */
  read(
    wish: { readonly called: string; readonly caller: string; readonly at?: number | string; readonly note: string },
    circumstances: Circumstances,
  ): { readonly draft: Draft; readonly questions: readonly Question[] } {
    const questions: Question[] = []
    let keys = ''
    const party = (about: 'called' | 'caller', text: string): Party | undefined => {
      const { entities, masked, keys: worded } = entitiesOf(text, (number) => circumstances.toNumber(number))
      const reading = partyOf(masked, entities, circumstances.entries)
      if (reading.kind === 'found') {
        if (about === 'called') keys = reading.keys || worded
        return reading.party
      }
      if (reading.kind === 'ambiguous')
        questions.push({ about, why: 'ambiguous', said: reading.said, choices: reading.choices })
      if (reading.kind === 'unknown')
        questions.push({ about, why: 'unknown', said: reading.said, choices: reading.near })
      return undefined
    }
    const called = party('called', wish.called) ?? (wish.called.trim() === '' ? circumstances.addressedTo : undefined)
    const caller = wish.caller.trim() === '' ? undefined : party('caller', wish.caller)
    let at: number | null = null
    let uncertain = false
    if (typeof wish.at === 'number') at = wish.at
    else if (wish.at !== undefined && wish.at.trim() !== '') {
      const { when } = whenOf(wish.at, circumstances)
      if (when.kind === 'at') {
        at = when.at
        uncertain = when.assumed
      } else if (when.kind === 'ambiguous')
        questions.push({ about: 'when', why: when.why, said: when.said, choices: when.choices })
      else if (when.kind === 'impossible')
        questions.push({
          about: 'when',
          why: when.why,
          said: when.said,
          choices: when.instead === undefined ? [] : [when.instead],
        })
      else if (when.said === '') questions.push({ about: 'when', why: 'unknown', said: wish.at, choices: [] })
    }
    const sides = { ...(called ? { called } : {}), ...(caller ? { caller } : {}) }
    return { draft: { ...sides, keys, at, note: wish.note, uncertain }, questions }
  }
}

/** "Call 112": nobody has that name, but everybody knows what it is. */
function namesEmergency(question: Question, { directory }: Surroundings): boolean {
  if (question.about === 'when') return false
  return (question.said.match(/\d{2,6}/g) ?? []).some((number) => directory.isEmergency(number))
}

function isSame(called: Side, caller: Side): boolean {
  if (called.personId !== '' && called.personId === caller.personId) return true
  return called.party.dial === caller.party.dial
}

/** Whom a call bothers who did not ask for it; a number that nobody has confirmed may be anybody's. */
function targetOf(
  called: Side,
  caller: Side,
  asker: Asker,
): { readonly target: string; readonly unconfirmed: boolean } {
  if (caller.own && !caller.own.verified) return { target: caller.own.number, unconfirmed: true }
  if (called.outside !== '') return { target: called.outside, unconfirmed: false }
  if (!caller.own && caller.outside !== '') return { target: caller.outside, unconfirmed: false }
  const person = called.personId
  return { target: person !== '' && person !== asker.person?.id ? `person:${person}` : '', unconfirmed: false }
}
