import { type AttemptDetail, type CallbackParty, type CallbackView, openOf } from '#services'
import type { CallbackAttemptRow, CallbackRecordingRow, CallbackRow } from '#storage'
import type { Callback, CallbackAttempt, CallbackNews } from './contract.ts'
import type { CallbackDesk } from './exchange.ts'

/** What happened, for events. */
export function newsShape(
  desk: Pick<CallbackDesk, 'notices'>,
  { request, attempt, phase, recording }: CallbackView,
): CallbackNews {
  return {
    callback: callbackShape({ notices: desk.notices }, request),
    ...(attempt ? { attempt: attemptShape(attempt, recording?.id === attempt.id ? recording : undefined) } : {}),
    ...(phase ? { phase } : {}),
  }
}

/** A requested call as the API shows it. */
export function callbackShape(
  {
    notices,
    service,
  }: Pick<CallbackDesk, 'notices'> & { readonly service?: Pick<CallbackDesk['service'], 'underWay'> },
  row: CallbackRow,
): Callback {
  const { attempt, phase } = row.state === 'ringing' ? (service?.underWay(row.id) ?? {}) : {}
  const line = attempt && (JSON.parse(attempt.detail) as AttemptDetail).line
  const open = row.state === 'asking' ? openOf(row) : undefined
  const [question] = open?.questions ?? []
  return {
    ...{ id: row.id, state: row.state, called: partyOf(row.called), caller: partyOf(row.caller), keys: row.keys },
    ...{ note: row.note, at: row.askedAt, nextAt: row.dueAt, timeZone: row.timeZone, language: row.language },
    ...{ createdAt: row.createdAt, changedAt: row.changedAt, attempts: row.attempts, outcome: row.outcome },
    ...{ channel: row.channel, personId: row.personId },
    ...(phase ? { phase } : {}),
    ...(line ? { line } : {}),
    ...(open
      ? {
          question: {
            about: open.kind === 'question' ? (question?.about ?? 'confirm') : open.kind,
            text: notices.askedText(row, open),
            choices: open.kind === 'question' && question ? notices.choicesOf(question, row) : [],
          },
        }
      : {}),
  }
}

function partyOf(json: string): { dial: string; name: string } {
  const { dial, name } = JSON.parse(json) as CallbackParty
  return { dial, name }
}

/** An attempt with what each leg said. */
export function attemptShape(row: CallbackAttemptRow, recording: CallbackRecordingRow | undefined): CallbackAttempt {
  const { number, callId, startedAt, calledAt, callerAt, joinedAt, endedAt, outcome } = row
  const { confirmations, line } = JSON.parse(row.detail) as AttemptDetail
  return {
    ...{ number, callId, startedAt, calledAt, callerAt, joinedAt, endedAt, outcome },
    confirmations: [...confirmations],
    ...(line ? { line } : {}),
    ...(recording ? { recording: { at: recording.at, ms: recording.ms, partial: recording.partial === 1 } } : {}),
  }
}
