import type { Draft, Open } from './draft.ts'
import { answerTo, type Circumstances, understand } from './understanding/index.ts'
import { rolesOf } from './understanding/roles.ts'

const yes = /^(?:yes|yep|yeah|y|ok|okay|right|correct|sure|ja|jo|jawohl|genau|richtig|stimmt|passt|gerne?)(?![\p{L}])/iu
const no = /^(?:no|nope|wrong|nein|falsch|nicht)(?![\p{L}])/iu

/** What an answer to the open question says: the request as it is known now, that it was wrong, or nothing that is understood. */
export function afterAnswer(
  open: Open,
  said: string,
  circumstances: Circumstances,
): Pick<Open, 'draft' | 'questions'> | 'no' | 'not understood' {
  const { draft } = open
  if (open.kind === 'confirm') {
    if (yes.test(said)) return { draft: { ...draft, uncertain: false }, questions: [] }
    const corrected = answerTo({ about: 'when', why: 'other', said: '', choices: [] }, said, circumstances)
    if (corrected.kind === 'when') return { draft: withTime(draft, corrected.when), questions: [] }
    if (no.test(said)) return 'no'
    const other = understand(said, circumstances)
    if (other.called && other.questions.length === 0)
      return {
        draft: {
          ...draft,
          called: other.called,
          ...(other.caller && other.caller.kind !== 'asker' ? { caller: other.caller } : {}),
        },
        questions: [],
      }
    return 'not understood'
  }
  const [question, ...questions] = open.questions
  if (!question) return { draft, questions }
  if (question.about === 'called') {
    // The answer as a sentence: "please have Anna Berg call me".
    const { called, language, questions: unclear } = understand(said, circumstances)
    if (called && unclear.length === 0 && isSentence(said, language)) return { draft: { ...draft, called }, questions }
  }
  const only = question.choices.length === 1 && yes.test(said)
  const answer = answerTo(question, only ? '1' : said, circumstances)
  if (answer.kind === 'not understood') return 'not understood'
  if (answer.kind === 'when') return { draft: withTime(draft, answer.when), questions }
  if (question.about === 'caller') {
    const label = /^(?:mobile|work|home)$/.test(question.said) ? { callerLabel: question.said } : {}
    return { draft: { ...draft, caller: answer.party, ...label }, questions }
  }
  return { draft: { ...draft, called: answer.party, keys: answer.keys || draft.keys }, questions }
}

/**
 * Whether a message to somebody whose question is open is a request of its own: it says in a sentence whom to call, and is neither one of
 * the choices nor only a name or a time. After "who should be called?" a sentence is the answer, unless it says a time too.
 */
export function isOfItsOwn(open: Open, said: string, circumstances: Circumstances): boolean {
  const { called, questions, when, language } = understand(said, circumstances)
  if (!called || questions.length > 0 || !isSentence(said, language)) return false
  const [question] = open.questions
  if (question?.about !== 'called') return true
  if (question.why !== 'ambiguous') return when.kind === 'at'
  const named = 'id' in called ? called.id : undefined
  return !question.choices.some(({ id }) => id === named)
}

/** Whether somebody is said to call, not only named. */
function isSentence(said: string, language: 'en' | 'de'): boolean {
  return rolesOf(said, language).some(({ called, loose }) => called && !loose)
}

function withTime(draft: Draft, when: { kind: 'now' } | { kind: 'at'; at: number; assumed: boolean }): Draft {
  return { ...draft, at: when.kind === 'at' ? when.at : null, uncertain: when.kind === 'at' && when.assumed }
}
