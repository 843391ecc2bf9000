import { type CodecName, codecKey, isAuxiliary, isTelephoneEvent, sameCodec, staticCodec } from './codec.ts'
import { isOff, isSecure, type PeerTransport, transportOf } from './transport.ts'
import type { Codec, Connection, Direction, MediaDescription, Origin, SessionDescription } from './types.ts'

/**
 * Offer/answer for one audio stream (RFC 3264, RFC 6337). Pure: descriptions in, descriptions and the negotiated session out. Video and
 * all other lines are rejected in place with port 0; `webrtc.ts` adds what browsers need.
 */

/** Why an exchange fails; the same words as the media port's. */
export type NegotiationRefusal = 'no-common-codec' | 'malformed-sdp' | 'unsupported-transport'

export type Negotiation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: NegotiationRefusal }

/** A codec that both sides allow. */
export interface NegotiatedCodec extends CodecName {
  /** The payload type in packets to the peer: the number the peer wrote. */
  readonly sendType: number
  /** The payload type in packets from the peer: the number we wrote. */
  readonly receiveType: number
}

export interface Endpoint {
  readonly family: 4 | 6
  readonly address: string
  readonly port: number
}

/** What an exchange agreed on. */
export interface NegotiatedAudio {
  /** Index of the m= line. */
  readonly line: number
  /** In the answerer's order of preference, key presses and comfort noise last. */
  readonly codecs: readonly NegotiatedCodec[]
  /** Where the peer says it receives; undefined on `c=0.0.0.0` (RFC 3264 §8.4). */
  readonly remote: Endpoint | undefined
  readonly remoteRtcp: Endpoint | undefined
  /** Both sides put RTP and RTCP on one port (RFC 5761 §5.1.1). */
  readonly rtcpMux: boolean
  /** The peer's own direction; old hold counts as sendonly. */
  readonly peerDirection: Direction
  readonly ptime: number | undefined
  /** The peer speaks WebRTC: how it is reached and known. `remote` says nothing then. */
  readonly transport?: PeerTransport
}

/** Our side of the stream. */
export interface LocalAudio {
  readonly family: 4 | 6
  readonly address: string
  readonly port: number
  readonly origin: Omit<Origin, 'family' | 'address'>
}

/** The m= lines of the session so far, of which a new offer keeps order and count (RFC 3264 §8). */
export type LineSkeleton = Pick<MediaDescription, 'kind' | 'protocol' | 'formats'>

/**
 * The audio line that we can serve: the first with a port that is RTP/AVP or AVPF with an address of any kind, or SRTP over DTLS and ICE
 * (RFC 8834) with all that {@link transportOf} asks for.
 */
export function audioLine(description: SessionDescription): Negotiation<number> {
  let refusal: NegotiationRefusal = 'no-common-codec'
  for (let i = 0; i < description.media.length; i++) {
    const media = description.media[i] as MediaDescription
    if (media.kind !== 'audio' || isOff(media)) continue
    if (isSecure(media.protocol)) {
      if (transportOf(description, media)) return { ok: true, value: i }
      refusal = 'unsupported-transport'
    } else if (!plainRtp(media.protocol)) refusal = 'unsupported-transport'
    else if (!(media.connection ?? description.connection)) refusal = 'malformed-sdp'
    else return { ok: true, value: i }
  }
  return { ok: false, refusal }
}

function plainRtp(protocol: string): boolean {
  return protocol === 'RTP/AVP' || protocol === 'RTP/AVPF' || /^rtp\/avpf?$/i.test(protocol)
}

/** The direction that mirrors an offered one (RFC 3264 §6.1). */
export function mirrored(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly'
  return direction === 'recvonly' ? 'sendonly' : direction
}

function onOldHold(description: SessionDescription, media: MediaDescription): boolean {
  // A browser that has gathered no candidate yet writes 0.0.0.0 (RFC 8829 §5.2.1).
  if (isSecure(media.protocol)) return false
  const address = (media.connection ?? description.connection)?.address
  return address === '0.0.0.0' || address === '::'
}

/** A line's direction; with `c=0.0.0.0` the peer can only send. */
export function directionOf(description: SessionDescription, media: MediaDescription): Direction {
  if (!onOldHold(description, media)) return media.direction
  return media.direction === 'sendrecv' || media.direction === 'sendonly' ? 'sendonly' : 'inactive'
}

function endpoints(
  description: SessionDescription,
  media: MediaDescription,
): Pick<NegotiatedAudio, 'remote' | 'remoteRtcp' | 'transport'> {
  if (isSecure(media.protocol)) {
    const transport = transportOf(description, media)
    return { remote: undefined, remoteRtcp: undefined, ...(transport ? { transport } : {}) }
  }
  if (onOldHold(description, media)) return { remote: undefined, remoteRtcp: undefined }
  const { family, address } = (media.connection ?? description.connection) as Connection
  const control = media.rtcp?.connection
  const controlPort = media.rtcp?.port ?? media.port + 1
  return {
    remote: { family, address, port: media.port },
    remoteRtcp:
      controlPort > 65_535
        ? undefined
        : { family: control?.family ?? family, address: control?.address ?? address, port: controlPort },
  }
}

