import { createHash } from 'node:crypto'
import type { Clock, Log, Random } from '#lib'
import type { SessionRow, Storage, TokenRow } from '#storage'
import { Attempts } from './attempts.ts'
import { DirectoryError } from './error.ts'
import { createPasswords, type PasswordCosts, PasswordsBusy } from './passwords.ts'
import { passwordSchema } from './settings.ts'
import type { Directory, Person } from './types.ts'

/** A log-in session, as a request is recognised by it. */
export interface Session {
  /** Names the session; not the token. */
  readonly id: string
  readonly personId: string
  readonly expiresAt: number
}

/** An API token, without the token itself. */
export interface ApiToken {
  readonly id: string
  readonly personId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
}

/** What a log-in came to. Unknown people, people without a password and wrong passwords are one and the same. */
export type LogInResult =
  | { readonly ok: true; readonly session: Session; readonly token: string; readonly person: Person }
  | { readonly ok: false; readonly refusal: 'wrong' }
  | { readonly ok: false; readonly refusal: 'locked' | 'busy'; readonly retryAfterMs: number }

export interface AccountsParts {
  readonly storage: Pick<Storage, 'accounts'>
  readonly directory: Pick<Directory, 'personByLogin' | 'personById'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** For tests; what argon2id costs. */
  readonly costs?: PasswordCosts
}

/** A session that nobody uses ends after this, in ms; each ends after {@link longestSessionMs}. */
export const idleSessionMs = 12 * 3_600_000
export const longestSessionMs = 30 * 86_400_000
/** How often the use of a session or token is written down, in ms. */
const touchMs = 600_000
const mostSessions = 50
const mostTokens = 50

/** Wrong passwords within the window: of one account from one source, from one source, of one account from anywhere. */
const windowMs = 15 * 60_000
const mostOfPair = 10
const mostOfSource = 50
const mostOfAccount = 100

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** Passwords, log-in sessions and API tokens: memory answers, storage keeps hashes only. */
export class Accounts {
  readonly #parts: AccountsParts
  readonly #passwords: ReturnType<typeof createPasswords>
  readonly #hashes = new Map<string, string>()
  readonly #sessions = new Map<string, SessionRow>()
  readonly #tokens = new Map<string, TokenRow>()
  /** Hash of a token by its id. */
  readonly #tokenIds = new Map<string, string>()
  readonly #listeners = new Set<(id: string, personId: string) => void>()
  readonly #pairs: Attempts
  readonly #sources: Attempts
  readonly #accounts: Attempts

  private constructor(parts: AccountsParts) {
    this.#parts = parts
    this.#passwords = createPasswords(parts.costs)
    this.#pairs = new Attempts(parts.clock, mostOfPair, windowMs)
    this.#sources = new Attempts(parts.clock, mostOfSource, windowMs)
    this.#accounts = new Attempts(parts.clock, mostOfAccount, windowMs)
  }

  /** Reads what is stored; what has expired or belongs to nobody is dropped. */
  static async open(parts: AccountsParts): Promise<Accounts> {
    const accounts = new Accounts(parts)
    await accounts.#passwords.prepare()
    const { accounts: store } = parts.storage
    const { passwords, sessions, tokens } = await store.load()
    const now = parts.clock.now()
    const known = (row: { personId: string }) => parts.directory.personById(row.personId) !== undefined
    for (const row of passwords) if (known(row)) accounts.#hashes.set(row.personId, row.hash)
    for (const row of sessions) {
      if (known(row) && row.expiresAt > now) accounts.#sessions.set(row.hash, row)
      else await store.dropSession(row.hash)
    }
    for (const row of tokens) {
      if (known(row) && (row.expiresAt === null || row.expiresAt > now)) accounts.#keepToken(row)
      else await store.dropToken(row.id)
    }
    return accounts
  }

  hasPassword(personId: string): boolean {
    return this.#hashes.has(personId)
  }

