import { Buffer } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import type { Clock, Random } from '#lib'
import { parseAuthParams, parseUri, quote, type Request, type Uri } from '../message/index.ts'
import { type Algorithm, digestResponse } from './digest.ts'
import { GuessLock, type GuessLockOptions } from './guess-lock.ts'
import { NonceMint } from './nonce-mint.ts'

/** What the directory stores of a password; both are passwords themselves. */
export interface StoredSecrets {
  readonly ha1Md5: string
  readonly ha1Sha256: string
}

export interface AuthenticatorOptions {
  readonly realm: string
  readonly clock: Clock
  readonly random: Random
  /** The secrets of a user by digest user name; must take the same time whether the user exists or not. */
  readonly lookup: (username: string) => StoredSecrets | undefined
  /** What this listener offers; default MD5, which every phone knows. Never per account: that would tell who exists. */
  readonly algorithm?: Algorithm
  /** Shared by all listeners of a server. */
  readonly mint?: NonceMint
  /** Shared by all listeners of a server. */
  readonly lock?: GuessLock
  readonly lockOptions?: GuessLockOptions
  /** Whether a phone of this account is registered from this address and port; the lock against guessing does not hold for it. */
  readonly isRegistered?: (username: string, address: string, port: number) => boolean
  /** Whether a host is this server: a digest URI may name the server in another way than the Request-URI does. */
  readonly isOurs?: (host: string, port: number | undefined) => boolean
}

/**
 * `challenge`: answer 401 with WWW-Authenticate (or 407 with Proxy-Authenticate) and `header` as its value. `locked`: too many wrong
 * passwords; the request is refused whatever it carries.
 */
export type AuthOutcome =
  | { readonly outcome: 'ok'; readonly username: string }
  | { readonly outcome: 'challenge'; readonly header: string; readonly stale: boolean }
  | { readonly outcome: 'locked'; readonly retryAfterMs: number }

interface Presented {
  readonly username: string
  readonly nonce: string
  readonly uri: string
  readonly response: string
  readonly qop: 'auth' | undefined
  readonly nc: string | undefined
  readonly cnonce: string | undefined
}

/**
 * Digest authentication of requests (RFC 3261 §22, 7616, 8760). Not for ACK and CANCEL, which cannot be challenged (§22.1). A retransmission
 * never gets here: the transaction layer answers it.
 */
export class Authenticator {
  readonly #realm: string
  readonly #random: Random
  readonly #algorithm: Algorithm
  readonly #lookup: (username: string) => StoredSecrets | undefined
  readonly #mint: NonceMint
  readonly #lock: GuessLock
  readonly #isRegistered: (username: string, address: string, port: number) => boolean
  readonly #isOurs: (host: string, port: number | undefined) => boolean
  /** Stands in for the secret of a user who does not exist, so that the work is the same. */
  readonly #nobody: string

  constructor(options: AuthenticatorOptions) {
    const { clock, random } = options
    this.#realm = options.realm
    this.#random = random
    this.#algorithm = options.algorithm ?? 'MD5'
    this.#lookup = options.lookup
    this.#mint = options.mint ?? new NonceMint({ clock, random })
    this.#lock = options.lock ?? new GuessLock(clock, options.lockOptions)
    this.#isRegistered = options.isRegistered ?? (() => false)
    this.#isOurs = options.isOurs ?? (() => false)
    this.#nobody = this.#random.token(this.#algorithm === 'MD5' ? 16 : 32)
  }

