/** What all tabs know of the browser's phone; it goes through a BroadcastChannel, so it holds plain values only. */

export type PhoneConnection = 'off' | 'connecting' | 'registered' | 'lost' | 'refused'

/** Why there is no microphone or no camera. */
export type DeviceFault = 'refused' | 'missing' | 'busy' | 'insecure'

export type PhoneCallState = 'ringing' | 'calling' | 'connecting' | 'talking'

export type Quality = 'good' | 'fair' | 'poor' | 'silent'

/** Pictures: none agreed on, offered by a caller who still rings, or agreed on with our camera off or on. */
export type VideoState = 'none' | 'offered' | 'off' | 'on'

/** One call of this browser. */
export interface PhoneCall {
  /** The SIP session's id. */
  readonly id: string
  /** Which call of the API it is; '' until the server told. */
  readonly callId: string
  readonly direction: 'in' | 'out'
  readonly number: string
  readonly name: string
  readonly state: PhoneCallState
  readonly held: boolean
  readonly heldByThem: boolean
  readonly muted: boolean
  /** ms since 1970, this machine's clock. */
  readonly startedAt: number
  readonly answeredAt?: number
  readonly quality?: Quality
  /** The media path is being found anew. */
  readonly reconnecting: boolean
  /** This call asks whether the other one (by id) may be handed over. */
  readonly asksFor?: string
  /** It takes the call of this colleague. */
  readonly takesFrom?: string
  /** Tones sent so far. */
  readonly tones: string
  readonly video: VideoState
}

export interface PhoneState {
  readonly connection: PhoneConnection
  /** The browser holds back sound until somebody touches the page. */
  readonly soundBlocked: boolean
  readonly microphone: DeviceFault | undefined
  readonly calls: readonly PhoneCall[]
  /** The last thing that went wrong with a call, for people. */
  readonly trouble: PhoneTrouble | undefined
}

export interface PhoneTrouble {
  /** Grows, so that the same trouble twice is told twice. */
  readonly count: number
  readonly kind:
    | 'transfer-failed'
    | 'call-failed'
    | 'hold-failed'
    | 'calls-lost'
    | 'no-camera'
    | 'no-video'
    | 'pickup-refused'
  /** JsSIP's cause, of `no-camera` the fault, of `pickup-refused` the server's status and words. */
  readonly detail: string
  /** Whose call it was that could not be taken. */
  readonly whose?: string
}

/** What a person asks of the phone, from any tab. */
export type PhoneCommand =
  | { readonly do: 'answer'; readonly call: string; readonly video?: boolean }
  | { readonly do: 'decline'; readonly call: string }
  | { readonly do: 'hangup'; readonly call: string }
  | { readonly do: 'mute'; readonly call: string; readonly on: boolean }
  | { readonly do: 'hold'; readonly call: string; readonly on: boolean }
  | { readonly do: 'tone'; readonly call: string; readonly tone: string }
  | { readonly do: 'send'; readonly call: string; readonly to: string }
  | { readonly do: 'ask'; readonly call: string; readonly to: string }
  | { readonly do: 'complete'; readonly call: string }
  | { readonly do: 'dial'; readonly to: string; readonly video?: boolean }
  | {
      readonly do: 'pickup'
      /** The call, by its id. */
      readonly call: string
      /** What is dialled to take it. */
      readonly code: string
      /** Who calls. */
      readonly name: string
      readonly number: string
      readonly whose: string
    }
  | { readonly do: 'video'; readonly call: string; readonly on: boolean }
  | { readonly do: 'hush' }

export const silentPhone: PhoneState = {
  connection: 'off',
  soundBlocked: false,
  microphone: undefined,
  calls: [],
  trouble: undefined,
}
