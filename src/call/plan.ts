import {
  type Binding,
  type Destination,
  type DialOrigin,
  type Directory,
  devicesToRing,
  type Group,
  type Person,
  type QueueDestination,
  type RingDecision,
  type RingingCaller,
  type RingPlan,
  type Trunk,
  type VoicemailRule,
} from '#directory'
import { CallError } from './errors.ts'
import type { Station } from './station.ts'

/** Stations that ring together, and for how long. */
export interface RingStep {
  readonly stations: readonly Station[]
  readonly forMs: number
}

/** What a call to one destination does: whom it rings in which order, who may join, and what follows when nobody takes it. */
export interface CallPlan {
  readonly callee: { readonly number: string; readonly name: string; readonly id: string }
  readonly steps: readonly RingStep[]
  /** The person or group whose plan this is, by id; '' for the outside. A forward changes it, `callee` stays who was called. */
  readonly rings: string
  /** Who is rung. */
  readonly people: ReadonlySet<string>
  /** Whether a station of theirs that registers meanwhile joins the ringing. */
  mayJoin(binding: Binding): boolean
  /** How long to wait for a pushed station when there is none to ring, in ms. */
  readonly waitMs: number
  /** Forwards of the person, on whose behalf they are dialled. */
  readonly person?: Person
  readonly onBusy?: string
  readonly onNoAnswer?: string
  /** A 603 from one station ends the ringing of all. */
  readonly declineEndsAll: boolean
  /** Leaves by trunks to the outside. */
  readonly outside: boolean
  /** Whose cap on outside calls counts; nobody's for an emergency call. */
  readonly account?: Person
  /** Id of the queue that answers: nothing is rung. */
  readonly queue?: string
}

/** What plan making has to know about the rest of the house. */
export interface PlanSurroundings {
  readonly directory: Directory
  /** Whether a closed desk of this person can be told of a call and open while it waits. */
  reachableByPush(personId: string): boolean
  /** ms since 1970: quiet hours look at it. */
  now(): number
  /** Live calls of a person, for `maxCalls`. */
  callsOf(personId: string): number
  /** Live calls from and to a trunk have reached its `maxCalls`. */
  trunkIsFull(trunk: Trunk): boolean
  /** Whether this person may place one more call to the outside. */
  mayGoOutside(person: Person): boolean
  readonly maxForwards: number
}

/** On whose call a plan is made. */
export interface PlanRequest {
  /** As people's rules see the caller. */
  readonly caller: RingingCaller
  /** Forwards that led here. */
  readonly forwards?: number
}

/**
 * Follows dial policy, people's rules and unconditional forwards from a dialled string to a plan.
 * @throws CallError with the policy's refusal; `loop` when forwards run in a circle or too far
 */
export function planFor(
  dialled: string,
  origin: DialOrigin,
  surroundings: PlanSurroundings,
  request: PlanRequest,
): CallPlan {
  const decision = surroundings.directory.destinationOf(dialled, origin)
  if (!decision.ok) throw new CallError(decision.refusal)
  if ((request.forwards ?? 0) > surroundings.maxForwards) throw new CallError('loop')
  const { destination } = decision
  switch (destination.kind) {
    case 'person':
      return planOfPerson(destination.person, destination.number, surroundings, request)
    case 'group':
      return planOfGroup(destination.group, destination.number, surroundings, request)
    case 'queue':
      return planOfQueue(destination)
    case 'outside':
    case 'emergency':
      return planOfOutside(destination, surroundings, origin)
    case 'unknown':
      throw new CallError('not-found')
  }
}

function planOfPerson(person: Person, number: string, surroundings: PlanSurroundings, request: PlanRequest): CallPlan {
  const { settings } = person
  const forwarded = (to: string): CallPlan =>
    planFor(to, { kind: 'on-behalf', person }, surroundings, { ...request, forwards: (request.forwards ?? 0) + 1 })
  if (settings.forward.always) return forwarded(settings.forward.always)
  const told = toldAbout(person, surroundings, request)
  if (told.kind === 'divert') return forwarded(told.to)
  if (told.kind === 'decline') throw new CallError('declined')
  const busy = settings.maxCalls > 0 && surroundings.callsOf(person.id) >= settings.maxCalls
  if (told.kind === 'quiet' || busy) {
    if (!settings.forward.busy) throw new CallError(busy ? 'busy' : 'do-not-disturb')
    return forwarded(settings.forward.busy)
  }
  const stations = told.bindings.map((binding) => stationOf(surroundings.directory, person, binding))
  return {
    callee: { number, name: person.name, id: person.id },
    rings: person.id,
    steps: untilVoicemail(
      stepsOf(stations, settings.ring, (station) => (station.kind === 'device' ? station.binding.device.name : '')),
      settings.forward.noAnswer ? undefined : settings.voicemail,
    ),
    people: new Set([person.id]),
    mayJoin: (binding) => isTold(toldAbout(person, surroundings, request), binding),
    waitMs: surroundings.reachableByPush(person.id) ? settings.ring.pushWaitMs : 0,
    person,
    onBusy: settings.forward.busy,
    onNoAnswer: settings.forward.noAnswer,
    declineEndsAll: settings.declineEndsAll,
    outside: false,
  }
}

