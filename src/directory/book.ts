import type { z } from 'zod'
import type { Log } from '#lib'
import type { DeviceRow, DirectoryRows, NumberRow } from '#storage'
import type { DialBook } from './dial.ts'
import { deviceSettingsSchema, groupSettingsSchema, personSettingsSchema, trunkSettingsSchema } from './settings.ts'
import type { Trunks } from './trunks.ts'
import type { Device, Group, Person, QueueEntry } from './types.ts'

const noDevices: readonly Device[] = []

/** People, devices, groups and numbers in memory, each findable by everything it is asked for by. */
export class Book implements DialBook {
  readonly #log: Log
  readonly #people = new Map<string, Person>()
  readonly #logins = new Map<string, Person>()
  /** People and groups: they share one set of extensions. */
  readonly #extensions = new Map<string, Person | Group>()
  readonly #devices = new Map<string, Device>()
  readonly #deviceRows = new Map<string, DeviceRow>()
  readonly #usernames = new Map<string, Device>()
  readonly #devicesOf = new Map<string, readonly Device[]>()
  readonly #groups = new Map<string, Group>()
  readonly #numbers = new Map<string, NumberRow>()
  readonly #queues = new Map<string, QueueEntry>()
  /** By extension and number. */
  readonly #queueAddresses = new Map<string, QueueEntry>()
  #peopleList: readonly Person[] | undefined

  constructor(log: Log) {
    this.#log = log
  }

  /** Takes what is stored. Settings that cannot be read are replaced by the defaults (a trunk is left out), with an error in the log. */
  load(rows: DirectoryRows, trunks: Trunks): void {
    for (const row of rows.numbers) this.#numbers.set(row.number, row)
    for (const row of rows.people) {
      const settings =
        this.#read(personSettingsSchema, row.settings, `person ${row.id}`) ?? personSettingsSchema.parse({})
      this.putPerson({ ...row, settings, numbers: [] })
    }
    for (const row of rows.devices) {
      const settings =
        this.#read(deviceSettingsSchema, row.settings, `device ${row.id}`) ?? deviceSettingsSchema.parse({})
      this.putDevice({ id: row.id, personId: row.personId, name: row.name, username: row.username, settings }, row)
    }
    for (const row of rows.groups) {
      const { pickup, voicemail, ...ring } =
        this.#read(groupSettingsSchema, row.settings, `group ${row.id}`) ?? groupSettingsSchema.parse({})
      const members = JSON.parse(row.members) as string[]
      this.putGroup({ id: row.id, name: row.name, extension: row.extension, members, ring, pickup, voicemail })
    }
    for (const row of rows.trunks) {
      const settings = this.#read(trunkSettingsSchema, row.settings, `trunk ${row.id}`)
      if (settings) trunks.put({ id: row.id, name: row.name, settings })
    }
  }