  /**
   * Gives a person a password; their sessions end, but for the one that is kept.
   * @throws DirectoryError `invalid` without repeating the password
   */
  async setPassword(personId: string, password: string, keepSession?: string): Promise<void> {
    if (!this.#parts.directory.personById(personId))
      throw new DirectoryError('missing', 'id', `there is no person ${JSON.stringify(personId)}`)
    if (!passwordSchema.safeParse(password).success)
      throw new DirectoryError('invalid', 'password', 'allowed: 8 to 128 characters in one line')
    const hash = await this.#passwords.hash(password)
    await this.#parts.storage.accounts.putPassword({ personId, hash, changedAt: this.#parts.clock.now() })
    this.#hashes.set(personId, hash)
    await this.logOutEverywhere(personId, keepSession)
  }

  /** Whether this is the person's password. @throws PasswordsBusy when too many are being checked */
  checkPassword(personId: string, password: string): Promise<boolean> {
    return this.#passwords.verify(this.#hashes.get(personId), password)
  }

  /**
   * Logs in. Takes equally long whoever is named.
   * @param source where the attempt comes from: an address or network
   */
  async logIn(login: string, password: string, source: string): Promise<LogInResult> {
    const name = login.toLowerCase().slice(0, 64)
    const wait = this.#count(name, source)
    if (wait > 0) return { ok: false, refusal: 'locked', retryAfterMs: wait }
    const person = this.#parts.directory.personByLogin(login)
    let right: boolean
    try {
      right = await this.#passwords.verify(person && this.#hashes.get(person.id), password)
    } catch (error) {
      if (!(error instanceof PasswordsBusy)) throw error
      this.#forgive(name, source)
      return { ok: false, refusal: 'busy', retryAfterMs: 2_000 }
    }
    // The person may have been removed while the password was checked.
    if (!right || !person || !this.#parts.directory.personById(person.id)) return { ok: false, refusal: 'wrong' }
    this.#forgive(name, source)
    this.#pairs.forget(`${source} ${name}`)
    const { session, token } = await this.#begin(person.id)
    return { ok: true, session, token, person }
  }

  /** Counts a try of a password that has to be right for something else, such as changing it. @returns ms to wait, 0 = go on */
  tryAgain(personId: string, source: string): number {
    return this.#count(`#${personId}`, source)
  }
  /** The try was right. */
  tryWasRight(personId: string, source: string): void {
    this.#forgive(`#${personId}`, source)
  }

  /** The session of a token; being used keeps it alive. */
  session(token: string): Session | undefined {
    const { clock } = this.#parts
    const row = this.#sessions.get(hashOf(token))
    if (!row) return undefined
    const now = clock.now()
    if (row.expiresAt <= now) {
      this.#end(row)
      return undefined
    }
    const expiresAt = Math.min(now + idleSessionMs, row.createdAt + longestSessionMs)
    if (expiresAt - row.expiresAt > touchMs) {
      const touched = { ...row, expiresAt }
      this.#sessions.set(row.hash, touched)
      this.#write(this.#parts.storage.accounts.putSession(touched))
      return sessionOf(touched)
    }
    return sessionOf(row)
  }

  /** The API token, if it is one. */
  apiToken(token: string): ApiToken | undefined {
    const row = this.#tokens.get(hashOf(token))
    if (!row) return undefined
    const now = this.#parts.clock.now()
    if (row.expiresAt !== null && row.expiresAt <= now) {
      this.#dropToken(row)
      return undefined
    }
    if (row.lastUsedAt === null || now - row.lastUsedAt > touchMs) {
      const touched = { ...row, lastUsedAt: now }
      this.#tokens.set(row.hash, touched)
      this.#write(this.#parts.storage.accounts.putToken(touched))
      return tokenOf(touched)
    }
    return tokenOf(row)
  }

  /** Whether a session or token still stands, for connections that stay open. @param id of {@link Session} or {@link ApiToken} */
  stands(id: string): boolean {
    const now = this.#parts.clock.now()
    const session = this.#sessions.get(id)
    if (session) return session.expiresAt > now
    const token = this.#tokens.get(this.#tokenIds.get(id) ?? '')
    return token !== undefined && (token.expiresAt === null || token.expiresAt > now)
  }

  async logOut(id: string): Promise<void> {
    const row = this.#sessions.get(id)
    if (!row) return
    this.#forget(row)
    await this.#parts.storage.accounts.dropSession(id)
  }

  /** Ends every session of a person, but for the one that is kept. */
  async logOutEverywhere(personId: string, keepSession?: string): Promise<void> {
    const rows = [...this.#sessions.values()].filter((row) => row.personId === personId && row.hash !== keepSession)
    for (const row of rows) this.#forget(row)
    await Promise.all(rows.map((row) => this.#parts.storage.accounts.dropSession(row.hash)))
  }

  tokensOf(personId: string): readonly ApiToken[] {
    return [...this.#tokens.values()].filter((row) => row.personId === personId).map(tokenOf)
  }

  /** Makes an API token; the text is returned this once. @throws DirectoryError `invalid` when the person has too many */
  async makeToken(
    personId: string,
    given: { name: string; scopes: readonly string[]; expiresAt: number | null },
  ): Promise<{ token: ApiToken; text: string }> {
    if (this.tokensOf(personId).length >= mostTokens)
      throw new DirectoryError('invalid', 'name', `you have ${mostTokens} tokens already; end one first`)
    const { random, clock, storage } = this.#parts
    const text = `baton_t_${random.token(32)}`
    const row: TokenRow = {
      id: random.token(8),
      hash: hashOf(text),
      personId,
      name: given.name,
      scopes: JSON.stringify(given.scopes),
      createdAt: clock.now(),
      expiresAt: given.expiresAt,
      lastUsedAt: null,
    }
    await storage.accounts.putToken(row)
    this.#keepToken(row)
    return { token: tokenOf(row), text }
  }

  /** @returns whether the person had such a token */
  async removeToken(personId: string, id: string): Promise<boolean> {
    const row = this.#tokens.get(this.#tokenIds.get(id) ?? '')
    if (row?.personId !== personId) return false
    this.#forgetToken(row)
    await this.#parts.storage.accounts.dropToken(id)
    return true
  }

  /** The person is gone: password, sessions and tokens go too. */
  async removePerson(personId: string): Promise<void> {
    this.#hashes.delete(personId)
    for (const row of [...this.#sessions.values()]) if (row.personId === personId) this.#forget(row)
    for (const row of [...this.#tokens.values()]) if (row.personId === personId) this.#forgetToken(row)
    await this.#parts.storage.accounts.dropPerson(personId)
  }

  /** Told when a session or token ends. Returns an unsubscribe function. */
  onEnd(listener: (id: string, personId: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #begin(personId: string): Promise<{ session: Session; token: string }> {
    const { random, clock, storage } = this.#parts
    const own = [...this.#sessions.values()].filter((row) => row.personId === personId)
    const oldest = own.sort((a, b) => a.createdAt - b.createdAt)[0]
    if (oldest && own.length >= mostSessions) await this.logOut(oldest.hash)
    const token = `baton_s_${random.token(32)}`
    const now = clock.now()
    const row: SessionRow = { hash: hashOf(token), personId, createdAt: now, expiresAt: now + idleSessionMs }
    await storage.accounts.putSession(row)
    this.#sessions.set(row.hash, row)
    return { session: sessionOf(row), token }
  }

  /** Counts a try before it is made, so that many at once count too. @returns ms to wait; 0 = it may be made */
  #count(account: string, source: string): number {
    const pair = `${source} ${account}`
    const wait = Math.max(this.#pairs.waitMs(pair), this.#sources.waitMs(source), this.#accounts.waitMs(account))
    if (wait > 0) return wait
    this.#pairs.add(pair)
    this.#sources.add(source)
    this.#accounts.add(account)
    return 0
  }

  #forgive(account: string, source: string): void {
    this.#pairs.takeBack(`${source} ${account}`)
    this.#sources.takeBack(source)
    this.#accounts.takeBack(account)
  }

  #end(row: SessionRow): void {
    this.#forget(row)
    this.#write(this.#parts.storage.accounts.dropSession(row.hash))
  }

  #keepToken(row: TokenRow): void {
    this.#tokens.set(row.hash, row)
    this.#tokenIds.set(row.id, row.hash)
  }

  #forgetToken(row: TokenRow): void {
    this.#tokens.delete(row.hash)
    this.#tokenIds.delete(row.id)
    this.#tell(row.id, row.personId)
  }

  #dropToken(row: TokenRow): void {
    this.#forgetToken(row)
    this.#write(this.#parts.storage.accounts.dropToken(row.id))
  }

  #forget(row: SessionRow): void {
    this.#sessions.delete(row.hash)
    this.#tell(row.hash, row.personId)
  }

  #tell(id: string, personId: string): void {
    for (const listener of this.#listeners) listener(id, personId)
  }

  #write(write: Promise<void>): void {
    write.catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'A session could not be written.'))
  }
}

function sessionOf(row: SessionRow): Session {
  return { id: row.hash, personId: row.personId, expiresAt: row.expiresAt }
}

function tokenOf(row: TokenRow): ApiToken {
  const { id, personId, name, createdAt, expiresAt, lastUsedAt } = row
  return { id, personId, name, scopes: JSON.parse(row.scopes) as string[], createdAt, expiresAt, lastUsedAt }
}
