import type { CallbackRow } from '#storage'
import type { Entry, Party, Question, Understanding } from './understanding/index.ts'

/** A request as far as it is said. */
export interface Draft {
  readonly called?: Party
  readonly caller?: Party
  /** What the asker calls the telephone that was asked for: `mobile`. */
  readonly callerLabel?: string
  readonly keys: string
  /** ms since 1970, `null` for now */
  readonly at: number | null
  readonly note: string
  /** Something was guessed: it is shown before anything is dialled. */
  readonly uncertain: boolean
}

/** What waits for the asker: the JSON in `questions` of a request is a list with one of these, or none. */
export interface Open {
  /** `question`: the first of `questions`. `confirm`: whether it was understood. `link`: whether it was they who asked. */
  readonly kind: 'question' | 'confirm' | 'link'
  readonly questions: readonly Question[]
  readonly draft: Draft
  /** How often was asked. */
  readonly rounds: number
}

export function draftOf(understanding: Understanding, invitedAt: number | undefined): Draft {
  const { called, caller, keys, when, note, uncertain } = understanding
  const at = invitedAt ?? (when.kind === 'at' ? when.at : null)
  const guessed = invitedAt === undefined && uncertain
  return { ...(called ? { called } : {}), ...(caller ? { caller } : {}), keys, at, note, uncertain: guessed }
}

export function openOf(request: Pick<CallbackRow, 'questions'>): Open | undefined {
  const [open] = JSON.parse(request.questions) as Open[]
  return open
}

/** Of an entry only what an answer is read by is kept. */
export function stored(open: Open): string {
  const slim = ({ kind, id, name, extension, login, within, numbers }: Entry): Entry => ({
    ...{ kind, id, name, extension, login, email: '', within, numbers: kind === 'contact' ? numbers : [] },
  })
  const questions = open.questions.map((question) =>
    question.about === 'when' ? question : { ...question, choices: question.choices.map(slim) },
  )
  return JSON.stringify([{ ...open, questions }])
}
