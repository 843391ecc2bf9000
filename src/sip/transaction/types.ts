import type { Buffer } from 'node:buffer'
import type { HeaderLines, Request, Response } from '../message/types.ts'
import type { Destination, Flow } from '../transport/types.ts'

/** A request before it is written: the transaction adds Via (and, to a CANCEL or a non-2xx ACK, everything else). */
export interface OutgoingRequest {
  readonly method: string
  /** Request-URI as it goes on the wire. */
  readonly uri: string
  /** Everything but Via, Content-Length; Max-Forwards, From, To, Call-ID and CSeq among them. */
  readonly headers: HeaderLines
  readonly body?: Buffer | string
  /** Call-ID again, for matching and traces. */
  readonly callId: string
  /** Of the Via, for the first destination; made anew when left out. */
  readonly branch?: string
  /** Adds Contact with our own URI on the flow that the request takes. */
  readonly contact?: boolean
}

/** Where a request goes: a flow that exists (a binding made over a connection) or destinations to try in order (RFC 3263 §4.3). */
export type Target = { readonly flow: Flow } | { readonly destinations: readonly Destination[] }

/** Why a client transaction ended without a final response. */
export type Failure = 'timeout' | 'unreachable' | 'stopped'

export interface ClientHandlers {
  /** 1xx other than a retransmission (INVITE only repeats them as they come). */
  provisional?(response: Response): void
  /**
   * The final response, once. A 2xx to INVITE is the caller's to ACK; further 2xx (repeated, or of other forks, RFC 6026) go to
   * {@link TransactionHandler.stray}, so that an answered call holds nothing here.
   */
  final(response: Response): void
  /** No final response: Timer B/F, or no way there. */
  failed(failure: Failure): void
}

export interface ClientTransaction {
  readonly method: string
  readonly branch: string
  /** The flow in use, once known: CANCEL and ACK take the same way. */
  readonly flow: Flow | undefined
  /**
   * INVITE only. Sends CANCEL as soon as RFC 3261 §9.1 allows: at once after a 1xx, else kept until one comes; nothing once a final
   * response is here. Ends the INVITE with `failed('timeout')` when neither a 487 nor anything else arrives in 64*T1 after the CANCEL.
   * @param headers extra headers such as Reason
   */
  cancel(headers?: HeaderLines): void
  /** Forgets the transaction: no handler is called any more. */
  stop(): void
}

export interface ServerHandlers {
  /** INVITE only: a matching CANCEL arrived while no final response was sent (it has been answered 200). Answer 487. */
  cancelled?(cancel: Request): void
  /** INVITE only: the ACK of our non-2xx final response came, or of our 2xx where it matched. */
  acked?(ack: Request): void
  /** INVITE only: no ACK for our final response within 64*T1 (Timer H, Timer L of a 2xx). */
  unacked?(): void
}

export interface ServerTransaction {
  readonly request: Request
  readonly flow: Flow
  /** The same request (Call-ID, From-tag, CSeq) is here already, by another way: answer 482 (RFC 3261 §8.2.2.2). */
  readonly merged: boolean
  /** The To-tag that this server puts into every response above 100. */
  readonly toTag: string
  /** True once a final response was sent. */
  readonly completed: boolean
  /**
   * Sends a response. Via, From, To (with our tag), Call-ID, CSeq and Content-Length are added; Record-Route is copied where RFC 3261
   * §12.1.1 asks for it. A 2xx to INVITE is repeated by the transaction with T1 … T2 until its ACK arrives (RFC 6026, §13.3.1.4); a
   * second final response is ignored.
   */
  respond(status: number, reason?: string, headers?: HeaderLines, body?: Buffer | string): void
  handlers: ServerHandlers
}

/** What the transaction layer hands up. */
export interface TransactionHandler {
  /** A new request (never ACK for a transaction, never CANCEL that matched). An unmatched CANCEL has been answered 481. */
  request(transaction: ServerTransaction): void
  /** An ACK that belongs to a 2xx: matched to dialogs by the layer above. */
  ack(request: Request, flow: Flow): void
  /**
   * One more 2xx to an INVITE of ours: repeated because the ACK was lost, or of another fork. ACK it, and end it where the dialog is unknown.
   * @param ours whether its transaction still stands; otherwise anybody could have made it up
   */
  stray(response: Response, flow: Flow, ours: boolean): void
}

export interface Transactions {
  request(request: OutgoingRequest, target: Target, handlers: ClientHandlers): ClientTransaction
  /** Sends without a transaction: ACK for 2xx. */
  send(request: OutgoingRequest, target: Target): void
  /** Live transactions, for metrics and leak tests. */
  readonly size: number
}