  person(id: string): Person | undefined {
    return this.#people.get(id)
  }
  byLogin(login: string): Person | undefined {
    return this.#logins.get(login) ?? this.#logins.get(login.toLowerCase())
  }
  byExtension(extension: string): Person | Group | QueueEntry | undefined {
    return this.#extensions.get(extension) ?? this.queueAt(extension)
  }
  byNumber(number: string): Person | Group | QueueEntry | undefined {
    const row = this.#numbers.get(number)
    // An extension is no number: no trunk dials it.
    if (!row) return number.startsWith('+') ? this.queueAt(number) : undefined
    return row.targetKind === 'person' ? this.#people.get(row.targetId) : this.#groups.get(row.targetId)
  }
  people(): readonly Person[] {
    this.#peopleList ??= [...this.#people.values()]
    return this.#peopleList
  }
  device(id: string): Device | undefined {
    return this.#devices.get(id)
  }
  deviceRow(id: string): DeviceRow | undefined {
    return this.#deviceRows.get(id)
  }
  deviceByUsername(username: string): Device | undefined {
    return this.#usernames.get(username)
  }
  deviceRowByUsername(username: string): DeviceRow | undefined {
    const device = this.#usernames.get(username)
    return device && this.#deviceRows.get(device.id)
  }
  devicesOf(person: string): readonly Device[] {
    return this.#devicesOf.get(person) ?? noDevices
  }
  devices(): Iterable<Device> {
    return this.#devices.values()
  }
  group(id: string): Group | undefined {
    return this.#groups.get(id)
  }
  groups(): readonly Group[] {
    return [...this.#groups.values()]
  }
  queues(): readonly QueueEntry[] {
    return [...this.#queues.values()]
  }

  queue(id: string): QueueEntry | undefined {
    return this.#queues.get(id)
  }
  /** By extension or number, in E.164. */
  queueAt(address: string): QueueEntry | undefined {
    return this.#queueAddresses.get(address)
  }
  number(number: string): NumberRow | undefined {
    return this.#numbers.get(number)
  }
  numbers(): readonly NumberRow[] {
    return [...this.#numbers.values()]
  }

  /** Puts a person with the numbers that ring them; returns what readers see. */
  putPerson(given: Person): Person {
    this.removePerson(given.id)
    const person = { ...given, numbers: this.#numbersOf(given) }
    this.#people.set(person.id, person)
    this.#logins.set(person.login, person)
    if (person.extension !== '') this.#extensions.set(person.extension, person)
    this.#peopleList = undefined
    return person
  }

  removePerson(id: string): void {
    const person = this.#people.get(id)
    if (!person) return
    this.#people.delete(id)
    this.#logins.delete(person.login)
    if (person.extension !== '') this.#extensions.delete(person.extension)
    this.#peopleList = undefined
  }

  putDevice(device: Device, row: DeviceRow): void {
    this.removeDevice(device.id)
    this.#devices.set(device.id, device)
    this.#deviceRows.set(device.id, row)
    this.#usernames.set(device.username, device)
    this.#devicesOf.set(device.personId, [...this.devicesOf(device.personId), device])
  }

  removeDevice(id: string): void {
    const device = this.#devices.get(id)
    if (!device) return
    this.#devices.delete(id)
    this.#deviceRows.delete(id)
    this.#usernames.delete(device.username)
    const left = this.devicesOf(device.personId).filter((one) => one.id !== id)
    if (left.length > 0) this.#devicesOf.set(device.personId, left)
    else this.#devicesOf.delete(device.personId)
  }

  putGroup(group: Group): void {
    this.removeGroup(group.id)
    this.#groups.set(group.id, group)
    if (group.extension !== '') this.#extensions.set(group.extension, group)
  }

  removeGroup(id: string): void {
    const group = this.#groups.get(id)
    if (!group) return
    this.#groups.delete(id)
    if (group.extension !== '') this.#extensions.delete(group.extension)
  }

  putQueue(queue: QueueEntry): void {
    this.removeQueue(queue.id)
    this.#queues.set(queue.id, queue)
    for (const address of addressesOf(queue)) this.#queueAddresses.set(address, queue)
  }

  removeQueue(id: string): void {
    const queue = this.#queues.get(id)
    if (!queue) return
    this.#queues.delete(id)
    for (const address of addressesOf(queue)) this.#queueAddresses.delete(address)
  }

  putNumber(row: NumberRow): void {
    const before = this.#numbers.get(row.number)
    this.#numbers.set(row.number, row)
    if (before) this.#renumber(before)
    this.#renumber(row)
  }

  removeNumber(number: string): void {
    const row = this.#numbers.get(number)
    if (!row) return
    this.#numbers.delete(number)
    this.#renumber(row)
  }

  #renumber(row: NumberRow): void {
    const person = row.targetKind === 'person' ? this.#people.get(row.targetId) : undefined
    if (person) this.putPerson(person)
  }

  /** The number to show first, then in the order of digits. */
  #numbersOf(person: Person): string[] {
    const numbers: string[] = []
    for (const row of this.#numbers.values()) {
      if (row.targetKind === 'person' && row.targetId === person.id) numbers.push(row.number)
    }
    const shown = person.settings.shownNumber
    return numbers.sort((a, b) => Number(b === shown) - Number(a === shown) || (a < b ? -1 : 1))
  }

  #read<S extends z.ZodType>(schema: S, text: string, what: string): z.output<S> | undefined {
    try {
      return schema.parse(JSON.parse(text === '' ? '{}' : text))
    } catch {
      this.#log.error({ what }, 'Stored settings cannot be read.')
      return undefined
    }
  }
}

/** What leads to a queue. */
export function addressesOf({ extension, numbers }: QueueEntry): readonly string[] {
  return extension === '' ? numbers : [extension, ...numbers]
}
