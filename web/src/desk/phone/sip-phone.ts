import type { RTCSession } from 'jssip/lib/RTCSession'
import type { RTCSessionEvent, UA } from 'jssip/lib/UA'
import { MicrophoneError, measureLevel, openMicrophone } from './microphone.ts'
import { type Counts, countsOf, qualityBetween } from './quality.ts'
import { onSoundChange, soundSettings } from './sound-settings.ts'
import { type PhoneCall, type PhoneCommand, type PhoneState, silentPhone } from './types.ts'

/** What the API gives for registering: short-lived, and no password. */
export interface SipCredential {
  readonly username: string
  readonly domain: string
  readonly realm: string
  readonly ha1: string
  readonly displayName: string
  readonly iceServers: readonly RTCIceServer[]
  /** ms since 1970, this machine's clock; 0 = does not expire. */
  readonly expiresAt: number
}

export interface SipPhoneOptions {
  readonly url: string
  /** Asks for a fresh credential. */
  credential(): Promise<SipCredential>
  told(state: PhoneState): void
  /** Own loudness, 0 to 1, while a call has the microphone. */
  level(level: number): void
}

interface Held {
  readonly session: RTCSession
  view: PhoneCall
  stopLevel?: () => void
  stream?: MediaStream
  audio?: HTMLAudioElement
  counts?: Counts
  timer?: ReturnType<typeof setInterval>
  brokenSince?: number
  /** What was asked for last. */
  wantsHold?: boolean
}

const gatherMs = 700
const statsMs = 2000
const brokenMs = 1500

/** The browser's phone: registers over WebSocket, rings, talks. Lives in the leading tab only. */
export class SipPhone {
  readonly #options: SipPhoneOptions
  readonly #held = new Map<string, Held>()
  #ua: UA | undefined
  #state: PhoneState = { ...silentPhone, connection: 'connecting' }
  #stopped = false
  #credential: SipCredential | undefined
  #renewal: ReturnType<typeof setTimeout> | undefined
  #troubles = 0
  readonly #cleanups: (() => void)[] = []

  constructor(options: SipPhoneOptions) {
    this.#options = options
    const online = () => this.#networkChanged()
    addEventListener('online', online)
    this.#cleanups.push(() => removeEventListener('online', online))
    this.#cleanups.push(onSoundChange(() => void this.#useDevices()))
  }

  get state(): PhoneState {
    return this.#state
  }

