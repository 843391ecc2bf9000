import { type Directory, mayPickUp, type Person } from '#directory'
import type { CallContextRow, NodeRow } from '#storage'
import type { Call } from './call.ts'
import type { Calls } from './calls.ts'
import { CallError, type CallErrorCode } from './errors.ts'
import type { IncomingLeg } from './incoming-leg.ts'
import { Origination } from './origination.ts'
import type { CallPlan } from './plan.ts'
import { type NodeStation, presentedOf } from './station.ts'
import type { Tickets } from './tickets.ts'
import type { BranchView } from './types.ts'

/** How long the node that has the call may take: a pickup there may try two ways. */
const nodeMs = 8_000

/** Which call somebody wants: a certain one, one that rings a certain person or group, or any that they may have. */
interface Wanted {
  readonly call?: string
  readonly called?: string
}

/** The other nodes of the database that are there now. */
export interface OtherNodes {
  others(): Promise<readonly NodeRow[]>
}

/**
 * Passes requests for calls on to the node that has the call, which does all the work; this one stands between:
 *   carol        this node (B)      database        node A
 *     |---INVITE *8--->|                |              |
 *     |                |---which rings? for whom?----->|    eligible by the same rule as there
 *     |                |---INVITE *8, X-Baton-Pickup: ticket (call, person)--->|
 *     |<---200---------|<---------200------------------|    or its refusal, in its words
 *     |<====media=====>|<============media============>|
 */
export class PassOn {
  readonly #calls: Calls
  readonly #nodes: OtherNodes
  readonly #tickets: Tickets
  readonly #code: string

  /** @param code what picks calls up, the same on every node */
  constructor(calls: Calls, nodes: OtherNodes, tickets: Tickets, code: string) {
    this.#calls = calls
    this.#nodes = nodes
    this.#tickets = tickets
    this.#code = code
    calls.acceptTickets(tickets)
  }

  /** A station of ours asks. Resolves to whether another node is asked in its place. */
  async dialled(leg: IncomingLeg, wanted: Wanted): Promise<boolean> {
    // What was passed on to us goes no further.
    if (leg.passedOn) return false
    const found = await this.#find(leg.person, wanted)
    if (!found) return false
    if (!leg.ended)
      this.#calls.begin(leg.invitation, leg.from, leg.dialled, this.#route(found, leg.person, leg.party.station))
    return true
  }

  /**
   * A person asks by API: their own stations ring first, the node is asked once one of them has answered. Resolves to whether another node
   * had the call and has joined the two.
   * @throws CallError as that node or the person's own stations said
   */
  async byApi(callId: string, person: Person, station: string | undefined): Promise<boolean> {
    const found = await this.#find(person, { call: callId })
    if (!found) return false
    const stations = this.#calls.stationsOf(person, station)
    const [only] = stations
    if (!only) throw new CallError('unreachable')
    const name = stations.length > 1 ? person.login : only.name
    const call = this.#calls.open(
      {
        ...{ origin: { kind: 'station', person }, person, deviceId: '', station: name, trunk: undefined },
        ...{ directMedia: false, presented: presentedOf(person) },
      },
      this.#code,
    )
    call.route = this.#route(found, person, name)
    const joined = this.#joined(call)
    new Origination(call, person, stations, true).start()
    await joined
    return true
  }

  /** Settles as the call is answered, or ends before. */
  #joined(call: Call): Promise<void> {
    return new Promise((resolve, reject) => {
      const unwatch = this.#calls.watch((view) => {
        if (view.id !== call.id || view.state === 'ringing') return
        unwatch()
        if (view.state === 'answered') resolve()
        else {
          // Of a refusal for somebody faster, the node's words tell who.
          const [, by] = / by (.+)$/.exec(call.ringingBranches.at(-1)?.words ?? '') ?? []
          reject(new CallError(view.cause as CallErrorCode, view.cause === 'taken' ? by : ''))
        }
      })
    })
  }

  /** The call that rings longest of those that are meant, and its node. */
  async #find(picker: Person, { call, called }: Wanted): Promise<Found | undefined> {
    const { storage, directory } = this.#calls.core
    if (called !== undefined && !mayPickUp(directory, picker, called)) return undefined
    const nodes = await this.#nodes.others()
    if (nodes.length === 0) return undefined
    const contexts =
      call === undefined
        ? await storage.calls.contextsOf(
            nodes.map(({ node }) => node),
            called === undefined ? eligible(directory, picker) : [called],
          )
        : [await storage.calls.context(call)]
    for (const context of contexts) {
      const node = context && nodes.find((one) => one.node === context.node)
      if (!node || context.callerId === picker.id) continue
      const rung = rungBy(context, directory)
      const meant = called === undefined ? rung.some((id) => mayPickUp(directory, picker, id)) : rung.includes(called)
      if (meant) return { callId: context.callId, node }
    }
    return undefined
  }

  #route({ callId, node }: Found, person: Person, station: string): CallPlan {
    const destination = destinationOf(node.address)
    if (!destination) throw new CallError('unreachable')
    const stations: NodeStation[] = [
      {
        ...{ kind: 'node', name: node.node, number: this.#code, destination },
        headers: () => [['X-Baton-Pickup', this.#tickets.issue({ callId, personId: person.id, station })]],
      },
    ]
    return {
      callee: { number: this.#code, name: '', id: '' },
      rings: '',
      steps: [{ stations, forMs: nodeMs }],
      people: new Set(),
      mayJoin: () => false,
      waitMs: 0,
      declineEndsAll: true,
      outside: false,
    }
  }
}

interface Found {
  readonly callId: string
  readonly node: NodeRow
}

/** Everybody whose calls a person may take. */
function eligible(directory: Directory, picker: Person): readonly string[] {
  const ids = [...directory.people(), ...directory.groups()].map(({ id }) => id)
  return ids.filter((id) => mayPickUp(directory, picker, id))
}

/** Whom a call rings now, as its row says: people with a station that rings, and the group that was called. */
function rungBy({ branches, calleeId }: CallContextRow, directory: Directory): readonly string[] {
  const ids = (JSON.parse(branches) as readonly BranchView[])
    .filter(({ state, personId }) => personId !== '' && (state === 'calling' || state === 'ringing'))
    .map(({ personId }) => personId)
  return ids.length > 0 && directory.groups().some(({ id }) => id === calleeId) ? [...ids, calleeId] : ids
}

/** `udp 127.0.0.1:5060` or `udp [::1]:5060` */
function destinationOf(text: string): NodeStation['destination'] | undefined {
  const [, protocol, bracketed, plain, port] = /^(udp|tcp|tls) (?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? plain
  if (!address) return undefined
  return { protocol: protocol as 'udp' | 'tcp' | 'tls', address, port: Number(port), host: address }
}
