import { z } from 'zod'
import type { Accounts } from './accounts.ts'
import { DirectoryError } from './error.ts'
import {
  check,
  deviceSettingsSchema,
  groupSchema,
  passwordSchema,
  personSchema,
  personSettingsSchema,
  ringPlanSchema,
  trunkSettingsSchema,
  voicemailSchema,
} from './settings.ts'
import type { Directory, DirectoryAdmin, Group } from './types.ts'

/** YAML reads 101 as a whole number: take it as the text that was meant. */
const digits = z.union([z.string(), z.int().min(0)]).transform(String)

const deviceEntry = z.strictObject({
  name: z.string().default('phone'),
  /** Default: the person's log-in. */
  username: z.string().optional(),
  /** May be left out where the device has one already. */
  password: passwordSchema.optional(),
  settings: deviceSettingsSchema.prefault({}),
})

const organisationSchema = z.strictObject({
  people: z
    .array(
      z.strictObject({
        login: personSchema.shape.login,
        name: personSchema.shape.name,
        extension: digits.default(''),
        email: z.string().default(''),
        role: personSchema.shape.role,
        /** For the desk in the browser. */
        password: passwordSchema.optional(),
        settings: personSettingsSchema.prefault({}),
        numbers: z.array(digits).default([]),
        devices: z.array(deviceEntry).default([]),
      }),
    )
    .default([]),
  groups: z
    .array(
      z.strictObject({
        name: groupSchema.shape.name,
        extension: digits.default(''),
        /** Log-ins. */
        members: z.array(z.string()).default([]),
        numbers: z.array(digits).default([]),
        ring: ringPlanSchema.prefault({}),
        /** Who may take the group's calls and its members'; `by` are log-ins and names of groups. */
        voicemail: voicemailSchema.optional(),
        pickup: z.strictObject({ members: z.boolean().default(true), by: z.array(z.string()).default([]) }).optional(),
      }),
    )
    .default([]),
  trunks: z.array(z.strictObject({ name: z.string(), settings: trunkSettingsSchema.prefault({}) })).default([]),
})

/** What an organisation file may hold. */
export type Organisation = z.input<typeof organisationSchema>

/** How many entries a file brought in. */
export interface AppliedOrganisation {
  readonly people: number
  readonly devices: number
  readonly groups: number
  readonly numbers: number
  readonly trunks: number
}

/**
 * Brings people, devices, groups, numbers and trunks from a YAML file's content into the directory. Entries are known again by
 * log-in, user name and name, so a second run changes nothing; what the file does not name stays. The file is checked before
 * the first write. Passwords for the desk are set where `accounts` is given.
 * @throws DirectoryError naming the entry, what was wrong and what is allowed
 */
export async function applyOrganisation(
  directory: Directory & DirectoryAdmin,
  content: unknown,
  accounts?: Pick<Accounts, 'setPassword'>,
): Promise<AppliedOrganisation> {
  const organisation = check(organisationSchema, content ?? {})
  checkReferences(organisation, directory)
  const applied = { people: 0, devices: 0, groups: 0, numbers: 0, trunks: 0 }

  for (const [index, { numbers, devices, password: deskPassword, ...input }] of organisation.people.entries()) {
    const at = `people.${index}`
    const id = directory.personByLogin(input.login)?.id
    const person = await naming(at, directory.putPerson({ ...input, id }))
    if (deskPassword !== undefined && accounts) await naming(at, accounts.setPassword(person.id, deskPassword))
    applied.people++
    for (const [position, { password, ...entry }] of devices.entries()) {
      const username = entry.username ?? input.login
      const known = directory.deviceByUsername(username)?.id
      const where = `${at}.devices.${position}`
      const device = await naming(where, directory.putDevice({ ...entry, username, id: known, personId: person.id }))
      if (password !== undefined) await naming(where, directory.setDevicePassword(device.id, password))
      applied.devices++
    }
    for (const [position, number] of numbers.entries()) {
      const row = { number, targetKind: 'person', targetId: person.id } as const
      await naming(`${at}.numbers.${position}`, directory.putNumber(row))
      applied.numbers++
    }
  }
  const groupNamed = (name: string): Group | undefined => directory.groups().find((group) => group.name === name)
  for (const [index, { numbers, members, pickup: _pickup, voicemail, ...input }] of organisation.groups.entries()) {
    const at = `groups.${index}`
    const known = groupNamed(input.name)
    const ids = members.map((login) => directory.personByLogin(login)?.id ?? login)
    const kept = known ? { id: known.id, pickup: known.pickup, voicemail: known.voicemail } : {}
    const rule = voicemail ? { voicemail } : {}
    const group = await naming(at, directory.putGroup({ ...input, ...kept, ...rule, members: ids }))
    applied.groups++
    for (const [position, number] of numbers.entries()) {
      const row = { number, targetKind: 'group', targetId: group.id } as const
      await naming(`${at}.numbers.${position}`, directory.putNumber(row))
      applied.numbers++
    }
  }
  // A rule may name a group that comes later in the file.
  for (const [index, { name, pickup }] of organisation.groups.entries()) {
    const group = groupNamed(name)
    if (!pickup || !group) continue
    const by = pickup.by.map((one) => directory.personByLogin(one)?.id ?? groupNamed(one)?.id ?? one)
    await naming(`groups.${index}`, directory.putGroup({ ...group, pickup: { ...pickup, by } }))
  }
  for (const [index, input] of organisation.trunks.entries()) {
    const id = directory.trunks().find((trunk) => trunk.name === input.name)?.id
    await naming(`trunks.${index}`, directory.putTrunk({ ...input, id }))
    applied.trunks++
  }
  return applied
}

