import { z } from 'zod'
import { check } from '#directory'
import { isTimeZone } from '#lib'

const line = (longest: number) =>
  z
    .string()
    .max(longest)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$/, 'text in one line without control characters')
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day like 18:30')
const target = z
  .string()
  .regex(
    /^(?:voicemail:[A-Za-z0-9._-]{1,64}|[A-Za-z0-9+*#._() -]{0,64})$/,
    'an extension, a log-in or a telephone number, `voicemail:` and whose mailbox by extension or log-in, or nothing',
  )
const seconds = (least: number, most: number) => z.int().min(least).max(most)

/** Whose mailbox callers are sent to, by id, extension or log-in; `undefined` for everything else. */
export function mailboxIn(to: string): string | undefined {
  return to.startsWith(mailboxPrefix) ? to.slice(mailboxPrefix.length) : undefined
}
export const mailboxPrefix = 'voicemail:'

/** How agents are chosen: everybody who is free together, who has been idle longest, each in turn, or the first free of the list. */
export const strategies = ['all', 'longest-idle', 'round-robin', 'order'] as const
export type Strategy = (typeof strategies)[number]

/** What a queue is made of; times in seconds. */
export const queueSettingsSchema = z.strictObject({
  extension: z
    .string()
    .regex(/^(?:\d{2,8})?$/, '2 to 8 digits, or nothing')
    .default(''),
  /** Our telephone numbers that lead here. */
  numbers: z.array(line(40)).max(100).default([]),
  /** Ids of groups whose members answer, and of people who answer, in the order of the list. */
  groups: z.array(z.string().max(64)).max(100).default([]),
  people: z.array(z.string().max(64)).max(1_000).default([]),
  strategy: z.enum(strategies).default('longest-idle'),
  language: z.enum(['en', 'de']).default('en'),
  timeZone: z.string().refine(isTimeZone, 'an IANA time zone like Europe/Berlin').default('UTC'),
  /** When it is open; none = always. */
  hours: z
    .array(
      z
        .strictObject({ days: z.array(z.int().min(1).max(7)).min(1).max(7), from: clockTime, to: clockTime })
        .refine(({ from, to }) => from < to, { path: ['to'], message: 'a time of day after `from`' }),
    )
    .max(50)
    .default([]),
  /** Where callers go while it is closed, as with `overflowTo`; '' = they hear so, and that is all. */
  closedTo: target.default(''),
  /** How long an agent rings. */
  ringSeconds: seconds(5, 120).default(20),
  /** How long an agent is left alone after a call. */
  wrapUpSeconds: seconds(0, 3_600).default(10),
  /** How often the place and the expected wait are announced. */
  announceSeconds: seconds(10, 600).default(45),
  /** More callers than this do not wait but overflow. */
  mostWaiting: z.int().min(1).max(1_000).default(50),
  /** Nor do they longer than this. */
  longestWaitSeconds: seconds(10, 7_200).default(1_800),
  /** Where they overflow to: another queue, a person, a number, or a mailbox (`voicemail:ID`); '' = they hear that nobody is available. */
  overflowTo: target.default(''),
  /** Whether a caller may keep the place and be called back. */
  callback: z.boolean().default(true),
  /** Whether anybody may ask for the expected wait by HTTP. */
  publicWait: z.boolean().default(false),
})

export type QueueSettings = z.output<typeof queueSettingsSchema>

export interface Queue extends QueueSettings {
  readonly id: string
  readonly name: string
}

export const queueSchema = queueSettingsSchema.extend({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, dash and underscore (at most 64)')
    .optional(),
  name: line(100).min(1),
})
export type QueueInput = z.input<typeof queueSchema>

/** @throws DirectoryError naming the field, what was found and what is allowed */
export function checkQueue(input: unknown): z.output<typeof queueSchema> {
  return check(queueSchema, input)
}
