import type { Clock, Log, Random } from '#lib'
import type { DeviceRow, Storage } from '#storage'
import { createAdmin } from './admin.ts'
import { Bindings } from './bindings.ts'
import { Book } from './book.ts'
import { sameContactText } from './contact.ts'
import { DeskCredentials } from './desk-credentials.ts'
import { decide, decideToRing } from './dial.ts'
import { createNumberPlan, telephoneDigits } from './number-plan.ts'
import { type RegistrationLimits, registrationDefaults } from './registration.ts'
import { Trunks } from './trunks.ts'
import type { Directory, DirectoryAdmin, Person } from './types.ts'

export interface DirectoryParts {
  readonly storage: Pick<Storage, 'directory' | 'bindings'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Whose numbering and emergency numbers hold, ISO 3166. Default US. */
  readonly country?: string
  /** SIP domain and realm of the digest secrets. Default `baton.local`. */
  readonly domain?: string
  readonly limits?: Partial<RegistrationLimits>
  /** Whether the demo trunk's rule is on. Default false. */
  readonly demo?: boolean
  /** RFC 3261 §19.1.4 equality of two URIs as text. Default: by text, without regard to letter case of host and parameters. */
  readonly sameContact?: (a: string, b: string) => boolean
}

/** Secrets of an account that has none yet: nothing hashes to them. */
function secretsOf(row: DeviceRow | undefined): DeviceRow | undefined {
  return row && row.ha1Md5 !== '' && row.ha1Sha256 !== '' ? row : undefined
}

/**
 * Loads the whole directory into memory. Reads are synchronous from there on; writes go to storage first.
 * @throws RangeError for an unknown country; whatever storage rejects with
 */
export async function createDirectory(parts: DirectoryParts): Promise<Directory & DirectoryAdmin> {
  const { storage, clock, random, log } = parts
  const domain = parts.domain ?? 'baton.local'
  const plan = createNumberPlan(parts.country ?? 'US')
  const book = new Book(log)
  const bindings = new Bindings({
    storage,
    clock,
    random,
    log,
    limits: { ...registrationDefaults, ...parts.limits },
    sameContact: parts.sameContact ?? sameContactText,
    deviceById: (id) => book.device(id),
  })

  const isTelephoneNumber = (text: string): boolean => {
    const digits = telephoneDigits(text)
    if (digits === undefined) return false
    return /^\+[1-9]\d{6,14}$/.test(digits) || plan.parse(digits) !== undefined
  }
  const isOurNumber = (text: string): boolean => {
    if (book.byNumber(text)) return true
    const number = plan.parse(text)?.number
    if (number !== undefined && book.byNumber(number)) return true
    const bare = telephoneDigits(text)
    return bare !== undefined && bare.charCodeAt(0) !== 43 && book.byNumber(`+${bare}`) !== undefined
  }
  const trunks = new Trunks({
    enabled: parts.demo ?? false,
    isTelephoneNumber,
    isOurNumber,
    holdsBinding: (address, port) => bindings.holds(address, port),
  })

  book.load(await storage.directory.load(), trunks)
  await bindings.load(await storage.bindings.load())

  const desks = new DeskCredentials({
    clock,
    random,
    domain,
    ended: (username) => bindings.aorRemoved(username),
  })

  const directory: Directory = {
    personByLogin: (login) => book.byLogin(login),
    personById: (id) => book.person(id),
    personByNumber(number) {
      const target = book.byNumber(number) ?? book.byNumber(plan.parse(number)?.number ?? '')
      return target && 'login' in target ? (target as Person) : undefined
    },
    deviceByUsername(username) {
      const known = book.deviceByUsername(username)
      if (known) return known
      const desk = desks.find(username)
      const device = desk && book.device(desk.deviceId)
      return device && { ...device, username }
    },
    deviceById: (id) => book.device(id),
    secretsOf: (username) => secretsOf(book.deviceRowByUsername(username)) ?? desks.find(username),
    groupById: (id) => book.group(id),
    people: () => book.people(),
    devicesOf: (person) => book.devicesOf(person),
    groups: () => book.groups(),
    queues: () => book.queues(),
    trunks: () => trunks.all(),

    destinationOf: (dialled, origin) => decide(dialled, origin, plan, book),
    dial: (dialled, origin) => decideToRing(dialled, origin, plan, book),
    normalise: (number) => plan.parse(number)?.number ?? number,
    isTelephoneNumber,
    isOurNumber,
    isEmergency: (dialled) => plan.emergency(dialled) !== undefined,
    trunkOf: (request) => trunks.of(request),
    trunksFor: () => trunks.forOutside(),
    gatewaysOf: (trunkId) => trunks.gateways(trunkId),

    bindingsOf: (person) => bindings.ofDevices(book.devicesOf(person)),
    bindingsOfDevice: (device) => bindings.ofDevice(device),
    holdsBinding: (address, port) => bindings.holds(address, port),
    isKnownSource: (address, port) => bindings.holds(address, port) || trunks.sendsFrom(address, port),
    bindingCount: () => bindings.size,
    register: (request) => bindings.register(request),
    flowClosed: (protocol, address, port) => bindings.flowClosed(protocol, address, port),
    onBinding: (listener) => bindings.onBinding(listener),
  }
  return { ...directory, ...createAdmin({ storage, random, domain, plan, book, bindings, trunks, desks }) }
}
