import { createHash } from 'node:crypto'
import type { IncomingMessage } from '#channels'
import type { Person } from '#directory'
import { type Granted, openOf, textsOf } from '#services'
import type { CallbackAttemptRow, CallbackRecordingRow, CallbackRow } from '#storage'
import { attemptShape, callbackShape } from '../callback-shape.ts'
import type { CallbackDesk, DeskParts, HandlersOf, Under } from '../exchange.ts'
import { ApiFault, notFound } from '../fault.ts'
import { seesAll, type Viewer } from '../viewer.ts'

type Names = Under<'callbacks'> | Under<'widget'> | `POST /api/v1/callback-${'links' | 'recordings'}`

export const callbackHandlers: HandlersOf<Names> = {
  'POST /api/v1/callbacks': async ({ desk, person, body }) => {
    const callbacks = callbacksOf(desk)
    const message = wishOf('api', desk.random.token(16), {
      keys: [`person:${person.id}`],
      name: person.name,
      language: person.settings.language,
      timeZone: person.settings.timeZone,
    })
    const { called, caller, at, note } = body
    const wish = { message, called, caller, note, ...(at === undefined ? {} : { at }) }
    const { kind, request } = granted(callbacks, await callbacks.intake.request(wish))
    const line = kind === 'taken' ? await callbacks.notices.waitOf(request) : undefined
    return { ...callbackShape(callbacks, request), ...(line ? { wait: line } : {}) }
  },

  'GET /api/v1/callbacks': async ({ desk, viewer, person, query }) => {
    const callbacks = callbacksOf(desk)
    const { limit, cursor, state } = query
    const page = await callbacks.storage.list({
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(state === undefined ? {} : { states: [state] }),
      ...(seesAll(viewer, person) ? {} : { personId: person.id }),
    })
    return {
      callbacks: page.callbacks.map((row) => callbackShape(callbacks, row)),
      ...(page.next ? { next: page.next } : {}),
    }
  },

  'GET /api/v1/callbacks/{id}': async ({ desk, viewer, person, path }) => {
    const callbacks = callbacksOf(desk)
    const request = await visible(callbacks, viewer, person, path.id)
    const attempts = await callbacks.storage.attemptsOf(request.id)
    const recordings = (await callbacks.service.recordings?.of(request.id)) ?? []
    const recordingOf = ({ id }: CallbackAttemptRow) => recordings.find((recording) => recording.id === id)
    return {
      ...callbackShape(callbacks, request),
      history: attempts.map((attempt) => attemptShape(attempt, recordingOf(attempt))),
    }
  },

  'GET /api/v1/callbacks/{id}/recording': async ({ desk, viewer, person, path, query }) => {
    const callbacks = callbacksOf(desk)
    const request = await visible(callbacks, viewer, person, path.id)
    const recordings = (await callbacks.service.recordings?.of(request.id)) ?? []
    return soundOf(
      callbacks,
      recordings.findLast(({ number }) => query.attempt === undefined || number === query.attempt),
    )
  },

  'POST /api/v1/callback-recordings': async ({ desk, body }) => {
    const callbacks = callbacksOf(desk)
    return soundOf(callbacks, await callbacks.service.recordings?.byCode(body.code))
  },

  'DELETE /api/v1/callbacks/{id}': async ({ desk, viewer, person, path }) => {
    const callbacks = callbacksOf(desk)
    const request = await visible(callbacks, viewer, person, path.id)
    const cancelled = await callbacks.service.cancel(request.id)
    if (!cancelled) throw new ApiFault(409, 'over', 'This call is over already: there is nothing to call off.')
    return callbackShape(callbacks, cancelled)
  },

  'POST /api/v1/callbacks/{id}/answer': async ({ desk, viewer, person, path, body }) => {
    const callbacks = callbacksOf(desk)
    const request = await visible(callbacks, viewer, person, path.id)
    const answered = await callbacks.intake.answer(request, body.text)
    if (!answered) throw new ApiFault(409, 'nothing-open', 'No question of this call is open.')
    return callbackShape(callbacks, answered.request)
  },

  'POST /api/v1/widget/callbacks/cancel': ({ desk, body }) => follow(callbacksOf(desk), body.code, 'cancel'),

  'POST /api/v1/callback-links': ({ desk, body }) => follow(callbacksOf(desk), body.code, body.act),

  'POST /api/v1/widget/callbacks': async ({ house, desk, body, request }) => {
    const callbacks = callbacksOf(desk)
    const { intake, widget } = callbacks
    const session = body.session ?? desk.random.token(16)
    const key = createHash('sha256').update(session).digest('hex')
    const message = wishOf('web', desk.random.token(16), {
      keys: [`session:${key}`, `address:${house.access.source(request)}`],
      name: body.name,
      language: body.language ?? '',
      timeZone: body.timeZone,
    })
    const { called, caller, at, note, email } = body
    if (widget.confirm === 'mail' && email === undefined)
      throw new ApiFault(
        400,
        'invalid',
        'email: is missing; allowed: your e-mail address, where a link is sent',
        'email',
      )
    const result = granted(
      callbacks,
      await intake.request({
        ...{ message, called: called || widget.called, caller, note, ...(at === undefined ? {} : { at }) },
        ...(widget.confirm === 'mail' && email !== undefined ? { confirmBy: email } : {}),
      }),
    )
    const { id, state } = result.request
    const open = openOf(result.request)
    const text =
      result.kind === 'taken'
        ? await callbacks.notices.confirmedText(result.request)
        : open?.kind === 'link'
          ? textsOf(result.request.language).linkSent
          : open
            ? callbacks.notices.askedText(result.request, open)
            : ''
    return { id, state, text, session, code: result.kind === 'taken' ? result.code : '' }
  },
}