  /** Registers; comes back by itself after every loss. */
  async start(): Promise<void> {
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    for (let pause = 1000; !this.#stopped; pause = Math.min(pause * 2, 15_000)) {
      try {
        const [credential, library] = await Promise.all([this.#options.credential(), import('jssip')])
        if (this.#stopped) return
        this.#credential = credential
        this.#register(credential, library)
        return
      } catch {
        this.#set({ connection: 'lost' })
        await wait(pause)
      }
    }
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#renewal)
    for (const cleanup of this.#cleanups) cleanup()
    for (const held of this.#held.values()) this.#release(held)
    this.#ua?.stop()
    this.#ua = undefined
  }

  /** Sound that the browser holds back is a fact of the tab; the bell finds it out. */
  setSoundBlocked(soundBlocked: boolean): void {
    if (this.#state.soundBlocked !== soundBlocked) this.#set({ soundBlocked })
  }

  /** The server knows neither our name nor our calls any more: both are set right at once, not with the next try. */
  serverStartedAgain(): void {
    if (this.#ua) void this.#renew()
  }

  async act(command: PhoneCommand): Promise<void> {
    if (command.do === 'dial') {
      await this.#dial(command.to)
      return
    }
    if (command.do === 'hush') return
    const held = this.#held.get(command.call)
    if (!held) return
    const { session } = held
    switch (command.do) {
      case 'answer':
        await this.#answer(held)
        return
      case 'decline':
        session.terminate({ status_code: 603, reason_phrase: 'Decline' })
        return
      case 'hangup':
        session.terminate()
        return
      case 'mute':
        if (command.on) session.mute({ audio: true })
        else session.unmute({ audio: true })
        this.#change(held, { muted: command.on })
        return
      case 'hold':
        this.#hold(held, command.on)
        return
      case 'tone':
        if (!/^[0-9*#A-D]$/.test(command.tone) || !session.isEstablished()) return
        session.sendDTMF(command.tone, { duration: 120, interToneGap: 70, transportType: 'RFC2833' as never })
        this.#change(held, { tones: held.view.tones + command.tone })
        return
      case 'send':
        this.#refer(held, command.to)
        return
      case 'ask':
        this.#hold(held, true)
        await this.#dial(command.to, held.view.id)
        return
      case 'complete':
        this.#complete(held)
    }
  }

  #register(credential: SipCredential, { UA: Agent, WebSocketInterface }: typeof import('jssip')): void {
    const { username, domain, realm, ha1, displayName } = credential
    const ua = new Agent({
      sockets: [new WebSocketInterface(this.#options.url)],
      uri: `sip:${username}@${domain}`,
      authorization_user: username,
      realm,
      ha1,
      display_name: displayName,
      register: true,
      register_expires: 120,
      session_timers: false,
      user_agent: 'Baton desk',
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
    })
    this.#ua = ua
    const connection = (connection: PhoneState['connection']) => {
      if (this.#ua === ua) this.#set({ connection })
    }
    ua.on('connecting', () => connection(this.#state.connection === 'lost' ? 'lost' : 'connecting'))
    ua.on('registered', () => {
      connection('registered')
      this.#mendBroken()
    })
    ua.on('unregistered', () => connection('connecting'))
    ua.on('disconnected', () => connection('lost'))
    ua.on('registrationFailed', ({ response }) => {
      if (this.#ua !== ua) return
      const refused = response && (response.status_code === 401 || response.status_code === 403)
      this.#set({ connection: refused ? 'refused' : 'lost' })
      // A restarted server may know nothing of the credential any more: a fresh one, a moment later.
      clearTimeout(this.#renewal)
      this.#renewal = setTimeout(() => void this.#renew(), refused ? 1500 : 5000)
    })
    ua.on('newRTCSession', (event: RTCSessionEvent) => this.#begin(event))
    ua.start()
    if (credential.expiresAt > 0) {
      clearTimeout(this.#renewal)
      this.#renewal = setTimeout(() => void this.#renew(), Math.max(5000, (credential.expiresAt - Date.now()) * 0.8))
    }
  }

  /** Takes a fresh credential without disturbing calls: the agent asks for it at its next registration. */
  async #renew(): Promise<void> {
    if (this.#stopped) return
    clearTimeout(this.#renewal)
    try {
      const fresh = await this.#options.credential()
      if (this.#stopped || !this.#ua) return
      const before = this.#credential
      this.#credential = fresh
      if (before && fresh.username === before.username) {
        this.#ua.set('ha1', fresh.ha1)
        this.#ua.set('realm', fresh.realm)
        if (this.#state.connection !== 'registered') this.#ua.register()
        const left = fresh.expiresAt - Date.now()
        if (fresh.expiresAt > 0) this.#renewal = setTimeout(() => void this.#renew(), Math.max(5000, left * 0.8))
        return
      }
      if (this.#held.size > 0 && this.#state.connection === 'registered') {
        this.#renewal = setTimeout(() => void this.#renew(), 10_000)
        return
      }
      // The old name is no longer known, and no call under it goes on: the server was started again.
      if (this.#held.size > 0) this.#trouble('calls-lost', '')
      const library = await import('jssip')
      const old = this.#ua
      this.#ua = undefined
      old.stop()
      this.#register(fresh, library)
    } catch {
      this.#renewal = setTimeout(() => void this.#renew(), 5000)
    }
  }

  #begin({ session, request, originator }: RTCSessionEvent): void {
    const incoming = (originator as string) === 'remote'
    const { remote_identity: remote } = session
    const asksFor = (session.data as { asksFor?: string } | undefined)?.asksFor
    const view: PhoneCall = {
      id: session.id,
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
      sipCallId: request.getHeader('Call-ID') ?? '',
      ...(asksFor ? { asksFor } : {}),
    }
    const held: Held = { session, view }
    this.#held.set(session.id, held)
    this.#listen(held)
    this.#tellCalls()
  }

  #listen(held: Held): void {
    const { session } = held
    let gathering: ReturnType<typeof setTimeout> | undefined
    session.on('icecandidate', ({ ready }) => {
      // Whoever waits for the last STUN server that never answers talks late: what there is goes out soon.
      clearTimeout(gathering)
      gathering = setTimeout(ready, gatherMs)
    })
    if (session.connection) this.#watchConnection(held, session.connection)
    session.on('peerconnection', ({ peerconnection }) => this.#watchConnection(held, peerconnection))
    session.on('progress', () => {
      if (held.view.direction === 'out') this.#change(held, { state: 'calling' })
    })
    session.on('accepted', () => this.#change(held, { state: 'connecting' }))
    session.on('confirmed', () => {
      this.#change(held, { state: 'talking', answeredAt: held.view.answeredAt ?? Date.now() })
      this.#watchQuality(held)
    })
    session.on('hold', ({ originator }) =>
      this.#change(held, (originator as string) === 'local' ? { held: true } : { heldByThem: true }),
    )
    session.on('unhold', ({ originator }) =>
      this.#change(held, (originator as string) === 'local' ? { held: false } : { heldByThem: false }),
    )
    session.on('ended', () => this.#over(held))
    session.on('failed', ({ cause, originator }) => {
      if (held.view.direction === 'out' && (originator as string) !== 'local') this.#trouble('call-failed', cause)
      this.#over(held)
    })
  }

  async #answer(held: Held): Promise<void> {
    const { session } = held
    if (held.view.state !== 'ringing' || !session.isInProgress()) return
    const stream = await this.#microphone()
    if (!stream) return
    // Somebody else may have been faster while the browser asked for the microphone.
    if (!session.isInProgress()) {
      stopTracks(stream)
      return
    }
    this.#take(held, stream)
    this.#holdOthers(held)
    this.#change(held, { state: 'connecting' })
    session.answer({ mediaStream: stream, pcConfig: this.#peerSettings() })
  }

  async #dial(to: string, asksFor?: string): Promise<void> {
    const stream = await this.#microphone()
    if (!stream || !this.#ua) return
    this.#holdOthers(undefined)
    const target = `sip:${encodeURIComponent(to).replaceAll('%2B', '+')}@${this.#credential?.domain ?? ''}`
    const session = this.#ua.call(target, {
      mediaStream: stream,
      pcConfig: this.#peerSettings(),
      mediaConstraints: { audio: true, video: false },
    })
    const held = this.#held.get(session.id)
    if (!held) {
      stopTracks(stream)
      return
    }
    this.#take(held, stream)
    this.#change(held, { number: to, ...(asksFor ? { asksFor } : {}) })
  }

  #take(held: Held, stream: MediaStream): void {
    held.stream = stream
    held.stopLevel?.()
    held.stopLevel = measureLevel(stream, (level) => this.#options.level(level))
  }

  /** One conversation at a time: taking a second holds the first. */
  #holdOthers(except: Held | undefined): void {
    for (const held of this.#held.values()) {
      if (held !== except && held.view.state === 'talking' && !held.view.held) this.#hold(held, true)
    }
  }

  /** Holds or resumes; while another change of the call is on its way it waits for that one. */
  #hold(held: Held, on: boolean, triesLeft = 16): void {
    held.wantsHold = on
    if (held.view.held === on || !held.session.isEstablished()) return
    if (!on) this.#holdOthers(held)
    if (on ? held.session.hold() : held.session.unhold()) return
    if (triesLeft === 0) {
      this.#trouble('hold-failed', '')
      return
    }
    setTimeout(() => {
      if (held.wantsHold === on && this.#held.has(held.view.id)) this.#hold(held, on, triesLeft - 1)
    }, 250)
  }

  #refer(held: Held, to: string): void {
    const target = `sip:${encodeURIComponent(to).replaceAll('%2B', '+')}@${this.#credential?.domain ?? ''}`
    held.session.refer(target, { eventHandlers: this.#referHandlers(held) })
  }

  /** Hands the first party over to the one who was asked. */
  #complete(asking: Held): void {
    const first = this.#held.get(asking.view.asksFor ?? '')
    if (!first) return
    first.session.refer(asking.session.remote_identity.uri, {
      replaces: asking.session,
      eventHandlers: this.#referHandlers(first),
    })
  }

  #referHandlers(held: Held) {
    return {
      requestFailed: ({ cause }: { cause?: string }) => this.#trouble('transfer-failed', cause ?? ''),
      failed: () => {
        this.#trouble('transfer-failed', '')
        this.#hold(held, false)
      },
      accepted: () => {
        if (held.session.isEstablished()) held.session.terminate()
      },
    }
  }

  #watchConnection(held: Held, connection: RTCPeerConnection): void {
    const audio = new Audio()
    audio.autoplay = true
    held.audio = audio
    void setSink(audio)
    connection.addEventListener('track', ({ track, streams }) => {
      if (track.kind !== 'audio') return
      audio.srcObject = streams[0] ?? new MediaStream([track])
      audio.play().catch(() => this.setSoundBlocked(true))
    })
    connection.addEventListener('connectionstatechange', () => {
      const state = connection.connectionState
      if (state === 'connected') {
        held.brokenSince = undefined
        this.#change(held, { reconnecting: false })
      } else if (state === 'failed' || state === 'disconnected') {
        held.brokenSince ??= Date.now()
        this.#change(held, { reconnecting: true })
        setTimeout(() => this.#mend(held), state === 'failed' ? 0 : brokenMs)
      }
    })
  }

  /** Finds a new path for a call whose path broke (RFC 8445 §2.4, ICE restart). */
  #mend(held: Held): void {
    const { session } = held
    if (!this.#held.has(held.view.id) || !held.brokenSince || this.#state.connection !== 'registered') return
    const { connection } = session
    if (connection?.connectionState === 'connected' || !session.isEstablished()) return
    connection?.restartIce()
    if (!session.renegotiate({ rtcOfferConstraints: { iceRestart: true } })) setTimeout(() => this.#mend(held), 1000)
  }

  #mendBroken(): void {
    for (const held of this.#held.values()) if (held.brokenSince) this.#mend(held)
  }

  #networkChanged(): void {
    for (const held of this.#held.values()) {
      if (!held.session.isEstablished()) continue
      held.brokenSince ??= Date.now()
      this.#change(held, { reconnecting: true })
      setTimeout(() => {
        if (held.session.connection?.connectionState === 'connected' && held.view.quality !== 'silent') {
          held.brokenSince = undefined
          this.#change(held, { reconnecting: false })
        } else this.#mend(held)
      }, brokenMs)
    }
  }

  #watchQuality(held: Held): void {
    held.timer ??= setInterval(async () => {
      const { connection } = held.session
      if (!connection) return
      const now = await countsOf(connection)
      const before = held.counts
      held.counts = now
      if (!before || held.view.held || held.view.heldByThem) return
      const quality = qualityBetween(before, now)
      if (quality !== held.view.quality) this.#change(held, { quality })
    }, statsMs)
  }

  async #microphone(): Promise<MediaStream | undefined> {
    try {
      const stream = await openMicrophone()
      if (this.#state.microphone) this.#set({ microphone: undefined })
      return stream
    } catch (error) {
      this.#set({ microphone: error instanceof MicrophoneError ? error.fault : 'busy' })
      return undefined
    }
  }

  /** Changed devices take effect in the calls that go on. */
  async #useDevices(): Promise<void> {
    const { microphone } = soundSettings()
    for (const held of this.#held.values()) {
      if (held.audio) void setSink(held.audio)
      const track = held.stream?.getAudioTracks()[0]
      if (!track || !held.session.isEstablished()) continue
      if (!microphone || track.getSettings().deviceId === microphone) continue
      const stream = await this.#microphone()
      const fresh = stream?.getAudioTracks()[0]
      const sender = held.session.connection?.getSenders().find((each) => each.track?.kind === 'audio')
      if (!stream || !fresh || !sender) continue
      fresh.enabled = track.enabled
      await sender.replaceTrack(fresh)
      stopTracks(held.stream)
      this.#take(held, stream)
    }
  }

  #peerSettings(): RTCConfiguration {
    return { iceServers: [...(this.#credential?.iceServers ?? [])], bundlePolicy: 'max-bundle' }
  }

  #over(held: Held): void {
    this.#release(held)
    this.#held.delete(held.view.id)
    this.#tellCalls()
    // Whoever is left alone with a held call goes on with it, unless it was put on hold on purpose for asking.
    if (held.view.asksFor) {
      const first = this.#held.get(held.view.asksFor)
      if (first?.session.isEstablished() && first.view.held) this.#hold(first, false)
    }
  }

  #release(held: Held): void {
    clearInterval(held.timer)
    held.stopLevel?.()
    stopTracks(held.stream)
    if (held.audio) held.audio.srcObject = null
  }

  #change(held: Held, change: Partial<PhoneCall>): void {
    held.view = { ...held.view, ...change }
    if (this.#held.has(held.view.id)) this.#tellCalls()
  }

  #tellCalls(): void {
    this.#set({ calls: Array.from(this.#held.values(), ({ view }) => view) })
  }

  #trouble(kind: NonNullable<PhoneState['trouble']>['kind'], detail: string): void {
    this.#set({ trouble: { count: ++this.#troubles, kind, detail } })
  }

  #set(change: Partial<PhoneState>): void {
    this.#state = { ...this.#state, ...change }
    if (!this.#stopped) this.#options.told(this.#state)
  }
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

/** Plays on the chosen speaker; one that is gone leaves the browser's own choice. */
async function setSink(audio: HTMLAudioElement): Promise<void> {
  const { speaker } = soundSettings()
  await audio.setSinkId?.(speaker).catch(() => audio.setSinkId('').catch(() => {}))
}
