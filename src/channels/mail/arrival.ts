import type { IncomingMessage } from '../message.ts'

/** A mail as it came in, before anything of it is believed. */
export interface Arrival {
  readonly raw: Buffer
  /** The address of ours that the envelope names, in lower case; '' when only the mail's own header can tell (a mailbox). */
  readonly to: string
  /** Envelope sender; '' for the null sender, undefined when nobody told (a mailbox). */
  readonly sender: string | undefined
  /** Whose connection brought it; undefined when that host is no evidence of the sender (a mailbox, a relay of our own). */
  readonly peer: { readonly address: string; readonly helo: string } | undefined
  /** Whose `Authentication-Results` is believed: the relay's or mailbox's name; '' when nobody's. */
  readonly authservId: string
}

/** What a mail turned out to be. `ignored`: robots and loops, taken and dropped. `refused`: its sender is told why. */
export type Reading =
  | {
      readonly kind: 'message'
      readonly message: IncomingMessage
      /** What the log should say: how the sender was proven, why a calendar part was left out. */
      readonly notes: readonly string[]
    }
  | { readonly kind: 'ignored' | 'refused'; readonly why: string }

/** What became of an arrival: `retry` asks for it again, `refused` tells the sender why. */
export interface Outcome {
  readonly kind: 'taken' | 'retry' | 'refused'
  readonly why: string
}
