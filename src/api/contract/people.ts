/** People, their devices and settings, groups, numbers and trunks. */
import { z } from 'zod'
import { dialled, id, line, presence, role, time } from './shared.ts'

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day like 18:30')
const ms = (least: number, most: number) => z.int().min(least).max(most)

export const ringPlan = z.strictObject({
  /** `all`: every station at once; `order`: one step after the other. */
  mode: z.enum(['all', 'order']),
  ringMs: ms(1_000, 600_000),
  stepMs: ms(1_000, 600_000),
  /** Device names (person) or log-ins (group) in order. */
  order: z.array(line(100)).max(100),
  /** How long a call with nobody to ring waits for a closed desk that a notice opens; 0 = not at all. */
  pushWaitMs: ms(0, 60_000),
})

/** Hours in which nothing rings, in the person's time zone; `to` before `from` runs over midnight and belongs to the day it began. */
export const quietHours = z.strictObject({
  /** 1 = Monday … 7 = Sunday */
  days: z.array(z.int().min(1).max(7)).min(1).max(7),
  from: clockTime,
  to: clockTime,
})

/** What happens to calls of certain callers; the first rule that fits decides, before presence and quiet hours. */
export const callerRule = z.strictObject({
  /** Numbers or extensions, `*` at the end for a beginning; `internal`, `outside`, `anonymous`, `*`. */
  callers: z
    .array(
      z
        .string()
        .regex(
          /^(internal|outside|anonymous|\*|[+0-9][0-9]{0,30}\*?)$/,
          'a number, +1202*, internal, outside or anonymous',
        ),
    )
    .min(1)
    .max(50),
  /** `ring` also rings in quiet hours and while not to be disturbed. */
  action: z.enum(['ring', 'divert', 'decline']),
  /** For `ring`: only these devices (ids); none = as usual. */
  devices: z.array(id).max(20).default([]),
  /** For `divert`. */
  to: dialled.optional(),
})

/** Whether callers who reach nobody may leave a message. */
export const voicemailRule = z.strictObject({
  on: z.boolean(),
  /** After so much ringing; left out: after the whole ringing time. */
  afterMs: z.int().min(1_000).max(600_000).optional(),
  /** Messages go out by e-mail, too. */
  mail: z.boolean(),
})

/** What a person sets for themselves. */
export const personalSettings = z.strictObject({
  /** `away`: the desk is silent, phones ring; `dnd`: nothing rings. */
  presence,
  quietHours: z.array(quietHours).max(20),
  /** Device id; while it is registered only it is told. '' = all alike. */
  preferredDevice: z.union([id, z.literal('')]),
  callerRules: z.array(callerRule).max(50),
  forward: z.strictObject({
    always: dialled.optional(),
    busy: dialled.optional(),
    noAnswer: dialled.optional(),
  }),
  ring: ringPlan,
  voicemail: voicemailRule,
  hideNumber: z.boolean(),
  /** Declining on one device ends the ringing of all. */
  declineEndsAll: z.boolean(),
  language: z.enum(['en', 'de']),
  timeZone: line(64, 1),
  /** Which of my numbers outside calls show; '' = the first. */
  shownNumber: line(40),
})
/** `PATCH /api/v1/settings`: what is left out stays; a part that is given replaces that whole part. */
export const personalSettingsPatch = personalSettings.partial()

/** What administrators grant. */
export const grants = z.strictObject({
  international: z.boolean(),
  premium: z.boolean(),
  maxOutsideCalls: z.int().min(0).max(10_000),
  maxCalls: z.int().min(0).max(10_000),
})

/** A person as every colleague sees them. */
export const colleague = z.object({
  id: z.string(),
  login: z.string(),
  name: z.string(),
  extension: z.string(),
  email: z.string(),
  role,
  numbers: z.array(z.string()),
  presence,
  /** Whether the person talks or rings at the moment. */
  inCall: z.boolean(),
  /** Whether any device of theirs is registered. */
  reachable: z.boolean(),
})
/** What changes by the minute, as the events tell it. */
export const presenceOfPerson = colleague.pick({ id: true, presence: true, inCall: true, reachable: true })
export const peopleList = z.object({ people: z.array(colleague) })

