import type { Clock, Timer } from '#lib'
import { type HeaderLines, parseSessionExpires, type Request, type Response } from '../message/index.ts'
import { type Core, requires, supportsOf } from './core.ts'

/** What a session timer does to its dialog. */
export interface SessionTimerUser {
  /** Time to refresh: resolves true when the peer confirmed, false to try again before the session expires. */
  refresh(): Promise<boolean>
  /** The session expired. */
  expired(): void
}

/** What was agreed on. */
export interface SessionAgreement {
  /** Seconds; 0: no session timer. */
  readonly interval: number
  /** Whether this side refreshes. */
  readonly ours: boolean
}

const off: SessionAgreement = { interval: 0, ours: false }

/** The session timer of one dialog (RFC 4028): one clock timer, for the next refresh or for the end. */
export class SessionTimer {
  agreement: SessionAgreement = off
  readonly #clock: Clock
  readonly #user: SessionTimerUser
  #timer: Timer | undefined
  #expires = 0

  constructor(clock: Clock, user: SessionTimerUser) {
    this.#clock = clock
    this.#user = user
  }

  /** Starts anew after every 2xx to INVITE or UPDATE. */
  agree(agreement: SessionAgreement): void {
    this.stop()
    this.agreement = agreement
    const { interval, ours } = agreement
    if (interval === 0) return
    // The side that does not refresh ends the session somewhat earlier (§10).
    const life = ours ? interval : interval - Math.min(32, interval / 3)
    this.#expires = this.#clock.now() + life * 1000
    if (ours) this.#wait(interval * 500)
    else this.#timer = this.#clock.setTimeout(() => this.#end(), life * 1000)
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.agreement = off
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      const before = this.agreement
      void this.#user.refresh().then((confirmed) => {
        // A confirmed refresh has been agreed on anew.
        if (confirmed || this.agreement !== before || before.interval === 0) return
        const left = this.#expires - this.#clock.now()
        if (left <= 0) this.#end()
        else this.#wait(Math.min(left, Math.max(2000, before.interval * 100)))
      })
    }, ms)
  }

  #end(): void {
    this.stop()
    this.#user.expired()
  }
}

/** Session-Expires and Min-SE of a request of ours. */
export function sessionOffer(core: Core, current: SessionAgreement, minSE = core.minSE): [string, string][] {
  const interval = Math.max(current.interval || core.sessionExpires, minSE)
  const refresher = current.interval === 0 ? '' : current.ours ? ';refresher=uac' : ';refresher=uas'
  return [
    ['Session-Expires', `${interval}${refresher}`],
    ['Min-SE', `${minSE}`],
  ]
}

/** What a 2xx to our request says. */
export function agreedByPeer(response: Response): SessionAgreement {
  const text = response.header('session-expires')
  if (text === undefined) return off
  const read = parseSessionExpires(text)
  if (!read.ok || read.value.interval === 0) return off
  return { interval: read.value.interval, ours: read.value.refresher !== 'uas' }
}

/** The Min-SE of a 422, at least ours; `undefined` where it makes no sense. */
export function minimumOf(core: Core, response: Response): number | undefined {
  const read = parseSessionExpires(response.header('min-se') ?? '')
  if (!read.ok || read.value.interval > 86_400) return undefined
  return Math.max(core.minSE, read.value.interval)
}

/** What we say to a request: an agreement with the headers of the 2xx, or the headers of a 422. */
export type SessionAnswer =
  | { readonly ok: true; readonly agreement: SessionAgreement; readonly headers: HeaderLines }
  | { readonly ok: false; readonly headers: HeaderLines }

const none: SessionAnswer = { ok: true, agreement: off, headers: [] }

/**
 * Answers the session timer of an INVITE or UPDATE (RFC 4028 §9).
 * @param current what holds now; its refresher stays where the request leaves that open
 * @param updates whether the peer takes UPDATE: then this side refreshes, which costs no offer
 */
export function answerSession(
  core: Core,
  request: Request,
  current: SessionAgreement,
  updates: boolean,
): SessionAnswer {
  const supported = supportsOf(request).has('timer') || requires(request, 'timer')
  const text = request.header('session-expires')
  const read = text === undefined ? undefined : parseSessionExpires(text)
  const minimum = parseSessionExpires(request.header('min-se') ?? '')
  const floor = Math.max(core.minSE, minimum.ok ? minimum.value.interval : 0)
  if (!read?.ok) {
    // Without the peer's help nothing would tell it that the session goes on.
    if (!supported) return none
    return made(Math.max(core.sessionExpires, floor), current.interval ? current.ours : updates, supported)
  }
  const wanted = read.value.interval
  if (wanted < core.minSE && supported) return { ok: false, headers: [['Min-SE', `${core.minSE}`]] }
  const interval = Math.max(Math.min(wanted, core.sessionExpires), floor)
  const { refresher } = read.value
  const ours = refresher === 'uas' || !supported || (refresher === undefined && updates)
  return made(interval, ours, supported)
}

function made(interval: number, ours: boolean, supported: boolean): SessionAnswer {
  const headers: [string, string][] = [['Session-Expires', `${interval};refresher=${ours ? 'uas' : 'uac'}`]]
  if (!ours && supported) headers.push(['Require', 'timer'])
  return { ok: true, agreement: { interval, ours }, headers }
}
