import type { Sound } from './voices/sound.ts'

/**
 * The media port: what the call core asks of a media engine. The embedded engine and rtpengine stand behind it, so everything is
 * asynchronous and speaks SDP text.
 */

/** Quality of one leg, as it goes into the record. */
export interface LegStatistics {
  readonly packetsReceived: number
  readonly packetsSent: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Packets missing by RTP sequence number. */
  readonly lost: number
  /** Interarrival jitter in ms (RFC 3550 §6.4.1). */
  readonly jitterMs: number
  /** Name of the negotiated audio codec, e.g. `PCMU/8000`. */
  readonly codec?: string
}

/** How a key press came: as an RTP event (RFC 4733), in a SIP INFO, or as a tone in the sound. */
export type DigitSource = 'event' | 'info' | 'inband'

export interface MediaHandlers {
  /**
   * The peer pressed a key (`0` to `9`, `*`, `#`, `A` to `D`) and has let it go; once for each press. Who takes the SIP INFO of a leg tells
   * it here with `info`, see `digitsOfInfo`.
   */
  digit?(digit: string, durationMs: number, source: DigitSource): void
  /** No RTP came from the peer for the time set although it should have sent (never while held). */
  silent?(): void
  /** The engine lost this leg, e.g. by a crash of its relay; without this handler `silent` is told. */
  gone?(): void
}

/** Refusals of a media engine; the call core maps them to 488, 500 or 503. */
export type MediaRefusal = 'no-common-codec' | 'malformed-sdp' | 'no-ports' | 'unsupported-transport' | 'engine-gone'

export type MediaResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: MediaRefusal }

/** One side of a call: a pair of ports, a negotiated session, one offer/answer exchange at a time. */
export interface MediaLeg {
  readonly id: string
  handlers: MediaHandlers
  /**
   * Takes the peer's offer (INVITE or re-INVITE). The answer is made by {@link answer}, later, when it is known what the other side can do.
   */
  remoteOffer(sdp: string): Promise<MediaResult<void>>
  /**
   * Answers the pending offer. With `like`, codecs that the other leg negotiated come first (so nothing has to be converted); hold is
   * mirrored (sendonly ↔ recvonly, RFC 3264 §6.1). Media lines that we do not serve are rejected in place with port 0. Asked again without
   * a new offer it gives the same answer.
   */
  answer(like?: MediaLeg): Promise<MediaResult<string>>
  /**
   * Whether the peer of the other leg has to be asked before the pending offer is answered: `must` where only that peer can answer (media
   * flows directly), `may` where the offer adds what that peer could take but has not agreed on (video), else `no`.
   */
  concerns(like: MediaLeg): 'no' | 'may' | 'must'
  /** The pending offer is refused: the session stays as it was (RFC 3261 §14.1). */
  dropOffer(): void
  /**
   * An offer of ours. `like` lists the codecs of that leg's pending offer or session first; what the engine can convert is added behind.
   * A new offer on a live session keeps port and payload types; the o= version rises when anything differs (RFC 3264 §8).
   * @param only `g711`: nothing else is offered for voice, so that {@link onlyG711} holds once it is answered
   */
  offer(like?: MediaLeg, only?: 'g711'): Promise<MediaResult<string>>
  /**
   * The peer's answer to our offer, early or final; a repeated identical one changes nothing. An answer to no offer is `malformed-sdp`.
   */
  remoteAnswer(sdp: string): Promise<MediaResult<void>>
  /**
   * Whether the peer can say nothing but G.711: all of it can be recorded and its tones heard. Before the first answer it is said of our offer.
   */
  readonly onlyG711: boolean
  /** Whether the peer has put us on hold (its direction is sendonly or inactive). */
  readonly heldByPeer: boolean
  /** Numbers so far; also available after {@link close} for the record. */
  statistics(): Promise<LegStatistics>
  /** Frees everything; the ports rest before they are used again. Resolves with the last numbers. */
  close(): Promise<LegStatistics>
}

export interface LegOptions {
  /** Ends the wait for RTP after so many ms; 0 turns the watch off. Default 60,000. */
  readonly silenceMs?: number
  /** What our offer speaks: RTP to a SIP phone, or WebRTC (ICE, DTLS-SRTP, RFC 8834) to a browser. Default RTP; an offer that comes first decides itself. */
  readonly kind?: 'rtp' | 'webrtc'
}

export interface PlayOptions {
  /** Begins anew at the end, until stopped. */
  readonly loop?: boolean
}

