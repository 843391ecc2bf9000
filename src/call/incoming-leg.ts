import type { Person } from '#directory'
import type { MediaLeg, Playing, Sound } from '#media'
import { type Dialog, type DialogState, type HeaderLines, type Invitation, parseTokenList } from '#sip'
import type { Call } from './call.ts'
import { callHeader } from './call-header.ts'
import { peerOf } from './call-traces.ts'
import { type Caller, partyOf } from './caller.ts'
import type { Taker } from './claim.ts'
import type { Core } from './core.ts'
import { CallError, refusalOf } from './errors.ts'
import type { Party } from './leg.ts'
import { uasDialogState } from './record.ts'

/**
 * An INVITE of one of our people's stations that asks for something else than a new call: a service answers or refuses it. It can take a
 * claimed call.
 */
export class IncomingLeg implements Taker {
  readonly party: Party
  readonly person: Person
  /** What was dialled. */
  readonly dialled: string
  /** The call that the station means, where it says so (`X-Baton-Call`); '' otherwise. */
  readonly meantCall: string
  /** The station takes INVITEs with Replaces (RFC 3891). Browsers say so, and refuse them for an early dialog. */
  readonly supportsReplaces: boolean
  readonly overWebSocket: boolean
  /** Another node vouches for the person: their station is registered there. */
  readonly passedOn: boolean
  /** Who asks, as a caller. */
  readonly from: Caller
  readonly invitation: Invitation
  readonly #core: Core
  #media: MediaLeg | undefined
  #answer = ''
  #playing: Playing | undefined
  #headers: HeaderLines = []
  #acknowledged: ((done: boolean) => void) | undefined
  #gone = false

  /** @param passedOn the call that another node passes on the request for */
  constructor(core: Core, invitation: Invitation, from: Caller, person: Person, dialled: string, passedOn?: string) {
    const { request, flow } = invitation
    this.#core = core
    this.invitation = invitation
    this.party = partyOf(from)
    this.person = person
    this.dialled = dialled
    this.from = from
    this.passedOn = passedOn !== undefined
    this.meantCall = passedOn ?? request.header('x-baton-call')?.trim() ?? ''
    this.supportsReplaces =
      passedOn === undefined &&
      request.headerLines('supported').some((line) => parseTokenList(line).includes('replaces'))
    this.overWebSocket = flow.protocol === 'ws' || flow.protocol === 'wss'
    const gone = (): void => {
      this.#gone = true
      this.#acknowledged?.(false)
    }
    invitation.handlers = { cancelled: gone, unacked: gone, pracked: () => this.#acknowledged?.(true) }
  }

  /** The station gave up, or was answered or refused. */
  get ended(): boolean {
    return this.#gone || this.invitation.completed
  }

  /** Its session description came with the INVITE; without, ours goes out with the answer. */
  get offers(): boolean {
    return this.invitation.request.body.length > 0
  }

  get media(): MediaLeg {
    if (!this.#media) throw new Error('the leg has no media: open() comes first')
    return this.#media
  }

  /** Its messages go into the call's trace, and it is told which call it has. */
  belongsTo(call: Call): void {
    const { request, flow } = this.invitation
    call.traced(request.callId)
    call.trace.add(call.host.core.clock.now(), 'in', peerOf(flow), request.bytes)
    this.#headers = callHeader(call.id)
  }

  /** Agrees media with the station, with the codecs of `like` first. @throws CallError `no-media` or `not-acceptable` */
  async open(like: MediaLeg): Promise<void> {
    if (this.#media) return
    const made = await this.#core.anchored.createLeg(this.offers ? {} : { kind: this.overWebSocket ? 'webrtc' : 'rtp' })
    if (!made.ok) throw new CallError('no-media')
    this.#media = made.value
    const offer = this.invitation.request.body.toString('utf8')
    const taken = this.offers ? await made.value.remoteOffer(offer) : undefined
    const written = taken?.ok === false ? taken : await (taken ? made.value.answer(like) : made.value.offer(like))
    if (!written.ok) throw new CallError('not-acceptable')
    this.#answer = written.value as string
  }

  /**
   * Opens an early session (183) in which the station hears a sound until it is answered. Resolves to whether the station has it for sure:
   * at once where it does not take reliable responses (RFC 3262), else with its PRACK; false after `limitMs`, or when it has given up.
   */
  async early(sound: Sound, limitMs: number): Promise<boolean> {
    if (this.ended || !this.offers) return false
    const { request } = this.invitation
    const reliable = ['supported', 'require'].some((name) =>
      request.headerLines(name).some((line) => parseTokenList(line).includes('100rel')),
    )
    this.invitation.progress(183, { headers: this.#headers, body: this.#answer })
    this.#playing = this.#core.anchored.play(this.media, sound, { loop: true })
    if (!reliable) return true
    return new Promise((resolve) => {
      const timer = this.#core.clock.setTimeout(() => this.#acknowledged?.(false), limitMs)
      this.#acknowledged = (done) => {
        this.#acknowledged = undefined
        this.#core.clock.clearTimeout(timer)
        resolve(done)
      }
    })
  }

  state(): DialogState {
    return uasDialogState(this.invitation, this.#core.transport.contactUri(this.invitation.flow))
  }

  confirm(headers: HeaderLines): Dialog | undefined {
    if (this.ended) return undefined
    this.#playing?.stop()
    return this.invitation.answer({ headers: [...this.#headers, ...headers], body: this.#answer })
  }

  abandon(): void {
    this.#acknowledged?.(false)
    this.#playing?.stop()
    this.#media?.close().catch(() => {})
  }

  /** Its early session was replaced by another dialog: ends it unless the station does so within `limitMs`. */
  replaced(limitMs: number): void {
    this.abandon()
    this.#core.clock.setTimeout(() => {
      if (!this.ended) this.invitation.reject(487)
    }, limitMs)
  }

  /** Refuses the station: SIP status and words come from the error. */
  refuse(error: CallError): void {
    this.abandon()
    if (!this.ended) this.invitation.reject(refusalOf(error.code).sip, error.message)
  }
}
