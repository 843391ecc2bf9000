import type { Binding } from '#directory'
import type { MediaLeg } from '#media'
import type { Dialog, DialogState, HeaderLines, Invitation } from '#sip'
import { callHeader } from './call-header.ts'
import { type Caller, partyOf } from './caller.ts'
import { CallerSession } from './caller-session.ts'
import type { Core } from './core.ts'
import { engineFor, engineLike } from './engine.ts'
import { refusalOf } from './errors.ts'
import type { Party } from './leg.ts'
import { uasDialogState } from './record.ts'

/** How the caller came into the call: by an INVITE of their own, or because we rang their station first. */
export interface CallerSide {
  readonly party: Party
  /** For our INVITEs. */
  readonly maxForwards: number
  /** Whether the caller speaks from this binding. */
  speaksFrom(binding: Binding): boolean
  /** The caller has no final answer yet. */
  readonly pending: boolean
  /** The confirmed dialog, where the caller's station has answered us already. */
  readonly dialog: Dialog | undefined
  /** Takes the caller's session. @param direct whether the stations to be rung may have direct media @throws CallError */
  open(direct: boolean): Promise<CallerSession>
  /** 180, or 183 with the body of early media. */
  progress(status: number, body?: string): void
  /** The dialog that {@link answer} confirms, known before: it is stored first. */
  state(): DialogState
  /** @param headers what the caller's station may show of who took the call */
  answer(body: string, headers?: HeaderLines): Dialog
  reject(status: number, reason?: string, headers?: HeaderLines): void
}

/** A caller who sent an INVITE. */
export class InvitedCaller implements CallerSide {
  readonly party: Party
  readonly dialog = undefined
  readonly #core: Core
  readonly #invitation: Invitation
  readonly #mayBeDirect: boolean
  readonly #headers: HeaderLines

  /** @param callId which call the INVITE began */
  constructor(core: Core, invitation: Invitation, from: Caller, callId: string) {
    this.#core = core
    this.#invitation = invitation
    this.party = partyOf(from)
    this.#mayBeDirect = from.directMedia
    this.#headers = this.party.deviceId === '' ? [] : callHeader(callId)
  }

  get maxForwards(): number {
    return Number(this.#invitation.request.header('max-forwards') ?? 70) - 1
  }

  get pending(): boolean {
    return !this.#invitation.completed
  }

  speaksFrom(binding: Binding): boolean {
    const { flow } = this.#invitation
    return (
      binding.device.id === this.party.deviceId &&
      binding.remoteAddress === flow.remoteAddress &&
      binding.remotePort === flow.remotePort
    )
  }

  open(direct: boolean): Promise<CallerSession> {
    const offer = this.#invitation.request.body.toString('utf8')
    const engine = engineFor(this.#core, offer !== '' && direct && this.#mayBeDirect)
    const { protocol } = this.#invitation.flow
    return CallerSession.open(engine, offer, protocol === 'ws' || protocol === 'wss' ? 'webrtc' : 'rtp')
  }

  progress(status: number, body?: string): void {
    this.#invitation.progress(status, { headers: this.#headers, ...(body === undefined ? {} : { body }) })
  }

  state(): DialogState {
    return uasDialogState(this.#invitation, this.#core.transport.contactUri(this.#invitation.flow))
  }

  answer(body: string, headers: HeaderLines = []): Dialog {
    return this.#invitation.answer({ headers: [...this.#headers, ...headers], body })
  }

  reject(status: number, reason?: string, headers: HeaderLines = []): void {
    this.#invitation.reject(status, reason, headers)
  }
}

/** A caller whose own station we rang first and who has answered it ("click to dial", RFC 5359 §2.18 with anchored media). */
export class StationCaller implements CallerSide {
  readonly party: Party
  readonly maxForwards = 70
  readonly dialog: Dialog
  readonly #core: Core
  readonly #media: MediaLeg

  readonly #bindingId: string

  constructor(core: Core, party: Party, bindingId: string, dialog: Dialog, media: MediaLeg) {
    this.#core = core
    this.party = party
    this.#bindingId = bindingId
    this.dialog = dialog
    this.#media = media
  }

  get pending(): boolean {
    return !this.dialog.ended
  }

  speaksFrom(binding: Binding): boolean {
    return binding.id === this.#bindingId
  }

  async open(): Promise<CallerSession> {
    return CallerSession.joined(engineLike(this.#core, this.#media), this.#media)
  }

  /** The station is in a call already: what it hears is media, not a status. */
  progress(): void {}

  state(): DialogState {
    return this.dialog.state()
  }

  answer(_body: string, headers: HeaderLines = []): Dialog {
    if (headers.length > 0) this.dialog.identify(headers)
    return this.dialog
  }

  reject(status: number, reason = refusalOf('unreachable').text): void {
    this.dialog.bye([['Reason', `SIP;cause=${status};text="${reason}"`]])
  }
}
