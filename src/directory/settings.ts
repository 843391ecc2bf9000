import { isIP } from 'node:net'
import { z } from 'zod'
import { explain, isTimeZone } from '#lib'
import { DirectoryError } from './error.ts'

/** Text that is shown and goes into header fields: no control characters, no line separators. */
const line = (longest: number) =>
  z
    .string()
    .max(longest)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$/, 'text in one line without control characters')

const name = line(100).min(1)
const login = z
  .string()
  .regex(
    /^[a-z][a-z0-9._-]{0,63}$/,
    'a small letter, then small letters, digits, dot, dash and underscore (at most 64)',
  )
const username = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dot, dash and underscore (at most 64)')
const extension = z.string().regex(/^(?:\d{2,8})?$/, '2 to 8 digits, or nothing')
const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, dash and underscore (at most 64)')
  .optional()
const ms = (least: number, most: number) => z.int().min(least).max(most)
const timeZone = z.string().refine(isTimeZone, 'an IANA time zone like Europe/Berlin')
const sipUri = z
  .string()
  .max(255)
  .regex(/^sips?:[^\s<>"]+$/i, 'a SIP URI like sip:gateway.example.com:5060')

/** Where a forward may lead: an extension, a log-in or a telephone number; never another domain. */
const forward = z.string().regex(/^[A-Za-z0-9+*#._() -]{1,64}$/, 'an extension, a log-in or a telephone number')

export const ringPlanSchema = z.strictObject({
  mode: z.enum(['all', 'order']).default('all'),
  ringMs: ms(1_000, 600_000).default(60_000),
  stepMs: ms(1_000, 600_000).default(15_000),
  order: z.array(z.string().max(100)).max(100).default([]),
  pushWaitMs: ms(0, 60_000).default(15_000),
})

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day like 18:30')

export const quietHoursSchema = z.strictObject({
  days: z.array(z.int().min(1).max(7)).min(1).max(7),
  from: clockTime,
  to: clockTime,
})

export const callerRuleSchema = z
  .strictObject({
    callers: z
      .array(
        z
          .string()
          .regex(
            /^(internal|outside|anonymous|\*|[+0-9][0-9]{0,30}\*?)$/,
            'a number, the beginning of one like +1202*, internal, outside, anonymous or *',
          ),
      )
      .min(1)
      .max(50),
    action: z.enum(['ring', 'divert', 'decline']),
    devices: z.array(z.string().max(64)).max(20).default([]),
    to: forward.optional(),
  })
  .refine((rule) => (rule.action === 'divert') === (rule.to !== undefined), {
    path: ['to'],
    message: 'where to, for the action divert only',
  })

export const voicemailSchema = z.strictObject({
  on: z.boolean().default(false),
  afterMs: ms(1_000, 600_000).optional(),
  mail: z.boolean().default(true),
})

export const personSettingsSchema = z.strictObject({
  doNotDisturb: z.boolean().default(false),
  away: z.boolean().default(false),
  quietHours: z.array(quietHoursSchema).max(20).default([]),
  preferredDevice: z.string().max(64).default(''),
  callerRules: z.array(callerRuleSchema).max(50).default([]),
  forward: z
    .strictObject({ always: forward.optional(), busy: forward.optional(), noAnswer: forward.optional() })
    .prefault({}),
  ring: ringPlanSchema.prefault({}),
  voicemail: voicemailSchema.prefault({}),
  hideNumber: z.boolean().default(false),
  declineEndsAll: z.boolean().default(false),
  maxOutsideCalls: z.int().min(0).max(10_000).default(4),
  maxCalls: z.int().min(0).max(10_000).default(0),
  international: z.boolean().default(false),
  premium: z.boolean().default(false),
  language: z.enum(['en', 'de']).default('en'),
  timeZone: timeZone.default('UTC'),
  shownNumber: z.string().max(40).optional(),
})

export const deviceSettingsSchema = z.strictObject({
  directMedia: z.boolean().default(false),
  autoAnswer: z.boolean().default(false),
  messageLight: z.enum(['auto', 'always', 'never']).default('auto'),
  kind: z.enum(['phone', 'desk', 'softphone']).default('phone'),
})

const credential = line(255).min(1)

export const trunkSettingsSchema = z.strictObject({
  sources: z
    .array(z.string().refine(isSource, 'an address, address:port or a range like 192.0.2.0/24'))
    .max(200)
    .default([]),
  hosts: z.array(line(255).min(1).toLowerCase()).max(200).default([]),
  gateways: z.array(sipUri).max(20).default([]),
  registration: z
    .strictObject({
      registrar: sipUri,
      username: credential,
      password: credential,
      expires: z.int().min(60).max(86_400).default(3_600),
    })
    .optional(),
  credentials: z.strictObject({ username: credential, password: credential, realm: line(255).optional() }).optional(),
  directMedia: z.boolean().default(false),
  healthMs: z.int().min(0).max(3_600_000).default(30_000),
  priority: z.int().min(0).max(1_000).default(10),
  maxCalls: z.int().min(0).max(100_000).default(100),
  join: z.enum(['server', 'refer']).default('server'),
  demo: z.boolean().default(false),
})

export const personSchema = z.strictObject({
  id,
  login,
  name,
  extension: extension.default(''),
  email: line(254).default(''),
  role: z.enum(['person', 'supervisor', 'administrator']).default('person'),
  settings: personSettingsSchema.prefault({}),
})

export const deviceSchema = z.strictObject({
  id,
  personId: z.string(),
  name,
  username,
  settings: deviceSettingsSchema.prefault({}),
})

/** Who may take the calls that ring a group or one of its members. */
export const pickupSchema = z.strictObject({
  /** Members take each other's calls. */
  members: z.boolean().default(true),
  /** People and groups who may as well, by id. */
  by: z.array(z.string().max(64)).max(1_000).default([]),
})

export const groupSchema = z.strictObject({
  id,
  name,
  extension: extension.default(''),
  members: z.array(z.string()).max(1_000).default([]),
  ring: ringPlanSchema.prefault({}),
  pickup: pickupSchema.prefault({}),
  voicemail: voicemailSchema.prefault({}),
})

/** A group's settings as they are stored: the ring plan, and beside it who may pick up and whether callers may leave messages. */
export const groupSettingsSchema = ringPlanSchema.extend({
  pickup: pickupSchema.prefault({}),
  voicemail: voicemailSchema.prefault({}),
})

export const numberSchema = z.strictObject({
  number: z.string().max(64),
  targetKind: z.enum(['person', 'group']),
  targetId: z.string(),
  /** Whom it rings until now, to move it: a number is never taken from anybody else. */
  from: z.string().optional(),
})

export const trunkSchema = z.strictObject({ id, name, settings: trunkSettingsSchema.prefault({}) })

export const passwordSchema = line(128).min(8, 'at least 8 characters')

/** Input is only read: readers' own objects can be given back changed. */
type Given<T> = T extends readonly (infer E)[]
  ? readonly Given<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Given<T[K]> }
    : T

export type PersonInput = Given<z.input<typeof personSchema>>
export type DeviceInput = Given<z.input<typeof deviceSchema>>
export type GroupInput = Given<z.input<typeof groupSchema>>
export type NumberInput = Given<z.input<typeof numberSchema>>
export type TrunkInput = Given<z.input<typeof trunkSchema>>

/** Checks input against a schema. @throws DirectoryError naming the field, what was found and what is allowed */
export function check<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const fault = explain(schema, result.error, input)
  throw new DirectoryError('invalid', fault.path, fault.sentence)
}

function isSource(source: string): boolean {
  return parseSource(source) !== undefined
}

/** An `ip`, `ip:port`, `[ip]:port` or `ip/bits` taken apart; `undefined` when it is none. */
export function parseSource(source: string): { address: string; port?: number; bits?: number } | undefined {
  const range = /^([^/]+)\/(\d{1,3})$/.exec(source)
  if (range) {
    const address = range[1] as string
    const bits = Number(range[2])
    const family = isIP(address)
    return family !== 0 && bits <= (family === 4 ? 32 : 128) ? { address, bits } : undefined
  }
  if (isIP(source) !== 0) return { address: source }
  const pair = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(source)
  if (!pair) return undefined
  const address = (pair[1] ?? pair[2]) as string
  const port = Number(pair[3])
  if (isIP(address) !== (pair[1] === undefined ? 4 : 6) || port === 0 || port > 65_535) return undefined
  return { address, port }
}