/** What the schema cannot see: names used twice, members who are nobody, devices without a password. */
function checkReferences(organisation: z.output<typeof organisationSchema>, directory: Directory): void {
  const seen = new Map<string, string>()
  const once = (kind: string, value: string, field: string) => {
    if (value === '') return
    const before = seen.get(`${kind} ${value}`)
    if (before) throw new DirectoryError('taken', field, `${kind} ${value} is at ${before} already; allowed: once`)
    seen.set(`${kind} ${value}`, field)
  }
  const logins = new Set(organisation.people.map((person) => person.login))
  for (const [index, person] of organisation.people.entries()) {
    const at = `people.${index}`
    once('log-in', person.login, `${at}.login`)
    once('extension', person.extension, `${at}.extension`)
    for (const [position, number] of person.numbers.entries()) once('number', number, `${at}.numbers.${position}`)
    for (const [position, device] of person.devices.entries()) {
      const username = device.username ?? person.login
      const field = `${at}.devices.${position}`
      once('user name', username, `${field}.username`)
      if (device.password === undefined && !directory.secretsOf(username)) {
        throw new DirectoryError('invalid', `${field}.password`, 'is missing; allowed: 8 to 128 characters in one line')
      }
      const owner = directory.personById(directory.deviceByUsername(username)?.personId ?? '')
      if (owner && owner.login !== person.login) {
        throw new DirectoryError('taken', `${field}.username`, `${username} is used by a device of ${owner.login}`)
      }
    }
  }
  for (const [index, group] of organisation.groups.entries()) {
    const at = `groups.${index}`
    once('group', group.name, `${at}.name`)
    once('extension', group.extension, `${at}.extension`)
    for (const [position, number] of group.numbers.entries()) once('number', number, `${at}.numbers.${position}`)
    for (const [position, login] of group.members.entries()) {
      if (logins.has(login) || directory.personByLogin(login)) continue
      throw new DirectoryError('missing', `${at}.members.${position}`, `nobody has the log-in ${JSON.stringify(login)}`)
    }
    for (const [position, one] of (group.pickup?.by ?? []).entries()) {
      const named = [...organisation.groups, ...directory.groups()].some(({ name }) => name === one)
      if (named || logins.has(one) || directory.personByLogin(one)) continue
      const sentence = `${JSON.stringify(one)} is neither a log-in nor the name of a group`
      throw new DirectoryError('missing', `${at}.pickup.by.${position}`, sentence)
    }
  }
  for (const [index, trunk] of organisation.trunks.entries()) once('trunk', trunk.name, `trunks.${index}.name`)
}

/** A refusal that says which entry of the file it is about. */
async function naming<T>(at: string, write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
    const sentence = error.field === '' ? error.message : error.message.slice(error.field.length + 2)
    throw new DirectoryError(error.code, error.field === '' ? at : `${at}.${error.field}`, sentence)
  }
}
