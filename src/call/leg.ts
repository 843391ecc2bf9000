import type { Person, Trunk } from '#directory'
import { digitsOfInfo, isDirect, type MediaHandlers, type MediaLeg, peerKindOf } from '#media'
import type { Dialog, DialogHandlers, HeaderLines, Request, ServerTransaction } from '#sip'
import type { DialogRow } from '#storage'
import { type Core, inBackground } from './core.ts'

export type Role = 'caller' | 'callee'

/** Who is at the far end of a leg. */
export interface Party {
  /** What history and board call it: `alice/phone` or a telephone number. */
  readonly station: string
  readonly person: Person | undefined
  readonly deviceId: string
  readonly trunk: Trunk | undefined
  /** Wants to stay unknown. */
  readonly hidden?: boolean
}

/** What a leg reports to its call. */
export interface LegListener {
  /** The far end hung up, or is lost: the dialog is over. */
  legEnded(
    leg: Leg,
    why: 'bye' | 'session-expired' | 'gone' | 'no-ack' | 'silent' | 'media-gone',
    reason: string | undefined,
  ): void
  /** Hold state changed by a re-INVITE. */
  legChanged(leg: Leg): void
  refer(leg: Leg, transaction: ServerTransaction): void
}

/** How long the other side may take to answer an offer that was passed on to it. */
const askMs = 10_000

/** How often an offer of ours lets one of the far end go first. */
const mostCrossings = 4

const sdpType = ['Content-Type', 'application/sdp'] as const

/** One side of an answered call: its dialog with the server and its media. It answers what the far end asks inside the dialog. */
export class Leg implements DialogHandlers, MediaHandlers {
  role: Role
  readonly party: Party
  media: MediaLeg
  /** The call that the leg belongs to: changes when the leg is transferred. */
  call: LegListener & { readonly id: string }
  /** The other side, once joined. */
  peer: Leg | undefined
  /** Told of the keys that the far end presses, while a service holds the leg. */
  keys: ((digit: string) => void) | undefined
  /** Told of the NOTIFYs of a REFER of ours. */
  notified: ((transaction: ServerTransaction) => void) | undefined
  /** Set once the INVITE is answered. */
  dialog: Dialog | undefined
  readonly #core: Core
  /** Offers and answers of this leg, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  /** The offer of ours that is on its way to the far end; '' while it is being made. */
  #offering: string | undefined
  /** An offer of the far end that went before ours. */
  #crossing: Promise<void> | undefined
  /** An offer of the far end was passed on to the other side. */
  #asking = false

  constructor(core: Core, call: Leg['call'], role: Role, party: Party, media: MediaLeg) {
    this.#core = core
    this.call = call
    this.role = role
    this.party = party
    this.media = media
    media.handlers = this
  }

  /** Binds the confirmed dialog to this leg. */
  attach(dialog: Dialog): void {
    this.dialog = dialog
    dialog.handlers = this
  }

  get held(): boolean {
    return this.media.heldByPeer
  }

  /** Ends the dialog (once) and frees the media. Resolves with the last statistics. */
  end(headers: HeaderLines): ReturnType<MediaLeg['close']> {
    this.dialog?.bye(headers)
    return this.media.close()
  }

  /** The row that lets another process end this dialog after a crash. */
  row(node: string): DialogRow | undefined {
    return this.dialog && this.rowOf(node, JSON.stringify(this.dialog.state()))
  }

  rowOf(node: string, state: string): DialogRow {
    return { callId: this.call.id, role: this.role, node, deviceId: this.party.deviceId, state }
  }

  bye(request: Request): void {
    this.call.legEnded(this, 'bye', request.header('reason'))
  }

  lost(why: 'session-expired' | 'gone' | 'no-ack'): void {
    this.call.legEnded(this, why, undefined)
  }

  silent(): void {
    this.call.legEnded(this, 'silent', undefined)
  }

  /** The media engine failed under the call. */
  gone(): void {
    this.call.legEnded(this, 'media-gone', undefined)
  }

