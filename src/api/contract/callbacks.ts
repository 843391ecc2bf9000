/** Calls that somebody asked for: the called is rung first, then the caller. */
import { z } from 'zod'
import { id, line, lines, pageQuery, time } from './shared.ts'

export const callbackState = z.enum(['asking', 'scheduled', 'ringing', 'connected', 'failed', 'cancelled'])

/** Who is rung: as it is dialled, and as people call it. */
export const callbackParty = z.object({ dial: z.string(), name: z.string() })

/** What is still to be answered. */
export const callbackQuestion = z.object({
  about: z.enum(['called', 'caller', 'when', 'confirm', 'link']),
  /** In the asker's language, with the choices. */
  text: z.string(),
  choices: z.array(z.string()),
})

/** What one leg said: a station of ours, or the gateway to the telephone network. */
export const callbackConfirmation = z.object({
  role: z.enum(['called', 'caller']),
  what: z.string(),
  station: z.string(),
  gateway: z.string(),
  status: z.number(),
  at: time,
})

/** What a centre said once its keys were pressed: `GET /api/v1/callbacks/{id}/recording?attempt=NUMBER`. */
export const callbackRecording = z.object({
  at: time,
  /** How long it is. */
  ms: z.number(),
  /** The server died while it was recorded: its end is missing. */
  partial: z.boolean(),
})

/** Where one stands in the line of a queue, or would at a centre of others that says so. */
export const callbackWait = z.object({
  /** 1 = the next. */
  place: z.number(),
  /** null: nobody works there now. */
  expectedWaitSeconds: z.number().nullable(),
})

export const callbackAttempt = z.object({
  number: z.number(),
  callId: z.string(),
  startedAt: time,
  calledAt: time.nullable(),
  callerAt: time.nullable(),
  joinedAt: time.nullable(),
  endedAt: time.nullable(),
  /** '' while it goes on. */
  outcome: z.string(),
  confirmations: z.array(callbackConfirmation),
  /** The latest place and wait, where the called is a queue or a centre that says them. */
  line: callbackWait.optional(),
  recording: callbackRecording.optional(),
})

/** Where an attempt is: which side rings or is spoken to. */
export const callbackPhase = z.enum([
  /** It stands in the line of a queue, and rings nobody. */
  'waiting',
  'ringing-called',
  'announcing-called',
  'sending-keys',
  'ringing-caller',
  'announcing-caller',
  'joined',
  'apologising',
])

export const callback = z.object({
  id: z.string(),
  state: callbackState,
  called: callbackParty,
  caller: callbackParty,
  /** Pressed once the called has answered: digits; `,` = 2 s of pause before the next key; `w` = wait for a pause in speech. */
  keys: z.string(),
  note: z.string(),
  /** The time that was asked for; null for at once. */
  at: time.nullable(),
  /** When the next attempt begins. */
  nextAt: time.nullable(),
  timeZone: z.string(),
  language: z.string(),
  createdAt: time,
  changedAt: time,
  attempts: z.number(),
  /** How the last attempt ended, or why there is none. */
  outcome: z.string(),
  /** By what it was asked for: `mail`, `xmpp`, `web`, `api`. */
  channel: z.string(),
  /** The person of ours who asked; '' for others. */
  personId: z.string(),
  question: callbackQuestion.optional(),
  /** Where its attempt is, while one is under way. */
  phase: callbackPhase.optional(),
  /** Its place in the line of a queue, while it waits there. */
  line: callbackWait.optional(),
})

/** What happened to a requested call: how it is now; its attempt while one is under way, and in the event that ends it. */
export const callbackNews = z.object({
  callback,
  attempt: callbackAttempt.optional(),
  phase: callbackPhase.optional(),
})

/** `POST /api/v1/callbacks`: with the place and wait there, where a queue or centre that is called now says them. */
export const callbackAsked = callback.extend({ wait: callbackWait.optional() })

/** `GET /api/v1/callbacks/{id}`: with its attempts. */
export const callbackDetail = callback.extend({ history: z.array(callbackAttempt) })
export const callbackList = z.object({ callbacks: z.array(callback), next: z.string().optional() })
export const callbackQuery = z.strictObject({ ...pageQuery, state: callbackState.optional() })

/** ms since 1970, or words: `tomorrow 9:30`, `2026-12-01T09:30`. */
const when = z.union([z.int().min(0), line(100)])

/** `POST /api/v1/callbacks`: names, extensions, numbers, addresses, "me", as a person would write them. */
export const callbackBody = z.strictObject({
  called: line(200, 1),
  caller: line(200).default('me'),
  at: when.optional(),
  note: lines(2_000).default(''),
})

/** `GET /api/v1/callbacks/{id}/recording`: of which attempt; of the last one that has a recording where it is left out. */
export const callbackRecordingQuery = z.strictObject({ attempt: z.coerce.number().int().min(1).max(1_000).optional() })

/** `POST /api/v1/callback-recordings`: the code stands behind the # of the link in the message that offers the recording. */
export const callbackRecordingBody = z.strictObject({
  code: z.string().regex(/^[0-9a-f]{1,64}\.[0-9a-f]{40}$/, 'what stands behind the # of the link'),
})

export const callbackAnswer = z.strictObject({ text: line(500, 1) })

/** `POST /api/v1/widget/callbacks`: what a visitor of a page asks for. */
export const widgetCallbackBody = z.strictObject({
  called: line(200).default(''),
  caller: line(64, 1),
  at: when.optional(),
  name: line(100).default(''),
  email: z
    .string()
    .max(254)
    .regex(/^[^\s@<>",;:]+@[^\s@<>",;:]+$/, 'an e-mail address')
    .optional(),
  note: lines(2_000).default(''),
  language: z.enum(['en', 'de']).optional(),
  timeZone: line(64).default(''),
  /** Of an earlier answer: the visitor is recognised by it. */
  session: id.optional(),
})

export const widgetCallback = z.object({
  id: z.string(),
  state: callbackState,
  /** What happens now, in the visitor's language. */
  text: z.string(),
  session: z.string(),
  /** With it the call is called off; '' while it is not confirmed. */
  code: z.string(),
})

/** `POST /api/v1/callback-links`: what a link in a message does. The code stands behind the # of the link. */
export const callbackLinkBody = z.strictObject({
  code: z.string().regex(/^[0-9a-f]{40}$/, 'the 40 letters and digits behind the # of the link'),
  act: z.enum(['look', 'cancel', 'confirm']),
})
/** `POST /api/v1/widget/callbacks/cancel` */
export const widgetCancelBody = callbackLinkBody.omit({ act: true })
export const callbackLink = z.object({
  state: callbackState,
  called: z.string(),
  when: z.string(),
  language: z.string(),
})

export type Callback = z.infer<typeof callback>
export type CallbackAttempt = z.infer<typeof callbackAttempt>
export type CallbackNews = z.infer<typeof callbackNews>
export type CallbackDetail = z.infer<typeof callbackDetail>
