import type { Calls } from '#call'
import type { Prompts } from '#media'
import type { CallbackSettings, CallbackView, Notices } from './types.ts'

/** Speaks: prompts by name and other sounds in a row. */
export type Announcer = Pick<Prompts, 'say' | 'music'>

export interface SchedulerParts {
  readonly calls: Calls
  readonly announcer: Announcer
  readonly notices: Notices
  readonly settings: CallbackSettings
  changed(view: CallbackView): void
}

/** Begins attempts when they are due. */
export class Scheduler {
  readonly #parts: SchedulerParts

  constructor(parts: SchedulerParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.look()
  }

  /** Something is due earlier than was known. */
  look(): void {
    void this.#parts
  }

  /** A request was called off. */
  cancelled(_id: string): void {}

  async stop(): Promise<void> {}
}
