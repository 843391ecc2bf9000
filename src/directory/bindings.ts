import type { Clock, Log, Random, Timer } from '#lib'
import type { BindingRow, Storage } from '#storage'
import { planRegistration, type RegistrationLimits } from './registration.ts'
import { flowKey } from './trunks.ts'
import type { Binding, Device, RegistrationRequest, RegistrationResult } from './types.ts'

export interface BindingsParts {
  readonly storage: Pick<Storage, 'bindings'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits: RegistrationLimits
  sameContact(a: string, b: string): boolean
  deviceById(id: string): Device | undefined
}

type Listener = (binding: Binding, change: 'added' | 'refreshed' | 'removed') => void

const none: readonly Binding[] = []
/** Expired bindings are never returned, so the sweep that forgets them need not be exact. */
const sweepMs = 1_000
const longestTimerMs = 3_600_000

/** Registered contacts: memory answers, storage keeps. A change shows in memory once it is stored. */
export class Bindings {
  readonly #parts: BindingsParts
  readonly #byId = new Map<string, Binding>()
  readonly #byAor = new Map<string, readonly Binding[]>()
  readonly #byDevice = new Map<string, readonly Binding[]>()
  /** A set: a whole site may register over one connection. */
  readonly #byFlow = new Map<string, Set<Binding>>()
  readonly #listeners = new Set<Listener>()
  /** The last change under way of each AoR: changes of one AoR follow each other. */
  readonly #tails = new Map<string, Promise<void>>()
  readonly #registering = new Set<{ readonly flow: RegistrationRequest['flow']; gone: boolean }>()
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(parts: BindingsParts) {
    this.#parts = parts
  }

  /** Takes what an earlier run stored; bindings that expired meanwhile or lost their device are deleted. */
  async load(rows: readonly BindingRow[]): Promise<void> {
    const now = this.#parts.clock.now()
    for (const row of rows) {
      const device = this.#parts.deviceById(row.deviceId)
      if (device && row.expiresAt > now && !isEphemeral(row, device)) this.#insert({ ...row, device })
      else await this.#parts.storage.bindings.remove(row.id)
    }
  }

  ofDevice(device: string): readonly Binding[] {
    return this.#live(this.#byDevice.get(device) ?? none)
  }

  /** Of several devices together, highest q first. */
  ofDevices(devices: readonly Device[]): readonly Binding[] {
    const first = devices[0]
    if (!first) return none
    if (devices.length === 1) return this.ofDevice(first.id)
    const all: Binding[] = []
    for (const device of devices) {
      for (const binding of this.ofDevice(device.id)) all.push(binding)
    }
    return all.length > 1 ? all.sort(byPreference) : all
  }

