import type { Cut } from '../voices/samples.ts'

/** What the facade (main thread) and the relay (its own thread) say to each other; plain data, sent in batches. */

/** `route` entries: the outgoing payload type with flags; 0 means drop. */
export const routed = 0x80
export const toPcma = 0x100
export const toPcmu = 0x200

export interface OpenCommand {
  readonly op: 'open'
  readonly request: number
  readonly leg: number
  /** 0 turns the silence watch off. */
  readonly silenceMs: number
}

/** What a negotiation agreed on. */
export interface SetCommand {
  readonly op: 'set'
  readonly leg: number
  /** Numeric address from the peer's SDP, '' when it says none that could be used. */
  readonly remote: string
  readonly remotePort: number
  readonly rtcp: string
  readonly rtcpPort: number
  readonly mux: boolean
  /** Payload type and clock rate in turn; the rate is negative for key presses and comfort noise. */
  readonly types: readonly number[]
  /** The G.711 that the peer takes: its payload type with {@link routed}, and {@link toPcma} where it is A-law; 0: none. */
  readonly sound: number
  /** Payload types of what the peer sends: its telephone events, and its G.711 as {@link sound} has it. */
  readonly keys: readonly number[]
  readonly laws: readonly number[]
  /** The same of what the peer is sent. */
  readonly sent: readonly number[]
  /** Payload type of telephone events of 8 kHz to the peer; -1: it takes none. */
  readonly events: number
  /** The peer should send all the time, so that silence means something. */
  readonly expects: boolean
  /** The peer may send. */
  readonly accepts: boolean
  /** The peer wants to be sent. */
  readonly wants: boolean
}

/** The leg's peer speaks WebRTC: ICE, DTLS and SRTP on both ports. */
export interface SecureCommand {
  readonly op: 'secure'
  readonly request: number
  readonly leg: number
}

/** Our ICE credentials, and the peer's user name once it is known. */
export interface IceCommand {
  readonly op: 'ice'
  readonly leg: number
  readonly ufrag: string
  readonly password: string
  readonly remoteUfrag: string
}

export interface BridgeCommand {
  readonly op: 'bridge'
  readonly one: number
  readonly other: number
  /** Incoming payload type and route entry in turn, from `one` to `other` and back. */
  readonly there: readonly number[]
  readonly back: readonly number[]
}

/** Plays a sound to the leg's peer, in the place of any other. */
export interface PlayCommand {
  readonly op: 'play'
  readonly leg: number
  readonly playing: number
  readonly cuts: readonly Cut[]
  readonly loop: boolean
  /** 32 random bits. */
  readonly seed: number
}

/** Finds keys that the peer presses as tones, or ends that. */
export interface InbandCommand {
  readonly op: 'inband'
  readonly leg: number
  readonly on: boolean
}

/** Waits for a pause in what the peer says. */
export interface PauseCommand {
  readonly op: 'pause'
  readonly request: number
  readonly leg: number
  readonly quietMs: number
  readonly timeoutMs: number
}

export interface RecordCommand {
  readonly op: 'record'
  readonly leg: number
  readonly recording: number
  readonly path: string
  readonly both: boolean
  readonly law: 'pcm' | 'pcmu'
  readonly mostMs: number
}

export type Command =
  | OpenCommand
  | SetCommand
  | SecureCommand
  | IceCommand
  /** Fingerprints of the peer's certificate, as its description wrote them. */
  | { readonly op: 'dtls'; readonly leg: number; readonly fingerprints: readonly string[] }
  | BridgeCommand
  | { readonly op: 'unbridge'; readonly leg: number }
  | PlayCommand
  | InbandCommand
  | PauseCommand
  | RecordCommand
  | { readonly op: 'endRecord'; readonly recording: number }
  | { readonly op: 'stop'; readonly leg: number; readonly playing: number }
  | { readonly op: 'statistics' | 'close'; readonly request: number; readonly leg: number }
  | { readonly op: 'counters'; readonly request: number }

/** To the thread; at `end` it closes everything and ends by itself. */
export type ThreadCommand = Command | { readonly op: 'end' }

/** One leg's numbers. */
export interface LegNumbers {
  readonly packetsReceived: number
  readonly packetsSent: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly lost: number
  readonly jitterMs: number
}

export interface RelayCounters {
  readonly legs: number
  readonly portsFree: number
  readonly portsUsed: number
  readonly relayed: number
  readonly dropped: number
}

export type RelayEvent =
  /** The relay's thread has started; `bound` says whether any port could be had. */
  | { readonly op: 'ready'; readonly bound: boolean }
  /** `port` 0: none was left. */
  | { readonly op: 'opened'; readonly request: number; readonly port: number }
  /** Fingerprint of our certificate; '' when there can be no WebRTC. */
  | { readonly op: 'secured'; readonly request: number; readonly fingerprint: string }
  | { readonly op: 'numbers'; readonly request: number; readonly numbers: LegNumbers | undefined }
  | { readonly op: 'counters'; readonly request: number; readonly counters: RelayCounters }
  | { readonly op: 'silent'; readonly leg: number }
  | {
      readonly op: 'digit'
      readonly leg: number
      readonly digit: string
      readonly durationMs: number
      readonly source: 'event' | 'inband'
    }
  /** How a wait for a pause ended; `gone`: the leg is closed. */
  | { readonly op: 'paused'; readonly request: number; readonly how: 'pause' | 'timeout' | 'gone' }
  /** A recording's file is complete. */
  | {
      readonly op: 'recorded'
      readonly recording: number
      readonly how: 'stopped' | 'full' | 'closed' | 'failed'
      readonly ms: number
      readonly reason?: string
    }
  /** A sound is over; `stopped` when the peer turned out to take no G.711. */
  | { readonly op: 'played'; readonly leg: number; readonly playing: number; readonly how: 'ended' | 'stopped' }
  /** The peer is not who its description says, or lacks what is needed: no media flows. */
  | { readonly op: 'insecure'; readonly leg: number; readonly reason: string }
  /** A bug: the packet or command it happened on is lost, nothing else. */
  | { readonly op: 'fault'; readonly sentence: string }

/** What a relay is started with; plain data. */
export interface RelaySettings {
  readonly address: string
  readonly publicAddress: string
  readonly from: number
  readonly to: number
  readonly restMs: number
}
