import type { CallChange, CallId, CallView } from '#call'
import type { Directory, PersonSettings } from '#directory'
import type { Clock, Timer } from '#lib'
import type { Presence as PresenceName, PresenceShape } from './contract.ts'

export interface PresenceParts {
  readonly directory: Pick<Directory, 'people' | 'personById' | 'bindingsOf' | 'onBinding'>
  readonly clock: Clock
  /** How long changes that follow another one are gathered; the first is told at once. */
  gatherMs(): number
  tell(changes: PresenceChanges): void
}

/** People whose presence changed, and those who are no longer there. */
export interface PresenceChanges {
  readonly people: readonly PresenceShape[]
  readonly gone: readonly string[]
}

/** How a person has set themselves. */
export function presenceOf({ doNotDisturb, away }: PersonSettings): PresenceName {
  return doNotDisturb ? 'dnd' : away ? 'away' : 'available'
}

/** Who talks or rings in a call. */
export function peopleIn(view: CallView): ReadonlySet<string> {
  const found = new Set<string>()
  if (view.state === 'ended') return found
  found.add(view.caller.personId)
  for (const branch of view.branches) if (branch.state !== 'ended') found.add(branch.personId)
  found.delete('')
  return found
}

/** Follows who is available, registered and in a call. Works while it is started: until then it costs nothing. */
export class Presence {
  readonly #parts: PresenceParts
  /** As last told. */
  readonly #told = new Map<string, string>()
  readonly #touched = new Set<string>()
  readonly #inCall = new Map<CallId, ReadonlySet<string>>()
  /** How many calls each person is in. */
  readonly #calls = new Map<string, number>()
  #stop: (() => void) | undefined
  #timer: Timer | undefined
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  /** @param views the live calls */
  start(views: readonly CallView[]): void {
    const { directory } = this.#parts
    this.#stop = directory.onBinding(({ device }, change) => {
      if (change !== 'refreshed') this.touch(device.personId)
    })
    for (const view of views) this.#count(view.id, peopleIn(view))
    this.#touched.clear()
    for (const { id } of directory.people()) this.#told.set(id, JSON.stringify(this.#of(id)))
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#parts.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    for (const kept of [this.#told, this.#touched, this.#inCall, this.#calls]) kept.clear()
  }

  /** A call changed. */
  call(view: CallView, change: CallChange): void {
    this.#count(view.id, change === 'ended' ? nobody : peopleIn(view))
  }

  /** Something about a person changed. */
  touch(personId: string): void {
    if (!this.#stop) return
    this.#touched.add(personId)
    const { clock } = this.#parts
    const gather = this.#parts.gatherMs()
    const rest = this.#toldAt + gather - clock.now()
    this.#timer ??= clock.setTimeout(() => this.flush(), Math.max(0, Math.min(rest, gather)))
  }

  /** Tells what waits. */
  flush(): void {
    const { clock, tell } = this.#parts
    clock.clearTimeout(this.#timer)
    this.#timer = undefined
    const changes = this.#changes()
    if (changes.people.length === 0 && changes.gone.length === 0) return
    this.#toldAt = clock.now()
    tell(changes)
  }

  #changes(): PresenceChanges {
    const people: PresenceShape[] = []
    const gone: string[] = []
    for (const id of this.#touched) {
      const now = this.#of(id)
      const text = now && JSON.stringify(now)
      if (text === this.#told.get(id)) continue
      if (now) people.push(now)
      else gone.push(id)
      if (text) this.#told.set(id, text)
      else this.#told.delete(id)
    }
    this.#touched.clear()
    return { people, gone }
  }

  /** Everybody, as last told. */
  all(): readonly PresenceShape[] {
    return [...this.#told.values()].map((text) => JSON.parse(text) as PresenceShape)
  }

  #of(id: string): PresenceShape | undefined {
    const { directory } = this.#parts
    const person = directory.personById(id)
    if (!person) return undefined
    return {
      id,
      presence: presenceOf(person.settings),
      inCall: this.#calls.has(id),
      reachable: directory.bindingsOf(id).length > 0,
    }
  }

  #count(callId: CallId, people: ReadonlySet<string>): void {
    const before = this.#inCall.get(callId) ?? nobody
    if (people.size > 0) this.#inCall.set(callId, people)
    else this.#inCall.delete(callId)
    for (const id of people.difference(before)) this.#add(id, 1)
    for (const id of before.difference(people)) this.#add(id, -1)
  }

  #add(personId: string, one: number): void {
    const calls = (this.#calls.get(personId) ?? 0) + one
    if (calls > 0) this.#calls.set(personId, calls)
    else this.#calls.delete(personId)
    this.touch(personId)
  }
}

const nobody: ReadonlySet<string> = new Set()