/** A person as administrators and the person see them. */
export const person = colleague.extend({
  grants,
  settings: personalSettings,
  /** Whether the person has a password for the desk. */
  hasPassword: z.boolean(),
})

const login = z
  .string()
  .regex(
    /^[a-z][a-z0-9._-]{0,63}$/,
    'a small letter, then small letters, digits, dot, dash and underscore (at most 64)',
  )
const extension = z.string().regex(/^(?:\d{2,8})?$/, '2 to 8 digits, or nothing')
export const deskPassword = line(128, 8)

export const personBody = z.strictObject({
  login,
  name: line(100, 1),
  extension: extension.default(''),
  email: line(254).default(''),
  role: role.default('person'),
  grants: grants.partial().optional(),
  /** Without one the person cannot log in yet. */
  password: deskPassword.optional(),
})
export const personPatch = z.strictObject({
  login: login.optional(),
  name: line(100, 1).optional(),
  extension: extension.optional(),
  email: line(254).optional(),
  role: role.optional(),
  grants: grants.partial().optional(),
})
/** `PUT /api/v1/people/{id}/password` */
export const newPassword = z.strictObject({ password: deskPassword })

/** Whether a phone is told that messages wait without having asked; `auto`: unless it subscribes to that. */
export const messageLight = z.enum(['auto', 'always', 'never'])
export const deviceKind = z.enum(['phone', 'desk', 'softphone'])
const username = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dot, dash and underscore (at most 64)')

export const device = z.object({
  id: z.string(),
  personId: z.string(),
  name: z.string(),
  username: z.string(),
  kind: deviceKind,
  directMedia: z.boolean(),
  autoAnswer: z.boolean(),
  messageLight,
  /** Where it is registered at the moment; one station each. */
  bindings: z.array(
    z.object({
      /** As branches of calls name it. */
      station: z.string(),
      /** User name that registered: tells one browser from another. */
      username: z.string(),
      /** `udp 192.0.2.7:5060` */
      address: z.string(),
      userAgent: z.string(),
      registeredAt: time,
      expiresAt: time,
    }),
  ),
})
export const deviceList = z.object({ devices: z.array(device) })
/** `GET /api/v1/devices?person=`: administrators see anybody's, others their own. */
export const deviceQuery = z.strictObject({ person: id.optional() })

export const deviceBody = z.strictObject({
  name: line(100, 1),
  /** The desk makes its own device. */
  kind: z.enum(['phone', 'softphone']).default('phone'),
  /** Default: mine; others' by administrators only. */
  personId: id.optional(),
  /** Default: made from the log-in. */
  username: username.optional(),
  directMedia: z.boolean().default(false),
  autoAnswer: z.boolean().default(false),
  messageLight: messageLight.default('auto'),
})
export const devicePatch = z.strictObject({
  name: line(100, 1).optional(),
  kind: z.enum(['phone', 'softphone']).optional(),
  directMedia: z.boolean().optional(),
  autoAnswer: z.boolean().optional(),
  messageLight: messageLight.optional(),
})
/** What a phone is given; the password is shown this once and never again. */
export const deviceSecret = z.object({
  username: z.string(),
  password: z.string(),
  domain: z.string(),
  realm: z.string(),
  /** Outbound proxy, `192.0.2.1:5060`; '' when there is no SIP listener. */
  server: z.string(),
})
/** `POST /api/v1/devices` and `POST /api/v1/devices/{id}/secret` */
export const deviceWithSecret = z.object({ device, secret: deviceSecret })

/** Who may take calls that ring the group or its members, from where they sit. */
export const pickupRule = z.strictObject({
  /** Members take each other's calls; true unless said otherwise. */
  members: z.boolean(),
  /** Ids of people and groups who may as well. */
  by: z.array(id).max(1_000),
})

