import type { DirectoryAdmin, Trunk } from '#directory'
import type { Timer } from '#lib'
import { parseUri, type Response, type Target } from '#sip'
import { type Core, inBackground } from './core.ts'
import { userPart } from './station.ts'

/** Looks after trunks: registers with providers that ask for it and pings gateways, so that calls do not wait for dead ones. */
export class Gateways {
  readonly #core: Core & { readonly directory: Pick<DirectoryAdmin, 'setTrunkHealth'> }
  readonly #timers = new Map<string, Timer>()
  readonly #sequence = new Map<string, number>()
  #stopped = false

  constructor(core: Gateways['core']) {
    this.#core = core
  }

  get core(): Core & { readonly directory: Pick<DirectoryAdmin, 'setTrunkHealth'> } {
    return this.#core
  }

  start(): void {
    for (const trunk of this.#core.directory.trunks()) {
      if (trunk.settings.registration) this.#every(`register ${trunk.id}`, () => this.#register(trunk))
      if (trunk.settings.healthMs > 0) {
        for (const gateway of trunk.settings.gateways)
          this.#every(`ping ${trunk.id} ${gateway}`, () => this.#ping(trunk, gateway))
      }
    }
  }

  /** Stops and takes the registrations back. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers.values()) this.#core.clock.clearTimeout(timer)
    const registered = this.#core.directory.trunks().filter((trunk) => trunk.settings.registration)
    await Promise.all(registered.map((trunk) => this.#sendRegister(trunk, 0)))
  }

  /** Runs `act` now and again after the time that it returns, in ms. */
  #every(key: string, act: () => Promise<number>): void {
    const run = async (): Promise<void> => {
      const next = await act()
      if (!this.#stopped)
        this.#timers.set(
          key,
          this.#core.clock.setTimeout(() => inBackground(this.#core, key, run()), next),
        )
    }
    inBackground(this.#core, key, run())
  }

  async #register(trunk: Trunk): Promise<number> {
    const expires = trunk.settings.registration?.expires ?? 3600
    const response = await this.#sendRegister(trunk, expires)
    if (response && response.status < 300) {
      const granted = Number(response.contacts[0]?.params.get('expires') ?? response.header('expires') ?? expires)
      return Math.max(30, Math.min(granted || expires, expires) * 0.8) * 1000
    }
    this.#core.log.warn(
      { trunk: trunk.name, status: response?.status ?? 0 },
      'the provider did not take the registration; trying again in 30 s',
    )
    return 30_000
  }

  async #sendRegister(trunk: Trunk, expires: number): Promise<Response | undefined> {
    const registration = trunk.settings.registration
    const uri = registration && parseUri(registration.registrar)
    if (!registration || !uri?.ok) return undefined
    const destinations = await this.#core.resolver.resolve(uri.value)
    const destination = destinations[0]
    if (!destination) return undefined
    const flow = await this.#core.transport.connect(destination).catch(() => undefined)
    if (!flow) return undefined
    const aor = `<sip:${userPart(registration.username)}@${uri.value.host}>`
    const contact = this.#core.transport.contactUri(flow).replace(/^sips?:/, `sip:${userPart(registration.username)}@`)
    const cseq = (this.#sequence.get(trunk.id) ?? 0) + 2
    this.#sequence.set(trunk.id, cseq)
    return this.#core.ua.request({
      method: 'REGISTER',
      uri: registration.registrar,
      target: { flow },
      from: aor,
      to: aor,
      headers: [
        ['Contact', `<${contact}>`],
        ['Expires', String(expires)],
      ],
      credentials: registration,
      callId: `trunk-${trunk.id}-${this.#core.settings.node}`,
      cseq,
    })
  }

  async #ping(trunk: Trunk, gateway: string): Promise<number> {
    const uri = parseUri(gateway)
    const destinations = uri.ok ? await this.#core.resolver.resolve(uri.value) : []
    const target: Target = { destinations }
    const self = `<sip:${this.#core.settings.domain}>`
    const response =
      destinations.length === 0
        ? undefined
        : await this.#core.ua.request({ method: 'OPTIONS', uri: gateway, target, from: self, to: `<${gateway}>` })
    // Any answer but 503 says that somebody is there.
    this.#core.directory.setTrunkHealth(trunk.id, gateway, response !== undefined && response.status !== 503)
    return trunk.settings.healthMs
  }
}
