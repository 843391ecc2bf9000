import type { MediaDescription, SessionDescription } from './types.ts'

/** How a WebRTC peer is reached and known: ICE (RFC 8839), DTLS-SRTP (RFC 5763). */
export interface PeerTransport {
  readonly ufrag: string
  readonly password: string
  /** As written: `sha-256 AB:CD:…`. */
  readonly fingerprints: readonly string[]
}

const mostFingerprints = 8

/** Whether the line is SRTP keyed by DTLS: `UDP/TLS/RTP/SAVPF` and its older spellings. */
export function isSecure(protocol: string): boolean {
  return protocol.includes('SAVP') && /^(?:UDP\/TLS\/)?RTP\/SAVPF?$/.test(protocol)
}

/** Whether a line is rejected or switched off; a `bundle-only` line with port 0 is neither (RFC 9143 §6). */
export function isOff(media: MediaDescription): boolean {
  return media.port === 0 && !(isSecure(media.protocol) && media.others.includes('a=bundle-only'))
}

/** The value of `a=name:value`, or undefined. */
export function attributeOf(lines: readonly string[], name: string): string | undefined {
  for (const line of lines)
    if (line.startsWith('a=') && line.startsWith(name, 2) && line.charAt(2 + name.length) === ':')
      return line.slice(3 + name.length).trim()
  return undefined
}

/** The identifications of the lines in each BUNDLE group (RFC 9143). */
export function bundles(description: SessionDescription): readonly (readonly string[])[] {
  return description.others.filter((line) => /^a=group:BUNDLE\b/.test(line)).map((line) => line.split(/\s+/).slice(1))
}

/** A line's a=mid. */
export function midOf(media: MediaDescription): string | undefined {
  return attributeOf(media.others, 'mid')
}

/**
 * What a peer says of its transport on this line, on the first of its bundle, or for the whole session. Undefined when something is missing:
 * ICE user name and password, a fingerprint, rtcp-mux, or the readiness to be the DTLS client.
 */
export function transportOf(description: SessionDescription, media: MediaDescription): PeerTransport | undefined {
  const mid = midOf(media)
  const group = mid === undefined ? undefined : bundles(description).find((mids) => mids.includes(mid))
  const tagged = group && description.media.find((other) => midOf(other) === group[0])
  const places = [media.others, tagged?.others ?? [], description.others]
  const find = (name: string): string | undefined => {
    for (const place of places) {
      const value = attributeOf(place, name)
      if (value !== undefined) return value
    }
    return undefined
  }
  const ufrag = find('ice-ufrag')
  const password = find('ice-pwd')
  const setup = find('setup') ?? 'active'
  const fingerprints = places
    .map((lines) => lines.filter((line) => line.startsWith('a=fingerprint:')).map((line) => line.slice(14).trim()))
    .find((found) => found.length > 0)
  if (!ufrag || !password || !fingerprints || !(media.rtcpMux || tagged?.rtcpMux)) return undefined
  // RFC 8839 §5.4 bounds both; a password below 22 characters would be guessable.
  if (ufrag.length > 256 || password.length > 256 || password.length < 22) return undefined
  if (setup !== 'actpass' && setup !== 'active') return undefined
  return { ufrag, password, fingerprints: fingerprints.slice(0, mostFingerprints) }
}