/** Why a sound is not played: the leg's media does not pass here, the peer takes no G.711, or the leg is gone. */
export type PlayRefusal = 'unsupported' | 'no-g711' | 'gone'

/** A sound on its way to a leg's peer. */
export interface Playing {
  /**
   * How it came to its end: `stopped` also when another sound took its place, the leg was closed or it could not be played at all. Never
   * rejects.
   */
  readonly ended: Promise<'ended' | 'stopped'>
  /** Set when it was refused at once; a sound that cannot be played is no reason to end a call. */
  readonly refused?: PlayRefusal
  stop(): void
}

export interface RecordOptions {
  /** Also what the peer is sent, as the second channel of the file. Default: only what the peer says. */
  readonly both?: boolean
  /** `pcm`: 16 bits, what every player takes; `pcmu`: half the size. Default `pcm`. */
  readonly law?: 'pcm' | 'pcmu'
  /** The recording ends by itself after so long. Default 600,000. */
  readonly mostMs?: number
}

/** How a recording ended: on demand, at its greatest length, with its leg, or because it could not be written (what there is stays). */
export interface RecordedOutcome {
  readonly how: 'stopped' | 'full' | 'closed' | 'failed'
  readonly ms: number
  readonly reason?: string
}

export interface Recording {
  /** Resolves when the file is complete on the disk. Never rejects. */
  readonly ended: Promise<RecordedOutcome>
  readonly refused?: PlayRefusal
  /** Ends it. */
  stop(): Promise<RecordedOutcome>
}

/** A recording that is not made. */
export function refusedRecording(refused: PlayRefusal): Recording {
  const ended = Promise.resolve<RecordedOutcome>({ how: 'failed', ms: 0, reason: refused })
  return { ended, refused, stop: () => ended }
}

/** A sound that is not played. */
export function refusedPlaying(refused: PlayRefusal): Playing {
  return { ended: Promise.resolve('stopped'), refused, stop() {} }
}

export interface MediaEngine {
  createLeg(options?: LegOptions): Promise<MediaResult<MediaLeg>>
  /**
   * Joins two legs in both directions (and parts them from whom they were joined with). `converted` when G.711 is converted by table.
   * A leg of which an offer still waits for its first answer can be joined already; packets flow once it is answered.
   * `incompatible` leaves every bridge as it was: re-offer the leg that can change, or refuse with 488.
   */
  bridge(one: MediaLeg, other: MediaLeg): Promise<'bridged' | 'converted' | 'incompatible'>
  /** Parts a leg from its partner; both keep their ports. */
  unbridge(leg: MediaLeg): Promise<void>
  /**
   * Plays a sound to the leg's peer, in the place of what its partner sends and of any sound before; afterwards the partner is heard again.
   * It begins when the peer can be sent to: a leg whose answer is still to come waits, an early answer (183) suffices. Time passes on hold,
   * but nothing is sent. The sound is G.711, so legs that negotiated only other codecs refuse it.
   * @throws RangeError for an unknown tone or country, with those that there are
   */
  play(leg: MediaLeg, sound: Sound, options?: PlayOptions): Playing
  /**
   * Finds keys that the peer presses as tones, for legs to the telephone network; off at first. A peer that sends telephone events is
   * taken at those. Only G.711 is understood.
   */
  hearTones(leg: MediaLeg, on: boolean): void
  /**
   * Waits until the peer has said something and then paused for `quietMs` (default 800): `pause`. `timeout` after `timeoutMs` (default
   * 30,000), `gone` when the leg closed. Music and announcements count as speech. Of other codecs than G.711 nothing is heard.
   */
  pause(leg: MediaLeg, options?: { quietMs?: number; timeoutMs?: number }): Promise<'pause' | 'timeout' | 'gone'>
  /**
   * Records the leg to a new WAV file of 8 kHz along the time, with silence where nothing came. Only G.711 is understood: where a
   * leg is not {@link MediaLeg.onlyG711}, a browser's Opus would leave the recording silent.
   * @param file a path that does not exist yet; after a crash `repairWav` puts its header right
   */
  record(leg: MediaLeg, file: string, options?: RecordOptions): Recording
  /** Legs, ports free and in use, packets relayed and dropped since start: for metrics. */
  counters(): Promise<{ legs: number; portsFree: number; portsUsed: number; relayed: number; dropped: number }>
  close(): Promise<void>
}
