import type { IncomingMessage } from '#channels'
import { type Circumstances, type Understanding, understand } from './understanding/index.ts'
import { freshText } from './understanding/reply.ts'

const callOff =
  /^(?:please\s+|bitte\s+)?(?:cancel|stop|absagen|abbrechen|stornieren|storno)(?:\s+(?:it|that|the call|this call|please|bitte|den anruf))*\s*[.!]*$/i
const control = /[\p{Cc}\u2028\u2029]/u

/** The text; where it does not say who is called, the subject with it. */
export function understood(
  { subject, invitation }: IncomingMessage,
  text: string,
  circumstances: Circumstances,
): Understanding {
  const bare = (invitation?.summary || subject).replace(/^(?:(?:re|aw|fwd?|wg)\s*:\s*)+/i, '').trim()
  const read = understand(text === '' ? bare : text, circumstances)
  if (bare === '' || text === '' || (read.called && read.questions.length === 0)) return read
  if (!read.questions.some(({ about, why }) => about === 'called' && why !== 'ambiguous')) return read
  const both = understand(bare, circumstances)
  if (!both.called || both.questions.some(({ about }) => about === 'called')) return read
  const others = read.questions.filter(({ about }) => about !== 'called')
  const when = read.when.kind === 'now' && read.when.said === '' ? both.when : read.when
  const asked = read.when === when ? others : [...others, ...both.questions.filter(({ about }) => about === 'when')]
  return { ...read, called: both.called, when, questions: asked, uncertain: read.uncertain || both.uncertain }
}

/** The first field with a control character in it: such a message is made to write headers of its own. */
export function fieldWithControl({ messageId, from, to, subject }: IncomingMessage): string | undefined {
  const fields = { messageId, address: from.address, name: from.name, to, subject }
  return Object.entries(fields).find(([, text]) => control.test(text))?.[0]
}

/** Whether a message says nothing but that the call is not wanted. */
export function isCallOff(message: IncomingMessage, text: string): boolean {
  return message.invitation?.cancelled === true || callOff.test(firstLine(text))
}

function firstLine(text: string): string {
  return freshText(text).split('\n')[0]?.trim() ?? ''
}

/** Line feeds stay, everything else that prints nothing goes. */
export function withoutControl(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/(?!\n)\p{Cc}|[\u2028\u2029]/gu, ' ')
    .trim()
}
