import type { Buffer } from 'node:buffer'

/** A URI as RFC 3261 §19.1 (sip, sips) and RFC 3966 (tel) define it; any other scheme keeps its text in `opaque`. */
export interface Uri {
  readonly scheme: string
  /** Unescaped user part, '' when there is none; for `tel:` the number as written (with `+` and visual separators). */
  readonly user: string
  readonly password?: string
  /** Lower case; an IPv6 reference keeps its brackets. '' for tel: and unknown schemes. */
  readonly host: string
  readonly port?: number
  /** Parameter names in lower case; a parameter without a value maps to ''. Values are unescaped. */
  readonly params: ReadonlyMap<string, string>
  /** The `?header=value` part as written, without the question mark; never executed, only kept. */
  readonly headers?: string
  /** Everything after the colon of a scheme that is neither sip, sips nor tel. */
  readonly opaque?: string
  /** The URI as received, byte for byte: what goes back on the wire. */
  readonly text: string
}

/** `"Display" <uri>;param=value`, the shape of From, To, Contact, Route, Refer-To and their kin. */
export interface NameAddr {
  /** Unquoted display name, '' when there is none. */
  readonly display: string
  readonly uri: Uri
  /** Header parameters, names in lower case; without a value: ''. */
  readonly params: ReadonlyMap<string, string>
}

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS, SCTP or something unknown. */
  readonly transport: string
  readonly host: string
  readonly port?: number
  readonly params: ReadonlyMap<string, string>
  /** '' when missing (RFC 2543 senders). */
  readonly branch: string
}

export interface CSeq {
  readonly number: number
  readonly method: string
}

/** What requests and responses share. Parsing is lazy: the headers are indexed once, a header is decoded when asked for and then kept. */
interface MessageBase {
  /** The first value of a header, unfolded and trimmed; any letter case, long or compact name. */
  header(name: string): string | undefined
  /** Every line of a header, in order, unfolded and trimmed, commas left alone (`Authorization`, `Warning`, `Date`). */
  headerLines(name: string): readonly string[]
  /** Every value of a list header, split at commas outside quotes and angle brackets (`Route`, `Contact`, `Require`). */
  headerList(name: string): readonly string[]
  /** Every header in order with the name as received: for logs, traces and copying. */
  allHeaders(): readonly (readonly [name: string, value: string])[]
  /** The six of RFC 3261 §8.1.1 are checked by the parser, so these getters never fail on a parsed message. */
  readonly callId: string
  readonly cseq: CSeq
  readonly from: NameAddr
  readonly to: NameAddr
  /** From-tag and To-tag, '' when missing. */
  readonly fromTag: string
  readonly toTag: string
  readonly vias: readonly Via[]
  /** The topmost Via. */
  readonly via: Via
  /** Contacts as name-addrs; `*` gives `[]` with `header('contact') === '*'`. A malformed one is left out. */
  readonly contacts: readonly NameAddr[]
  readonly body: Buffer
  /** Lower-case media type without parameters, '' when there is no body type. */
  readonly contentType: string
  /** The bytes as received (without what followed the body in a datagram). */
  readonly bytes: Buffer
}

/** A received request. */
export interface Request extends MessageBase {
  readonly kind: 'request'
  readonly method: string
  readonly uri: Uri
}

/** A received response. */
export interface Response extends MessageBase {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
}

export type Message = Request | Response

/** Headers of a message that we write, in order. Values must be complete; the writer makes CR, LF and NUL harmless. */
export type HeaderLines = readonly (readonly [name: string, value: string])[]

/** A parser's refusal that can still be answered: enough of the request was readable to say 400 to its sender. */
export interface Answerable {
  /** 400, 416, 505, 513 … */
  readonly status: number
  readonly reason: string
  /** Whether it was an ACK or a response, which are never answered. */
  readonly silent: boolean
  /** The response's bytes made from the Via, From, To, Call-ID and CSeq lines as received, when they were readable. */
  readonly response?: Buffer
  /** The topmost Via, where it was readable: where the response goes. */
  readonly via?: Via
}
