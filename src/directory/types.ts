import type { BindingRow, NumberRow } from '#storage'
import type { DeviceInput, GroupInput, NumberInput, PersonInput, TrunkInput } from './settings.ts'

export type PersonId = string & { readonly brand?: 'PersonId' }
export type DeviceId = string & { readonly brand?: 'DeviceId' }

/** Where a forward leads: an extension, a person or a telephone number, as dialled; checked against the dial policy when it is used. */
export type ForwardTarget = string

/** How a person's or group's stations are rung. */
export interface RingPlan {
  /** `all`: every station at once; `order`: one step after the other. */
  readonly mode: 'all' | 'order'
  /** How long the whole ringing lasts, in ms, before the no-answer rule takes over. Default 60,000. */
  readonly ringMs: number
  /** For `order`: how long each step rings, in ms. Default 15,000. */
  readonly stepMs: number
  /** For `order`: device names (person) or logins (group) in order; those not named come last together. */
  readonly order: readonly string[]
  /** How long a call with nobody to ring waits for a desk that a push notice opens, in ms; 0 = not at all. Default 15,000. */
  readonly pushWaitMs: number
}

/** Hours in which nothing rings, in the person's time zone. A span over midnight belongs to the day it began. */
export interface QuietHours {
  /** 1 = Monday … 7 = Sunday */
  readonly days: readonly number[]
  /** `22:00`; the same `to` means the whole day. */
  readonly from: string
  readonly to: string
}

/** What happens to calls of certain callers, before presence and quiet hours are looked at. */
export interface CallerRule {
  /** Numbers or extensions, `*` at the end for a beginning; `internal`, `outside`, `anonymous`, `*`. */
  readonly callers: readonly string[]
  readonly action: 'ring' | 'divert' | 'decline'
  /** For `ring`: device ids; none = all. */
  readonly devices: readonly string[]
  /** For `divert`. */
  readonly to?: ForwardTarget
}

export interface PersonSettings {
  readonly doNotDisturb: boolean
  /** Away from the desk: phones ring, the desk in the browser does not. */
  readonly away: boolean
  readonly quietHours: readonly QuietHours[]
  /** Device id; while it is registered only it rings. '' = all alike. */
  readonly preferredDevice: string
  readonly callerRules: readonly CallerRule[]
  readonly forward: {
    readonly always?: ForwardTarget
    readonly busy?: ForwardTarget
    readonly noAnswer?: ForwardTarget
  }
  readonly ring: RingPlan
  readonly voicemail: VoicemailRule
  /** Hide the number on outside calls (RFC 3323). */
  readonly hideNumber: boolean
  /** A 603 of one device ends the ringing of the others. Default false. */
  readonly declineEndsAll: boolean
  /** Concurrent calls that this person may have to the outside. */
  readonly maxOutsideCalls: number
  /** Calls at once before the person counts as busy (486, forward on busy); 0 = no bound. */
  readonly maxCalls: number
  /** International and premium calls allowed? Default false. */
  readonly international: boolean
  readonly premium: boolean
  readonly language: 'en' | 'de'
  readonly timeZone: string
  /** Which of the person's numbers outside calls show; without it the first. */
  readonly shownNumber?: string
}

export interface Person {
  readonly id: PersonId
  readonly login: string
  readonly name: string
  readonly extension: string
  readonly email: string
  readonly role: 'person' | 'supervisor' | 'administrator'
  readonly settings: PersonSettings
  /** Our E.164 numbers that ring this person, first one shown to the outside. */
  readonly numbers: readonly string[]
}

export interface Device {
  readonly id: DeviceId
  readonly personId: PersonId
  readonly name: string
  readonly username: string
  readonly settings: {
    readonly directMedia: boolean
    readonly autoAnswer: boolean
    /** Whether it is told of messages without having asked: `auto`: unless it subscribes to that. */
    readonly messageLight: 'auto' | 'always' | 'never'
    readonly kind: 'phone' | 'desk' | 'softphone'
  }
}

export interface Group {
  readonly id: string
  readonly name: string
  readonly extension: string
  readonly members: readonly PersonId[]
  readonly ring: RingPlan
  readonly pickup: PickupRule
  readonly voicemail: VoicemailRule
}

/** Whether callers who reach nobody may leave a message. */
export interface VoicemailRule {
  readonly on: boolean
  /** After so much ringing, in ms; without it after the whole ringing time. */
  readonly afterMs?: number
  /** Messages go out by e-mail too. Default true. */
  readonly mail: boolean
}

/** Who may take the calls that ring a group or one of its members. */
export interface PickupRule {
  /** Members take each other's calls. Default true. */
  readonly members: boolean
  /** People and groups who may as well, by id. */
  readonly by: readonly string[]
}

export interface Trunk {
  readonly id: string
  readonly name: string
  readonly settings: TrunkSettings
}

