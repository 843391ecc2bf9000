/** Centres of our own: callers wait for the next free agent. */
import { z } from 'zod'
import { id, line, time } from './shared.ts'

const extension = z.string().regex(/^(?:\d{2,8})?$/, '2 to 8 digits, or nothing')
const target = z
  .string()
  .regex(
    /^(?:voicemail:[A-Za-z0-9._-]{1,64}|[A-Za-z0-9+*#._() -]{0,64})$/,
    'an extension, a log-in or a telephone number, `voicemail:` and whose mailbox by extension or log-in, or nothing',
  )
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day like 18:30')
const seconds = (least: number, most: number) => z.int().min(least).max(most)

export const queueStrategies = ['all', 'longest-idle', 'round-robin', 'order'] as const

const fields = {
  name: line(100, 1),
  extension,
  /** Our telephone numbers that lead here. */
  numbers: z.array(line(40)).max(100),
  /** Ids of groups whose members answer, and of people, in the order of the list. */
  groups: z.array(id).max(100),
  people: z.array(id).max(1_000),
  strategy: z.enum(queueStrategies),
  language: z.enum(['en', 'de']),
  timeZone: line(64, 1),
  /** When it is open; none = always. 1 = Monday. */
  hours: z
    .array(z.strictObject({ days: z.array(z.int().min(1).max(7)).min(1).max(7), from: clockTime, to: clockTime }))
    .max(50),
  /** Where calls go while it is closed, as with `overflowTo`; '' = callers hear that it is. */
  closedTo: target,
  ringSeconds: seconds(5, 120),
  wrapUpSeconds: seconds(0, 3_600),
  announceSeconds: seconds(10, 600),
  mostWaiting: z.int().min(1).max(1_000),
  longestWaitSeconds: seconds(10, 7_200),
  /**
   * Another queue, a person, a number, or `voicemail:` and the id, extension or log-in of whose mailbox (answered with the id); '' = callers
   * hear that nobody is available.
   */
  overflowTo: target,
  /** Callers may keep their place and be called back. */
  callback: z.boolean(),
  /** Anybody may ask for the expected wait. */
  publicWait: z.boolean(),
}

/** `POST /api/v1/queues`, `PATCH /api/v1/queues/{id}`: what is left out has its default, or stays. */
export const queuePatch = z.strictObject(fields).partial()
export const queueBody = z.strictObject({ ...queuePatch.shape, name: fields.name })

/** Somebody who waits. */
export const queueCaller = z.object({
  id: z.string(),
  /** On the telephone, or to be called back in the place that was kept. */
  kind: z.enum(['call', 'callback']),
  number: z.string(),
  name: z.string(),
  since: time,
  /** 1 = the next. */
  place: z.number(),
  /** null: nobody works. */
  expectedWaitSeconds: z.number().nullable(),
  /** An agent rings for them. */
  ringing: z.boolean(),
})

export const queue = z.object({
  id: z.string(),
  ...fields,
  open: z.boolean(),
  waiting: z.array(queueCaller),
  /** Agents who can be rung, and those of them who are in no call. */
  working: z.number(),
  free: z.number(),
  /** What somebody who called now would wait; null: nobody works. */
  expectedWaitSeconds: z.number().nullable(),
})
export const queueList = z.object({ queues: z.array(queue) })

/** What a centre says of its wait; other centres are asked for the same. */
export const centreWait = z.object({
  /** The place that a caller would get. */
  place: z.int().min(1),
  expectedWaitSeconds: z.number().min(0).nullable(),
  open: z.boolean(),
})

export type QueueShape = z.infer<typeof queue>
export type QueueCallerShape = z.infer<typeof queueCaller>
export type QueueBody = z.input<typeof queueBody>
