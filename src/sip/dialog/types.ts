import type { Buffer } from 'node:buffer'
import type { HeaderLines, Request, Response } from '../message/types.ts'
import type { Failure, ServerTransaction, Target } from '../transaction/types.ts'
import type { Flow } from '../transport/types.ts'
import type { NotifierPackage, Subscription, SubscriptionHandlers } from './subscription.ts'

/** Everything needed to speak in a dialog again after a crash: plain JSON (RFC 3261 §12). */
export interface DialogState {
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  /** Name-addr text without tag, as it goes into From or To. */
  readonly localUri: string
  readonly remoteUri: string
  /** Request-URI of our requests. */
  readonly remoteTarget: string
  readonly localContact: string
  readonly routeSet: readonly string[]
  readonly localSeq: number
  readonly remoteSeq: number
  readonly secure: boolean
  /** Where the last message of the peer came from. */
  readonly flow?: { readonly protocol: string; readonly address: string; readonly port: number }
}

/** Answers a 401 or 407 for one realm: only ever for the credentials configured for this very peer. */
export interface Credentials {
  readonly realm?: string
  readonly username: string
  readonly password: string
}

/** What can happen in a dialog. Every request that has no handler is answered as RFC 3261 §12.2.2 and §8.2 say. */
export interface DialogHandlers {
  /** BYE, answered 200 already. `reason` is the Reason header. */
  bye?(request: Request): void
  /** re-INVITE, or UPDATE with a body: answer with `respond(200, …, sdp)` or refuse. Glare (491) and 500 for overlapping are done already. */
  offer?(transaction: ServerTransaction): void
  /** The answer that came in an ACK, where our 2xx carried the offer. */
  ack?(request: Request): void
  refer?(transaction: ServerTransaction): void
  info?(transaction: ServerTransaction): void
  message?(transaction: ServerTransaction): void
  notify?(transaction: ServerTransaction): void
  /** Target, route or CSeq changed: store the state again. */
  changed?(dialog: Dialog): void
  /** The dialog is over without a BYE from the peer: session timer expired, 408/481 to a request of ours, no ACK, lost for good. */
  lost?(why: 'session-expired' | 'gone' | 'no-ack'): void
}

/** A confirmed or early dialog. */
export interface Dialog {
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  readonly confirmed: boolean
  readonly ended: boolean
  handlers: DialogHandlers
  state(): DialogState
  /** The peer's `Allow` and `Supported`, lower case for tags, upper case for methods. */
  readonly peerAllows: ReadonlySet<string>
  readonly peerSupports: ReadonlySet<string>
  /** The flow on which the peer was last heard. */
  readonly flow: Flow | undefined
  /**
   * A request inside the dialog (INFO, MESSAGE, REFER, NOTIFY, OPTIONS, UPDATE …). Resolves with the final response; a transport failure or
   * timeout resolves with `undefined`. 401/407 is answered once where the dialog has credentials.
   */
  request(
    method: string,
    options?: { headers?: HeaderLines; body?: Buffer | string; contentType?: string },
  ): Promise<Response | undefined>
  /**
   * re-INVITE with our SDP. Serialised with other offers of this dialog; 491 is retried after the time of RFC 3261 §14.1. Resolves with the
   * final response after its ACK, `undefined` on timeout.
   */
  reinvite(sdp: string, headers?: HeaderLines): Promise<Response | undefined>
  /**
   * Takes back a re-INVITE that was refused with 491 and waits to be sent again, so that an offer of the peer can be answered first. It
   * resolves with `undefined`. False when it is on its way, or unknown: the peer's offer has to wait then.
   */
  withdraw(sdp: string): boolean
  /**
   * Tells the peer who is at the other end now: UPDATE without an offer (RFC 3311), which also refreshes the session. A peer that does not
   * take UPDATE is told nothing.
   */
  identify(headers: HeaderLines): void
  /** Ends the dialog with BYE once; further calls do nothing. A BYE to a dialog whose 2xx still waits for ACK waits for it (§15). */
  bye(headers?: HeaderLines): void
}

/** An INVITE that came in, until it is answered. */
export interface Invitation {
  readonly request: Request
  readonly flow: Flow
  /** Our tag. */
  readonly localTag: string
  /** True once a final response went out. */
  readonly completed: boolean
  /** The early dialog, once a 1xx with our tag was sent or the call answered: give it handlers for an UPDATE of the caller. */
  readonly early: Dialog | undefined
  handlers: {
    /** The caller gave up (487 has been sent). */
    cancelled?(cancel: Request): void
    /** The ACK of our 2xx; `sdp` where it carried the answer. */
    acked?(ack: Request): void
    /** Our 2xx was never ACKed: the dialog has been ended with BYE (RFC 3261 §13.3.1.4). */
    unacked?(): void
    /** A PRACK for a reliable provisional response; `sdp` where it carried one. */
    pracked?(prack: Request): void
  }
  /**
   * 1xx. Sent reliably (RFC 3262) when the caller said `Require: 100rel`, or `Supported: 100rel` and the response has a body; otherwise a
   * 180 is repeated every 60 s by the stack (RFC 3261 §13.3.1.1), and soon after the first one, because a lone 180 is often lost.
   */
  progress(status: number, options?: { reason?: string; headers?: HeaderLines; body?: string }): void
  /** 200 with SDP: the dialog is confirmed once the ACK is here; requests wait for it as RFC 3261 asks. Session timer is negotiated. */
  answer(options: { headers?: HeaderLines; body: string }): Dialog
  /** A final refusal, 300 … 699. */
  reject(status: number, reason?: string, headers?: HeaderLines): void
}

