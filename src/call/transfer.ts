import type { DialOrigin } from '#directory'
import {
  type Dialog,
  type HeaderLines,
  type NameAddr,
  parseNameAddr,
  parseReplaces,
  type Response,
  type ServerTransaction,
} from '#sip'
import type { Branch } from './branch.ts'
import type { Call } from './call.ts'
import { type Caller, calleeParty } from './caller.ts'
import { engineLike } from './engine.ts'
import { CallError, type CallErrorCode, causeOfStatus, refusalOf } from './errors.ts'
import { Leg } from './leg.ts'
import { type CallPlan, planFor } from './plan.ts'
import { dialledOf, redirectTargets } from './redirect.ts'
import { handOver, replaceLeg } from './replace-leg.ts'
import { Ringing, type RingingListener } from './ringing.ts'
import { directMediaOf, outsideNumberOf, presentedFor } from './station.ts'
import { prepareForService } from './transfer-to-service.ts'

const transferred: HeaderLines = [['Reason', 'SIP;cause=200;text="Call transferred"']]

/**
 * Transfer of a call by REFER (RFC 3515, RFC 5589): the server takes the REFER itself.
 *   transferor     server        transferee     target
 *     |--REFER------->|             |             |
 *     |<---202--------|             |             |
 *     |<--NOTIFY 100--|---INVITE----------------->|
 *     |<--NOTIFY 180--|<---180--------------------|
 *     |               |<---200--------------------|   joined over the anchored media, no re-INVITE
 *     |<--NOTIFY 200--|                           |
 *     |<--BYE---------|             |             |
 * Attended: Refer-To carries Replaces with the transferor's other dialog; the leg behind that dialog is joined at once.
 */
export async function handleRefer(call: Call, transferor: Leg, transaction: ServerTransaction): Promise<void> {
  const to = parseNameAddr(transaction.request.header('refer-to') ?? '')
  if (!to.ok) {
    transaction.respond(400, 'Refer-To is missing or malformed')
    return
  }
  if (call.transferring || call.state !== 'answered' || !transferor.peer) {
    transaction.respond(491, 'Request Pending')
    return
  }
  const report = new TransferReport(transferor.dialog as Dialog)
  try {
    const act = prepare(call, transferor, to.value, report)
    transaction.respond(202, 'Accepted')
    report.send(100, 'Trying', false)
    await act()
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    const refusal = refusalOf(error.code)
    if (transaction.completed) report.send(refusal.sip, refusal.text, true)
    else transaction.respond(refusal.sip, refusal.text)
  }
}

/**
 * Blind transfer without a REFER: from a desk or by API.
 * @throws CallError with the target's refusal; the call then goes on as it was
 */
export async function transferTo(call: Call, transferor: Leg, dialled: string): Promise<void> {
  if (call.transferring || call.state !== 'answered' || !transferor.peer) throw new CallError('taken')
  const outcome = new TransferOutcome()
  await prepareBlind(call, transferor, dialled, outcome)()
  if (outcome.refusal) throw new CallError(causeOfStatus(outcome.refusal))
}

/** Hears how a transfer goes. */
interface Report {
  send(status: number, reason: string, last: boolean): void
}

/** Remembers how a transfer ended. */
class TransferOutcome implements Report {
  refusal = 0
  send(status: number, _reason: string, last: boolean): void {
    if (last && status >= 300) this.refusal = status
  }
}

/** Tells the transferor how it goes: NOTIFY with a sipfrag (RFC 3515 §2.4.4). */
class TransferReport implements Report {
  readonly #dialog: Dialog

  constructor(dialog: Dialog) {
    this.#dialog = dialog
  }

