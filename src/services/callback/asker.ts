import { createHash } from 'node:crypto'
import { IANAZone } from 'luxon'
import type { IncomingMessage } from '#channels'
import type { Directory, Person } from '#directory'
import type { AskerRow, CallbackRow, CallbackStorage } from '#storage'

/** A telephone of somebody who asks. */
export interface AskerNumber {
  /** E.164 */
  readonly number: string
  /** What they call it: `mobile`, `work`, `home` or ''. */
  readonly label: string
  /** They pressed the key on it once. */
  readonly verified: boolean
}

/** Who asks for a call, with what they need not say again. */
export interface Asker {
  readonly id: string
  /** Set for people of ours. */
  readonly person?: Person
  readonly name: string
  readonly email: string
  readonly numbers: readonly AskerNumber[]
  readonly language: 'en' | 'de'
  readonly timeZone: string
  /** What they are counted under. */
  readonly source: string
  /** What they are found by again. */
  readonly keys: readonly string[]
  readonly createdAt: number
}

/** The key of a session that somebody names: the id itself is stored nowhere. */
export function sessionKey(id: string): string {
  return `session:${createHash('sha256').update(id).digest('hex')}`
}

export interface AskersParts {
  readonly storage: CallbackStorage
  readonly directory: Directory
  readonly timeZone: string
  readonly language: 'en' | 'de'
}

/** Recognises who asks, by what the channel vouches for. */
export class Askers {
  readonly #parts: AskersParts

  constructor(parts: AskersParts) {
    this.#parts = parts
  }

  /**
   * Who sent a message. Somebody new gets an id made from the key they will be found by, so that a message that comes twice makes one.
   * Nothing is stored: see {@link remember}.
   */
  async of(message: IncomingMessage, now: number): Promise<Asker> {
    const keys = keysOf(message)
    const person = this.#personOf(message, keys)
    if (person) keys.unshift(`person:${person.id}`)
    const known = await this.#known(keys)
    const fallback = keys[0] ?? `${message.channel}:${message.messageId}`
    const base = known ? asker(known, person) : fresh(fallback, person, now)
    const { language, timeZone } = this.#parts
    const zone = [message.timeZone, known?.timeZone, person?.settings.timeZone].find(
      (name) => name !== undefined && name !== '' && IANAZone.isValidZone(name),
    )
    const spoken = message.language || base.language || person?.settings.language || language
    const named = known?.name || person?.name || message.from.name
    const mail = message.channel === 'mail' && message.from.verified ? message.from.address : ''
    return {
      ...base,
      ...{ name: named, email: person?.email || mail || base.email, keys, timeZone: zone ?? timeZone },
      language: spoken === 'de' ? 'de' : 'en',
      source: person ? `person:${person.id}` : sourceOf(message, fallback),
    }
  }

  /** Who is meant by a session id; their numbers count as theirs. */
  async ofSession(id: string): Promise<Asker | undefined> {
    const row = await this.#parts.storage.askers.byKey(sessionKey(id))
    if (!row) return undefined
    const person = this.#parts.directory.personById(row.personId)
    return { ...asker(row, person), keys: [], source: row.id, language: row.language === 'de' ? 'de' : 'en' }
  }

  /** Who asked for a request that is stored. */
  async ofRequest({ askerId: id, personId, source, timeZone, language, createdAt }: CallbackRow): Promise<Asker> {
    const row = await this.#parts.storage.askers.get(id)
    const person = this.#parts.directory.personById(personId)
    const known = row
      ? asker(row, person)
      : { id, ...(person ? { person } : {}), name: '', email: '', numbers: [], createdAt }
    return { ...known, keys: [], source, timeZone, language: language === 'de' ? 'de' : 'en' }
  }

  /** Keeps what was learned. @param number a telephone that was named, with what it was called */
  remember(asker: Asker, now: number, number?: AskerNumber): Promise<void> {
    return this.#parts.storage.askers.put(rowOf(asker, now, number), asker.keys)
  }

  /** The key was pressed on this telephone: it is theirs from now on. */
  async verified(id: string, number: string, now: number): Promise<void> {
    const row = await this.#parts.storage.askers.get(id)
    if (!row) return
    const numbers = numbersOf(row).map((one) => (one.number === number ? { ...one, verified: true } : one))
    await this.#parts.storage.askers.put({ ...row, numbers: JSON.stringify(numbers), seenAt: now }, [])
  }

  async #known(keys: readonly string[]): Promise<AskerRow | undefined> {
    for (const key of keys) {
      const row = await this.#parts.storage.askers.byKey(key)
      if (row) return row
    }
    return undefined
  }

  #personOf({ from }: IncomingMessage, keys: readonly string[]): Person | undefined {
    const { directory } = this.#parts
    const logged = keys.find((key) => key.startsWith('person:'))
    if (logged !== undefined) return directory.personById(logged.slice('person:'.length))
    const address = from.address.toLowerCase()
    if (!from.verified || address === '') return undefined
    const [one, ...others] = directory.people().filter(({ email }) => email.toLowerCase() === address)
    return others.length === 0 ? one : undefined
  }
}

/** A network address is shared by many: it counts requests, but nobody is recognised by it. */
function keysOf({ channel, from }: IncomingMessage): string[] {
  const keys = from.keys.filter((key) => /^(?:cookie|person|number|session):/.test(key))
  const address = from.address.toLowerCase()
  return address === '' || !from.verified ? keys : [...keys, `${channel}:${address}`]
}

function sourceOf({ channel, from }: IncomingMessage, fallback: string): string {
  const network = from.keys.find((key) => key.startsWith('address:'))
  return network ?? (from.address === '' ? fallback : `${channel}:${from.address.toLowerCase()}`)
}

function fresh(key: string, person: Person | undefined, now: number) {
  const id = createHash('sha256').update(key).digest('hex').slice(0, 32)
  const language: string = person?.settings.language ?? ''
  return { id, ...(person ? { person } : {}), name: '', email: '', numbers: [], language, timeZone: '', createdAt: now }
}

function asker(row: AskerRow, person: Person | undefined) {
  const { id, name, email, language, timeZone, createdAt } = row
  return { id, ...(person ? { person } : {}), name, email, numbers: numbersOf(row), language, timeZone, createdAt }
}

function numbersOf(row: AskerRow): AskerNumber[] {
  return JSON.parse(row.numbers) as AskerNumber[]
}

function rowOf(asker: Asker, now: number, number: AskerNumber | undefined): AskerRow {
  const others = asker.numbers.filter((one) => one.number !== number?.number)
  const before = asker.numbers.find((one) => one.number === number?.number)
  const kept = number && {
    number: number.number,
    label: number.label || before?.label || '',
    verified: number.verified || before?.verified === true,
  }
  return {
    ...{ id: asker.id, personId: asker.person?.id ?? '', name: asker.name, email: asker.email },
    // The one used last is the one that "me" means.
    numbers: JSON.stringify((kept ? [...others, kept] : others).slice(-10)),
    ...{ language: asker.language, timeZone: asker.timeZone, createdAt: asker.createdAt, seenAt: now },
  }
}
