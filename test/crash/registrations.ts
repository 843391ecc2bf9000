import { setTimeout as pause } from 'node:timers/promises'
import { applyOrganisation, createDirectory } from '#directory'
import { type Random, seededRandom, silentLog, systemClock } from '#lib'
import { openStorage } from '#storage'
import type { Baton } from '../support/server.ts'
import { SipClient } from '../support/sip-client.ts'

const password = 'crash-test-secret'

/** Puts people whose phones will register into a database, before the server is started on it. */
export async function addPeople(folder: string, url: string | undefined, logins: readonly string[]): Promise<void> {
  const storage = await openStorage({ folder, ...(url ? { url } : {}) })
  const random = seededRandom(1)
  const directory = await createDirectory({ storage, clock: systemClock, random, log: silentLog })
  await applyOrganisation(directory, {
    people: logins.map((login) => ({ login, name: login, devices: [{ password }] })),
  })
  directory.close()
  await storage.close()
}

/**
 * Phones of one person that register, refresh and leave without end, and what the server has acknowledged: after a crash just that must
 * be there. Of what was asked for and not answered either outcome is right.
 */
export class Registrations {
  readonly login: string
  readonly #client: SipClient
  readonly #random: Random
  /** Acknowledged contacts. */
  readonly #known = new Set<string>()
  /** Contact of the request on its way. */
  #asked: string | undefined
  #acknowledged = 0
  #stopped = false

  private constructor(login: string, client: SipClient, random: Random) {
    this.login = login
    this.#client = client
    this.#random = random
  }

  static async open(baton: Baton, login: string, random: Random): Promise<Registrations> {
    return new Registrations(login, await SipClient.open({ server: baton.sip.target, user: login }), random)
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Goes on until {@link stop} or an answer that does not come. */
  async run(): Promise<void> {
    this.#stopped = false
    while (!this.#stopped) {
      const contact = `sip:${this.login}@127.0.0.1:${40_000 + this.#random.integer(6)}`
      const leave = this.#known.has(contact) && this.#random.integer(3) === 0
      this.#asked = contact
      const answer = await this.#register({ Contact: `<${contact}>`, Expires: leave ? '0' : '600' }).catch(
        () => undefined,
      )
      if (this.#stopped || !answer) return
      if (answer.status !== 200) throw new Error(`${this.login}'s registration was answered: ${answer.startLine}`)
      if (leave) this.#known.delete(contact)
      else this.#known.add(contact)
      this.#asked = undefined
      this.#acknowledged++
      await pause(this.#random.integer(80))
    }
  }

  /** From now on nothing is asked, and no answer counts. */
  stop(): void {
    this.#stopped = true
  }

  /** What differs between the server's bindings and what it had acknowledged; '' for nothing. Then goes on from what is there. */
  async compare(): Promise<string> {
    const answer = await this.#register({ Contact: undefined })
    if (answer.status !== 200) return `${this.login}: ${answer.startLine}`
    const there = new Set(answer.headers('Contact').flatMap((line) => /<([^>]+)>/.exec(line)?.[1] ?? []))
    const missing = [...this.#known].filter((contact) => !there.has(contact) && contact !== this.#asked)
    const extra = [...there].filter((contact) => !this.#known.has(contact) && contact !== this.#asked)
    this.#known.clear()
    for (const contact of there) this.#known.add(contact)
    this.#asked = undefined
    if (missing.length + extra.length === 0) return ''
    return `${this.login}: missing ${missing.join(' ') || 'none'}, too many ${extra.join(' ') || 'none'}`
  }

  close(): void {
    this.stop()
    this.#client.close()
  }

  #register(headers: Record<string, string | undefined>) {
    this.#client.received.length = 0
    return this.#client.askWithPassword({ method: 'REGISTER', headers }, password)
  }
}
