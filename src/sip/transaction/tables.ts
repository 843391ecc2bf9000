/**
 * The four transactions of RFC 3261 §17, with RFC 6026 (2xx to INVITE) and RFC 4320 (non-INVITE), as data.
 *
 * A state has at most one pacing timer (repeats something) and one limit timer (ends something). A timer belongs to its state: it starts
 * when the state is entered, stops when it is left, and goes on where the next state names the same timer.
 */

/** The base times in ms (RFC 3261 §17.1.1.1). */
export interface Timing {
  readonly t1: number
  readonly t2: number
  readonly t4: number
}

export const defaultTiming: Timing = { t1: 500, t2: 4000, t4: 5000 }

/** A timer that fires again and again; `undefined` where it does not run on this transport. */
export interface Pace {
  readonly name: string
  first(timing: Timing, reliable: boolean): number | undefined
  /** The pause after the one that just ended; `undefined`: once only. */
  next(previous: number, timing: Timing): number | undefined
}

/** A timer that fires once. 0 ms: the state is left at once. */
export interface Limit {
  readonly name: string
  after(timing: Timing, reliable: boolean): number
}

export interface Row<S extends string, A extends string> {
  readonly do: readonly A[]
  /** The state afterwards; the same state where it is missing. */
  readonly next?: S
}

export interface StateRows<S extends string, E extends string, A extends string> {
  readonly pace?: Pace
  readonly limit?: Limit
  /** An event that is not listed is ignored in this state. */
  readonly on: { readonly [event in E]?: Row<S, A> }
}

export type Table<S extends string = string, E extends string = string, A extends string = string> = {
  readonly [state in S]: StateRows<S, E, A>
}

const onUnreliable = (timing: Timing, reliable: boolean) => (reliable ? undefined : timing.t1)
const doubling = (previous: number) => previous * 2
const doublingToT2 = (previous: number, timing: Timing) => Math.min(previous * 2, timing.t2)
const always = (timing: Timing) => 64 * timing.t1

const A: Pace = { name: 'A', first: onUnreliable, next: doubling }
const B: Limit = { name: 'B', after: always }
/** At least 32 s on UDP, however short T1 is. */
const D: Limit = { name: 'D', after: (timing, reliable) => (reliable ? 0 : Math.max(32_000, 64 * timing.t1)) }
const E: Pace = { name: 'E', first: onUnreliable, next: doublingToT2 }
const F: Limit = { name: 'F', after: always }
const G: Pace = { name: 'G', first: onUnreliable, next: doublingToT2 }
/** Timer G of a 2xx: runs over connections too, because a proxy in between may use UDP (§13.3.1.4). */
const G2xx: Pace = { name: 'G', first: (timing) => timing.t1, next: doublingToT2 }
const H: Limit = { name: 'H', after: always }
const I: Limit = { name: 'I', after: (timing, reliable) => (reliable ? 0 : timing.t4) }
const J: Limit = { name: 'J', after: (timing, reliable) => (reliable ? 0 : 64 * timing.t1) }
const K: Limit = { name: 'K', after: (timing, reliable) => (reliable ? 0 : timing.t4) }
const L: Limit = { name: 'L', after: always }
const M: Limit = { name: 'M', after: always }
/** How long an INVITE may stay unanswered after its CANCEL (§9.1). */
const C: Limit = { name: 'C', after: always }
/** 100 to a non-INVITE request that takes long: not before the client's Timer E has come to T2 (RFC 4320 §4.1). */
const P: Pace = { name: 'P', first: (timing) => 7 * timing.t1, next: () => undefined }
/** The client has given up by now (its Timer F): an answer would only do harm (RFC 4320 §4.2). */
const X: Limit = { name: 'X', after: always }

/** Responses by class, and what the user of the transaction may ask for. */
export type ClientEvent =
  | '1xx'
  | '2xx'
  | '3xx-6xx'
  | 'cancel'
  | 'unreachable'
  | 'stop'
  | 'A'
  | 'B'
  | 'C'
  | 'D'
  | 'E'
  | 'F'
  | 'K'
  | 'M'

