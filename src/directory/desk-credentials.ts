import type { Clock, Random, Timer } from '#lib'
import { digestSecrets } from './secrets.ts'
import type { Device } from './types.ts'

/** The SIP account of one log-in session. */
export interface IssuedCredential {
  readonly session: string
  readonly username: string
  readonly deviceId: string
  readonly ha1Md5: string
  readonly ha1Sha256: string
  readonly expiresAt: number
}

interface Entry extends IssuedCredential {
  expiresAt: number
  timer: Timer | undefined
}

/** Short-lived SIP accounts of desks in browsers: in memory only, one per log-in session, gone with it. */
export class DeskCredentials {
  readonly #clock: Clock
  readonly #random: Random
  readonly #domain: string
  readonly #ended: (username: string) => void
  readonly #bySession = new Map<string, Entry>()
  readonly #byUsername = new Map<string, Entry>()

  constructor(parts: { clock: Clock; random: Random; domain: string; ended(username: string): void }) {
    this.#clock = parts.clock
    this.#random = parts.random
    this.#domain = parts.domain
    this.#ended = parts.ended
  }

  /** The account of a session, made or extended. */
  issue(session: string, device: Device, ttlMs: number): IssuedCredential {
    const known = this.#bySession.get(session)
    if (known && known.deviceId !== device.id) this.end(session)
    const entry = this.#bySession.get(session) ?? this.#make(session, device)
    this.#clock.clearTimeout(entry.timer)
    entry.expiresAt = this.#clock.now() + ttlMs
    entry.timer = this.#clock.setTimeout(() => this.end(session), ttlMs)
    return entry
  }

  find(username: string): IssuedCredential | undefined {
    const entry = this.#byUsername.get(username)
    return entry && entry.expiresAt > this.#clock.now() ? entry : undefined
  }

  end(session: string): void {
    const entry = this.#bySession.get(session)
    if (!entry) return
    this.#clock.clearTimeout(entry.timer)
    this.#bySession.delete(session)
    this.#byUsername.delete(entry.username)
    this.#ended(entry.username)
  }

  /** The device is gone, and every account on it. */
  endDevice(deviceId: string): void {
    for (const entry of [...this.#bySession.values()]) if (entry.deviceId === deviceId) this.end(entry.session)
  }

  close(): void {
    for (const entry of this.#bySession.values()) this.#clock.clearTimeout(entry.timer)
    this.#bySession.clear()
    this.#byUsername.clear()
  }

  #make(session: string, device: Device): Entry {
    const username = `${device.username}-${this.#random.token(4)}`
    const secrets = digestSecrets(username, this.#domain, this.#random.token(16))
    const entry: Entry = { session, username, deviceId: device.id, ...secrets, expiresAt: 0, timer: undefined }
    this.#bySession.set(session, entry)
    this.#byUsername.set(username, entry)
    return entry
  }
}
