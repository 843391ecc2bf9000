import type { RTCSession } from 'jssip/lib/RTCSession'
import type { IncomingRequest, IncomingResponse, OutgoingRequest } from 'jssip/lib/SIPMessage'
import { CallPath } from './call-path.ts'
import { CallVideo, hasVideo } from './call-video.ts'
import { refuseCrossingOffers } from './crossing-offers.ts'
import { inTurn } from './in-turn.ts'
import { keepWhenRefused } from './keep-call.ts'
import { measureLevel } from './microphone.ts'
import { type Counts, countsOf, qualityBetween } from './quality.ts'
import { soundSettings } from './sound-settings.ts'
import type { DeviceFault, PhoneCall, PhoneTrouble } from './types.ts'

export interface BrowserCallListener {
  changed(call: BrowserCall): void
  /** The call begins to speak: the others are put on hold. */
  speaks(call: BrowserCall): void
  over(call: BrowserCall): void
  /** @param whose of a pickup that was refused */
  trouble(kind: PhoneTrouble['kind'], detail: string, whose?: string): void
  noCamera(fault: DeviceFault): void
  /** Own loudness, 0 to 1. */
  level(level: number): void
  soundBlocked(): void
  /** Whether the server can be reached. */
  canAsk(): boolean
}

/** What JsSIP's events of an outgoing call bring; of an incoming one they bring nothing. */
type Answered = { readonly response?: IncomingResponse | null }

const gatherMs = 700
const statsMs = 2000
/** By this the server tells its own stations which call of the API they have, and they say which one they mean. */
export const callHeader = 'X-Baton-Call'

/** One call of this browser: its SIP session, what it is told and shown of it, and its sound and pictures. */
export class BrowserCall {
  readonly session: RTCSession
  readonly video: CallVideo
  readonly path: CallPath
  readonly #listener: BrowserCallListener
  readonly #audio = new Audio()
  #view: PhoneCall
  #microphone: MediaStream | undefined
  #stopLevel: (() => void) | undefined
  #counts: Counts | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #wantsHold: boolean | undefined
  #over = false

  constructor(session: RTCSession, request: IncomingRequest | OutgoingRequest, listener: BrowserCallListener) {
    this.session = session
    this.#listener = listener
    const incoming = (session.direction as string) === 'incoming'
    const { remote_identity: remote } = session
    this.#view = {
      id: session.id,
      callId: (incoming && request.getHeader(callHeader)) || '',
      direction: incoming ? 'in' : 'out',
      number: remote.uri.user ?? '',
      name: remote.display_name ?? '',
      state: incoming ? 'ringing' : 'calling',
      held: false,
      heldByThem: false,
      muted: false,
      startedAt: Date.now(),
      reconnecting: false,
      tones: '',
      video: incoming && hasVideo(request.body) ? 'offered' : 'none',
    }
    this.video = new CallVideo(session, {
      changed: () => {
        if (session.isEstablished()) this.change({ video: this.video.state })
        else listener.changed(this)
      },
      noCamera: (fault) => listener.noCamera(fault),
      unwanted: () => listener.trouble('no-video', ''),
    })
    this.path = new CallPath(session, {
      reconnecting: (reconnecting) => {
        if (reconnecting !== this.#view.reconnecting) this.change({ reconnecting })
      },
      canAsk: () => listener.canAsk(),
    })
    this.#audio.autoplay = true
    refuseCrossingOffers(session)
    keepWhenRefused(session, () => {
      this.video.settle()
      listener.trouble('hold-failed', '')
    })
    this.#listen()
  }

  get view(): PhoneCall {
    return this.#view
  }

  /** The line is in use: neither ringing nor over. */
  get talking(): boolean {
    return this.#view.state === 'talking'
  }

