import type { RTCSessionEvent, UA } from 'jssip/lib/UA'
import type { PhoneConnection } from './types.ts'

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

export interface RegistrationOptions {
  readonly url: string
  /** Asks for a fresh credential. */
  credential(): Promise<SipCredential>
  connection(connection: PhoneConnection): void
  session(event: RTCSessionEvent): void
  /** Whether calls go on under the present name. */
  busy(): boolean
  /** The server forgot the name under which calls went on. */
  callsLost(): void
}

/** Registers over WebSocket and comes back by itself after every loss. */
export class Registration {
  readonly #options: RegistrationOptions
  #ua: UA | undefined
  #credential: SipCredential | undefined
  #connection: PhoneConnection = 'connecting'
  #renewal: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  /** Places calls; undefined before the first credential came. */
  get ua(): UA | undefined {
    return this.#ua
  }

  get registered(): boolean {
    return this.#connection === 'registered'
  }

  /** The SIP domain, '' before it is known. */
  get domain(): string {
    return this.#credential?.domain ?? ''
  }

  get iceServers(): readonly RTCIceServer[] {
    return this.#credential?.iceServers ?? []
  }

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
        this.#tell('lost')
        await wait(pause)
      }
    }
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#renewal)
    this.#ua?.stop()
    this.#ua = undefined
  }

  /** The server knows neither our name nor our calls any more: both are set right at once, not with the next try. */
  serverStartedAgain(): void {
    if (this.#ua) void this.#renew()
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
    const connection = (now: PhoneConnection) => {
      if (this.#ua === ua) this.#tell(now)
    }
    ua.on('connecting', () => connection(this.#connection === 'lost' ? 'lost' : 'connecting'))
    ua.on('registered', () => connection('registered'))
    ua.on('unregistered', () => connection('connecting'))
    ua.on('disconnected', () => connection('lost'))
    ua.on('registrationFailed', ({ response }) => {
      if (this.#ua !== ua) return
      const refused = response && (response.status_code === 401 || response.status_code === 403)
      this.#tell(refused ? 'refused' : 'lost')
      // A restarted server may know nothing of the credential any more: a fresh one, a moment later.
      this.#renewIn(refused ? 1500 : 5000)
    })
    ua.on('newRTCSession', (event: RTCSessionEvent) => this.#options.session(event))
    ua.start()
    this.#renewBefore(credential)
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
        if (!this.registered) this.#ua.register()
        this.#renewBefore(fresh)
        return
      }
      if (this.#options.busy() && this.registered) {
        this.#renewIn(10_000)
        return
      }
      // The old name is no longer known, and no call under it goes on: the server was started again.
      if (this.#options.busy()) this.#options.callsLost()
      const library = await import('jssip')
      const old = this.#ua
      this.#ua = undefined
      old.stop()
      this.#register(fresh, library)
    } catch {
      this.#renewIn(5000)
    }
  }

  #renewBefore({ expiresAt }: SipCredential): void {
    if (expiresAt > 0) this.#renewIn(Math.max(5000, (expiresAt - Date.now()) * 0.8))
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#renewal)
    this.#renewal = setTimeout(() => void this.#renew(), ms)
  }

  #tell(connection: PhoneConnection): void {
    this.#connection = connection
    this.#options.connection(connection)
  }
}
