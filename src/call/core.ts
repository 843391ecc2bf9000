import type { Directory } from '#directory'
import type { Clock, Log, Random } from '#lib'
import type { MediaEngine } from '#media'
import type { Authenticator, Flow, Resolver, Transport, UserAgent } from '#sip'
import type { Storage } from '#storage'

/** Bounds and habits of the call core, from the configuration. */
export interface CallSettings {
  /** The name of this process in records: `node-1`. */
  readonly node: string
  /** SIP domain and digest realm. */
  readonly domain: string
  /** Live calls above which new ones are refused with 503. */
  readonly maxCalls: number
  /** Branches that one call may ever have, forwards and 3xx included. */
  readonly maxBranches: number
  /** Forwards in a row before a call counts as a loop. */
  readonly maxForwards: number
  /** How long a transferor that said nothing more is waited for, in ms. */
  readonly transferGraceMs: number
  /** What is dialled, with an extension after it, to take a call that rings there. */
  readonly pickupCode: string
  /** Subscriptions of phones to events, in all and of one device. */
  readonly maxSubscriptions: number
  readonly maxSubscriptionsPerDevice: number
}

export const defaultCallSettings: CallSettings = {
  node: 'node-1',
  domain: 'baton.local',
  maxCalls: 10_000,
  maxBranches: 30,
  maxForwards: 5,
  transferGraceMs: 5_000,
  pickupCode: '*8',
  maxSubscriptions: 20_000,
  maxSubscriptionsPerDevice: 500,
}

/** Everything the call core stands on. One object, made once. */
export interface Core {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly storage: Storage
  readonly directory: Directory
  /** The engine that anchors media on the server. */
  readonly anchored: MediaEngine
  /** Passes session descriptions through: media flows from station to station. */
  readonly direct: MediaEngine
  /** Each kind of listener asks for one digest algorithm. */
  authenticatorOf(flow: Flow): Authenticator
  readonly resolver: Resolver
  readonly settings: CallSettings
  /** Whether a person's closed desk can be told of a call (Web Push). */
  reachableByPush(personId: string): boolean
  /** Set once the stack runs. */
  ua: UserAgent
  transport: Transport
}

/** A promise that nobody waits for: its failure is a bug or a dead database, and is logged. */
export function inBackground(core: Pick<Core, 'log'>, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => core.log.error({ error: String((error as Error)?.stack ?? error) }, `${what} failed`))
}
