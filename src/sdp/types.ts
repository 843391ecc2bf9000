/** Who sends: `sendrecv` both, `sendonly` the describer, `recvonly` the other side, `inactive` nobody (RFC 3264 §5.1). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** The o= line (RFC 8866 §5.2). Numbers stay text: they may have 64 bits and more. */
export interface Origin {
  readonly username: string
  readonly sessionId: string
  readonly version: string
  /** 4 or 6: `IN IP4` or `IN IP6`. */
  readonly family: 4 | 6
  readonly address: string
}

/** A c= line without its TTL and count. */
export interface Connection {
  readonly family: 4 | 6
  /** An address without brackets, or a host name. */
  readonly address: string
}

/** One payload type of a media line: `a=rtpmap` with its `a=fmtp`, or a static type of RFC 3551 §6. */
export interface Codec {
  readonly payloadType: number
  /** As written, e.g. `PCMU`, `opus`, `telephone-event`; compare with `sameCodec`. */
  readonly name: string
  readonly clockRate: number
  /** 1 when nothing is said. */
  readonly channels: number
  /** The text behind `a=fmtp:N `, '' when there is none. */
  readonly fmtp: string
}

/** One m= line with what belongs to it. */
export interface MediaDescription {
  /** Lower case: audio, video, image, application, text, message or something unknown. */
  readonly kind: string
  /** 0 when the line is rejected or switched off. */
  readonly port: number
  /** As written, e.g. `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, `udptl`. */
  readonly protocol: string
  /** As written; for RTP the payload types. */
  readonly formats: readonly string[]
  /** The line's own c= line; without one the session's counts. */
  readonly connection?: Connection
  /** The line's own direction, else the session's, else sendrecv. */
  readonly direction: Direction
  /** Known payload types in the order of the formats. Dynamic types without rtpmap are left out. */
  readonly codecs: readonly Codec[]
  /** Milliseconds of sound per packet. */
  readonly ptime?: number
  /** `a=rtcp` (RFC 3605). */
  readonly rtcp?: { readonly port: number; readonly connection?: Connection }
  readonly rtcpMux: boolean
  /** Every other line as received, e.g. `b=AS:64`, `a=ssrc:1 cname:x`. */
  readonly others: readonly string[]
}

/** A session description (RFC 8866). */
export interface SessionDescription {
  readonly origin: Origin
  /** The s= line, `-` when there is none. */
  readonly name: string
  readonly connection?: Connection
  /** The t= line's value, `0 0` when there is none. */
  readonly timing: string
  /** Every other session line as received. */
  readonly others: readonly string[]
  readonly media: readonly MediaDescription[]
}