function callbacksOf({ callbacks }: DeskParts): CallbackDesk {
  if (!callbacks) throw new ApiFault(404, 'no-callbacks', 'This server takes no requests for calls.')
  return callbacks
}

/** @throws ApiFault 404 for none, one that is over, and one that another server has */
async function soundOf({ service }: CallbackDesk, row: CallbackRecordingRow | undefined): Promise<Uint8Array> {
  if (!row) throw notFound('recording')
  const wav = await service.recordings?.audio(row)
  if (!wav) throw new ApiFault(404, 'not-here', 'This recording is not on this server.')
  return wav
}

/** What a link in a message does. @throws ApiFault 404 or 409 */
async function follow({ intake, notices }: CallbackDesk, code: string, act: 'look' | 'cancel' | 'confirm') {
  const before = await intake.byCode(code)
  if (!before) throw new ApiFault(404, 'not-found', 'This link is not known, or another one has taken its place.')
  const after =
    act === 'look' ? before : act === 'cancel' ? await intake.cancelByCode(code) : await intake.confirmByCode(code)
  if (!after) throw new ApiFault(409, 'over', 'This was confirmed, called off or made already.')
  const { called, when } = notices.spoken(after)
  return { state: after.state, called, when, language: after.language }
}

/** One that this viewer may see. @throws ApiFault the same 404 for what is not there and what is not theirs */
async function visible({ service }: CallbackDesk, viewer: Viewer, person: Person, id: string): Promise<CallbackRow> {
  const request = await service.get(id)
  if (!request || (request.personId !== person.id && !seesAll(viewer, person))) throw notFound('requested call')
  return request
}

/** What a form says of who asks, as messages say it. */
function wishOf(
  channel: 'api' | 'web',
  messageId: string,
  {
    keys,
    name,
    language,
    timeZone,
  }: { keys: readonly string[]; name: string; language: 'en' | 'de' | ''; timeZone: string },
): IncomingMessage {
  return {
    ...{ channel, messageId, threadKeys: [], threadKey: `${channel}:${messageId}`, to: '', subject: '', text: '' },
    ...{ from: { address: '', name, verified: channel === 'api', keys }, timeZone, language, thread: null },
  }
}

/** @throws ApiFault 409 with choices for what has to be asked back, 400, 403 or 429 for what is refused */
function granted({ notices }: CallbackDesk, result: Granted): Exclude<Granted, { kind: 'refused' }> {
  if (result.kind === 'refused') {
    const { code, what, request } = result
    const sentence = textsOf(request.language).refusal(code, what)
    if (code.startsWith('too-many') || code === 'number-not-confirmed')
      throw new ApiFault(429, code, sentence, undefined, { 'retry-after': '3600' })
    if (code === 'not-found') throw new ApiFault(400, 'not-known', sentence)
    throw new ApiFault(code.endsWith('-not-allowed') ? 403 : 400, code, sentence)
  }
  if (result.kind === 'ask' && result.request.questions === '[]') {
    const [question] = result.open.questions
    if (question) {
      const field = question.about === 'when' ? 'at' : question.about
      const choices = notices.choicesOf(question, result.request)
      throw new ApiFault(409, question.why, notices.askedText(result.request, result.open), field, {}, choices)
    }
  }
  return result
}
