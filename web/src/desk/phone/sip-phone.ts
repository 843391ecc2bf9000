import type { RTCSessionEvent } from 'jssip/lib/UA'
import { BrowserCall, callHeader, stopTracks } from './browser-call.ts'
import { cameraOr } from './call-video.ts'
import { DeviceError, openMicrophone } from './microphone.ts'
import { Registration, type SipCredential } from './registration.ts'
import { onSoundChange } from './sound-settings.ts'
import {
  type DeviceFault,
  type PhoneCall,
  type PhoneCommand,
  type PhoneState,
  type PhoneTrouble,
  silentPhone,
} from './types.ts'

export interface SipPhoneOptions {
  readonly url: string
  /** Asks for a fresh credential. */
  credential(): Promise<SipCredential>
  told(state: PhoneState): void
  /** Own loudness, 0 to 1, while a call has the microphone. */
  level(level: number): void
}

/** The browser's phone: registers over WebSocket, rings, talks. Lives in the leading tab only. */
export class SipPhone {
  readonly #options: SipPhoneOptions
  readonly #registration: Registration
  readonly #calls = new Map<string, BrowserCall>()
  #state: PhoneState = { ...silentPhone, connection: 'connecting' }
  #stopped = false
  #troubles = 0
  readonly #cleanups: (() => void)[] = []

  constructor(options: SipPhoneOptions) {
    this.#options = options
    this.#registration = new Registration({
      url: options.url,
      credential: () => options.credential(),
      connection: (connection) => {
        this.#set({ connection })
        if (connection === 'registered') for (const call of this.#calls.values()) call.path.mend()
      },
      session: (event) => this.#begin(event),
      busy: () => this.#calls.size > 0,
      callsLost: () => this.#trouble('calls-lost', ''),
    })
    const online = () => {
      for (const call of this.#calls.values()) call.path.networkChanged()
    }
    addEventListener('online', online)
    // Whoever closes or reloads the page has left the call; one that rings goes on ringing.
    const left = () => {
      for (const call of this.#calls.values()) if (call.view.state !== 'ringing') call.hangUp()
    }
    addEventListener('pagehide', left)
    this.#cleanups.push(() => {
      removeEventListener('online', online)
      removeEventListener('pagehide', left)
    })
    const takeChosen = () => {
      for (const call of this.#calls.values()) void call.takeChosen(() => this.#microphone())
    }
    this.#cleanups.push(onSoundChange(takeChosen))
  }

  get state(): PhoneState {
    return this.#state
  }

  /** Registers; comes back by itself after every loss. */
  start(): Promise<void> {
    return this.#registration.start()
  }