/**
 * Answers an offer (RFC 3264 §6): of `wanted` what the offer has, in the order of `wanted`, under the offerer's payload types; the offered
 * telephone-event of the same clock rate goes along. Every line of the offer has its line in the answer.
 * @param wanted codecs in order of preference; its fmtp texts are written into the answer
 */
export function answerOffer(
  offer: SessionDescription,
  wanted: readonly CodecName[],
  local: LocalAudio,
  ptime?: number,
): Negotiation<{ answer: SessionDescription; audio: NegotiatedAudio }> {
  const line = audioLine(offer)
  if (!line.ok) return line
  const offered = offer.media[line.value] as MediaDescription
  const codecs = chosen(offered.codecs, wanted)
  if (codecs.length === 0) return { ok: false, refusal: 'no-common-codec' }
  const direction = directionOf(offer, offered)
  const audio: NegotiatedAudio = {
    line: line.value,
    codecs: codecs.map(({ payloadType, ...codec }) => ({ ...codec, sendType: payloadType, receiveType: payloadType })),
    ...endpoints(offer, offered),
    rtcpMux: offered.rtcpMux,
    peerDirection: direction,
    ptime: offered.ptime,
  }
  const media = offer.media.map((each, index) =>
    index === line.value
      ? audioDescription(codecs, offered.protocol, local.port, mirrored(direction), offered.rtcpMux, ptime)
      : rejected(each),
  )
  return { ok: true, value: { answer: session(local, offer.timing, media), audio } }
}

/** What of `wanted` is in the offer, with the offer's payload types. */
function chosen(offered: readonly Codec[], wanted: readonly CodecName[]): Codec[] {
  const codecs: Codec[] = []
  for (const wish of wanted) {
    if (isAuxiliary(wish)) continue
    for (const codec of offered) {
      if (!sameCodec(codec, wish) || codecs.some((taken) => taken.payloadType === codec.payloadType)) continue
      codecs.push({ ...codec, fmtp: wish.fmtp })
      break
    }
  }
  if (codecs.length === 0) return codecs
  const rates = new Set(codecs.map((codec) => codec.clockRate))
  const events = offered.filter(isTelephoneEvent)
  const fitting = events.filter((event) => rates.has(event.clockRate))
  // A peer that offers events at another clock rate only gets what it offered; better a strange clock than no key presses.
  codecs.push(...unique(fitting.length > 0 ? fitting : events.slice(0, 1)))
  for (const codec of offered) {
    if (
      codec.name.toUpperCase() === 'CN' &&
      rates.has(codec.clockRate) &&
      wanted.some((wish) => sameCodec(wish, codec))
    ) {
      codecs.push(codec)
    }
  }
  return unique(codecs)
}

function unique(codecs: readonly Codec[]): Codec[] {
  const types = new Set<number>()
  return codecs.filter((codec) => !types.has(codec.payloadType) && types.add(codec.payloadType))
}

function rejected({ kind, protocol, formats }: LineSkeleton): MediaDescription {
  return {
    kind,
    port: 0,
    protocol,
    formats: formats.length > 0 ? formats.slice(0, 1) : ['0'],
    direction: 'sendrecv',
    codecs: [],
    rtcpMux: false,
    others: [],
  }
}

function audioDescription(
  codecs: readonly Codec[],
  protocol: string,
  port: number,
  direction: Direction,
  rtcpMux: boolean,
  ptime: number | undefined,
): MediaDescription {
  const formats = codecs.map((codec) => String(codec.payloadType))
  return { kind: 'audio', port, protocol, formats, direction, codecs, ptime, rtcpMux, others: [] }
}

function session(local: LocalAudio, timing: string, media: readonly MediaDescription[]): SessionDescription {
  const { family, address } = local
  return {
    origin: { ...local.origin, family, address },
    name: '-',
    connection: { family, address },
    timing,
    others: [],
    media,
  }
}

/**
 * Our offer. A session's earlier lines keep their place; all but the audio line are offered with port 0.
 * @param codecs as {@link numbered} gives them
 * @param lines the session's lines so far, with the index of its audio line
 */
export function makeOffer(
  codecs: readonly Codec[],
  local: LocalAudio,
  lines?: { readonly all: readonly LineSkeleton[]; readonly audio: number },
  ptime?: number,
): SessionDescription {
  const protocol = lines?.all[lines.audio]?.protocol ?? 'RTP/AVP'
  const audio = audioDescription(codecs, protocol, local.port, 'sendrecv', false, ptime)
  const media = lines ? lines.all.map((line, index) => (index === lines.audio ? audio : rejected(line))) : [audio]
  return session(local, '0 0', media)
}