export interface TrunkSettings {
  /** Requests from these addresses (`ip` or `ip:port`, CIDR allowed) are this trunk's. */
  readonly sources: readonly string[]
  /** And, where set, only when the Request-URI or To host is one of these (configured identity). */
  readonly hosts: readonly string[]
  /** Where calls go out: SIP URIs in the order to try. Empty: inbound only. */
  readonly gateways: readonly string[]
  /** Register with the provider (RFC 3261 §10) and answer its challenges. */
  readonly registration?: {
    readonly registrar: string
    readonly username: string
    readonly password: string
    readonly expires: number
  }
  readonly credentials?: { readonly username: string; readonly password: string; readonly realm?: string }
  readonly directMedia: boolean
  /** OPTIONS each so many ms to every gateway; 0 = off. */
  readonly healthMs: number
  /** Lower goes first when several trunks can take a call. */
  readonly priority: number
  readonly maxCalls: number
  /** Who joins the two sides of a requested call that both run over this trunk: this server, or its gateway, asked by REFER with Replaces. */
  readonly join: 'server' | 'refer'
  /** The demo trunk's rule (DESIGN.md, "demo trunk"). */
  readonly demo: boolean
}

/** A SIP account of one log-in session. */
export interface DeskCredential {
  readonly username: string
  /** MD5 HA1 (RFC 7616 §3.4.2). */
  readonly ha1: string
  readonly realm: string
  readonly device: Device
  /** ms since 1970 */
  readonly expiresAt: number
}

/** A registered contact, ready to be rung. */
export interface Binding extends BindingRow {
  readonly device: Device
}

/** What a dialled string means for a given origin. */
export type Destination =
  | { readonly kind: 'person'; readonly person: Person; readonly number: string }
  | { readonly kind: 'group'; readonly group: Group; readonly number: string }
  /** E.164 with plus; `class` decides policy. */
  | { readonly kind: 'outside'; readonly number: string; readonly class: 'national' | 'international' | 'premium' }
  | { readonly kind: 'emergency'; readonly number: string }
  | { readonly kind: 'unknown'; readonly dialled: string }

/** A queue of callers as the dial policy knows it. */
export interface QueueEntry {
  readonly id: string
  readonly name: string
  /** '' for none. */
  readonly extension: string
  /** E.164. */
  readonly numbers: readonly string[]
}

/** Nothing rings at a queue: it answers by itself. */
export interface QueueDestination {
  readonly kind: 'queue'
  readonly id: string
  readonly name: string
  /** What was dialled, or the number in E.164. */
  readonly number: string
}

/** Who asks to dial. Emergency numbers go out only from a person's own station. */
export type DialOrigin =
  | { readonly kind: 'station'; readonly person: Person }
  | { readonly kind: 'trunk'; readonly trunk: Trunk }
  /** A forward, transfer, callback or 3xx on behalf of this person. */
  | { readonly kind: 'on-behalf'; readonly person: Person }
  /** The server itself, on nobody's account: neither premium numbers nor other countries. */
  | { readonly kind: 'service' }

export type DialRefusal =
  | 'not-found'
  | 'international-not-allowed'
  | 'premium-not-allowed'
  | 'emergency-not-allowed'
  | 'trunk-to-outside'

/** The outcome of the dial policy. */
export type DialDecision<To = Destination> =
  | { readonly ok: true; readonly destination: To }
  | { readonly ok: false; readonly refusal: DialRefusal }

/** What REGISTER asks for, after authentication. */
export interface RegistrationRequest {
  readonly device: Device
  readonly aor: string
  readonly callIdHeader: string
  readonly cseq: number
  /** One per Contact; `expires` in seconds, 0 removes, below 0 when the request names none (the default applies). */
  readonly contacts: readonly {
    readonly uri: string
    readonly expires: number
    readonly q: number
    readonly instance: string
    readonly regId: number
    readonly push: string
  }[]
  /** `Contact: *` with `Expires: 0`. */
  readonly removeAll: boolean
  readonly path: readonly string[]
  readonly flow: {
    readonly protocol: string
    readonly remoteAddress: string
    readonly remotePort: number
    /** The transport's name of the flow. */
    readonly id: string
  }
  readonly userAgent: string
}

export type RegistrationResult =
  | { readonly ok: true; readonly bindings: readonly Binding[] }
  | {
      readonly ok: false
      readonly refusal: 'too-many-bindings' | 'interval-too-brief' | 'out-of-order'
      readonly minExpires?: number
    }

/** People, devices, groups, numbers, trunks and bindings: read from memory, written through to storage. */
export interface Directory {
  personByLogin(login: string): Person | undefined
  personById(id: PersonId): Person | undefined
  personByNumber(number: string): Person | undefined
  deviceByUsername(username: string): Device | undefined
  deviceById(id: DeviceId): Device | undefined
  /** Digest secrets for the authenticator. */
  secretsOf(username: string): { ha1Md5: string; ha1Sha256: string } | undefined
  groupById(id: string): Group | undefined
  people(): readonly Person[]
  devicesOf(person: PersonId): readonly Device[]
  groups(): readonly Group[]
  queues(): readonly QueueEntry[]
  trunks(): readonly Trunk[]