  stop(): void {
    this.#stopped = true
    for (const cleanup of this.#cleanups) cleanup()
    for (const call of this.#calls.values()) call.close()
    this.#registration.stop()
  }

  serverStartedAgain(): void {
    this.#registration.serverStartedAgain()
  }

  /** Sound that the browser holds back is a fact of the tab; the bell finds it out. */
  setSoundBlocked(soundBlocked: boolean): void {
    if (this.#state.soundBlocked !== soundBlocked) this.#set({ soundBlocked })
  }

  picturesOf(call: string): { readonly own: MediaStream | undefined; readonly theirs: MediaStream | undefined } {
    const video = this.#calls.get(call)?.video
    return { own: video?.own, theirs: video?.theirs }
  }

  async act(command: PhoneCommand): Promise<void> {
    if (command.do === 'dial') {
      await this.#dial(command.to, { video: command.video === true })
      return
    }
    if (command.do === 'pickup') {
      const { code, call, name, number, whose } = command
      const known = { name, number, takesFrom: whose }
      await this.#dial(code, { known, headers: [`${callHeader}: ${call}`] })
      return
    }
    if (command.do === 'hush') return
    const call = this.#calls.get(command.call)
    if (!call) return
    switch (command.do) {
      case 'answer':
        await this.#answer(call, command.video === true)
        return
      case 'decline':
        call.session.terminate({ status_code: 603, reason_phrase: 'Decline' })
        return
      case 'hangup':
        call.hangUp()
        return
      case 'mute':
        call.mute(command.on)
        return
      case 'video':
        await (command.on ? call.video.start() : call.video.stop())
        return
      case 'hold':
        await call.hold(command.on)
        return
      case 'tone':
        call.tone(command.tone)
        return
      case 'send':
        call.refer(this.#addressOf(command.to))
        return
      case 'ask':
        void call.hold(true)
        await this.#dial(command.to, { known: { asksFor: call.view.id } })
        return
      case 'complete':
        this.#complete(call)
    }
  }

  #begin({ session, request }: RTCSessionEvent): void {
    const call = new BrowserCall(session, request, {
      changed: () => this.#tellCalls(),
      speaks: (speaking) => this.#holdOthers(speaking),
      over: (over) => this.#over(over),
      trouble: (kind, detail, whose) => this.#trouble(kind, detail, whose),
      noCamera: (fault) => this.#noCamera(fault),
      level: (level) => this.#options.level(level),
      soundBlocked: () => this.setSoundBlocked(true),
      canAsk: () => this.#registration.registered,
    })
    this.#calls.set(session.id, call)
    this.#tellCalls()
  }

  async #answer(call: BrowserCall, withVideo: boolean): Promise<void> {
    const { session } = call
    if (call.view.state !== 'ringing' || !session.isInProgress()) return
    const sources = await this.#sources(withVideo && call.view.video === 'offered')
    if (!sources) return
    const { microphone, camera } = sources
    // Somebody else may have been faster while the browser asked for the microphone.
    if (!session.isInProgress()) {
      stopTracks(microphone)
      camera?.stop()
      return
    }
    call.take(microphone)
    if (camera) call.video.take(camera)
    this.#holdOthers(call)
    call.change({ state: 'connecting' })
    session.answer({ mediaStream: together(microphone, camera), pcConfig: this.#peerSettings() })
  }

  /** @param known what is shown of the call until the server tells more  @param headers more lines of the INVITE */
  async #dial(
    to: string,
    { video = false, known = {}, headers = [] }: { video?: boolean; known?: Partial<PhoneCall>; headers?: string[] },
  ): Promise<void> {
    const sources = await this.#sources(video)
    if (!sources) return
    const { microphone, camera } = sources
    this.#holdOthers(undefined)
    const session = this.#registration.ua?.call(this.#addressOf(to), {
      mediaStream: together(microphone, camera),
      pcConfig: this.#peerSettings(),
      mediaConstraints: { audio: true, video: camera !== undefined },
      extraHeaders: headers,
    })
    const call = session && this.#calls.get(session.id)
    if (!call) {
      stopTracks(microphone)
      camera?.stop()
      return
    }
    call.take(microphone)
    if (camera) call.video.take(camera)
    call.change({ number: to, ...known })
  }

  /** Microphone and camera; nothing without a microphone. A call without a camera is still a call. */
  async #sources(
    withVideo: boolean,
  ): Promise<{ microphone: MediaStream; camera: MediaStreamTrack | undefined } | undefined> {
    const microphone = await this.#microphone()
    if (!microphone) return undefined
    const camera = withVideo ? await cameraOr((fault) => this.#noCamera(fault)) : undefined
    return { microphone, camera }
  }

  /** One conversation at a time: taking a second holds the first. */
  #holdOthers(except: BrowserCall | undefined): void {
    for (const call of this.#calls.values()) {
      if (call !== except && call.talking && !call.view.held) void call.hold(true)
    }
  }

  /** Hands the first party over to the one who was asked. */
  #complete(asking: BrowserCall): void {
    this.#calls.get(asking.view.asksFor ?? '')?.refer(asking.session.remote_identity.uri, asking)
  }

  #over(call: BrowserCall): void {
    this.#calls.delete(call.view.id)
    this.#tellCalls()
    // Whoever is left alone with a held call goes on with it, unless it was put on hold on purpose for asking.
    if (call.view.asksFor) {
      const first = this.#calls.get(call.view.asksFor)
      if (first?.session.isEstablished() && first.view.held) void first.hold(false)
    }
  }

  async #microphone(): Promise<MediaStream | undefined> {
    try {
      const stream = await openMicrophone()
      if (this.#state.microphone) this.#set({ microphone: undefined })
      return stream
    } catch (error) {
      this.#set({ microphone: error instanceof DeviceError ? error.fault : 'busy' })
      return undefined
    }
  }

  #noCamera(fault: DeviceFault): void {
    this.#trouble('no-camera', fault)
  }

  #addressOf(to: string): string {
    return `sip:${encodeURIComponent(to).replaceAll('%2B', '+')}@${this.#registration.domain}`
  }

  #peerSettings(): RTCConfiguration {
    return { iceServers: [...this.#registration.iceServers], bundlePolicy: 'max-bundle' }
  }

  #tellCalls(): void {
    this.#set({ calls: Array.from(this.#calls.values(), ({ view }) => view) })
  }

  #trouble(kind: PhoneTrouble['kind'], detail: string, whose?: string): void {
    this.#set({ trouble: { count: ++this.#troubles, kind, detail, ...(whose === undefined ? {} : { whose }) } })
  }

  #set(change: Partial<PhoneState>): void {
    this.#state = { ...this.#state, ...change }
    if (!this.#stopped) this.#options.told(this.#state)
  }
}

/** One stream of what a call begins with. */
function together(microphone: MediaStream, camera: MediaStreamTrack | undefined): MediaStream {
  return new MediaStream([...microphone.getAudioTracks(), ...(camera ? [camera] : [])])
}
