import type { Person, PersonInput, PersonSettings } from '#directory'
import type { Colleague, PersonalSettings, PersonShape } from '../contract.ts'
import type { DeskParts, HandlersOf, Surroundings, Under } from '../exchange.ts'
import { ApiFault, invalid, notAllowed, notFound } from '../fault.ts'
import { peopleIn, presenceOf } from '../presence.ts'
import type { Viewer } from '../viewer.ts'

export const peopleHandlers: HandlersOf<Under<'people'> | Under<'settings'>> = {
  'GET /api/v1/people': ({ house, desk }) => {
    const talking = peopleInCalls(house)
    return { people: desk.directory.people().map((person) => colleagueShape(desk, person, talking.has(person.id))) }
  },

  'POST /api/v1/people': async ({ house, desk, viewer, body }) => {
    const { password, grants, ...rest } = body
    checkToken(viewer, password !== undefined || rest.role !== 'person')
    const person = await desk.directory.putPerson({ ...rest, settings: { ...grants } })
    house.personChanged(person.id)
    if (password !== undefined) await desk.accounts.setPassword(person.id, password)
    return personShape(house, desk, person)
  },

  'GET /api/v1/people/{id}': ({ house, desk, person, path }) => {
    const found =
      path.id === person.id || person.role === 'administrator' ? desk.directory.personById(path.id) : undefined
    if (!found) throw notFound('person')
    return personShape(house, desk, found)
  },

  'PATCH /api/v1/people/{id}': async ({ house, desk, viewer, path, body }) => {
    const before = desk.directory.personById(path.id)
    if (!before) throw notFound('person')
    const { grants, ...rest } = body
    checkToken(viewer, rest.role !== undefined && rest.role !== before.role)
    if (rest.role !== undefined && rest.role !== 'administrator') checkNotLast(desk, before)
    const after = await desk.directory.putPerson({
      ...inputOf(before),
      ...given(rest),
      settings: { ...before.settings, ...given(grants ?? {}) },
    })
    return personShape(house, desk, after)
  },

  'DELETE /api/v1/people/{id}': async ({ house, desk, path }) => {
    const person = desk.directory.personById(path.id)
    if (!person) throw notFound('person')
    checkNotLast(desk, person)
    await desk.accounts.removePerson(person.id)
    await desk.directory.removePerson(person.id)
    house.personChanged(person.id)
    await dropPrivateContacts(desk, person.id)
    return undefined
  },

  'PUT /api/v1/people/{id}/password': async ({ desk, viewer, path, body }) => {
    if (!desk.directory.personById(path.id)) throw notFound('person')
    const keep = viewer.kind === 'person' && viewer.personId === path.id ? viewer.loginId : undefined
    await desk.accounts.setPassword(path.id, body.password, keep)
    return undefined
  },

  'GET /api/v1/settings': ({ person }) => settingsShape(person),

  'PATCH /api/v1/settings': async ({ house, desk, person, body }) => {
    const { presence, shownNumber, preferredDevice, ...rest } = body
    if (shownNumber !== undefined && shownNumber !== '' && !person.numbers.includes(shownNumber))
      throw invalid(
        'shownNumber',
        `allowed: one of your numbers (${person.numbers.join(', ') || 'you have none'}), or nothing`,
      )
    const devices = desk.directory.devicesOf(person.id).map(({ id }) => id)
    if (preferredDevice && !devices.includes(preferredDevice))
      throw invalid('preferredDevice', 'is the id of none of your devices')
    for (const [index, rule] of (rest.callerRules ?? []).entries())
      if (rule.devices.some((id) => !devices.includes(id)))
        throw invalid(`callerRules.${index}.devices`, 'names a device that is none of yours')
    const settings: PersonSettings = {
      ...person.settings,
      ...given(rest),
      ...(preferredDevice === undefined ? {} : { preferredDevice }),
      ...(presence === undefined ? {} : { doNotDisturb: presence === 'dnd', away: presence === 'away' }),
      ...(shownNumber === undefined ? {} : { shownNumber: shownNumber === '' ? undefined : shownNumber }),
    }
    try {
      const changed = await desk.directory.putPerson({ ...inputOf(person), settings })
      house.personChanged(person.id)
      return settingsShape(changed)
    } catch (error) {
      throw withoutPrefix(error)
    }
  },
}

