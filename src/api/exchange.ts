import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { CallActs, LiveCalls } from '#call'
import type { MayReach, PushSubscriptions } from '#channels'
import type { Accounts, Directory, DirectoryAdmin, Person } from '#directory'
import type { Clock, Log, Random } from '#lib'
import type { IceServer } from '#media'
import type { CallbackService, Intake, Mailboxes, NoticeMaker, QueueService } from '#services'
import type { CallbackStorage, Storage } from '#storage'
import type { Access } from './access.ts'
import type { About, AnswerOf, EndpointName, Endpoints } from './contract.ts'
import type { Viewer } from './viewer.ts'

/** Calls that somebody asks for. */
export interface CallbackDesk {
  readonly service: CallbackService
  readonly intake: Intake
  readonly notices: NoticeMaker
  readonly storage: CallbackStorage
  readonly widget: {
    /** Whose pages may hold the widget; none when empty. */
    readonly origins: readonly string[]
    /** `mail`: visitors confirm by a link; `key`: by pressing 1 when they are called. */
    readonly confirm: 'mail' | 'key'
    /** Who is called where the page does not say it. */
    readonly called: string
  }
}

/** Centres of our own. */
export type QueueDesk = Pick<QueueService, 'list' | 'view' | 'wait' | 'put' | 'remove' | 'watch'>

/** What log-ins and everything behind them need; without it the server only shows the board. */
export interface DeskParts {
  readonly directory: Directory & DirectoryAdmin
  readonly accounts: Accounts
  readonly acts: Pick<CallActs, keyof CallActs>
  readonly storage: Pick<Storage, 'contacts' | 'charges'>
  readonly random: Random
  /** Absent where calls cannot be asked for. */
  readonly callbacks?: CallbackDesk
  /** Messages that callers leave. */
  readonly voicemail?: Mailboxes
  readonly queues?: QueueDesk
  /** Lets the demo's built-in caller ring somebody; absent outside the demo. Rejects with `code: 'unknown-person' | 'busy'`. */
  ringDemoCaller?(login: string): Promise<void>
  /** What a person's browser uses on its way to the media (ICE). */
  readonly iceServers?: (login: string) => readonly IceServer[]
  /** Notices to browsers whose desk is closed. */
  readonly push?: {
    readonly publicKey: string
    readonly subscriptions: PushSubscriptions
    readonly reachable: MayReach
  }
}

/** What handlers work with. */
export interface Surroundings {
  readonly calls: LiveCalls
  readonly records: Storage['records']
  readonly desk: DeskParts | undefined
  readonly about: About
  readonly access: Access
  /** A person was added, changed or removed: whoever watches people is told. */
  personChanged(personId: string): void
  readonly clock: Clock
  readonly log: Log
}

type Parsed<K extends EndpointName, Part extends string> = Endpoints[K] extends {
  readonly [P in Part]: infer S extends z.ZodType
}
  ? z.output<S>
  : Record<string, never>

/** One request, checked against its endpoint. */
export interface Exchange<K extends EndpointName> {
  readonly house: Surroundings
  readonly desk: DeskParts
  readonly viewer: Viewer
  /** Set wherever the endpoint asks for more than a reader. */
  readonly person: Person
  readonly path: Parsed<K, 'path'>
  readonly query: Parsed<K, 'query'>
  readonly body: Parsed<K, 'body'>
  readonly request: IncomingMessage
  /** Headers of the answer. */
  readonly headers: Record<string, string>
}

export type Handler<K extends EndpointName> = (exchange: Exchange<K>) => AnswerOf<K> | Promise<AnswerOf<K>>
export type HandlersOf<K extends EndpointName> = { readonly [Name in K]: Handler<Name> }
/** The endpoints whose addresses begin like this. */
export type Under<Prefix extends string> = Extract<
  EndpointName,
  `${string} /api/v1/${Prefix}` | `${string} /api/v1/${Prefix}/${string}` | `${string} /api/v1/${Prefix}.${string}`
>
