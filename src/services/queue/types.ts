import type { HeldLeg, ServedCall } from '#call'
import type { Prompts } from '#media'
import type { CallbackRow } from '#storage'
import type { Missed } from './ring-elsewhere.ts'
import type { Queue } from './settings.ts'

/** Speaks prompts, and has the music for who waits. */
export interface QueueAnnouncer extends Pick<Prompts, 'say' | 'music'> {}

/** Where calls back are made, called party first: the queue's agent, then who kept the place. */
export interface QueueCallbacks {
  /** The same id once more changes nothing. */
  accept(request: CallbackRow): Promise<CallbackRow>
  cancel(id: string, notices?: readonly never[]): Promise<CallbackRow | undefined>
  get(id: string): Promise<CallbackRow | undefined>
  watch(listener: (view: { readonly request: CallbackRow }) => void): () => void
}

/** Where callers leave a message that a queue sends there. */
export interface QueueMailboxes {
  /** The id of a person's or group's mailbox, by the same, an extension or a log-in. */
  find(whose: string): string | undefined
  /** The id of the mailbox that a call to them goes to: of who was rung and missed, where it is on. */
  ofMissed(missed: Missed): string | undefined
  /** They hear the greeting and leave a message; resolves when it is kept. @throws LegEnded when they hang up @throws CallError `not-found` */
  take(id: string, caller: HeldLeg, served: ServedCall): Promise<void>
}

/** Somebody who waits, as desks show it. */
export interface QueueCallerView {
  readonly id: string
  readonly kind: 'call' | 'callback'
  readonly number: string
  readonly name: string
  /** ms since 1970 */
  readonly since: number
  /** 1 = the next. */
  readonly place: number
  /** `undefined`: nobody works. */
  readonly expectedWaitMs: number | undefined
  /** Agents ring for them. */
  readonly ringing: boolean
}

/** A queue as it is now. */
export interface QueueView {
  readonly queue: Queue
  readonly open: boolean
  readonly waiting: readonly QueueCallerView[]
  /** Agents who work, and who of them is free. */
  readonly working: number
  readonly free: number
  /** What somebody who called now would wait. */
  readonly expectedWaitMs: number | undefined
}

/** What a centre says who asks how long one would wait. */
export interface CentreWait {
  /** The place that a caller would get. */
  readonly place: number
  /** `null`: nobody works. */
  readonly expectedWaitSeconds: number | null
  readonly open: boolean
}
