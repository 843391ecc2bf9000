import type { Call } from './call.ts'
import { factsOf } from './call-facts.ts'
import { inBackground } from './core.ts'
import { contextRowOf } from './record.ts'

/** Writes the context row of a call while it rings. */
export class ContextWriter {
  readonly #call: Call
  #state: 'stored' | 'under way' | 'behind' = 'stored'

  constructor(call: Call) {
    this.#call = call
  }

  /** The row as it is now. Resolves once it is stored. */
  store(): Promise<void> {
    return this.#call.host.core.storage.calls.ringing(contextRowOf(factsOf(this.#call)))
  }

  /** One write at a time: what changes meanwhile (many stations that begin to ring) is written once, after it. */
  write(): void {
    if (this.#state !== 'stored') {
      this.#state = 'behind'
      return
    }
    this.#state = 'under way'
    const written = this.store().finally(() => {
      const behind = this.#state === 'behind'
      this.#state = 'stored'
      const { state } = this.#call
      if (behind && (state === 'ringing' || state === 'claimed')) this.write()
    })
    inBackground(this.#call.host.core, 'writing the call context', written)
  }
}
