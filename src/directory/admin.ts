import type { Random } from '#lib'
import type { DeviceRow, Storage } from '#storage'
import type { Bindings } from './bindings.ts'
import { addressesOf, type Book } from './book.ts'
import type { DeskCredentials } from './desk-credentials.ts'
import { DirectoryError } from './error.ts'
import type { NumberPlan } from './number-plan.ts'
import { digestSecrets } from './secrets.ts'
import {
  check,
  deviceSchema,
  groupSchema,
  numberSchema,
  passwordSchema,
  personSchema,
  trunkSchema,
} from './settings.ts'
import type { Trunks } from './trunks.ts'
import type { Device, DirectoryAdmin, Group, Person, QueueEntry, Trunk } from './types.ts'

export interface AdminParts {
  readonly storage: Pick<Storage, 'directory'>
  readonly random: Random
  readonly domain: string
  readonly plan: NumberPlan
  readonly book: Book
  readonly bindings: Bindings
  readonly trunks: Trunks
  readonly desks: DeskCredentials
}

/** The writing half of the directory: check, store, then show. Writes follow each other, so nothing is taken twice. */
export function createAdmin(parts: AdminParts): DirectoryAdmin {
  const { storage, random, domain, plan, book, bindings, trunks, desks } = parts
  const table = storage.directory
  let last: Promise<unknown> = Promise.resolve()

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = last.then(run)
    last = result.catch(() => {})
    return result
  }

  function checkExtension(extension: string, id: string | undefined): void {
    if (extension === '') return
    if (plan.emergency(extension) !== undefined) {
      throw new DirectoryError(
        'invalid',
        'extension',
        `${extension} is an emergency number here and always goes to the emergency services; allowed: any other`,
      )
    }
    const holder = book.byExtension(extension)
    if (holder && (holder.id !== id || holder === book.queueAt(extension))) {
      throw new DirectoryError(
        'taken',
        'extension',
        `${extension} belongs to ${named(holder)}; allowed: one that is free`,
      )
    }
  }

  function checkQueue(queue: QueueEntry): void {
    for (const address of addressesOf(queue)) {
      const field = address === queue.extension ? 'extension' : 'numbers'
      if (plan.emergency(address) !== undefined)
        throw new DirectoryError('invalid', field, `${address} is an emergency number; allowed: any other`)
      const holder = book.byExtension(address) ?? book.byNumber(address)
      if (field === 'numbers' && plan.parse(address)?.number !== address)
        throw new DirectoryError(
          'invalid',
          field,
          `found ${JSON.stringify(address)}; allowed: a telephone number like +12025550101`,
        )
      if (holder && holder !== book.queue(queue.id))
        throw new DirectoryError('taken', field, `${address} belongs to ${named(holder)}; allowed: one that is free`)
    }
  }

  function checkForwards(person: { login: string; extension: string; settings: Person['settings'] }): void {
    const { forward, callerRules } = person.settings
    const targets = [
      ...Object.entries(forward).map(([rule, target]) => [`forward.${rule}`, target] as const),
      ...callerRules.map((rule, index) => [`callerRules.${index}.to`, rule.to] as const),
    ]
    for (const [rule, target] of targets) {
      if (target === undefined) continue
      const field = `settings.${rule}`
      if (plan.emergency(target) !== undefined) {
        throw new DirectoryError('invalid', field, `${target} is an emergency number; calls are never forwarded there`)
      }
      if (target === person.login || (target === person.extension && target !== '')) {
        throw new DirectoryError('invalid', field, `${target} is the person's own; allowed: somebody else's`)
      }
    }
  }

  async function storeDevice(device: Device, secrets: { ha1Md5: string; ha1Sha256: string }): Promise<void> {
    const { id, personId, name, username, settings } = device
    const row: DeviceRow = { id, personId, name, username, ...secrets, settings: JSON.stringify(settings) }
    await table.put('devices', row)
    book.putDevice(device, row)
    bindings.deviceChanged(device)
  }

  /** The person's desk in the browser; made when it is first needed. */
  async function deskOf(personId: string): Promise<Device> {
    const person = book.person(personId)
    if (!person) throw missing('person', personId)
    const devices = book.devicesOf(personId)
    const known = devices.find((device) => device.settings.kind === 'desk')
    if (known) return known
    const free = (wanted: string, taken: (name: string) => boolean) =>
      taken(wanted) ? `${wanted}-${random.token(2)}` : wanted
    const name = free('desk', (name) => devices.some((device) => device.name === name))
    const username = free(`${person.login.slice(0, 48)}-desk`, (name) =>
      Boolean(book.deviceByUsername(name) ?? book.byLogin(name)),
    )
    const settings = { directMedia: false, autoAnswer: false, messageLight: 'never', kind: 'desk' } as const
    const device: Device = { id: random.token(8), personId, name, username, settings }
    await storeDevice(device, { ha1Md5: '', ha1Sha256: '' })
    return device
  }

  async function storeGroup(group: Group): Promise<void> {
    const { id, name, extension, members, ring, pickup, voicemail } = group
    const settings = JSON.stringify({ ...ring, pickup, voicemail })
    await table.put('groups', { id, name, extension, members: JSON.stringify(members), settings })
    book.putGroup(group)
  }

  /** Whoever is gone is no member and picks nothing up. */
  async function forgetInGroups(id: string): Promise<void> {
    for (const group of book.groups()) {
      const { members, pickup } = group
      if (!members.includes(id) && !pickup.by.includes(id)) continue
      const left = (ids: readonly string[]): string[] => ids.filter((one) => one !== id)
      await storeGroup({ ...group, members: left(members), pickup: { ...pickup, by: left(pickup.by) } })
    }
  }

  async function deleteDevice(id: string): Promise<void> {
    desks.endDevice(id)
    await bindings.deviceRemoved(id)
    await table.remove('devices', id)
    book.removeDevice(id)
    await bindings.deviceRemoved(id) // one that registered meanwhile
  }

  async function deleteNumbersOf(targetId: string): Promise<void> {
    for (const row of book.numbers()) {
      if (row.targetId !== targetId) continue
      await table.remove('numbers', row.number)
      book.removeNumber(row.number)
    }
  }

  return {
    putPerson: (given) =>
      inTurn(async () => {
        const input = check(personSchema, given)
        const id = input.id ?? random.token(8)
        const namesake = book.byLogin(input.login)
        if (namesake && namesake.id !== id) {
          throw new DirectoryError(
            'taken',
            'login',
            `${input.login} belongs to ${namesake.name}; allowed: one that is free`,
          )
        }
        const device = book.deviceByUsername(input.login)
        if (device && device.personId !== id) {
          throw new DirectoryError('taken', 'login', `${input.login} is the user name of somebody else's device`)
        }
        checkExtension(input.extension, id)
        checkForwards(input)
        await table.put('people', { ...input, id, settings: JSON.stringify(input.settings) })
        return book.putPerson({ ...input, id, numbers: [] })
      }),

    removePerson: (id) =>
      inTurn(async () => {
        if (!book.person(id)) throw missing('person', id)
        await deleteNumbersOf(id)
        await forgetInGroups(id)
        for (const device of book.devicesOf(id)) await deleteDevice(device.id)
        await table.remove('people', id)
        book.removePerson(id)
      }),

    putDevice: (given) =>
      inTurn(async () => {
        const input = check(deviceSchema, given)
        const id = input.id ?? random.token(8)
        if (!book.person(input.personId)) throw missing('person', input.personId, 'personId')
        const holder = book.deviceByUsername(input.username)
        if (holder && holder.id !== id) {
          throw new DirectoryError(
            'taken',
            'username',
            `${input.username} is used by another device; allowed: one that is free`,
          )
        }
        const person = book.byLogin(input.username)
        if (person && person.id !== input.personId) {
          throw new DirectoryError('taken', 'username', `${input.username} is the log-in of ${person.name}`)
        }
        for (const other of book.devicesOf(input.personId)) {
          if (other.id !== id && other.name === input.name) {
            throw new DirectoryError('taken', 'name', `the person has another device named ${input.name}`)
          }
        }
        const before = book.deviceRow(id)
        const kept = before?.username === input.username ? before : undefined
        const device: Device = { ...input, id }
        await storeDevice(device, { ha1Md5: kept?.ha1Md5 ?? '', ha1Sha256: kept?.ha1Sha256 ?? '' })
        return device
      }),

    removeDevice: (id) =>
      inTurn(async () => {
        if (!book.device(id)) throw missing('device', id)
        await deleteDevice(id)
      }),

    setDevicePassword: (id, given) =>
      inTurn(async () => {
        const device = book.device(id)
        if (!device) throw missing('device', id)
        const password = checkPassword(given)
        await storeDevice(device, digestSecrets(device.username, domain, password))
      }),

    putGroup: (given) =>
      inTurn(async () => {
        const input = check(groupSchema, given)
        const id = input.id ?? random.token(8)
        checkExtension(input.extension, id)
        for (const other of book.groups()) {
          if (other.id !== id && other.name === input.name) {
            throw new DirectoryError('taken', 'name', `there is another group named ${input.name}`)
          }
        }
        for (const member of input.members) {
          if (!book.person(member)) throw missing('person', member, 'members')
        }
        for (const allowed of input.pickup.by) {
          if (!book.person(allowed) && !book.group(allowed)) throw missing('person or group', allowed, 'pickup.by')
        }
        const group: Group = { ...input, id, members: [...new Set(input.members)] }
        await storeGroup(group)
        return group
      }),

    removeGroup: (id) =>
      inTurn(async () => {
        if (!book.group(id)) throw missing('group', id)
        await deleteNumbersOf(id)
        await forgetInGroups(id)
        await table.remove('groups', id)
        book.removeGroup(id)
      }),

    putNumber: (given) =>
      inTurn(async () => {
        const { from, ...input } = check(numberSchema, given)
        const number = plan.parse(input.number)?.number
        if (number === undefined || plan.emergency(input.number) !== undefined) {
          throw new DirectoryError(
            'invalid',
            'number',
            `found ${JSON.stringify(input.number)}; allowed: a telephone number like +12025550101`,
          )
        }
        const target = input.targetKind === 'person' ? book.person(input.targetId) : book.group(input.targetId)
        if (!target) throw missing(input.targetKind, input.targetId, 'targetId')
        const queue = book.queueAt(number)
        if (queue && !book.number(number)) {
          throw new DirectoryError(
            'taken',
            'number',
            `${number} leads to the queue ${queue.name}; remove it there first`,
          )
        }
        const held = book.number(number)
        if (held && held.targetId !== input.targetId && held.targetId !== from && book.byNumber(number)) {
          const holder = book.byNumber(number)
          throw new DirectoryError('taken', 'number', `${number} rings ${holder?.name}; remove it there first`)
        }
        const row = { ...input, number }
        await table.put('numbers', row)
        book.putNumber(row)
        return row
      }),

    removeNumber: (given) =>
      inTurn(async () => {
        const number = plan.parse(given)?.number ?? given
        if (!book.number(number)) throw missing('number', given)
        await table.remove('numbers', number)
        book.removeNumber(number)
      }),

    numbers: () => book.numbers(),

    putQueue: (queue, store) =>
      inTurn(async () => {
        checkQueue(queue)
        await store()
        book.putQueue(queue)
      }),
    loadQueue: (queue) => book.putQueue(queue),
    removeQueue: (id, store) =>
      inTurn(async () => {
        await store()
        book.removeQueue(id)
      }),

    putTrunk: (given) =>
      inTurn(async () => {
        const input = check(trunkSchema, given)
        const id = input.id ?? random.token(8)
        for (const other of trunks.all()) {
          if (other.id !== id && other.name === input.name) {
            throw new DirectoryError('taken', 'name', `there is another trunk named ${input.name}`)
          }
        }
        const trunk: Trunk = { ...input, id }
        await table.put('trunks', { id, name: input.name, settings: JSON.stringify(input.settings) })
        trunks.put(trunk)
        return trunk
      }),

    removeTrunk: (id) =>
      inTurn(async () => {
        if (!trunks.get(id)) throw missing('trunk', id)
        await table.remove('trunks', id)
        trunks.remove(id)
      }),

    deskCredential: (personId, session, ttlMs) =>
      inTurn(async () => {
        const device = await deskOf(personId)
        const { username, ha1Md5, expiresAt } = desks.issue(session, device, ttlMs)
        return { username, ha1: ha1Md5, realm: domain, device, expiresAt }
      }),
    endDeskCredential: (session) => desks.end(session),
    trunkById: (id) => trunks.get(id),
    setTrunkHealth: (trunkId, gateway, ok) => trunks.setHealth(trunkId, gateway, ok),
    close() {
      desks.close()
      bindings.close()
    },
  }
}

/** @throws DirectoryError that does not repeat the password */
function checkPassword(given: unknown): string {
  const result = passwordSchema.safeParse(given)
  if (result.success) return result.data
  throw new DirectoryError('invalid', 'password', 'allowed: 8 to 128 characters in one line')
}

/** How an error tells whose something is. */
function named(holder: Person | Group | QueueEntry): string {
  return 'login' in holder || 'members' in holder ? holder.name : `the queue ${holder.name}`
}

function missing(what: string, id: string, field = 'id'): DirectoryError {
  return new DirectoryError('missing', field, `there is no ${what} ${JSON.stringify(id)}`)
}