  /** How many there are, for metrics. */
  get size(): number {
    let size = 0
    for (const bindings of this.#byAor.values()) size += bindings.length
    return size
  }

  holds(address: string, port: number): boolean {
    const now = this.#parts.clock.now()
    for (const binding of this.#byFlow.get(flowKey(address, port)) ?? none) {
      if (binding.expiresAt > now) return true
    }
    return false
  }

  async register(request: RegistrationRequest): Promise<RegistrationResult> {
    if (request.contacts.length === 0 && !request.removeAll) {
      return { ok: true, bindings: this.#live(this.#byAor.get(request.aor) ?? none) }
    }
    const entry = { flow: request.flow, gone: false }
    this.#registering.add(entry)
    try {
      const result = await this.#inTurn(request.aor, () => this.#register(request))
      if (entry.gone) this.flowClosed(request.flow.protocol, request.flow.remoteAddress, request.flow.remotePort)
      return result
    } finally {
      this.#registering.delete(entry)
    }
  }

  flowClosed(protocol: string, remoteAddress: string, remotePort: number): void {
    if (protocol === 'udp') return
    const key = flowKey(remoteAddress, remotePort)
    for (const entry of this.#registering) {
      const { flow } = entry
      if (flow.protocol === protocol && flowKey(flow.remoteAddress, flow.remotePort) === key) entry.gone = true
    }
    for (const binding of [...(this.#byFlow.get(key) ?? none)]) {
      if (binding.protocol === protocol) this.#drop(binding)
    }
  }

  /** A device changed: its bindings show it as it is now. */
  deviceChanged(device: Device): void {
    for (const binding of this.#byDevice.get(device.id) ?? none) {
      this.#take(binding)
      this.#insert({ ...binding, device })
    }
  }

  /** A device is gone, and its bindings with it. Resolves once that is stored. */
  async deviceRemoved(device: string): Promise<void> {
    await Promise.all((this.#byDevice.get(device) ?? none).map((binding) => this.#drop(binding)))
  }

  /** An address of record is no longer anybody's, and its bindings with it. */
  aorRemoved(aor: string): void {
    for (const binding of this.#byAor.get(aor) ?? none) void this.#drop(binding)
  }

  onBinding(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#parts.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  async #register(request: RegistrationRequest): Promise<RegistrationResult> {
    const { storage, clock, limits, sameContact, random } = this.#parts
    const current = this.#live(this.#byAor.get(request.aor) ?? none)
    const plan = planRegistration(request, current, limits, clock.now(), sameContact, () => random.token(8))
    if (!plan.ok) return plan
    const writes: Promise<void>[] = []
    for (const { device: _, ...row } of plan.put) writes.push(storage.bindings.put(row))
    for (const binding of plan.removed) writes.push(storage.bindings.remove(binding.id))
    await Promise.all(writes)
    for (const { id } of plan.removed) {
      const known = this.#byId.get(id)
      if (known) this.#forget(known)
    }
    for (const binding of plan.put) {
      const device = this.#parts.deviceById(binding.deviceId)
      if (!device) {
        await storage.bindings.remove(binding.id)
        continue
      }
      const known = this.#byId.get(binding.id)
      if (known) this.#take(known)
      const stored = device === binding.device ? binding : { ...binding, device }
      this.#insert(stored)
      this.#tell(stored, known ? 'refreshed' : 'added')
    }
    return { ok: true, bindings: this.#live(this.#byAor.get(request.aor) ?? none) }
  }

  /** Runs after what is under way for the same AoR, at once when nothing is. */
  #inTurn<T>(aor: string, run: () => Promise<T>): Promise<T> {
    const tail = this.#tails.get(aor)
    const result = tail ? tail.then(run) : run()
    const next: Promise<void> = result
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.#tails.get(aor) === next) this.#tails.delete(aor)
      })
    this.#tails.set(aor, next)
    return result
  }

  /** Out of memory at once, out of storage in turn, unless the binding came back meanwhile. */
  #drop(binding: Binding): Promise<void> {
    this.#forget(binding)
    return this.#inTurn(binding.aor, async () => {
      if (!this.#byId.has(binding.id)) await this.#parts.storage.bindings.remove(binding.id)
    }).catch((error: unknown) => {
      this.#parts.log.error({ error: String(error) }, 'A binding that ended could not be deleted from the database.')
    })
  }

  #forget(binding: Binding): void {
    this.#take(binding)
    this.#tell(binding, 'removed')
  }

  #tell(binding: Binding, change: 'added' | 'refreshed' | 'removed'): void {
    for (const listener of this.#listeners) {
      try {
        listener(binding, change)
      } catch (error) {
        this.#parts.log.error({ error: String(error) }, 'A listener for bindings failed.')
      }
    }
  }

  #insert(binding: Binding): void {
    this.#byId.set(binding.id, binding)
    add(this.#byAor, binding.aor, binding)
    add(this.#byDevice, binding.deviceId, binding)
    const key = flowKey(binding.remoteAddress, binding.remotePort)
    const flow = this.#byFlow.get(key)
    if (flow) flow.add(binding)
    else this.#byFlow.set(key, new Set([binding]))
    this.#arm(binding.expiresAt)
  }

  #take(binding: Binding): void {
    this.#byId.delete(binding.id)
    remove(this.#byAor, binding.aor, binding)
    remove(this.#byDevice, binding.deviceId, binding)
    const key = flowKey(binding.remoteAddress, binding.remotePort)
    const flow = this.#byFlow.get(key)
    if (flow?.delete(binding) && flow.size === 0) this.#byFlow.delete(key)
  }

  /** The list itself while nothing in it is expired. */
  #live(bindings: readonly Binding[]): readonly Binding[] {
    const now = this.#parts.clock.now()
    for (const binding of bindings) {
      if (binding.expiresAt <= now) return bindings.filter((one) => one.expiresAt > now)
    }
    return bindings
  }

  #arm(at: number): void {
    const now = this.#parts.clock.now()
    const due = Math.min(at, now + longestTimerMs)
    if (due >= this.#timerAt) return
    this.#parts.clock.clearTimeout(this.#timer)
    this.#timerAt = due
    this.#timer = this.#parts.clock.setTimeout(() => this.#sweep(), due - now)
  }

  #sweep(): void {
    const now = this.#parts.clock.now()
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    let next = Number.POSITIVE_INFINITY
    for (const binding of this.#byId.values()) {
      if (binding.expiresAt <= now) void this.#drop(binding)
      else if (binding.expiresAt < next) next = binding.expiresAt
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(Math.max(next, now + sweepMs))
  }
}

/** Made with a desk's short-lived credential: those end with the process. */
function isEphemeral(row: BindingRow, device: Device): boolean {
  return device.settings.kind === 'desk' && row.aor.startsWith(`${device.username}-`)
}

/** Highest q first (RFC 3261 §10.2.1.2), then the newest. */
function byPreference(a: Binding, b: Binding): number {
  return b.q - a.q || b.registeredAt - a.registeredAt
}

function add(map: Map<string, readonly Binding[]>, key: string, binding: Binding): void {
  const held = map.get(key)
  map.set(key, held ? [...held, binding].sort(byPreference) : [binding])
}

function remove(map: Map<string, readonly Binding[]>, key: string, binding: Binding): void {
  const held = map.get(key)
  if (!held) return
  if (held.length === 1 && held[0] === binding) map.delete(key)
  else
    map.set(
      key,
      held.filter((one) => one !== binding),
    )
}
