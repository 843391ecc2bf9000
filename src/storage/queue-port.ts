/** A centre of our own, whose callers wait for the next free agent. */
export interface QueueRow {
  readonly id: string
  readonly name: string
  /** JSON, checked by the service: extension, numbers, agents, hours, strategy, limits. */
  readonly settings: string
}

/** Somebody who waits in a queue: on the telephone, or for a call back in the place they had. */
export interface QueueCallerRow {
  /** The call's id; of a call back the one in which the place was taken. */
  readonly id: string
  readonly queueId: string
  /** The process that serves them. */
  readonly node: string
  readonly kind: 'call' | 'callback'
  readonly number: string
  readonly name: string
  /** A person's id, '' for an outside caller. */
  readonly personId: string
  readonly language: string
  /** When they came first: their place follows from it. */
  readonly enqueuedAt: number
  /** Calls back that reached no agent. */
  readonly attempts: number
  /** The requested call that is being made, '' while they wait. */
  readonly requestId: string
}

export interface QueueStorage {
  list(): Promise<readonly QueueRow[]>
  put(row: QueueRow): Promise<void>
  /** Removes the queue and who waits in it. */
  remove(id: string): Promise<void>
  /** Who waits at these nodes, the longest first. */
  waiting(node: string): Promise<readonly QueueCallerRow[]>
  /** Inserts or replaces. */
  wait(row: QueueCallerRow): Promise<void>
  /** They wait no more. */
  left(id: string): Promise<void>
}
