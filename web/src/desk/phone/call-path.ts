import type { RTCSession } from 'jssip/lib/RTCSession'

export interface CallPathListener {
  /** The path is broken and being found anew, or is there again. */
  reconnecting(now: boolean): void
  /** Whether the server can be reached for asking. */
  canAsk(): boolean
}

const brokenMs = 1500
const againMs = 1000
const lookAgainMs = 6000

/** The way of one call's media: finds a new one when it breaks (ICE restart, RFC 8445 §2.4). */
export class CallPath {
  readonly #session: RTCSession
  readonly #listener: CallPathListener
  #broken = false
  /** The network changed: a path that looks whole may lead nowhere. */
  #doubted = false
  #next: ReturnType<typeof setTimeout> | undefined
  #over = false

  constructor(session: RTCSession, listener: CallPathListener) {
    this.#session = session
    this.#listener = listener
  }

  watch(connection: RTCPeerConnection): void {
    connection.addEventListener('connectionstatechange', () => {
      const state = connection.connectionState
      if (state === 'connected' && !this.#doubted) this.#whole()
      else if (state === 'failed' || state === 'disconnected') {
        this.#break()
        setTimeout(() => this.mend(), state === 'failed' ? 0 : brokenMs)
      }
    })
  }

  /** Another network: the path is found anew without waiting until it is missed. */
  networkChanged(): void {
    if (!this.#session.isEstablished()) return
    this.#doubted = true
    this.#break()
    this.mend()
  }

  /** Tries again, e.g. because the server can be reached again. */
  mend(): void {
    const session = this.#session
    clearTimeout(this.#next)
    if (!this.#broken || this.#over || !session.isEstablished() || !this.#listener.canAsk()) return
    const { connection } = session
    if (connection.connectionState === 'connected' && !this.#doubted) return
    // Looked at again later: a restart may be refused, or lead nowhere.
    this.#next = setTimeout(() => this.mend(), session.isReadyToReOffer() ? lookAgainMs : againMs)
    if (!session.isReadyToReOffer()) return
    connection.restartIce()
    session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, () => {
      this.#doubted = false
      if (connection.connectionState === 'connected') this.#whole()
    })
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#next)
  }

  #break(): void {
    this.#broken = true
    this.#listener.reconnecting(true)
  }

  #whole(): void {
    clearTimeout(this.#next)
    this.#broken = false
    this.#listener.reconnecting(false)
  }
}