/** An INVITE that we sent. Forking below us is handled: one early dialog per To-tag, the first 2xx wins, later 2xx are ACKed and BYEd. */
export interface OutgoingCall {
  readonly callId: string
  readonly localTag: string
  /** Gives up: CANCEL when allowed; a 2xx that crosses is ACKed and BYEd by the stack and reported by `handlers.crossed`. */
  cancel(headers?: HeaderLines): void
}

export interface OutgoingHandlers {
  /** 101 … 199 of any fork. `body` may carry an answer; a reliable one has been PRACKed. */
  progress?(response: Response, early: Dialog | undefined): void
  /**
   * The first 2xx. It is ACKed when this returns, or when the promise that it returns settles: whoever has to know the dialog after a crash
   * stores it before the peer takes the call for set up. A request sent in the dialog before that is preceded by the ACK.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most have nothing to wait for and return nothing.
  answered(response: Response, dialog: Dialog): void | Promise<unknown>
  /** 300 … 699, or no response at all. */
  failed(response: Response | undefined, failure?: Failure): void
  /** A 2xx crossed our CANCEL; it has been ACKed and the BYE is on its way. Called instead of `failed`. */
  crossed?(response: Response): void
}

export interface InviteOptions {
  /** Request-URI. */
  readonly uri: string
  readonly target: Target
  /** Name-addr text for From and To, without tags. */
  readonly from: string
  readonly to: string
  /** SDP offer: never omitted (offerless INVITE breaks WebRTC and SDES stations). */
  readonly body: string
  readonly routeSet?: readonly string[]
  readonly headers?: HeaderLines
  readonly maxForwards?: number
  readonly credentials?: Credentials
  /** Offer 100rel to the peer. Default true. */
  readonly reliable?: boolean
  /** Given where the identifiers have to be stored before the INVITE is sent; else made by the stack. */
  readonly callId?: string
  readonly localTag?: string
  /** Given where the INVITE may have to be cancelled by another run of this server, see {@link UserAgent.cancelEarlier}. */
  readonly cseq?: number
  readonly branch?: string
}

/** What a CANCEL is made from, for an INVITE that an earlier run of this server sent (RFC 3261 §9.1). */
export interface AskedInvite {
  readonly uri: string
  /** Name-addr text without tag. */
  readonly from: string
  readonly to: string
  readonly callId: string
  readonly localTag: string
  readonly cseq: number
  /** Of the Via. */
  readonly branch: string
  readonly routeSet: readonly string[]
  /** The peer may have challenged it, so that it was sent once more. */
  readonly challenged: boolean
}

export interface UserAgentHandler {
  /** Whether an earlier run of this server sent the INVITE with these identifiers: its late 2xx is then ACKed and ended with BYE. */
  askedBefore?(callId: string, localTag: string): boolean
  /** An INVITE outside a dialog, syntax and Require checked. 100 Trying is on its way. Merged requests have been answered 482. */
  invite(invitation: Invitation): void
  /** REGISTER, OPTIONS, SUBSCRIBE, MESSAGE, REFER, PUBLISH … outside a dialog. Methods that are not allowed have been answered 405 or 501. */
  request(transaction: ServerTransaction): void
  /** A connection is gone: callers and bindings that were reached over it only. */
  closed?(flow: Flow): void
}

/** Requests of any kind, dialogs, invitations: the stack's face to the call core. */
export interface UserAgent {
  invite(options: InviteOptions, handlers: OutgoingHandlers): OutgoingCall
  /** A request outside a dialog: OPTIONS, REGISTER, MESSAGE, NOTIFY. `undefined`: nobody answered. 401/407 is answered once with credentials. */
  request(options: {
    method: string
    uri: string
    target: Target
    from: string
    to: string
    headers?: HeaderLines
    body?: Buffer | string
    credentials?: Credentials
    callId?: string
    cseq?: number
  }): Promise<Response | undefined>
  /** The dialog with these identifiers as the server sees them (local tag is ours), confirmed or early. */
  dialog(callId: string, localTag: string, remoteTag: string): Dialog | undefined
  /** Answers an OPTIONS outside a dialog: 200 with Allow, Supported and Accept (RFC 3261 §11.2). */
  answerOptions(transaction: ServerTransaction): void
  /**
   * Takes a SUBSCRIBE outside a dialog (RFC 6665 §4.2): 200 with Expires, then a NOTIFY with the state, one more for every refresh and every
   * {@link Subscription.notify}. `Expires: 0` fetches the state once. `undefined`: refused and answered, with 489 for another package, 400
   * without a Contact, 406, or 423 with Min-Expires.
   */
  acceptSubscription(
    transaction: ServerTransaction,
    kind: NotifierPackage,
    handlers: SubscriptionHandlers,
  ): Subscription | undefined
  /** Speaks again in a dialog of a process that died: `localSeq` jumps ahead so that the peer accepts the request (§12.2.2). */
  restore(state: DialogState, target?: Target): Dialog
  /** Cancels what an earlier run of this server rang; a late 2xx is ended all the same, see {@link UserAgentHandler.askedBefore}. */
  cancelEarlier(asked: AskedInvite, target: Target, headers?: HeaderLines): void
  /** Values of Allow and Supported, for answers to OPTIONS (RFC 3261 §11.2). */
  readonly allow: string
  readonly supported: string
  /** Live dialogs and transactions, for metrics and leak tests. */
  readonly sizes: { readonly dialogs: number; readonly transactions: number }
}
