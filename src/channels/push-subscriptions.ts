import type { PushAddress, Values } from './web-push.ts'

/** A browser that is to ring for a person, for as long as the log-in that asked for it. */
export interface PushSubscription extends PushAddress {
  readonly loginId: string
}

const mostPerPerson = 8
const peopleName = 'push.people'
const nameOf = (personId: string) => `push.of.${personId}`

/** Everybody's subscriptions: kept in memory, written through to the database. */
export class PushSubscriptions {
  readonly #values: Values
  readonly #people = new Map<string, readonly PushSubscription[]>()
  #written: Promise<void> = Promise.resolve()
  /** Told when somebody has subscribed. */
  onAdded: () => void = () => {}

  private constructor(values: Values) {
    this.#values = values
  }

  /** Reads what is kept. */
  static async open(values: Values): Promise<PushSubscriptions> {
    const opened = new PushSubscriptions(values)
    const people = JSON.parse((await values.get(peopleName)) ?? '[]') as string[]
    for (const personId of people) {
      const list = JSON.parse((await values.get(nameOf(personId))) ?? '[]') as PushSubscription[]
      if (list.length > 0) opened.#people.set(personId, list)
    }
    return opened
  }

  /** Whether nobody has any. */
  get empty(): boolean {
    return this.#people.size === 0
  }

  of(personId: string): readonly PushSubscription[] {
    return this.#people.get(personId) ?? []
  }

  /** Adds or replaces; a browser rings for whoever asked last. Of more than eight of one person, the oldest go. */
  async add(personId: string, subscription: PushSubscription): Promise<void> {
    const { endpoint } = subscription
    for (const [other, list] of this.#people)
      if (other !== personId && list.some((each) => each.endpoint === endpoint))
        void this.#set(other, without(list, endpoint))
    await this.#set(personId, [...without(this.of(personId), endpoint), subscription].slice(-mostPerPerson))
    this.onAdded()
  }

  /** Forgets one of a person's own; whether there was one. */
  async remove(personId: string, endpoint: string): Promise<boolean> {
    const list = this.of(personId)
    const rest = without(list, endpoint)
    if (rest.length === list.length) return false
    await this.#set(personId, rest)
    return true
  }

  /** A log-in has ended, and the ringing with it. */
  async endLogin(personId: string, loginId: string): Promise<void> {
    const list = this.of(personId)
    const rest = list.filter((each) => each.loginId !== loginId)
    if (rest.length < list.length) await this.#set(personId, rest)
  }

  #set(personId: string, list: readonly PushSubscription[]): Promise<void> {
    const known = this.#people.has(personId)
    if (list.length > 0) this.#people.set(personId, list)
    else this.#people.delete(personId)
    const people = known === list.length > 0 ? undefined : JSON.stringify([...this.#people.keys()])
    const write = async () => {
      await this.#values.put(nameOf(personId), JSON.stringify(list))
      if (people !== undefined) await this.#values.put(peopleName, people)
    }
    // One after the other, so that the last word is what stays.
    const written = this.#written.then(write)
    this.#written = written.catch(() => {})
    return written
  }
}

function without(list: readonly PushSubscription[], endpoint: string): readonly PushSubscription[] {
  return list.filter((each) => each.endpoint !== endpoint)
}
