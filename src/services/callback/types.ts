import type { Prompts, Speech } from '#media'
import type { CallbackAttemptRow, CallbackRecordingRow, CallbackRow, OutboxRow } from '#storage'
import type { Outcome, RetryPolicy } from './retry.ts'

/** Speaks: prompts by name and other sounds in a row, and names where there is a voice for them. */
export interface Announcer extends Pick<Prompts, 'say'> {
  /** `undefined` where it cannot be spoken. */
  speak?: Speech['say']
}

/** Whom an attempt rings: the JSON in `called` and `caller` of a request. */
export interface CallbackParty {
  /** As the dial policy reads it: an extension, a login or a telephone number. */
  readonly dial: string
  /** Spoken of in messages and on desks; '' where it is not known. */
  readonly name: string
  /** Of the announcements; default that of the request. */
  readonly language?: string
  /** Asks them to press 1. Default: only the called, and only where they are outside. */
  readonly pressOne?: boolean
  /** Id of the queue of ours that is called: whoever of its agents has the turn is rung. */
  readonly queue?: string
}

/** Where an attempt is. */
export type CallbackPhase =
  /** It stands in the line of a queue, and rings nobody. */
  | 'waiting'
  | 'ringing-called'
  /** The called hears who asks, and presses 1 where that is asked for. */
  | 'announcing-called'
  /** Keys are sent to a centre. */
  | 'sending-keys'
  | 'ringing-caller'
  | 'announcing-caller'
  | 'joined'
  /** The called hears that the caller was not reached. */
  | 'apologising'

/** How long one would wait at a centre. */
export interface ExpectedAtCentre {
  /** The place that a caller would get. */
  readonly place: number
  /** `null`: nobody works. */
  readonly expectedWaitSeconds: number | null
  readonly open: boolean
  /** The wait is so short that the asker is to be rung, though nobody there has pressed a key. */
  readonly ringNow?: boolean
}

/** One leg as it was confirmed: by a station of ours, or by the gateway to the telephone network. */
export interface LegConfirmation {
  readonly role: 'called' | 'caller'
  /** `answered`, `key`, or how the ringing ended: `no-answer`, `busy`, `declined`, `unreachable` … */
  readonly what: string
  /** The station's name (`bob/phone`) or the outside number. */
  readonly station: string
  /** The trunk it was reached by, '' for a station of ours. */
  readonly gateway: string
  /** SIP status, 0 where there was none. */
  readonly status: number
  /** ms since 1970 */
  readonly at: number
}

/** The JSON in `detail` of an attempt. */
export interface AttemptDetail {
  readonly confirmations: readonly LegConfirmation[]
  /** Set while it stands in the line of a queue. */
  readonly line?: InLine
}

/** Where an attempt stands in the line of a queue. */
export interface InLine {
  /** 1 = the next. */
  readonly place: number
  /** `null`: nobody works. */
  readonly expectedWaitSeconds: number | null
}

/** What a request looks like now: given to watchers after each change. */
export interface CallbackView {
  readonly request: CallbackRow
  /** Set while an attempt is under way, and in the change that ends it. */
  readonly attempt?: CallbackAttemptRow
  readonly phase?: CallbackPhase
  /** Set in the change that tells that there is something to listen to. */
  readonly recording?: CallbackRecordingRow
}

/** What an asker is told, as the messages about it are made. */
export interface CallbackTold {
  /**
   * `connected`: both sides talk; `again`: the attempt failed and another follows at `nextAt`; `failed`: the last one did; `missed`: the
   * time passed while the server was down; `cancelled`; `heard`: what the centre said can be listened to.
   */
  readonly what: 'connected' | 'again' | 'failed' | 'missed' | 'cancelled' | 'heard'
  /** The request as it will be stored. */
  readonly request: CallbackRow
  readonly attempt?: CallbackAttemptRow
  readonly outcome: Outcome | 'missed' | 'heard'
  readonly nextAt?: number
  /** Of `heard`: which attempt's, and whoever has the code may listen until then (ms since 1970). */
  readonly recording?: { readonly number: number; readonly code: string; readonly until: number }
}

/**
 * Makes the messages that tell of a change; they are stored in its transaction. The same change may be told again after a crash: ids are
 * to be made from the request's id, the number of attempts and `what`.
 */
export type Notices = (told: CallbackTold) => readonly OutboxRow[] | Promise<readonly OutboxRow[]>

export interface CallbackSettings {
  /** How long each side rings, in ms. */
  readonly ringMs: number
  /** How long a key is waited for after the question, in ms; it is asked twice. */
  readonly keyMs: number
  /** How long somebody at a centre is waited for who presses the key, in ms. */
  readonly centreMs: number
  /** Id of the person on whose account outside numbers are dialled for askers who are nobody of ours; '' for nobody's. */
  readonly account: string
  /** Attempts that ring somebody or talk to one side at once; those that only wait do not count. Default: two minutes of the rate. */
  readonly atOnce: number
  /** Attempts begun in a second. */
  readonly perSecond: number
  readonly retry: RetryPolicy
}

/** What may be changed of a request that is not being rung: what the asker has said meanwhile. */
export type CallbackChanges = Partial<
  Omit<CallbackRow, 'id' | 'state' | 'attemptId' | 'node' | 'createdAt' | 'changedAt' | 'attempts' | 'outcome'>
>
