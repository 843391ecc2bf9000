import { createHmac } from 'node:crypto'

/** Helpers that browsers are told of. The server itself needs none: browsers reach it at its own address. */
export interface IceSettings {
  /** `stun:host:port` */
  readonly stun?: readonly string[]
  readonly turn?: {
    /** `turn:host:port?transport=udp`, `turns:host:port` */
    readonly urls: readonly string[]
    /** coturn's `static-auth-secret`. */
    readonly secret: string
    /** How long a credential holds, in seconds. */
    readonly ttlSeconds: number
  }
}

/** As `RTCPeerConnection` takes it. */
export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

/**
 * What a browser is to use on its way to us, with a TURN credential of its own that ends by itself (coturn's `use-auth-secret`: the user
 * name begins with its last second, the password is its HMAC-SHA1).
 * @param user goes into the TURN server's log; no colon
 * @param now ms since 1970
 */
export function iceServers({ stun = [], turn }: IceSettings, user: string, now: number): readonly IceServer[] {
  const servers: IceServer[] = stun.length > 0 ? [{ urls: stun }] : []
  if (turn) {
    const username = `${Math.floor(now / 1000) + turn.ttlSeconds}:${user.replaceAll(':', '_')}`
    const credential = createHmac('sha1', turn.secret).update(username).digest('base64')
    servers.push({ urls: turn.urls, username, credential })
  }
  return servers
}