  /** Dial policy in one place: what does this string mean for this origin, and may they. */
  destinationOf(dialled: string, origin: DialOrigin): DialDecision<Destination | QueueDestination>
  /** The same for whoever needs somebody to ring: nobody is found at a queue. */
  dial(dialled: string, origin: DialOrigin): DialDecision
  /** A number for display: E.164 where it is one, as given otherwise. */
  normalise(number: string): string
  isTelephoneNumber(text: string): boolean
  isOurNumber(number: string): boolean
  isEmergency(dialled: string): boolean
  /** The trunk a request belongs to, by source address, host and (demo) identities. `undefined`: challenge it. */
  trunkOf(request: {
    address: string
    port: number
    requestUser: string
    requestHost: string
    fromUser: string
  }): Trunk | undefined
  /** Trunks that can take a call to the outside, in the order to try. */
  trunksFor(number: string): readonly Trunk[]
  /** A trunk's gateways in the order to try: those that fail their health check last. */
  gatewaysOf(trunkId: string): readonly string[]

  /** Live bindings of a person, highest q first; expired ones are never returned. */
  bindingsOf(person: PersonId): readonly Binding[]
  bindingsOfDevice(device: DeviceId): readonly Binding[]
  /** Whether a live binding was registered from this address and port. */
  holdsBinding(address: string, port: number): boolean
  /** Whether a binding or a trunk sends from this address and port: such sources are no strangers to the flood guard. */
  isKnownSource(address: string, port: number): boolean
  /** Live bindings of everybody, for metrics. */
  bindingCount(): number
  /** Resolves once stored: only then is the 200 sent. */
  register(request: RegistrationRequest): Promise<RegistrationResult>
  /** The connection of these bindings is gone: those over TCP, TLS and WebSocket to this address and port end. */
  flowClosed(protocol: string, remoteAddress: string, remotePort: number): void
  /** Told about every binding that comes or goes: ringing calls let it join. Returns an unsubscribe function. */
  onBinding(listener: (binding: Binding, change: 'added' | 'refreshed' | 'removed') => void): () => void
}

/**
 * Changes to the directory. Every write is checked first and resolves once it is stored; only then do readers see it.
 * Input without an id makes a new entry. Each throws DirectoryError with the field, what was wrong and what is allowed.
 */
export interface DirectoryAdmin {
  putPerson(input: PersonInput): Promise<Person>
  /** Removes the person with devices, bindings, numbers and group memberships. */
  removePerson(id: PersonId): Promise<void>
  /** A device whose username changes loses its password: HA1 contains the name. */
  putDevice(input: DeviceInput): Promise<Device>
  removeDevice(id: DeviceId): Promise<void>
  /** Stores the HA1 values of a password (8 to 128 characters); the password itself is not kept. */
  setDevicePassword(id: DeviceId, password: string): Promise<void>
  putGroup(input: GroupInput): Promise<Group>
  removeGroup(id: string): Promise<void>
  putNumber(input: NumberInput): Promise<NumberRow>
  removeNumber(number: string): Promise<void>
  numbers(): readonly NumberRow[]
  /**
   * Adds a queue, or changes the one with this id; its extension and numbers lead there and are nobody else's.
   * @param store writes it; runs when they are known to be free, and until it has resolved nobody else takes them
   * @throws DirectoryError `taken` with who has them; whatever `store` rejects with
   */
  putQueue(queue: QueueEntry, store: () => Promise<void>): Promise<void>
  /** A queue that is stored already. Where somebody else has its extension or number, they keep it. */
  loadQueue(queue: QueueEntry): void
  /** Its extension and numbers are free once `store`, which removes it, has resolved. */
  removeQueue(id: string, store: () => Promise<void>): Promise<void>
  putTrunk(input: TrunkInput): Promise<Trunk>
  removeTrunk(id: string): Promise<void>
  trunkById(id: string): Trunk | undefined
  /**
   * What the desk of a log-in session registers with: a user name and secret of their own for the person's desk device, which is made on
   * first use. The same session gets the same name, extended by `ttlMs`. Kept in memory only. @throws DirectoryError for an unknown person
   */
  deskCredential(personId: PersonId, session: string, ttlMs: number): Promise<DeskCredential>
  /** The session is over: its name resolves no more and what it registered is gone. */
  endDeskCredential(session: string): void
  /** What the health check of a gateway found; kept in memory only. */
  setTrunkHealth(trunkId: string, gateway: string, ok: boolean): void
  /** Stops the expiry timer. */
  close(): void
}
