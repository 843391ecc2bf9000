/** By which medium a message comes and goes. */
export type MessageChannel = 'mail' | 'xmpp' | 'web' | 'api'

/** A message as a channel hands it over: decoded text, nothing that the channel does not vouch for. */
export interface IncomingMessage {
  readonly channel: MessageChannel
  /** The same for the same message, however often it is delivered. */
  readonly messageId: string
  /** What earlier messages of this conversation are found by, the nearest first (`In-Reply-To`, `References`; the sender for chat). */
  readonly threadKeys: readonly string[]
  /** What answers to this message will be found by. */
  readonly threadKey: string
  readonly from: {
    /** Address on the channel: `anna@example.org`; '' for a visitor of a page. */
    readonly address: string
    readonly name: string
    /**
     * Whether the channel proves the address: DMARC-aligned mail, an XMPP server's word, a log-in. Nothing is dialled on an unproven address's
     * word alone.
     */
    readonly verified: boolean
    /** What the sender is recognised by besides: a cookie's hash, the person's id after a log-in, a network address. */
    readonly keys: readonly string[]
  }
  /** The address of ours that it was sent to: `sales@baton.example`. */
  readonly to: string
  readonly subject: string
  readonly text: string
  /** A calendar invitation in the message: when it begins, in ms since 1970. */
  readonly invitation?: { readonly startsAt: number; readonly summary: string; readonly cancelled: boolean }
  /** Why a calendar invitation in the message says no time, as a sentence: its time is to be asked for. */
  readonly invitationFault?: string
  /** Where the sender says to be; '' when they do not. */
  readonly timeZone: string
  readonly language: 'en' | 'de' | ''
  /** What the channel needs to answer in the same thread: plain JSON. */
  readonly thread: unknown
}

/** A message that goes out; the channel puts it into the thread. */
export interface OutgoingMessage {
  /** As the incoming message gave it, or `{to}` for a message that answers none. */
  readonly thread: unknown
  readonly subject: string
  readonly text: string
  readonly language: 'en' | 'de'
  /** The same for the same message, however often it is tried: a message goes out once where the channel can tell. */
  readonly messageId: string
  readonly attachments?: readonly { readonly name: string; readonly type: string; readonly content: Buffer }[]
}

/** What became of an incoming message: `retry` asks the channel to deliver it again (nothing was stored), the others are final. */
export type Reception =
  | { readonly kind: 'accepted' | 'ignored'; readonly why: string }
  | { readonly kind: 'retry'; readonly why: string }

/** A medium that takes messages in and out. */
export interface MessagePort {
  readonly channel: MessageChannel
  /** Starts to take messages in. Each is acknowledged to its sender only once the handler has stored it. */
  start(handler: (message: IncomingMessage) => Promise<Reception>): Promise<void>
  /** Resolves once the next server has taken the message. Rejects with a sentence that says what was wrong; `permanent` says that trying again is no use. */
  send(message: OutgoingMessage): Promise<void>
  stop(): Promise<void>
}

/** A message that cannot go out. */
export class SendError extends Error {
  readonly permanent: boolean
  constructor(message: string, permanent: boolean) {
    super(message)
    this.permanent = permanent
  }
}
