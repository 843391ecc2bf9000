import type { Random } from '#lib'
import {
  acceptVideo,
  answerWebRtc,
  type Codec,
  type CodecName,
  midsOf,
  type NegotiatedAudio,
  type NegotiatedCodec,
  type OwnTransport,
  offerWebRtc,
  type PeerTransport,
  restartsIce,
  type SessionDescription,
} from '#sdp'
import type { Command } from '../protocol.ts'

/** What a leg's SDP work needs beyond the plain one when its peer is a browser. */
export class WebRtcSide {
  readonly #leg: number
  readonly #fingerprint: string
  readonly #address: string
  readonly #ports: readonly number[]
  readonly #random: Random
  readonly #send: (command: Command) => void
  #ufrag = ''
  #password = ''
  #remote: PeerTransport | undefined
  #mids: readonly string[] = []
  /** The session's video codecs; none when video is off. */
  video: readonly NegotiatedCodec[] = []

  constructor(
    leg: number,
    fingerprint: string,
    address: string,
    ports: readonly number[],
    random: Random,
    send: (command: Command) => void,
  ) {
    this.#leg = leg
    this.#fingerprint = fingerprint
    this.#address = address
    this.#ports = ports
    this.#random = random
    this.#send = send
    this.#restart()
  }

  /** Completes our answer. @param video codecs that the other leg can take */
  answer(
    offer: SessionDescription,
    answer: SessionDescription,
    audio: NegotiatedAudio,
    video: readonly CodecName[],
  ): SessionDescription {
    if (restartsIce(this.#remote, offer, audio.line)) this.#restart()
    const result = answerWebRtc(offer, answer, video, this.#own())
    this.#mids = midsOf(result.answer)
    this.video = result.video?.codecs ?? []
    return result.answer
  }

  /** Completes our offer. The peer may check our candidates before its answer is here, so they are told to the relay at once. */
  offer(offer: SessionDescription, video: readonly Codec[]): SessionDescription {
    const result = offerWebRtc(offer, video, this.#mids, this.#own())
    this.#mids = midsOf(result)
    this.#tell()
    return result
  }

  /** Takes the video part of the peer's answer. */
  accept(offer: SessionDescription, answer: SessionDescription): void {
    this.video = acceptVideo(offer, answer)?.codecs ?? []
  }

  /** The exchange is complete: from now on checks and handshake must be this peer's. */
  agree(transport: PeerTransport): void {
    const before = this.#remote
    this.#remote = transport
    this.#tell()
    if (before?.fingerprints.join() !== transport.fingerprints.join())
      this.#send({ op: 'dtls', leg: this.#leg, fingerprints: transport.fingerprints })
  }

  #restart(): void {
    // 32 and 128 random bits (RFC 8445 §5.3 asks for 24 and 128).
    this.#ufrag = this.#random.token(4)
    this.#password = this.#random.token(16)
    this.#remote = this.#remote && { ...this.#remote, ufrag: '' }
  }

  #tell(): void {
    const remoteUfrag = this.#remote?.ufrag ?? ''
    this.#send({ op: 'ice', leg: this.#leg, ufrag: this.#ufrag, password: this.#password, remoteUfrag })
  }

  #own(): OwnTransport {
    return {
      ufrag: this.#ufrag,
      password: this.#password,
      fingerprint: this.#fingerprint,
      address: this.#address,
      ports: this.#ports,
    }
  }
}