function planOfGroup(group: Group, number: string, surroundings: PlanSurroundings, request: PlanRequest): CallPlan {
  const { directory } = surroundings
  const people = new Map<string, Person>()
  const stations: Station[] = []
  for (const id of group.members) {
    const person = directory.personById(id)
    const told = person && toldAbout(person, surroundings, request)
    if (told?.kind !== 'ring') continue
    people.set(id, person as Person)
    for (const binding of told.bindings) stations.push(stationOf(directory, person as Person, binding))
  }
  return {
    callee: { number, name: group.name, id: group.id },
    rings: group.id,
    steps: untilVoicemail(
      stepsOf(stations, group.ring, (station) => (station.kind === 'device' ? station.person.login : '')),
      group.voicemail,
    ),
    people: new Set(people.keys()),
    mayJoin: (binding) => {
      const person = people.get(binding.device.personId)
      return person !== undefined && isTold(toldAbout(person, surroundings, request), binding)
    },
    waitMs: [...people.keys()].some((id) => surroundings.reachableByPush(id)) ? group.ring.pushWaitMs : 0,
    declineEndsAll: false,
    outside: false,
  }
}

/** The queue's service answers the caller. */
function planOfQueue({ id, name, number }: QueueDestination): CallPlan {
  return {
    ...{ callee: { number, name, id }, queue: id, rings: '', steps: [], people: new Set<string>() },
    ...{ mayJoin: () => false, waitMs: 0, declineEndsAll: false, outside: false },
  }
}

function toldAbout(person: Person, surroundings: PlanSurroundings, { caller }: PlanRequest): RingDecision {
  return devicesToRing(person, caller, surroundings.now(), surroundings.directory.bindingsOf(person.id))
}

function isTold(decision: RingDecision, binding: Binding): boolean {
  return decision.kind === 'ring' && decision.bindings.some(({ id }) => id === binding.id)
}

function planOfOutside(
  destination: Destination & { kind: 'outside' | 'emergency' },
  surroundings: PlanSurroundings,
  origin: DialOrigin,
): CallPlan {
  const { number } = destination
  const emergency = destination.kind === 'emergency'
  const account = emergency || !('person' in origin) ? undefined : origin.person
  if (account && !surroundings.mayGoOutside(account)) throw new CallError('outside-limit')
  const trunks = surroundings.directory
    .trunksFor(number)
    .filter((trunk) => trunk.settings.gateways.length > 0 && (emergency || !surroundings.trunkIsFull(trunk)))
  if (trunks.length === 0) throw new CallError('no-trunk')
  return {
    callee: { number, name: '', id: '' },
    rings: '',
    steps: [{ stations: [{ kind: 'outside', name: number, number, trunks }], forMs: 180_000 }],
    people: new Set(),
    mayJoin: () => false,
    waitMs: 0,
    declineEndsAll: true,
    outside: true,
    ...(account ? { account } : {}),
  }
}

/** The plan without the phone that places the call: who dials their own extension means their other stations. */
export function withoutStation(plan: CallPlan, isCaller: (binding: Binding) => boolean): CallPlan {
  const rings = (station: Station): boolean => station.kind !== 'device' || !isCaller(station.binding)
  if (plan.steps.every((step) => step.stations.every(rings))) return plan
  const steps = plan.steps.map((step) => ({ ...step, stations: step.stations.filter(rings) }))
  return { ...plan, steps: steps.filter((step) => step.stations.length > 0) }
}

/** A station for a binding; where several phones share one device account, the address tells them apart. */
export function stationOf(directory: Directory, person: Person, binding: Binding): Station {
  const shared = directory.bindingsOfDevice(binding.device.id).length > 1
  const address = shared ? ` at ${binding.remoteAddress}:${binding.remotePort}` : ''
  return { kind: 'device', name: `${person.login}/${binding.device.name}${address}`, person, binding }
}

/** The ringing ends where voicemail is to answer sooner. */
function untilVoicemail(steps: readonly RingStep[], rule: VoicemailRule | undefined): readonly RingStep[] {
  if (!rule?.on || rule.afterMs === undefined) return steps
  let left = rule.afterMs
  return steps.flatMap((step) => {
    const forMs = Math.min(step.forMs, left)
    left -= forMs
    return forMs > 0 ? [{ ...step, forMs }] : []
  })
}

function stepsOf(
  stations: readonly Station[],
  ring: RingPlan,
  keyOf: (station: Station) => string,
): readonly RingStep[] {
  if (stations.length === 0) return []
  if (ring.mode === 'all') return [{ stations, forMs: ring.ringMs }]
  const steps: RingStep[] = []
  const left = new Set(stations)
  for (const key of ring.order) {
    const named = stations.filter((station) => left.has(station) && keyOf(station) === key)
    if (named.length === 0) continue
    for (const station of named) left.delete(station)
    steps.push({ stations: named, forMs: ring.stepMs })
  }
  if (left.size > 0) steps.push({ stations: [...left], forMs: ring.stepMs })
  return steps
}
