import { isDirect, type MediaLeg } from '#media'
import type { Dialog, DialogState, HeaderLines } from '#sip'
import type { Call } from './call.ts'
import { inBackground } from './core.ts'
import { Leg, type Party } from './leg.ts'
import type { CallPlan } from './plan.ts'
import { identityOf, presentedOf } from './station.ts'
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
 * Takes a ringing call for somebody whose stations do not ring: first wins, at once. Its stations stop.
 * @throws CallError `taken` with who was faster, `nothing-rings` when it rings no more
 */
export function claimFor(call: Call, by: Party): Claim {
  const { ringing, session } = call
  if (call.state !== 'ringing' || !ringing?.open) throw call.refusal()
  const claim = new Claim(call, by, ringing.yieldTo(by.station))
  call.state = 'claimed'
  call.claimed = claim
  // The caller heard what a station sent, which has stopped; also when it rings again, until somebody answers.
  if (session?.hears)
    call.ringback ??= call.host.core.anchored.play(session.media, { tone: 'ringback' }, { loop: true })
  call.writeContext()
  call.legChanged()
  return claim
}

/**
 * A ringing call that is held for somebody who was not rung: the other stations have stopped, the caller hears ringing. It ends by
 * {@link join}, by {@link giveBack}, or with the call.
 */
export class Claim {
  readonly call: Call
  /** For whom it is held. */
  readonly by: Party
  /** The stations that are rung for the claim, where some are. */
  rung: (() => readonly BranchView[]) | undefined
  /** Dialogs that were begun for the claim. */
  asked: readonly AskedDialog[] = []
  /** Makes the plan to ring on with. */
  readonly #rest: () => CallPlan | undefined
  readonly #over = new Set<() => void>()

  constructor(call: Call, by: Party, rest: () => CallPlan | undefined) {
    this.call = call
    this.by = by
    this.#rest = rest
  }

  /** Whether the call can still be joined or given back. */
  get open(): boolean {
    return this.call.claimed === this && this.call.state === 'claimed'
  }

  /** The call ended while the claim was held: the caller gave up, or the server stops. Returns an unsubscribe function. */
  onOver(listener: () => void): () => void {
    this.#over.add(listener)
    return () => this.#over.delete(listener)
  }

  /** The call has ended. Where nobody took it, nobody picked it up either. */
  ended(): void {
    const { call } = this
    if (call.answeredAt === 0) {
      const { others, stopped } = this.#rang()
      const cancelled = stopped.map(({ by: _by, ...view }) => ({ ...view, outcome: 'cancelled' }))
      call.history = [...call.history, ...others, ...cancelled]
      call.ringing = undefined
    }
    for (const listener of [...this.#over]) listener()
  }

  /**
   * The caller's media, as an offer or answer to the taker is made after it: moved to the server where it was to flow directly. `undefined`:
   * the claim is over.
   */
  async callerMedia(): Promise<MediaLeg | undefined> {
    const { call } = this
    const { side, session, caller } = call
    if (!this.open || !side || !session || !caller) return undefined
    if (!isDirect(session.media)) return session.media
    const anchored = await side.open(false)
    await session.media.close()
    if (!this.open) {
      await anchored.media.close()
      return undefined
    }
    call.session = anchored
    caller.media = anchored.media
    anchored.media.handlers = caller
    return anchored.media
  }

  /** Notes the identifiers of an INVITE to the taker. Resolves once they are stored: then it may be sent. */
  async asks(dialog: AskedDialog): Promise<void> {
    this.asked = [...this.asked, dialog]
    await this.call.storeContext()
  }

  /** Joins caller and taker. The record and both dialogs are in the database before either hears of it. */
  async join(taker: Taker): Promise<JoinOutcome> {
    let outcome: JoinOutcome | 'failed' = 'failed'
    try {
      outcome = await this.#join(taker)
      return outcome
    } finally {
      if (outcome !== 'joined') taker.abandon()
      // A record that cannot be written: nobody can be given the call any more.
      if (outcome === 'failed' && this.call.state === 'joining') this.call.end('error', 'server')
    }
  }

  /** The taker is not to be had: the stations ring again for the ringing time that is left, and what follows ringing follows. */
  giveBack(): void {
    if (!this.open) return
    const { call } = this
    const plan = this.#rest()
    const { others, stopped } = this.#rang()
    // Who rings again begins anew in the history.
    const unanswered = stopped.map(({ by: _by, ...view }) => ({ ...view, outcome: 'no-answer' }))
    call.history = [...call.history, ...others, ...(plan ? [] : unanswered)]
    call.ringing = undefined
    call.claimed = undefined
    call.state = 'ringing'
    if (plan) call.ring(plan)
    call.legChanged()
    if (!plan) call.nobody('no-answer', 480)
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

  async #join(taker: Taker): Promise<JoinOutcome> {
    const { call } = this
    const { core } = call.host
    if (!(await this.callerMedia())) return 'over'
    const answer = await call.session?.join(taker.media)
    if (!this.open) return 'over'
    if (answer === undefined) return 'incompatible'
    const callee = new Leg(core, call, 'callee', taker.party, taker.media)
    await call.take(callee, taker.state())
    if (call.state !== 'joining') return 'over'
    const dialog = taker.confirm(identityOf(core, call.from.presented))
    if (!dialog) {
      this.#holdOn()
      return 'gone'
    }
    callee.attach(dialog)
    const { person } = taker.party
    call.joined(callee, answer, call.from.person && person ? identityOf(core, presentedOf(person)) : [])
    return 'joined'
  }

  /** What rang: the stations that the claim has stopped, and those that had ended before. */
  #rang(): { readonly stopped: readonly BranchView[]; readonly others: readonly BranchView[] } {
    const now = this.call.host.core.clock.now()
    const rung = (this.call.ringing?.branches ?? []).map((branch) => branch.view(now))
    const isStopped = ({ outcome }: BranchView): boolean => outcome === 'picked-up'
    return { stopped: rung.filter(isStopped), others: rung.filter((view) => !isStopped(view)) }
  }

  /** Who took the call has gone before they heard of it. */
  #holdOn(): void {
    const { call } = this
    const { core } = call.host
    call.state = 'claimed'
    call.answeredAt = 0
    call.callee = undefined
    for (const role of ['caller', 'callee'] as const)
      inBackground(core, 'forgetting a dialog', core.storage.calls.dialogEnded(call.id, role))
    call.writeContext()
  }
}
