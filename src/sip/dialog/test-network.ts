import { type Log, seededRandom, silentLog, VirtualClock } from '#lib'
import type { Request, Response, Uri } from '../message/index.ts'
import type { ServerTransaction } from '../transaction/index.ts'
import {
  type Destination,
  type MemoryHost,
  MemoryNetwork,
  type MemoryNetworkOptions,
  type Protocol,
  type Resolver,
} from '../transport/index.ts'
import type { UserAgentOptions } from './core.ts'
import type {
  Dialog,
  DialogHandlers,
  Invitation,
  InviteOptions,
  OutgoingCall,
  OutgoingHandlers,
  UserAgent,
} from './types.ts'
import { createSipStack } from './user-agent.ts'

/** Reads literal addresses only, as tests have no names. */
const literal: Resolver = {
  resolveNow: (uri: Uri) => destinationsOf(uri),
  resolve: async (uri: Uri) => destinationsOf(uri),
}

function destinationsOf(uri: Uri): readonly Destination[] {
  const protocol = (uri.params.get('transport') ?? 'udp') as Protocol
  const address = uri.host.replace(/^\[|\]$/g, '')
  return [{ protocol, address, port: uri.port ?? 5060, host: address }]
}

export const offer = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n'
export const answer = 'v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n'

const options: UserAgentOptions = {
  userAgent: 'test',
  allow: ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'UPDATE', 'PRACK', 'INFO', 'REFER', 'MESSAGE', 'NOTIFY'],
  supported: ['100rel', 'timer', 'replaces'],
}

/** One party: a stack on a host of the memory network, and a log of what its handlers heard. */
export class Party {
  readonly name: string
  readonly host: MemoryHost
  readonly agent: UserAgent
  readonly heard: string[] = []
  readonly invitations: Invitation[] = []
  readonly requests: ServerTransaction[] = []
  /** What to do with an INVITE; default: keep it in `invitations`. */
  onInvite: (invitation: Invitation) => void = () => {}
  /** What to do with any other request but OPTIONS; default: 200. */
  onRequest: (transaction: ServerTransaction) => void = (transaction) => transaction.respond(200)

  constructor(name: string, network: MemoryNetwork, address: string, settings: Partial<UserAgentOptions>, log: Log) {
    this.name = name
    const { clock, random } = network.options
    const stack = createSipStack({
      clock,
      random,
      log,
      resolver: literal,
      options: { ...options, ...settings },
      handler: {
        invite: (invitation) => {
          this.invitations.push(invitation)
          invitation.handlers = {
            cancelled: () => this.heard.push('cancelled'),
            acked: () => this.heard.push('acked'),
            unacked: () => this.heard.push('unacked'),
            pracked: () => this.heard.push('pracked'),
          }
          this.onInvite(invitation)
        },
        request: (transaction) => {
          this.requests.push(transaction)
          if (transaction.request.method === 'OPTIONS') this.agent.answerOptions(transaction)
          else this.onRequest(transaction)
        },
      },
    })
    this.host = network.host(address, 5060, { handler: stack.handler, protocols: ['udp', 'tcp'] })
    this.agent = stack.start(this.host)
  }

  /** The handlers of a dialog, written down in `heard`. */
  watch(dialog: Dialog, more: DialogHandlers = {}): Dialog {
    dialog.handlers = {
      bye: () => this.heard.push('bye'),
      lost: (why) => this.heard.push(`lost ${why}`),
      ...more,
    }
    return dialog
  }

  /** Calls another party and writes down what becomes of it. */
  call(to: Party, more: Partial<InviteOptions> = {}, handlers: Partial<OutgoingHandlers> = {}): Placed {
    const protocol: Protocol = 'udp'
    const placed: Placed = { dialog: undefined, call: undefined as never }
    placed.call = this.agent.invite(
      {
        uri: `sip:${to.name}@${to.host.address}`,
        target: { destinations: [{ protocol, address: to.host.address, port: 5060, host: to.host.address }] },
        from: `<sip:${this.name}@test>`,
        to: `<sip:${to.name}@test>`,
        body: offer,
        ...more,
      },
      {
        progress: (response) => this.heard.push(`${response.status}`),
        answered: (response, dialog) => {
          this.heard.push(`${response.status}`)
          placed.dialog = this.watch(dialog)
        },
        failed: (response, failure) => this.heard.push(response ? `${response.status}` : `${failure}`),
        crossed: () => this.heard.push('crossed'),
        ...handlers,
      },
    )
    return placed
  }
}

export interface Placed {
  call: OutgoingCall
  dialog: Dialog | undefined
}

export interface TestNetwork {
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  readonly alice: Party
  readonly bob: Party
  /** Adds one more party. */
  party(name: string, address: string, settings?: Partial<UserAgentOptions>): Party
  /** The ladder so far without times: `alice -> bob INVITE`; `-x` did not arrive. */
  ladder(): string[]
  /** Lets every timer run out and fails where something is left. */
  drained(): Promise<void>
}

/** Two parties on a network with virtual time. */
export function testNetwork(
  more: Partial<MemoryNetworkOptions> = {},
  settings: { alice?: Partial<UserAgentOptions>; bob?: Partial<UserAgentOptions>; seed?: number; log?: Log } = {},
): TestNetwork {
  const clock = new VirtualClock()
  const random = seededRandom(settings.seed ?? 1)
  const network = new MemoryNetwork({ clock, random, ...more })
  const names: Record<string, string> = {}
  const parties: Party[] = []
  const party = (name: string, address: string, own: Partial<UserAgentOptions> = {}): Party => {
    names[`${address}:5060`] = name
    const made = new Party(name, network, address, own, settings.log ?? silentLog)
    parties.push(made)
    return made
  }
  const alice = party('alice', '192.0.2.1', settings.alice)
  const bob = party('bob', '192.0.2.2', settings.bob)
  return {
    clock,
    network,
    alice,
    bob,
    party,
    ladder: () => network.log.map((one) => arrow(one, names)),
    async drained() {
      await clock.advance(200_000)
      const left = parties.map(({ name, agent }) => ({ name, ...agent.sizes }))
      const none = parties.map(({ name }) => ({ name, dialogs: 0, transactions: 0 }))
      if (JSON.stringify(left) !== JSON.stringify(none)) throw new Error(`left over: ${JSON.stringify(left)}`)
      if (clock.pending !== 0) throw new Error(`${clock.pending} timers are left`)
    },
  }
}

function arrow(one: MemoryNetwork['log'][number], names: Record<string, string>): string {
  const line = one.dropped ? '-x' : '->'
  return `${names[one.from] ?? one.from} ${line} ${names[one.to] ?? one.to} ${one.label}`
}

export type { Request, Response }

/** A confirmed call: both ends' dialogs, with the ladder so far forgotten. */
export async function connected(net: TestNetwork): Promise<{ caller: Dialog; callee: Dialog }> {
  let callee: Dialog | undefined
  net.bob.onInvite = (invitation) => {
    callee = net.bob.watch(invitation.answer({ body: answer }))
  }
  const placed = net.alice.call(net.bob)
  await net.clock.until(() => net.bob.heard.includes('acked'))
  net.network.log.length = 0
  net.alice.heard.length = 0
  net.bob.heard.length = 0
  return { caller: placed.dialog!, callee: callee! }
}

/** Takes every offer at once. */
export function accepting(party: Party, dialog: Dialog, sdp: string): void {
  party.watch(dialog, { offer: (transaction) => transaction.respond(200, undefined, [], sdp) })
}