/** Nobody could see them any more; shared ones stay with everybody. */
async function dropPrivateContacts({ storage }: DeskParts, ownerId: string): Promise<void> {
  for (let cursor: string | undefined; ; ) {
    const page = await storage.contacts.list({ viewerId: ownerId, limit: 500, ...(cursor ? { cursor } : {}) })
    const own = page.contacts.filter((row) => row.ownerId === ownerId && row.shared === 0)
    await Promise.all(own.map(({ id }) => storage.contacts.remove(id)))
    if (page.next === undefined) return
    cursor = page.next
  }
}

/** The directory names a person's fields; here the settings are the whole. */
function withoutPrefix(error: unknown): unknown {
  const { field, message } = error as { field?: unknown; message: string }
  if (typeof field !== 'string' || !field.startsWith('settings.')) return error
  return new ApiFault(400, 'invalid', message.slice('settings.'.length), field.slice('settings.'.length))
}

function inputOf({ id, login, name, extension, email, role, settings }: Person): PersonInput {
  return { id, login, name, extension, email, role, settings }
}

/** What was given: keys that are left out are no wish to clear them. */
function given<T extends object>(part: T): Partial<T> {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** Whoever has a token must not be able to make it a log-in of higher rank. */
function checkToken(viewer: Viewer, wanted: boolean): void {
  if (wanted && viewer.kind === 'person' && viewer.login === 'token')
    throw notAllowed('Passwords and roles are given by people who are logged in, not by API tokens.')
}

function checkNotLast({ directory }: DeskParts, person: Person): void {
  if (person.role !== 'administrator') return
  if (directory.people().filter(({ role }) => role === 'administrator').length > 1) return
  throw new ApiFault(
    409,
    'last-administrator',
    `${person.name} is the last administrator: make somebody else one first.`,
  )
}

/** People who talk or whose stations ring. */
export function peopleInCalls({ calls }: Surroundings): ReadonlySet<string> {
  const found = new Set<string>()
  for (const view of calls.list()) for (const id of peopleIn(view)) found.add(id)
  return found
}

function colleagueShape({ directory }: DeskParts, person: Person, inCall: boolean): Colleague {
  const { id, login, name, extension, email, role, numbers, settings } = person
  return {
    ...{ id, login, name, extension, email, role, numbers: [...numbers] },
    presence: presenceOf(settings),
    inCall,
    reachable: directory.bindingsOf(id).length > 0,
  }
}

export function personShape(house: Surroundings, desk: DeskParts, person: Person): PersonShape {
  const { international, premium, maxOutsideCalls, maxCalls } = person.settings
  return {
    ...colleagueShape(desk, person, peopleInCalls(house).has(person.id)),
    grants: { international, premium, maxOutsideCalls, maxCalls },
    settings: settingsShape(person),
    hasPassword: desk.accounts.hasPassword(person.id),
  }
}

function settingsShape({ settings }: Person): PersonalSettings {
  const { quietHours, preferredDevice, callerRules, forward, ring, voicemail, hideNumber } = settings
  const { declineEndsAll, language, timeZone, shownNumber } = settings
  return {
    presence: presenceOf(settings),
    quietHours: quietHours.map((hours) => ({ ...hours, days: [...hours.days] })),
    preferredDevice,
    callerRules: callerRules.map((rule) => ({ ...rule, callers: [...rule.callers], devices: [...rule.devices] })),
    forward: { ...forward },
    ring: { ...ring, order: [...ring.order] },
    voicemail: { ...voicemail },
    ...{ hideNumber, declineEndsAll, language, timeZone, shownNumber: shownNumber ?? '' },
  }
}
