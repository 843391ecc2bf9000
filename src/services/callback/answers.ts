import type { Draft, Open } from './draft.ts'
import { answerTo, type Circumstances, understand } from './understanding/index.ts'

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

function withTime(draft: Draft, when: { kind: 'now' } | { kind: 'at'; at: number; assumed: boolean }): Draft {
  return { ...draft, at: when.kind === 'at' ? when.at : null, uncertain: when.kind === 'at' && when.assumed }
}
