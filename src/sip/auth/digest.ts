import { createHash } from 'node:crypto'

/** The digest algorithms that Baton speaks (RFC 8760); SHA-512-256 is used by no phone we know. */
export type Algorithm = 'MD5' | 'SHA-256'

const names: Readonly<Record<Algorithm, string>> = { MD5: 'md5', 'SHA-256': 'sha256' }

/** The hash of a text (UTF-8) as lower-case hex. */
export function hash(algorithm: Algorithm, text: string): string {
  return createHash(names[algorithm]).update(text).digest('hex')
}

/** H(username:realm:password): what is stored instead of the password, and is worth as much (RFC 7616 §3.4.2). */
export function ha1(algorithm: Algorithm, username: string, realm: string, password: string): string {
  return hash(algorithm, `${username}:${realm}:${password}`)
}

export interface DigestInput {
  readonly algorithm: Algorithm
  readonly ha1: string
  readonly nonce: string
  readonly method: string
  /** The digest URI exactly as in the header. */
  readonly uri: string
  /** Absent: the form of RFC 2069, which SIPp and old phones use. */
  readonly qop?: 'auth'
  /** Eight hex digits as in the header; with qop only. */
  readonly nc?: string
  readonly cnonce?: string
}

/** The `response` value (RFC 7616 §3.4.1; without qop RFC 2617 §3.2.2.1) as lower-case hex. */
export function digestResponse(input: DigestInput): string {
  const ha2 = hash(input.algorithm, `${input.method}:${input.uri}`)
  const middle = input.qop === undefined ? '' : `${input.nc ?? ''}:${input.cnonce ?? ''}:${input.qop}:`
  return hash(input.algorithm, `${input.ha1}:${input.nonce}:${middle}${ha2}`)
}