export type ClientAction =
  | 'send' // the request
  | 'sendCancel' // the CANCEL that was asked for
  | 'acknowledge' // ACK for a non-2xx
  | 'repeatAck'
  | 'provisional' // tell the user: a 1xx
  | 'final' // tell the user: the final response
  | 'stray' // one more 2xx: the dialog layer ACKs it
  | 'timeout' // tell the user: nothing came
  | 'unreachable' // tell the user: no way there

export type InviteClientState =
  | 'calling'
  | 'abandoned' // CANCEL is wanted and waits for a 1xx (§9.1)
  | 'proceeding'
  | 'cancelling' // CANCEL was sent
  | 'accepted'
  | 'completed'
  | 'terminated'

/** INVITE client: RFC 3261 §17.1.1, RFC 6026 §7.2, CANCEL of §9.1. */
export const inviteClient: Table<InviteClientState, ClientEvent, ClientAction> = {
  calling: {
    pace: A,
    limit: B,
    on: {
      '1xx': { do: ['provisional'], next: 'proceeding' },
      '2xx': { do: ['final'], next: 'accepted' },
      '3xx-6xx': { do: ['acknowledge', 'final'], next: 'completed' },
      cancel: { do: [], next: 'abandoned' },
      A: { do: ['send'] },
      B: { do: ['timeout'], next: 'terminated' },
      unreachable: { do: ['unreachable'], next: 'terminated' },
      stop: { do: [], next: 'terminated' },
    },
  },
  abandoned: {
    pace: A,
    limit: B,
    on: {
      '1xx': { do: ['sendCancel', 'provisional'], next: 'cancelling' },
      '2xx': { do: ['final'], next: 'accepted' },
      '3xx-6xx': { do: ['acknowledge', 'final'], next: 'completed' },
      A: { do: ['send'] },
      B: { do: ['timeout'], next: 'terminated' },
      unreachable: { do: ['unreachable'], next: 'terminated' },
      stop: { do: [], next: 'terminated' },
    },
  },
  proceeding: {
    on: {
      '1xx': { do: ['provisional'] },
      '2xx': { do: ['final'], next: 'accepted' },
      '3xx-6xx': { do: ['acknowledge', 'final'], next: 'completed' },
      cancel: { do: ['sendCancel'], next: 'cancelling' },
      unreachable: { do: ['unreachable'], next: 'terminated' },
      stop: { do: [], next: 'terminated' },
    },
  },
  cancelling: {
    limit: C,
    on: {
      '1xx': { do: ['provisional'] },
      '2xx': { do: ['final'], next: 'accepted' },
      '3xx-6xx': { do: ['acknowledge', 'final'], next: 'completed' },
      C: { do: ['timeout'], next: 'terminated' },
      unreachable: { do: ['unreachable'], next: 'terminated' },
      stop: { do: [], next: 'terminated' },
    },
  },
  accepted: {
    limit: M,
    on: {
      '2xx': { do: ['stray'] },
      M: { do: [], next: 'terminated' },
    },
  },
  completed: {
    limit: D,
    on: {
      '3xx-6xx': { do: ['repeatAck'] },
      unreachable: { do: [], next: 'terminated' },
      D: { do: [], next: 'terminated' },
    },
  },
  terminated: { on: {} },
}

export type ClientState = 'trying' | 'proceeding' | 'completed' | 'terminated'

