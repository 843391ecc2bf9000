/** Log-ins, API tokens and the desk's SIP credential. */
import { z } from 'zod'
import { deskPassword, person } from './people.ts'
import { line, time } from './shared.ts'

/** `POST /api/v1/session` */
export const logIn = z.strictObject({ login: line(64, 1), password: z.string().min(1).max(128) })
/** The token goes into `Authorization: Bearer …`; the same answer sets a cookie for pages. */
export const loggedIn = z.object({ token: z.string(), expiresAt: time, person })
/** `GET /api/v1/session` */
export const whoAmI = z.object({
  person,
  /** How the request was recognised. */
  kind: z.enum(['session', 'token']),
  /** What a token may do; empty for a session, which may do all that the person may. */
  scopes: z.array(z.string()),
  expiresAt: time.optional(),
})
/** `DELETE /api/v1/session?everywhere=true` ends all sessions of this person. */
export const logOutQuery = z.strictObject({ everywhere: z.enum(['true', 'false']).optional() })
/** `PUT /api/v1/session/password`: ends all other sessions. */
export const passwordChange = z.strictObject({ current: z.string().min(1).max(128), password: deskPassword })

/**
 * `POST /api/v1/session/sip`: with what the desk registers over `uri`; asking again before `expiresAt` extends it under the same user
 * name. Ends with the session.
 */
export const sipCredential = z.object({
  username: z.string(),
  /** MD5 HA1 (RFC 7616 §3.4.2), for JsSIP's `ha1`. */
  ha1: z.string(),
  realm: z.string(),
  domain: z.string(),
  /** `sip:username@domain` */
  aor: z.string(),
  /** The device that this desk is. */
  deviceId: z.string(),
  expiresAt: time,
  /** `wss://…/sip` or, on loopback, `ws://…/sip` */
  uri: z.string(),
  /** For `RTCPeerConnection`; TURN credentials are this person's and end by themselves. */
  iceServers: z.array(
    z.object({ urls: z.array(z.string()), username: z.string().optional(), credential: z.string().optional() }),
  ),
})

/** What an API token may be allowed to do, within what its person may. */
export const scope = z.enum([
  'calls:read',
  'calls:act',
  'records:read',
  'contacts:read',
  'contacts:write',
  'settings',
  'directory:read',
  'directory:write',
])
export const tokenBody = z.strictObject({
  name: line(100, 1),
  scopes: z.array(scope).min(1).max(8),
  /** Days until it ends; without it, it does not. */
  days: z.int().min(1).max(3_650).optional(),
})
export const token = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: time,
  lastUsedAt: time.nullable(),
  expiresAt: time.nullable(),
})
export const tokenList = z.object({ tokens: z.array(token) })
/** `POST /api/v1/tokens`: the token itself is shown this once. */
export const tokenMade = token.extend({ token: z.string() })

export type LoggedIn = z.infer<typeof loggedIn>
export type WhoAmI = z.infer<typeof whoAmI>
export type SipCredential = z.infer<typeof sipCredential>
export type Scope = z.infer<typeof scope>
export type TokenShape = z.infer<typeof token>
