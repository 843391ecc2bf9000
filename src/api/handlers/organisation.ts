import type { Group, Trunk, TrunkInput, VoicemailRule } from '#directory'
import type { NumberRow } from '#storage'
import type { GroupShape, OwnNumber, TrunkShape } from '../contract.ts'
import type { DeskParts, HandlersOf, Under } from '../exchange.ts'
import { invalid, notFound } from '../fault.ts'

export const organisationHandlers: HandlersOf<Under<'groups'> | Under<'numbers'> | Under<'trunks'>> = {
  'GET /api/v1/groups': ({ desk }) => ({ groups: desk.directory.groups().map((group) => groupShape(desk, group)) }),
  'POST /api/v1/groups': async ({ desk, body }) => groupShape(desk, await desk.directory.putGroup(body)),
  'GET /api/v1/groups/{id}': ({ desk, path }) => groupShape(desk, groupOf(desk, path.id)),
  'PATCH /api/v1/groups/{id}': async ({ desk, path, body }) => {
    const before = groupOf(desk, path.id)
    const { id, name, extension, members } = before
    const after = await desk.directory.putGroup({
      ...{ id, name: body.name ?? name, extension: body.extension ?? extension, members: body.members ?? members },
      ring: { ...before.ring, ...body.ring },
      pickup: { ...before.pickup, ...body.pickup },
      voicemail: voicemailAfter(before.voicemail, body.voicemail),
    })
    return groupShape(desk, after)
  },
  'DELETE /api/v1/groups/{id}': async ({ desk, path }) => {
    await desk.directory.removeGroup(groupOf(desk, path.id).id)
    return undefined
  },

  'GET /api/v1/numbers': ({ desk }) => ({ numbers: desk.directory.numbers().map((row) => numberShape(desk, row)) }),
  'PUT /api/v1/numbers': async ({ desk, body }) => numberShape(desk, await desk.directory.putNumber(body)),
  'DELETE /api/v1/numbers/{number}': async ({ desk, path }) => {
    const number = desk.directory.normalise(path.number)
    if (!desk.directory.numbers().some((row) => row.number === number)) throw notFound('number')
    await desk.directory.removeNumber(number)
    return undefined
  },

  'GET /api/v1/trunks': ({ desk }) => ({ trunks: desk.directory.trunks().map(trunkShape) }),
  'POST /api/v1/trunks': async ({ desk, body }) =>
    trunkShape(await desk.directory.putTrunk(trunkInput(undefined, body))),
  'GET /api/v1/trunks/{id}': ({ desk, path }) => trunkShape(trunkOf(desk, path.id)),
  'PATCH /api/v1/trunks/{id}': async ({ desk, path, body }) =>
    trunkShape(await desk.directory.putTrunk(trunkInput(trunkOf(desk, path.id), body))),
  'DELETE /api/v1/trunks/{id}': async ({ desk, path }) => {
    await desk.directory.removeTrunk(trunkOf(desk, path.id).id)
    return undefined
  },
}

type VoicemailWish = { readonly on?: boolean; readonly afterMs?: number | null; readonly mail?: boolean }

function voicemailAfter(before: VoicemailRule, wish: VoicemailWish = {}): VoicemailRule {
  const { afterMs, ...rest } = { ...before, ...wish }
  return typeof afterMs === 'number' ? { ...rest, afterMs } : rest
}

function groupOf({ directory }: DeskParts, id: string): Group {
  const group = directory.groupById(id)
  if (!group) throw notFound('group')
  return group
}

function groupShape(
  { directory }: DeskParts,
  { id, name, extension, members, ring, pickup, voicemail }: Group,
): GroupShape {
  const numbers = directory.numbers().filter((row) => row.targetKind === 'group' && row.targetId === id)
  return {
    ...{ id, name, extension, members: [...members] },
    ring: { ...ring, order: [...ring.order] },
    pickup: { ...pickup, by: [...pickup.by] },
    voicemail: { ...voicemail },
    numbers: numbers.map(({ number }) => number),
  }
}

function numberShape({ directory }: DeskParts, { number, targetKind, targetId }: NumberRow): OwnNumber {
  const target = targetKind === 'person' ? directory.personById(targetId) : directory.groupById(targetId)
  return { number, targetKind, targetId, targetName: target?.name ?? '' }
}

function trunkOf({ directory }: DeskParts, id: string): Trunk {
  const trunk = directory.trunkById(id)
  if (!trunk) throw notFound('trunk')
  return trunk
}

interface TrunkWish {
  readonly name?: string | undefined
  readonly registration?: { registrar: string; username: string; password?: string; expires?: number } | null
  readonly credentials?: { username: string; password?: string; realm?: string } | null
  readonly [setting: string]: unknown
}

/** A trunk as it was, with what is wished; passwords that are left out stay, null removes. */
function trunkInput(before: Trunk | undefined, wish: TrunkWish): TrunkInput {
  const { name, registration, credentials, ...rest } = wish
  const kept = before?.settings
  const plain = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  const settings = { ...kept, ...plain, registration: kept?.registration, credentials: kept?.credentials }
  if (registration === null) settings.registration = undefined
  else if (registration) {
    // A password goes to the registrar it was given for, and to no other.
    const same = kept?.registration?.registrar === registration.registrar
    const password = registration.password ?? (same ? kept?.registration?.password : undefined)
    if (password === undefined)
      throw invalid('registration.password', 'is missing; allowed: the password for this registrar')
    const expires = registration.expires ?? kept?.registration?.expires ?? 3_600
    settings.registration = { registrar: registration.registrar, username: registration.username, password, expires }
  }
  if (credentials === null) settings.credentials = undefined
  else if (credentials) {
    const password = credentials.password ?? kept?.credentials?.password
    if (password === undefined)
      throw invalid('credentials.password', 'is missing; allowed: the password of this account')
    settings.credentials = { ...credentials, password }
  }
  const id = before ? { id: before.id } : {}
  return { ...id, name: name ?? before?.name ?? '', settings }
}

function trunkShape({ id, name, settings }: Trunk): TrunkShape {
  const { sources, hosts, gateways, directMedia, healthMs, priority, maxCalls, join } = settings
  const { registration, credentials, demo } = settings
  return {
    ...{ id, name, sources: [...sources], hosts: [...hosts], gateways: [...gateways] },
    ...{ directMedia, healthMs, priority, maxCalls, join, demo },
    ...(registration
      ? {
          registration: {
            registrar: registration.registrar,
            username: registration.username,
            expires: registration.expires,
            hasPassword: registration.password !== '',
          },
        }
      : {}),
    ...(credentials
      ? {
          credentials: {
            username: credentials.username,
            ...(credentials.realm === undefined ? {} : { realm: credentials.realm }),
            hasPassword: credentials.password !== '',
          },
        }
      : {}),
  }
}