export const group = z.object({
  id: z.string(),
  name: z.string(),
  extension: z.string(),
  /** Person ids. */
  members: z.array(z.string()),
  ring: ringPlan,
  pickup: pickupRule,
  voicemail: voicemailRule,
  numbers: z.array(z.string()),
})
export const groupList = z.object({ groups: z.array(group) })
export const groupBody = z.strictObject({
  name: line(100, 1),
  extension: extension.default(''),
  members: z.array(id).max(1_000).default([]),
  ring: ringPlan.partial().optional(),
  pickup: pickupRule.partial().optional(),
  voicemail: voicemailRule.partial().optional(),
})
export const groupPatch = z.strictObject({
  name: line(100, 1).optional(),
  extension: extension.optional(),
  members: z.array(id).max(1_000).optional(),
  ring: ringPlan.partial().optional(),
  pickup: pickupRule.partial().optional(),
  /** `afterMs: null`: after the whole ringing time. */
  voicemail: voicemailRule.partial().extend({ afterMs: voicemailRule.shape.afterMs.nullable() }).optional(),
})

export const ownNumber = z.object({
  number: z.string(),
  targetKind: z.enum(['person', 'group']),
  targetId: z.string(),
  targetName: z.string(),
})
export const numberList = z.object({ numbers: z.array(ownNumber) })
/** `PUT /api/v1/numbers`: whom a number of ours rings. */
export const numberBody = z.strictObject({
  number: line(64, 2),
  targetKind: z.enum(['person', 'group']),
  targetId: id,
  /** The person or group that it rings until now: moves it in one step. Without it a number of somebody else is refused. */
  from: id.optional(),
})
export const numberPath = z.strictObject({ number: line(64, 2) })

const trunkFields = {
  sources: z.array(line(64, 1)).max(200),
  hosts: z.array(line(255, 1)).max(200),
  gateways: z.array(line(255, 1)).max(20),
  directMedia: z.boolean(),
  healthMs: z.int().min(0).max(3_600_000),
  priority: z.int().min(0).max(1_000),
  maxCalls: z.int().min(0).max(100_000),
  /** Who joins the two sides of a requested call that both run over this trunk: `refer`: its gateway is asked to (REFER with Replaces). */
  join: z.enum(['server', 'refer']),
}
/** A trunk as administrators see it; passwords are never given back. */
export const trunk = z.object({
  id: z.string(),
  name: z.string(),
  ...trunkFields,
  registration: z
    .object({ registrar: z.string(), username: z.string(), expires: z.number(), hasPassword: z.boolean() })
    .optional(),
  credentials: z.object({ username: z.string(), realm: z.string().optional(), hasPassword: z.boolean() }).optional(),
  demo: z.boolean(),
})
export const trunkList = z.object({ trunks: z.array(trunk) })

const secretText = line(255, 1)
const registration = z.strictObject({
  registrar: line(255, 1),
  username: line(255, 1),
  /** May be left out where one is stored. */
  password: secretText.optional(),
  expires: z.int().min(60).max(86_400).optional(),
})
const credentials = z.strictObject({
  username: line(255, 1),
  password: secretText.optional(),
  realm: line(255).optional(),
})
export const trunkBody = z.strictObject({
  name: line(100, 1),
  ...z.strictObject(trunkFields).partial().shape,
  registration: registration.optional(),
  credentials: credentials.optional(),
})
/** null removes registration or credentials. */
export const trunkPatch = z.strictObject({
  name: line(100, 1).optional(),
  ...z.strictObject(trunkFields).partial().shape,
  registration: registration.nullable().optional(),
  credentials: credentials.nullable().optional(),
})

export type PersonalSettings = z.infer<typeof personalSettings>
export type Colleague = z.infer<typeof colleague>
export type PresenceShape = z.infer<typeof presenceOfPerson>
export type PersonShape = z.infer<typeof person>
export type DeviceShape = z.infer<typeof device>
export type DeviceSecret = z.infer<typeof deviceSecret>
export type GroupShape = z.infer<typeof group>
export type OwnNumber = z.infer<typeof ownNumber>
export type TrunkShape = z.infer<typeof trunk>