  changed(dialog: Dialog): void {
    const row = this.rowOf(this.#core.settings.node, JSON.stringify(dialog.state()))
    inBackground(this.#core, 'storing a dialog', this.#core.storage.calls.dialog(row))
  }

  offer(transaction: ServerTransaction): void {
    const ours = this.#offering
    let answered: Promise<void>
    if (ours === undefined) answered = this.#inTurn(() => this.#answerOffer(transaction))
    // The far end has refused ours because of an offer of its own, and may take none before that one is answered.
    else if (transaction.request.body.length > 0 && this.dialog?.withdraw(ours))
      answered = this.#crossing = this.#answerOffer(transaction)
    else {
      transaction.respond(491)
      return
    }
    inBackground(this.#core, 'answering an offer', answered)
  }

  ack(request: Request): void {
    if (request.body.length > 0)
      inBackground(this.#core, 'taking an answer', this.media.remoteAnswer(request.body.toString('utf8')))
  }

  refer(transaction: ServerTransaction): void {
    this.call.refer(this, transaction)
  }

  digit(digit: string): void {
    this.keys?.(digit)
  }

  info(transaction: ServerTransaction): void {
    const { request } = transaction
    const contentType = request.header('content-type') ?? ''
    const pressed = this.keys && digitsOfInfo(contentType, request.body.toString('latin1'))
    if (pressed) {
      transaction.respond(200)
      for (const { digit } of pressed) this.digit(digit)
    } else this.#passOn(transaction)
  }

  message(transaction: ServerTransaction): void {
    this.#passOn(transaction)
  }

  notify(transaction: ServerTransaction): void {
    if (this.notified) this.notified(transaction)
    else transaction.respond(489, 'Bad Event')
  }

  #inTurn<T>(exchange: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(exchange)
    this.#turn = done.catch(() => {})
    return done
  }

  /**
   * Anchored media: each leg is answered alone, the other side notices nothing but the media. Where an offer is the other side's matter
   * too, it goes on to that side and is answered with what comes back.
   */
  async #answerOffer(transaction: ServerTransaction): Promise<void> {
    const { media } = this
    const body = transaction.request.body
    if (transaction.completed) return
    if (body.length === 0) {
      const offer = await media.offer(this.peer?.media)
      if (offer.ok) transaction.respond(200, 'OK', [sdpType], offer.value)
      else transaction.respond(488, 'Not Acceptable Here')
      return
    }
    const taken = await media.remoteOffer(body.toString('utf8'))
    if (!taken.ok) {
      transaction.respond(taken.refusal === 'malformed-sdp' ? 400 : 488)
      return
    }
    const refusal = await this.#askPeer()
    if (refusal !== undefined || transaction.completed) {
      media.dropOffer()
      transaction.respond(refusal ?? 487)
      return
    }
    const answer = await media.answer(this.peer?.media)
    if (answer.ok) transaction.respond(200, 'OK', [sdpType], answer.value)
    else transaction.respond(488, 'Not Acceptable Here')
    this.call.legChanged(this)
  }

  /**
   * Passes the pending offer on where it is the other side's matter too. A side that takes long, or refuses, leaves its session as it was.
   * @returns the status to refuse with, undefined when the offer can be answered
   */
  async #askPeer(): Promise<number | undefined> {
    const { peer } = this
    const concern = peer ? this.media.concerns(peer.media) : 'no'
    if (!peer || concern === 'no') return undefined
    // Glare: each side asks the other, and one has to come again (RFC 3261 §14.2).
    if (peer.#asking) return 491
    this.#asking = true
    const { clock } = this.#core
    const late = Promise.withResolvers<false>()
    const timer = clock.setTimeout(() => late.resolve(false), askMs)
    try {
      const agreed = await Promise.race([peer.reoffer(this.media), late.promise])
      return agreed || concern === 'may' ? undefined : 488
    } finally {
      clock.clearTimeout(timer)
      this.#asking = false
    }
  }

  /** Offers this leg the other's media, or G.711 alone, by re-INVITE. False when it was refused: the session stays as it was. */
  reoffer(like?: MediaLeg, only?: 'g711'): Promise<boolean> {
    return this.#inTurn(async () => {
      try {
        for (let crossings = 0; crossings <= mostCrossings; crossings++) {
          this.#offering = ''
          const offer = await this.media.offer(like, only)
          if (!offer.ok || !this.dialog) return false
          this.#offering = offer.value
          const response = await this.dialog.reinvite(offer.value)
          const crossing = this.#crossing
          if (!crossing) {
            if (!response || response.status >= 300) return false
            return (await this.media.remoteAnswer(response.body.toString('utf8'))).ok
          }
          this.#crossing = undefined
          await crossing.catch(() => {})
        }
        return false
      } finally {
        this.#offering = undefined
      }
    })
  }

  /**
   * Agrees with the far end on G.711 alone, by re-INVITE where anything else was agreed: a service that holds the leg understands nothing
   * else, and would record silence. False when the far end refuses: the session stays as it was.
   */
  async agreeG711(): Promise<boolean> {
    return this.media.onlyG711 || ((await this.reoffer(undefined, 'g711')) && this.media.onlyG711)
  }

  /** Moves this leg's media from the direct way to the server, by re-INVITE. False when it was refused: the session stays as it was. */
  async anchor(like: MediaLeg): Promise<boolean> {
    const made = await this.#core.anchored.createLeg({ kind: peerKindOf(this.media) })
    if (!made.ok) return false
    const media = made.value
    const offer = await media.offer(like)
    const response = offer.ok ? await this.dialog?.reinvite(offer.value) : undefined
    const taken = response && response.status < 300 && (await media.remoteAnswer(response.body.toString('utf8'))).ok
    if (!taken) {
      await media.close()
      return false
    }
    await this.media.close()
    this.media = media
    media.handlers = this
    return true
  }

  #passOn(transaction: ServerTransaction): void {
    const { request } = transaction
    const dialog = this.peer?.dialog
    if (!dialog) {
      transaction.respond(480)
      return
    }
    const contentType = request.header('content-type')
    const passed = dialog
      .request(request.method, { body: request.body, ...(contentType ? { contentType } : {}) })
      .then((response) => transaction.respond(response?.status ?? 408))
    inBackground(this.#core, `passing on ${request.method}`, passed)
  }
}

/**
 * Joins two legs: by the engine where it can, else by offering the one that can change the other's codecs again. False when neither way
 * leads anywhere; the old bridges stay.
 */
export async function joinLegs(core: Core, one: Leg, other: Leg): Promise<boolean> {
  if (isDirect(one.media) && isDirect(other.media)) {
    // Both sides hold a description of somebody else: tell each about the other.
    if (!(await one.reoffer(other.media)) || !(await other.reoffer(one.media))) return false
  } else if (!(await bridgeAnchored(core, one, other))) return false
  one.peer = other
  other.peer = one
  return true
}

async function bridgeAnchored(core: Core, one: Leg, other: Leg): Promise<boolean> {
  if (isDirect(one.media) && !(await one.anchor(other.media))) return false
  if (isDirect(other.media) && !(await other.anchor(one.media))) return false
  const bridge = async (): Promise<boolean> => (await core.anchored.bridge(one.media, other.media)) !== 'incompatible'
  return (
    (await bridge()) ||
    ((await one.reoffer(other.media)) && (await bridge())) ||
    ((await other.reoffer(one.media)) && (await bridge()))
  )
}