  change(change: Partial<PhoneCall>): void {
    this.#view = { ...this.#view, ...change }
    if (!this.#over) this.#listener.changed(this)
  }

  /** The microphone that the call speaks with from now on; the one before goes off. */
  take(microphone: MediaStream): void {
    if (this.#microphone !== microphone) stopTracks(this.#microphone)
    this.#microphone = microphone
    this.#stopLevel?.()
    this.#stopLevel = measureLevel(microphone, (level) => this.#listener.level(level))
  }

  mute(on: boolean): void {
    if (on) this.session.mute({ audio: true })
    else this.session.unmute({ audio: true })
    this.change({ muted: on })
  }

  /** Holds or resumes; while another change of the call is on its way it waits for that one. */
  async hold(on: boolean): Promise<void> {
    this.#wantsHold = on
    if (this.#view.held === on || !this.session.isEstablished()) return
    if (!on) this.#listener.speaks(this)
    const done = await inTurn(
      this.session,
      () => this.#wantsHold !== on || this.#view.held === on || (on ? this.session.hold() : this.session.unhold()),
    )
    if (!done && !this.#over) this.#listener.trouble('hold-failed', '')
  }

  tone(tone: string): void {
    if (!/^[0-9*#A-D]$/.test(tone) || !this.session.isEstablished()) return
    this.session.sendDTMF(tone, { duration: 120, interToneGap: 70, transportType: 'RFC2833' as never })
    this.change({ tones: this.#view.tones + tone })
  }

  /**
   * Hands the other side over.
   * @param replaces the call of whom was asked first (RFC 3891)
   */
  refer(target: Parameters<RTCSession['refer']>[0], replaces?: BrowserCall): void {
    this.session.refer(target, {
      ...(replaces ? { replaces: replaces.session } : {}),
      eventHandlers: {
        requestFailed: ({ cause }: { cause?: string }) => this.#listener.trouble('transfer-failed', cause ?? ''),
        failed: () => {
          this.#listener.trouble('transfer-failed', '')
          void this.hold(false)
        },
        accepted: () => this.hangUp(),
      },
    })
  }

  hangUp(): void {
    if (!this.session.isEnded()) this.session.terminate()
  }

  /** Uses the devices that were chosen meanwhile. @param open gives the chosen microphone */
  async takeChosen(open: () => Promise<MediaStream | undefined>): Promise<void> {
    void this.#setSpeaker()
    void this.video.takeChosen()
    const { microphone } = soundSettings()
    const track = this.#microphone?.getAudioTracks()[0]
    if (!track || !this.session.isEstablished()) return
    if (!microphone || track.getSettings().deviceId === microphone) return
    const stream = await open()
    const fresh = stream?.getAudioTracks()[0]
    const sender = this.session.connection?.getSenders().find((each) => each.track?.kind === 'audio')
    if (!stream || !fresh || !sender || this.#over) {
      stopTracks(stream)
      return
    }
    fresh.enabled = track.enabled
    await sender.replaceTrack(fresh)
    this.take(stream)
  }

  close(): void {
    this.#over = true
    clearInterval(this.#timer)
    this.#stopLevel?.()
    stopTracks(this.#microphone)
    this.video.close()
    this.path.close()
    this.#audio.srcObject = null
  }

  #listen(): void {
    const { session } = this
    let gathering: ReturnType<typeof setTimeout> | undefined
    session.on('icecandidate', ({ ready }) => {
      // Whoever waits for the last STUN server that never answers talks late: what there is goes out soon.
      clearTimeout(gathering)
      gathering = setTimeout(ready, gatherMs)
    })
    if (session.connection) this.#watch(session.connection)
    session.on('peerconnection', ({ peerconnection }) => this.#watch(peerconnection))
    session.on('progress', ({ response }: Answered) => {
      if (this.#view.direction === 'out') this.change({ state: 'calling', ...this.#callOf(response) })
    })
    session.on('accepted', ({ response }: Answered) => this.change({ state: 'connecting', ...this.#callOf(response) }))
    session.on('confirmed', () => {
      this.change({ state: 'talking', answeredAt: this.#view.answeredAt ?? Date.now() })
      this.video.settle()
      this.#watchQuality()
    })
    session.on('hold', ({ originator }) => this.#held((originator as string) === 'local', true))
    session.on('unhold', ({ originator }) => this.#held((originator as string) === 'local', false))
    session.on('ended', () => this.#end())
    session.on('failed', ({ cause, originator, message }) => {
      const { direction, takesFrom } = this.#view
      if (direction === 'out' && (originator as string) !== 'local') {
        const { status_code, reason_phrase } = (message ?? {}) as Partial<IncomingResponse>
        if (takesFrom === undefined) this.#listener.trouble('call-failed', cause)
        else this.#listener.trouble('pickup-refused', `${status_code ?? 0} ${reason_phrase ?? ''}`, takesFrom)
      }
      this.#end()
    })
  }

  #held(byUs: boolean, on: boolean): void {
    // Packets that did not come while the call was held are not missing.
    this.#counts = undefined
    this.change(byUs ? { held: on } : { heldByThem: on })
  }

  #callOf(response: Answered['response']): { callId?: string } {
    const callId = response?.getHeader(callHeader)
    return callId ? { callId } : {}
  }

  #end(): void {
    this.close()
    this.#listener.over(this)
  }

  #watch(connection: RTCPeerConnection): void {
    void this.#setSpeaker()
    connection.addEventListener('track', ({ track }) => {
      if (track.kind !== 'audio') return
      // Alone: with the picture in it, sound would wait for pictures that may never come.
      this.#audio.srcObject = new MediaStream([track])
      this.#audio.play().catch(() => this.#listener.soundBlocked())
    })
    this.video.watch(connection)
    this.path.watch(connection)
  }

  #watchQuality(): void {
    this.#timer ??= setInterval(async () => {
      const { connection } = this.session
      if (!connection) return
      const now = await countsOf(connection)
      const before = this.#counts
      this.#counts = now
      if (this.#over || !before || this.#view.held || this.#view.heldByThem) return
      const quality = qualityBetween(before, now)
      if (quality !== this.#view.quality) this.change({ quality })
    }, statsMs)
  }

  /** Plays on the chosen speaker; one that is gone leaves the browser's own choice. */
  async #setSpeaker(): Promise<void> {
    const { speaker } = soundSettings()
    await this.#audio.setSinkId?.(speaker).catch(() => this.#audio.setSinkId('').catch(() => {}))
  }
}

export function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
