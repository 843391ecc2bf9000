import type { Person } from '#directory'
import type { Dialog, Response } from '#sip'
import type { Branch } from './branch.ts'
import type { Call } from './call.ts'
import { calleeParty } from './caller.ts'
import { StationCaller } from './caller-side.ts'
import { inBackground } from './core.ts'
import type { CallErrorCode } from './errors.ts'
import type { CallPlan } from './plan.ts'
import { Ringing, type RingingListener } from './ringing.ts'
import type { Station } from './station.ts'

/**
 * A person calls out from one of their stations by a click (RFC 5359 §2.18 with anchored media):
 *   station        server         target
 *     |<--INVITE------|              |
 *     |---200-------->|              |
 *     |               |---INVITE---->|
 *     |               |<---200-------|
 *     |<=============media==========>|
 */
export class Origination implements RingingListener {
  readonly #call: Call
  readonly #ringing: Ringing

  /**
   * @param stations the bindings to ring first: one device's, or all of the person's
   * @param autoAnswer those whose profile allows it are asked to answer by themselves
   */
  constructor(call: Call, person: Person, stations: readonly Station[], autoAnswer = false) {
    this.#call = call
    const { core } = call.host
    const plan: CallPlan = {
      callee: { number: person.extension, name: person.name, id: person.id },
      rings: person.id,
      steps: [{ stations, forMs: person.settings.ring.ringMs }],
      people: new Set(),
      mayJoin: () => false,
      waitMs: 0,
      declineEndsAll: true,
      outside: false,
    }
    const facts = {
      id: call.id,
      presented: { number: call.dialled, name: '', outsideNumber: '', hidden: false, hiddenOutside: false },
      dialled: '',
      maxForwards: 70,
      headers: [],
      traced: (sipCallId: string) => call.traced(sipCallId),
      autoAnswer,
    }
    this.#ringing = new Ringing(core, plan, core.anchored, undefined, facts, this)
  }

  start(): void {
    this.#call.onEnd = () => this.#ringing.cancel('cancelled', '', [])
    this.#ringing.start()
  }

  branchesChanged(): void {
    this.#call.legChanged()
  }

  rings(): void {}

  /** The station's own early media is for nobody: it waits for its own answer. */
  earlyMedia(): void {}

  taken(branch: Branch, response: Response, dialog: Dialog): Promise<unknown> {
    const { core } = this.#call.host
    this.#call.onEnd = undefined
    this.#call.noteBranches(this.#ringing.branches)
    const bindingId = branch.station.kind === 'device' ? branch.station.binding.id : ''
    const side = new StationCaller(core, calleeParty(branch), bindingId, dialog, branch.media)
    inBackground(core, 'calling out', this.#answered(branch, response, side))
    return this.#call.remember(side)
  }

  nobody(cause: CallErrorCode): void {
    this.#call.onEnd = undefined
    this.#call.noteBranches(this.#ringing.branches)
    this.#call.end(cause, 'caller')
  }

  redirected(): readonly [] {
    return []
  }

  async #answered(branch: Branch, response: Response, side: StationCaller): Promise<void> {
    if ((await branch.media.remoteAnswer(response.body.toString('utf8'))).ok) {
      await this.#call.start(side)
      return
    }
    side.reject(488, 'Not Acceptable Here')
    this.#call.end('not-acceptable', 'server')
  }
}