/** Non-INVITE client: RFC 3261 §17.1.2. */
export const nonInviteClient: Table<ClientState, ClientEvent, ClientAction> = {
  trying: {
    pace: E,
    limit: F,
    on: {
      '1xx': { do: ['provisional'], next: 'proceeding' },
      '2xx': { do: ['final'], next: 'completed' },
      '3xx-6xx': { do: ['final'], next: 'completed' },
      E: { do: ['send'] },
      F: { do: ['timeout'], next: 'terminated' },
      unreachable: { do: ['unreachable'], next: 'terminated' },
      stop: { do: [], next: 'terminated' },
    },
  },
  proceeding: {
    pace: { ...E, next: (_previous, timing) => timing.t2 },
    limit: F,
    on: {
      '1xx': { do: ['provisional'] },
      '2xx': { do: ['final'], next: 'completed' },
      '3xx-6xx': { do: ['final'], next: 'completed' },
      E: { do: ['send'] },
      F: { do: ['timeout'], next: 'terminated' },
      unreachable: { do: ['unreachable'], next: 'terminated' },
      stop: { do: [], next: 'terminated' },
    },
  },
  completed: { limit: K, on: { K: { do: [], next: 'terminated' } } },
  terminated: { on: {} },
}

export type ServerEvent =
  | 'request' // the request again
  | 'ack'
  | 'cancel'
  | 'send1xx'
  | 'send2xx'
  | 'send3xx-6xx'
  | 'G'
  | 'H'
  | 'I'
  | 'J'
  | 'L'
  | 'P'
  | 'X'

export type ServerAction =
  | 'send' // the response that was asked for
  | 'repeat' // the last response
  | 'trying' // 100
  | 'cancelled' // tell the user
  | 'acked' // tell the user
  | 'unacked' // tell the user

export type InviteServerState =
  | 'proceeding'
  | 'accepted' // 2xx sent, no ACK yet
  | 'acknowledged' // ACK of the 2xx is here; INVITEs that were on their way are swallowed
  | 'completed' // non-2xx sent
  | 'confirmed' // ACK of the non-2xx is here
  | 'terminated'

/** INVITE server: RFC 3261 §17.2.1, RFC 6026 §7.1; the repetition of a 2xx (§13.3.1.4) is done here too. */
export const inviteServer: Table<InviteServerState, ServerEvent, ServerAction> = {
  proceeding: {
    on: {
      request: { do: ['repeat'] },
      cancel: { do: ['cancelled'] },
      send1xx: { do: ['send'] },
      send2xx: { do: ['send'], next: 'accepted' },
      'send3xx-6xx': { do: ['send'], next: 'completed' },
    },
  },
  accepted: {
    pace: G2xx,
    limit: L,
    on: {
      request: { do: [] },
      ack: { do: ['acked'], next: 'acknowledged' },
      G: { do: ['repeat'] },
      L: { do: ['unacked'], next: 'terminated' },
    },
  },
  acknowledged: {
    limit: L,
    on: {
      request: { do: [] },
      ack: { do: [] },
      L: { do: [], next: 'terminated' },
    },
  },
  completed: {
    pace: G,
    limit: H,
    on: {
      request: { do: ['repeat'] },
      ack: { do: ['acked'], next: 'confirmed' },
      G: { do: ['repeat'] },
      H: { do: ['unacked'], next: 'terminated' },
    },
  },
  confirmed: {
    limit: I,
    on: {
      request: { do: [] },
      ack: { do: [] },
      I: { do: [], next: 'terminated' },
    },
  },
  terminated: { on: {} },
}

export type ServerState = 'trying' | 'proceeding' | 'completed' | 'terminated'

/** Non-INVITE server: RFC 3261 §17.2.2, RFC 4320. */
export const nonInviteServer: Table<ServerState, ServerEvent, ServerAction> = {
  trying: {
    pace: P,
    limit: X,
    on: {
      request: { do: [] },
      send2xx: { do: ['send'], next: 'completed' },
      'send3xx-6xx': { do: ['send'], next: 'completed' },
      P: { do: ['trying'], next: 'proceeding' },
      X: { do: [], next: 'terminated' },
    },
  },
  proceeding: {
    limit: X,
    on: {
      request: { do: ['repeat'] },
      send2xx: { do: ['send'], next: 'completed' },
      'send3xx-6xx': { do: ['send'], next: 'completed' },
      X: { do: [], next: 'terminated' },
    },
  },
  completed: {
    limit: J,
    on: {
      request: { do: ['repeat'] },
      J: { do: [], next: 'terminated' },
    },
  },
  terminated: { on: {} },
}