  send(status: number, reason: string, last: boolean): void {
    if (this.#dialog.ended) return
    const state = last ? 'terminated;reason=noresource' : 'active;expires=180'
    this.#dialog
      .request('NOTIFY', {
        headers: [
          ['Event', 'refer'],
          ['Subscription-State', state],
        ],
        contentType: 'message/sipfrag;version=2.0',
        body: `SIP/2.0 ${status} ${reason}\r\n`,
      })
      .catch(() => {})
  }
}

/** Checks the request and says what to do. @throws CallError when it is refused: the call stays as it was */
function prepare(call: Call, transferor: Leg, to: NameAddr, report: Report): () => Promise<void> {
  const replaces = replacesOf(to)
  if (replaces) return prepareAttended(call, transferor, replaces, report)
  const dialled = dialledOf(call.host, to.uri.text)
  if (dialled === undefined) throw new CallError('not-found')
  return prepareBlind(call, transferor, dialled, report)
}

function replacesOf(to: NameAddr): string | undefined {
  for (const pair of (to.uri.headers ?? '').split('&')) {
    const [name, value] = pair.split('=', 2)
    if (name?.toLowerCase() === 'replaces' && value !== undefined) return decode(value)
  }
  return undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function originOf(transferor: Leg): DialOrigin {
  if (transferor.party.person) return { kind: 'on-behalf', person: transferor.party.person }
  if (transferor.party.trunk) return { kind: 'trunk', trunk: transferor.party.trunk }
  throw new CallError('not-allowed')
}

function prepareBlind(call: Call, transferor: Leg, dialled: string, report: Report): () => Promise<void> {
  const plan = planOrOutcome(call, transferor, dialled)
  if (plan instanceof CallError) return () => Promise.reject(plan)
  if (plan.queue !== undefined)
    return prepareForService(call, transferor, plan, dialled, () => report.send(200, 'OK', true))
  return () =>
    new Promise((resolve, reject) => {
      const transferee = transferor.peer as Leg
      call.beginTransfer(transferee)
      call.account = plan.account ?? call.account
      new BlindTransfer(call, transferor, transferee, report, resolve, reject).ring(plan)
    })
}

/** How a call to a target that may be dialled can fail before it rings. */
const outcomes: readonly CallErrorCode[] = ['not-found', 'busy', 'do-not-disturb', 'no-trunk']

/** A target that cannot be had is the outcome of an accepted transfer, told by NOTIFY. @throws CallError for one that may not be dialled */
function planOrOutcome(call: Call, transferor: Leg, dialled: string): CallPlan | CallError {
  try {
    return planFor(dialled, originOf(transferor), call.host.surroundings, call.planRequest(0))
  } catch (error) {
    if (error instanceof CallError && outcomes.includes(error.code)) return error
    throw error
  }
}

/** Rings the target while the transferee waits; the transferor is told and may hang up meanwhile. */
class BlindTransfer implements RingingListener {
  readonly #call: Call
  readonly #transferor: Leg
  readonly #transferee: Leg
  readonly #report: Report
  readonly #done: () => void
  readonly #failed: (error: unknown) => void
  #recalling = false
  #ringing: Ringing | undefined

  constructor(
    call: Call,
    transferor: Leg,
    transferee: Leg,
    report: Report,
    done: () => void,
    failed: (error: unknown) => void,
  ) {
    this.#call = call
    this.#transferor = transferor
    this.#transferee = transferee
    this.#report = report
    this.#done = done
    this.#failed = failed
  }

  ring(plan: ReturnType<typeof planFor>): void {
    const { core } = this.#call.host
    const stations = plan.steps.flatMap((step) => step.stations)
    const engine = engineLike(core, this.#transferee.media, stations.every(directMediaOf))
    const facts = {
      id: this.#call.id,
      presented: presentedFor(this.#presented(), this.#transferee.party.person, plan.account),
      dialled: plan.callee.number,
      maxForwards: 70,
      headers: [],
      traced: (id: string) => this.#call.traced(id),
    }
    this.#ringing = new Ringing(core, plan, engine, this.#transferee.media, facts, this)
    this.#call.otherRinging = this.#ringing
    this.#ringing.start()
    this.#call.onEnd = () => this.#ringing?.cancel('cancelled', '', [])
  }

  branchesChanged(): void {
    this.#call.legChanged()
  }

  rings(): void {
    if (!this.#recalling) this.#report.send(180, 'Ringing', false)
  }

  earlyMedia(): void {
    this.rings()
  }

  taken(branch: Branch, response: Response, dialog: Dialog): Promise<unknown> {
    const { core } = this.#call.host
    const target = new Leg(core, this.#call, 'callee', calleeParty(branch), branch.media)
    target.attach(dialog)
    const joined = this.#join(target, response)
    joined.then(this.#done, this.#failed)
    return joined
  }

  nobody(cause: CallErrorCode, status: number): void {
    const { text } = refusalOf(cause)
    if (!this.#recalling) this.#report.send(status, text, true)
    if (this.#transferor.dialog?.ended === false) {
      this.#call.endTransfer()
      this.#done()
      return
    }
    this.#recall()
  }

  redirected(uri: string, branch: Branch): ReturnType<RingingListener['redirected']> {
    return redirectTargets(this.#call, uri, branch)
  }

  async #join(target: Leg, response: Response): Promise<void> {
    const taken = await target.media.remoteAnswer(response.body.toString('utf8'))
    const old = this.#transferor
    const joined = taken.ok && (await replaceLeg(this.#call, old, target))
    this.#call.noteBranches(this.#ringing?.branches ?? [])
    this.#call.endTransfer()
    if (joined) {
      dismiss(this.#call, old, this.#report)
      return
    }
    this.#report.send(488, 'Not Acceptable Here', true)
    await target.end([])
    if (old.dialog?.ended) this.#call.end('error', 'server')
  }

  /** The transferor has gone and the target did not answer: the transferor's stations ring again before the transferee is given up. */
  #recall(): void {
    const person = this.#transferor.party.person
    if (this.#recalling || !person) {
      this.#giveUp()
      return
    }
    this.#recalling = true
    try {
      this.ring(
        planFor(person.login, { kind: 'on-behalf', person }, this.#call.host.surroundings, this.#call.planRequest(0)),
      )
    } catch (error) {
      if (!(error instanceof CallError)) throw error
      this.#giveUp()
    }
  }

  #giveUp(): void {
    this.#call.endTransfer()
    this.#call.end('no-answer', 'server', [['Reason', 'SIP;cause=480;text="Transfer failed"']])
    this.#done()
  }

  #presented(): Caller['presented'] {
    const { party } = this.#transferee
    if (this.#transferee === this.#call.caller) return this.#call.from.presented
    const number = party.person?.extension ?? party.station
    return {
      number,
      name: party.person?.name ?? '',
      outsideNumber: party.person ? outsideNumberOf(party.person) : number,
      hidden: false,
      hiddenOutside: false,
    }
  }
}

function prepareAttended(call: Call, transferor: Leg, text: string, report: Report): () => Promise<void> {
  const replaces = parseReplaces(text)
  if (!replaces.ok) throw new CallError('no-such-dialog')
  const { callId, toTag, fromTag } = replaces.value
  const { ua } = call.host.core
  const dialog = ua.dialog(callId, toTag, fromTag) ?? ua.dialog(callId, fromTag, toTag)
  const other = dialog && call.host.callOfDialog(dialog)
  if (!other || other.call === call) throw new CallError('no-such-dialog')
  const consultation = other.leg
  // The transferor may move only calls of their own.
  const person = transferor.party.person
  if (!person || consultation.party.person?.id !== person.id) throw new CallError('not-allowed')
  const target = consultation.peer
  if (!target || other.call.state !== 'answered') throw new CallError('no-such-dialog')
  return async () => {
    call.beginTransfer(transferor.peer as Leg)
    other.call.beginTransfer(target)
    const joined = await replaceLeg(call, transferor, target)
    call.endTransfer()
    other.call.endTransfer()
    if (!joined) {
      report.send(488, 'Not Acceptable Here', true)
      return
    }
    dismiss(call, transferor, report)
    handOver(other.call, target)
  }
}

/** The transfer is done: the transferor is told and hangs up, or is hung up after a while. */
function dismiss(call: Call, transferor: Leg, report: Report): void {
  const { core } = call.host
  report.send(200, 'OK', true)
  core.clock.setTimeout(() => transferor.dialog?.bye(transferred), core.settings.transferGraceMs)
}
