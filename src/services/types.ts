import type { CallPlan, ServedCall } from '#call'

/** Queues of ours, as requested calls stand in their lines: what the service of queues offers. */
export interface QueueLines {
  /** What somebody who asked now would wait; `undefined` for no such queue. */
  wait(queueId: string): WaitAtQueue | undefined
  /** The first moment from `at` on in which the queue is open, in ms since 1970; `undefined` for no such queue. */
  opensAt(queueId: string, at: number): number | undefined
  /** A place in the line, without being on the telephone; `undefined` for no such queue. */
  enter(queueId: string, who: WhoWaits): PlaceInLine | undefined
}

/** How long one would wait. */
export interface WaitAtQueue {
  readonly place: number
  /** `null`: nobody works. */
  readonly expectedWaitSeconds: number | null
  readonly open: boolean
}

/** Who stands in a line for a requested call. */
export interface WhoWaits {
  readonly id: string
  readonly number: string
  readonly name: string
  /** A person of ours, who is not rung as their own agent; '' for others. */
  readonly personId: string
  readonly language: string
  /** When the call was due first: the place follows from it. */
  readonly since: number
  /** The place has changed, or how long is to be waited. */
  moved(): void
}

/**
 * How the waiting in a line ends without a turn: there is no such queue any more, it has closed, nobody has worked there for as long as
 * callers may wait, or the place was left.
 */
export type WaitedInVain = 'gone' | 'closed' | 'nobody' | 'left'

export interface PlaceInLine {
  /** 1 = the next. */
  readonly place: number
  /** `undefined`: nobody works. */
  readonly expectedWaitMs: number | undefined
  /** Resolves when it is their turn, or when there is nothing to wait for. */
  turn(): Promise<Turn | WaitedInVain>
  /** Waits no more. Whoever rings for it goes on to ring. */
  leave(): void
}

/** These agents are theirs until one of {@link Turn.again} and {@link Turn.over} is called. */
export interface Turn {
  /** How long they ring. */
  readonly ringMs: number
  /** All stations of the agents together. @throws CallError when none can be rung */
  planFor(served: ServedCall): CallPlan
  /** Nobody of them answered: back into the line, in the same place. */
  again(): void
  /** An agent answered. @param joined whether the two talk: what a call takes is learned from it */
  over(served: ServedCall, joined: boolean): void
}
