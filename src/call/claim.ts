import type { MediaLeg } from '#media'
import type { Dialog, DialogState, HeaderLines } from '#sip'
import type { Call } from './call.ts'
import type { Party } from './leg.ts'
import type { CallPlan } from './plan.ts'
import type { BranchView } from './types.ts'

/** A station that is about to take a claimed call: media are agreed with it, and what its dialog will be is known. */
export interface Taker {
  readonly party: Party
  readonly media: MediaLeg
  /** The dialog as {@link confirm} makes it: stored before anybody hears of the answer. */
  state(): DialogState
  /** Confirms the dialog; `undefined` when the station has gone. */
  confirm(headers: HeaderLines): Dialog | undefined
  /** The call is not for this station: ends what it has of it and frees the media. */
  abandon(): void
}

/** What became of {@link Claim.join}: `gone` and `incompatible` leave the claim open. */
export type JoinOutcome = 'joined' | 'gone' | 'incompatible' | 'over'

/** Our INVITE to the station that takes the call: known before it is sent, so that a crash can be followed by its ending. */
export interface AskedDialog {
  readonly callId: string
  readonly localTag: string
}

/**
 * A ringing call that is held for somebody who was not rung: the other stations have stopped, the caller hears ringing. It ends by
 * {@link join}, by {@link giveBack}, or with the call.
 */
export class Claim {
  readonly call: Call
  /** For whom it is held. */
  readonly by: Party
  readonly since: number
  readonly #over = new Set<() => void>()
  /** The stations that are rung for the claim, where some are. */
  rung: (() => readonly BranchView[]) | undefined
  /** Dialogs that were begun for the claim. */
  asked: readonly AskedDialog[] = []
  /** Makes the plan to ring on with. */
  readonly rest: () => CallPlan | undefined

  constructor(call: Call, by: Party, rest: () => CallPlan | undefined) {
    this.call = call
    this.by = by
    this.rest = rest
    this.since = call.host.core.clock.now()
  }

  /** Whether the call can still be joined or given back. */
  get open(): boolean {
    return this.call.claimed === this && this.call.state === 'claimed'
  }

  /** The caller's media, as an offer or answer to the taker is made after it; anchored on the server. `undefined`: the call is over. */
  callerMedia(): Promise<MediaLeg | undefined> {
    return this.call.anchoredFor(this)
  }

  /** Notes the identifiers of an INVITE to the taker. Resolves once they are stored: then it may be sent. */
  async asks(dialog: AskedDialog): Promise<void> {
    this.asked = [...this.asked, dialog]
    await this.call.storeContext()
  }

  /** The call ended while the claim was held: the caller gave up, or the server stops. Returns an unsubscribe function. */
  onOver(listener: () => void): () => void {
    this.#over.add(listener)
    return () => this.#over.delete(listener)
  }

  /** Tells that the call is over. */
  ended(): void {
    for (const listener of [...this.#over]) listener()
  }

  /** Joins caller and taker. The record and both dialogs are in the database before either hears of it. */
  async join(taker: Taker): Promise<JoinOutcome> {
    let outcome: JoinOutcome | 'failed' = 'failed'
    try {
      outcome = await this.call.join(this, taker)
      return outcome
    } finally {
      if (outcome !== 'joined') taker.abandon()
      // A record that cannot be written: nobody can be given the call any more.
      if (outcome === 'failed' && this.call.state === 'joining') this.call.end('error', 'server')
    }
  }

  /** The taker is not to be had: the stations ring again for the ringing time that is left, and what follows ringing follows. */
  giveBack(): void {
    this.call.giveBack(this)
  }

  /** The taker in the call's history. */
  views(): readonly BranchView[] {
    if (this.rung) return this.rung()
    const { station, person } = this.by
    const answered = this.call.state === 'joining' || this.call.state === 'answered'
    return [
      {
        station,
        personId: person?.id ?? '',
        state: answered ? 'answered' : 'calling',
        ...(answered ? { outcome: 'answered' } : {}),
        ringMs: 0,
      },
    ]
  }
}
