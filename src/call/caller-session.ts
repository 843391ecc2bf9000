import { isDirect, type MediaEngine, type MediaLeg } from '#media'
import { CallError } from './errors.ts'

/** The caller's offer/answer exchange while the call is set up (RFC 3264): one offer, perhaps an early answer, one final answer. */
export class CallerSession {
  readonly engine: MediaEngine
  readonly media: MediaLeg
  /** The INVITE carried no offer: ours goes out with the 200, the answer comes with the ACK. */
  readonly #offerless: boolean
  #early: string | undefined
  #settled = false

  private constructor(engine: MediaEngine, media: MediaLeg, offerless: boolean) {
    this.engine = engine
    this.media = media
    this.#offerless = offerless
  }

  /**
   * Takes the caller's offer.
   * @param offer session description, '' for an INVITE without one
   * @param kind what the caller speaks, where no offer tells
   * @throws CallError `no-media` or `not-acceptable`
   */
  static async open(engine: MediaEngine, offer: string, kind: 'rtp' | 'webrtc' = 'rtp'): Promise<CallerSession> {
    const made = await engine.createLeg(offer === '' ? { kind } : {})
    if (!made.ok) throw new CallError('no-media')
    const media = made.value
    if (offer !== '' && !(await media.remoteOffer(offer)).ok) {
      await media.close()
      throw new CallError('not-acceptable')
    }
    return new CallerSession(engine, media, offer === '')
  }

  /** The session of a caller whose station has answered our own offer: nothing is left to negotiate. */
  static joined(engine: MediaEngine, media: MediaLeg): CallerSession {
    const session = new CallerSession(engine, media, false)
    session.#settled = true
    return session
  }

  /** Joins a station that sends before it answers. Gives the caller's early answer; `undefined` where there is none to give. */
  async early(station: MediaLeg, sdp: string): Promise<string | undefined> {
    if (this.#early !== undefined || this.#offerless || this.#settled || !(await station.remoteAnswer(sdp)).ok)
      return undefined
    const answer = await this.media.answer(station)
    if (!answer.ok) return undefined
    this.#early = answer.value
    await this.engine.bridge(this.media, station)
    return answer.value
  }

  /** Whether the caller hears what the ringing station sends. */
  get hears(): boolean {
    return this.#early !== undefined
  }

  /** Joins the station that took the call. Gives what the caller's 200 carries; `undefined` when the two have nothing in common. */
  async answer(station: MediaLeg, sdp: string): Promise<string | undefined> {
    return (await station.remoteAnswer(sdp)).ok ? this.join(station) : undefined
  }

  /** The same for a station whose session is agreed already. */
  async join(station: MediaLeg): Promise<string | undefined> {
    const body = await this.#body(station)
    if (body === undefined) return undefined
    return (await this.engine.bridge(this.media, station)) === 'incompatible' ? undefined : body
  }

  /** Answers the caller with nobody behind: what their 200 carries; `undefined` where nothing is to be agreed. */
  async alone(): Promise<string | undefined> {
    if (this.#settled) return ''
    if (this.#early !== undefined) return this.#early
    const made = this.#offerless ? await this.media.offer() : await this.media.answer()
    return made.ok ? made.value : undefined
  }

  async #body(station: MediaLeg): Promise<string | undefined> {
    if (this.#settled) return ''
    // An answer that went out with a provisional response stays the answer (RFC 3261 §13.2.1); direct media has only the station's own.
    if (this.#early !== undefined && !isDirect(this.media)) return this.#early
    const made = this.#offerless ? await this.media.offer(station) : await this.media.answer(station)
    return made.ok ? made.value : undefined
  }
}
