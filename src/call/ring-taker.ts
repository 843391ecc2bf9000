import type { Person } from '#directory'
import type { Dialog, Response } from '#sip'
import type { Branch } from './branch.ts'
import type { Call } from './call.ts'
import { calleeParty } from './caller.ts'
import type { Claim } from './claim.ts'
import { DialogTaker } from './dialog-taker.ts'
import { CallError, type CallErrorCode } from './errors.ts'
import type { CallPlan } from './plan.ts'
import { Ringing, type RingingListener } from './ringing.ts'
import { presentedFor, type Station } from './station.ts'

/**
 * Rings stations of the person for whom a call is claimed, until one of them takes it. The claim stays open when it rejects.
 * @throws CallError `no-answer`, `busy`, `declined` … as the stations say, `caller-gone` when the call ended meanwhile
 */
export async function ringTaker(
  claim: Claim,
  person: Person,
  stations: readonly Station[],
  forMs: number,
): Promise<void> {
  const waiting = await claim.callerMedia()
  if (!waiting) throw new CallError('caller-gone')
  const { call } = claim
  const { core } = call.host
  const plan: CallPlan = {
    callee: { number: person.extension, name: person.name, id: person.id },
    rings: person.id,
    steps: [{ stations, forMs }],
    people: new Set(),
    mayJoin: () => false,
    waitMs: 0,
    declineEndsAll: true,
    outside: false,
  }
  const facts = {
    id: call.id,
    presented: presentedFor(call.from.presented, call.from.person, undefined),
    dialled: '',
    maxForwards: 70,
    headers: [],
    traced: (sipCallId: string) => call.traced(sipCallId),
    autoAnswer: true,
  }
  await new Promise<void>((resolve, reject) => {
    const listener = new TakerRinging(claim, resolve, reject)
    const ringing = new Ringing(core, plan, core.anchored, waiting, facts, listener)
    listener.start(ringing)
  })
}

class TakerRinging implements RingingListener {
  readonly #claim: Claim
  readonly #call: Call
  readonly #joined: () => void
  readonly #failed: (error: CallError) => void
  #ringing: Ringing | undefined
  #forget: () => void = () => {}

  constructor(claim: Claim, joined: () => void, failed: (error: CallError) => void) {
    this.#claim = claim
    this.#call = claim.call
    this.#joined = joined
    this.#failed = failed
  }

  start(ringing: Ringing): void {
    this.#ringing = ringing
    const { clock } = this.#call.host.core
    this.#claim.rung = () => ringing.branches.map((branch) => branch.view(clock.now()))
    this.#forget = this.#claim.onOver(() => {
      ringing.cancel('cancelled', '', [])
      this.#failed(new CallError('caller-gone'))
    })
    ringing.start()
  }

  branchesChanged(): void {
    if (!this.#claim.open) return
    this.#claim.asked = this.#ringing?.branches.flatMap((branch) => branch.asked ?? []) ?? []
    this.#call.writeContext()
    this.#call.legChanged()
  }

  rings(): void {}

  /** The caller hears ringing: the station's early media is for nobody. */
  earlyMedia(): void {}

  taken(branch: Branch, response: Response, dialog: Dialog): Promise<unknown> {
    const taker = new DialogTaker(calleeParty(branch), branch.media, dialog)
    return this.#join(taker, response).then(
      (refusal) => this.#end(refusal),
      () => this.#end('error'),
    )
  }

  nobody(cause: CallErrorCode): void {
    this.#end(cause)
  }

  redirected(): readonly [] {
    return []
  }

  async #join(taker: DialogTaker, response: Response): Promise<CallErrorCode | undefined> {
    if (!(await taker.takeAnswer(response))) {
      taker.abandon()
      return 'not-acceptable'
    }
    const outcome = await this.#claim.join(taker)
    if (outcome === 'joined') return undefined
    return outcome === 'incompatible' ? 'not-acceptable' : outcome === 'gone' ? 'no-answer' : 'caller-gone'
  }

  #end(refusal: CallErrorCode | undefined): void {
    this.#forget()
    if (refusal) this.#failed(new CallError(refusal))
    else this.#joined()
  }
}