/**
 * Gives every codec its payload type: the one it has had in this session (`kept`, RFC 3264 §8.3.2), else the one the other leg uses
 * (`like`), else its static one, else a free dynamic one (96–127, RFC 3551 §3). A codec for which no number is left is left out.
 */
export function numbered(
  codecs: readonly CodecName[],
  kept: readonly Codec[] = [],
  like: readonly Codec[] = [],
): Codec[] {
  const used = new Set(kept.map((codec) => codec.payloadType))
  const result: Codec[] = []
  for (const codec of codecs) {
    if (result.some((earlier) => sameCodec(earlier, codec))) continue
    const payloadType = numberFor(codec, kept, like, used, result)
    if (payloadType === undefined) continue
    used.add(payloadType)
    const { name, clockRate, channels, fmtp } = codec
    result.push({ payloadType, name, clockRate, channels, fmtp })
  }
  return result
}

function numberFor(
  codec: CodecName,
  kept: readonly Codec[],
  like: readonly Codec[],
  used: ReadonlySet<number>,
  result: readonly Codec[],
): number | undefined {
  const old = kept.find(
    (one) => sameCodec(one, codec) && !result.some((other) => other.payloadType === one.payloadType),
  )
  if (old) return old.payloadType
  const key = codecKey(codec)
  for (let type = 0; type < 35; type++) {
    const known = staticCodec(type)
    if (known && codecKey(known) === key) return used.has(type) ? undefined : type
  }
  const wish = like.find((one) => sameCodec(one, codec))?.payloadType
  if (wish !== undefined && wish >= 96 && !used.has(wish)) return wish
  // 101 is what most phones use for key presses; others start at 96.
  if (isTelephoneEvent(codec) && !used.has(101)) return 101
  const reserved = new Set(like.map((one) => one.payloadType))
  for (let type = 96; type < 128; type++) if (!used.has(type) && !reserved.has(type) && type !== 101) return type
  for (let type = 96; type < 128; type++) if (!used.has(type)) return type
  return undefined
}

/** Takes the peer's answer to an offer of ours (RFC 3264 §7). Payload types may differ in the two directions; both are learnt. */
export function acceptAnswer(offer: SessionDescription, answer: SessionDescription): Negotiation<NegotiatedAudio> {
  const line = offer.media.findIndex((media) => media.kind === 'audio' && media.port !== 0)
  const ours = offer.media[line]
  const theirs = answer.media[line]
  if (!ours || theirs?.kind !== 'audio') return { ok: false, refusal: 'malformed-sdp' }
  if (theirs.port === 0) return { ok: false, refusal: 'no-common-codec' }
  if (isSecure(ours.protocol)) {
    if (!isSecure(theirs.protocol) || !transportOf(answer, theirs))
      return { ok: false, refusal: 'unsupported-transport' }
  } else if (!plainRtp(theirs.protocol)) return { ok: false, refusal: 'unsupported-transport' }
  else if (!(theirs.connection ?? answer.connection)) return { ok: false, refusal: 'malformed-sdp' }
  const codecs = answeredCodecs(ours, theirs)
  if (!codecs.some((codec) => !isAuxiliary(codec))) return { ok: false, refusal: 'no-common-codec' }
  codecs.sort((one, other) => Number(isAuxiliary(one)) - Number(isAuxiliary(other)))
  return {
    ok: true,
    value: {
      line,
      codecs,
      ...endpoints(answer, theirs),
      rtcpMux: ours.rtcpMux && theirs.rtcpMux,
      peerDirection: directionOf(answer, theirs),
      ptime: theirs.ptime,
    },
  }
}

/** Which of our codecs an answered line has, with the numbers of both sides, in the order of the answer. */
export function answeredCodecs(ours: MediaDescription, theirs: MediaDescription): NegotiatedCodec[] {
  const codecs: NegotiatedCodec[] = []
  for (const format of theirs.formats) {
    const type = Number(format)
    const named = theirs.codecs.find((codec) => codec.payloadType === type)
    // Some phones answer a dynamic type without its rtpmap: the number is then ours.
    const own = named
      ? (ours.codecs.find((codec) => codec.payloadType === type && sameCodec(codec, named)) ??
        ours.codecs.find((codec) => sameCodec(codec, named)))
      : ours.codecs.find((codec) => codec.payloadType === type)
    if (!own || codecs.some((codec) => codec.receiveType === own.payloadType)) continue
    const { name, clockRate, channels } = own
    const fmtp = named?.fmtp ?? own.fmtp
    codecs.push({ name, clockRate, channels, fmtp, sendType: type, receiveType: own.payloadType })
  }
  return codecs
}