  /**
   * Checks who sent a request.
   * @param address the source address without port
   * @param port the source port: tells a registered phone from others behind the same address
   */
  check(request: Request, address: string, port = 0): AuthOutcome {
    const presented = this.#presented(request)
    if (presented === undefined) return this.#challenge(address, false)
    const { username, nonce } = presented
    const locked = this.#lock.lockedFor(username, address)
    // A phone that is in stays in: the lock holds neither for a nonce that this very account has used with success nor for its own port.
    if (locked > 0 && this.#mint.usedBy(nonce) !== username && !this.#isRegistered(username, address, port))
      return { outcome: 'locked', retryAfterMs: locked }
    // Before the password is looked at: an old nonce must not serve to try passwords without being counted.
    if (!this.#mint.isFresh(nonce, address)) return this.#challenge(address, true)
    if (!this.#isRight(presented, request.method)) {
      this.#lock.failed(username, address)
      return this.#challenge(address, false)
    }
    if (!this.#fits(presented.uri, request.uri)) return this.#challenge(address, false)
    const count = presented.nc === undefined ? 0 : Number.parseInt(presented.nc, 16)
    if (!this.#mint.use(nonce, username, count)) return this.#challenge(address, true)
    this.#lock.succeeded(username, address)
    return { outcome: 'ok', username }
  }

  #challenge(address: string, stale: boolean): AuthOutcome {
    const nonce = this.#mint.mint(address)
    const header = `Digest realm=${quote(this.#realm)}, nonce="${nonce}", algorithm=${this.#algorithm}, qop="auth"`
    return { outcome: 'challenge', header: stale ? `${header}, stale=true` : header, stale }
  }

  /** The first complete digest credentials for our realm and algorithm; any other kind is as good as none. */
  #presented(request: Request): Presented | undefined {
    for (const name of ['authorization', 'proxy-authorization']) {
      for (const line of request.headerLines(name)) {
        const presented = this.#read(line)
        if (presented !== undefined) return presented
      }
    }
    return undefined
  }

  #read(line: string): Presented | undefined {
    const read = parseAuthParams(line)
    if (!read.ok || read.value.scheme.toLowerCase() !== 'digest') return undefined
    const { params } = read.value
    if (params.get('realm') !== this.#realm) return undefined
    if ((params.get('algorithm') ?? 'MD5').toUpperCase() !== this.#algorithm) return undefined
    const username = params.get('username')
    const nonce = params.get('nonce')
    const uri = params.get('uri')
    const response = params.get('response')
    if (!username || !nonce || !uri || !response) return undefined
    const qop = params.get('qop')?.toLowerCase()
    if (qop === undefined) return { username, nonce, uri, response, qop, nc: undefined, cnonce: undefined }
    const nc = params.get('nc')
    const cnonce = params.get('cnonce')
    if (qop !== 'auth' || !nc || !cnonce || !/^[0-9a-f]{8}$/i.test(nc) || /^0+$/.test(nc)) return undefined
    return { username, nonce, uri, response, qop, nc, cnonce }
  }

  #isRight(presented: Presented, method: string): boolean {
    const secrets = this.#lookup(presented.username)
    const algorithm = this.#algorithm
    const stored = algorithm === 'MD5' ? secrets?.ha1Md5 : secrets?.ha1Sha256
    const ha1 = stored === undefined || stored === '' ? this.#nobody : stored
    const { nonce, uri, qop, nc, cnonce } = presented
    const expected = Buffer.from(digestResponse({ algorithm, ha1, nonce, method, uri, qop, nc, cnonce }))
    const given = Buffer.alloc(expected.length)
    given.write(presented.response.toLowerCase(), 'latin1')
    const equal = timingSafeEqual(expected, given) && presented.response.length === expected.length
    return equal && ha1 !== this.#nobody
  }

  /**
   * Whether a digest URI fits the Request-URI (RFC 3261 §22.4): the same user and host; parameters do not count, because proxies change them. A
   * digest URI without user that names the server fits too (SIPp sends its remote address).
   */
  #fits(text: string, target: Uri): boolean {
    if (text === target.text) return true
    const read = parseUri(text)
    if (!read.ok) return false
    const uri = read.value
    if (uri.host === '') return uri.scheme === target.scheme && uri.user === target.user && uri.opaque === target.opaque
    if (uri.user !== '' && uri.user !== target.user) return false
    if (uri.host === target.host) return true
    return this.#isOurs(uri.host, uri.port) && (target.host === '' || this.#isOurs(target.host, target.port))
  }
}
