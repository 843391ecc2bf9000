import { type CodecName, isVideo, sameCodec } from './codec.ts'
import { answeredCodecs, directionOf, mirrored, type NegotiatedCodec } from './negotiate.ts'
import { attributeOf, bundles, isOff, isSecure, midOf, transportOf } from './transport.ts'
import type { Codec, Direction, MediaDescription, SessionDescription } from './types.ts'

/** What WebRTC adds to the offer/answer of one audio stream (RFC 8829): our transport on every line, and video beside the sound. */

/** Our side of a WebRTC transport: an ICE-lite agent that is the DTLS server. */
export interface OwnTransport {
  readonly ufrag: string
  readonly password: string
  /** As SDP writes it: `sha-256 AB:CD:…`. */
  readonly fingerprint: string
  readonly address: string
  /** The ports of our candidates, the preferred one first. */
  readonly ports: readonly number[]
}

/** The feedback that is passed on between two peers (RFC 4585, RFC 5104); the rest needs header extensions or more streams. */
const feedback = ['nack', 'nack pli', 'ccm fir', 'goog-remb'] as const

/** Of an offer's first live video line, what can be passed on. */
export function offeredVideo(description: SessionDescription): readonly Codec[] {
  return (description.media[videoLine(description)]?.codecs ?? []).filter(isVideo)
}

/** The first live video line that shares the audio line's transport; -1 without one. */
function videoLine(description: SessionDescription): number {
  const audio = description.media.find((media) => media.kind === 'audio' && !isOff(media))
  const mid = audio && midOf(audio)
  const group = mid === undefined ? undefined : bundles(description).find((mids) => mids.includes(mid))
  return description.media.findIndex(
    (media) =>
      media.kind === 'video' && !isOff(media) && isSecure(media.protocol) && group?.includes(midOf(media) ?? ''),
  )
}

/** A negotiated video stream. */
export interface NegotiatedVideo {
  readonly line: number
  readonly codecs: readonly NegotiatedCodec[]
}

/**
 * Completes an answer to a WebRTC offer: our transport on the audio line, and the video line with what of `wanted` it offers.
 * @param answer as `answerOffer` gives it
 */
export function answerWebRtc(
  offer: SessionDescription,
  answer: SessionDescription,
  wanted: readonly CodecName[],
  own: OwnTransport,
): { readonly answer: SessionDescription; readonly video: NegotiatedVideo | undefined } {
  const line = videoLine(offer)
  const offered = offer.media[line]
  const codecs = offered ? commonVideo(offered.codecs, wanted) : []
  const group = bundles(offer)[0]
  const media = answer.media.map((each, index) => {
    const theirs = offer.media[index] as MediaDescription
    const mid = midOf(theirs)
    if (index === line && offered && codecs.length > 0) {
      const fb = (type: number, name: string): boolean =>
        offered.others.some((one) => one === `a=rtcp-fb:${type} ${name}` || one === `a=rtcp-fb:* ${name}`)
      const direction = mirrored(directionOf(offer, offered))
      return withTransport(videoDescription(codecs, theirs.protocol, direction, fb), mid, own, 'passive')
    }
    return each.port === 0 ? rejectedLine(each, mid) : withTransport(each, mid, own, 'passive')
  })
  const types = codecs.map(({ payloadType, ...codec }) => ({
    ...codec,
    sendType: payloadType,
    receiveType: payloadType,
  }))
  return {
    answer: { ...answer, media, others: sessionLines(media, group !== undefined) },
    video: types.length > 0 ? { line, codecs: types } : undefined,
  }
}

/**
 * Makes a WebRTC offer of a plain one.
 * @param offer as `makeOffer` gives it
 * @param video codecs as `numbered` gives them, together with those of the audio line; none: no video is offered
 * @param mids of the session's lines so far
 */
export function offerWebRtc(
  offer: SessionDescription,
  video: readonly Codec[],
  mids: readonly string[],
  own: OwnTransport,
): SessionDescription {
  const lines = [...offer.media]
  if (video.length > 0) {
    const known = lines.findIndex((media) => media.kind === 'video')
    const description = videoDescription(video, 'UDP/TLS/RTP/SAVPF', 'sendrecv', () => true)
    if (known >= 0) lines[known] = description
    else lines.push(description)
  }
  const media = lines.map((each, index) => {
    const mid = mids[index] ?? freeMid(mids, index)
    if (each.port === 0 && each.kind !== 'video') return rejectedLine(each, mid)
    if (each.kind === 'video' && each.codecs.length === 0) return rejectedLine(each, mid)
    return withTransport({ ...each, protocol: 'UDP/TLS/RTP/SAVPF' }, mid, own, 'actpass')
  })
  return { ...offer, media, others: sessionLines(media, true) }
}

/** The video that an answer to our offer takes; undefined when there is none. */
export function acceptVideo(offer: SessionDescription, answer: SessionDescription): NegotiatedVideo | undefined {
  const line = offer.media.findIndex((media) => media.kind === 'video' && media.port !== 0)
  const ours = offer.media[line]
  const theirs = answer.media[line]
  if (!ours || !theirs || theirs.port === 0 || !isSecure(theirs.protocol)) return undefined
  const codecs = answeredCodecs(ours, theirs).filter(isVideo)
  return codecs.length > 0 ? { line, codecs } : undefined
}

/** The mids of a description's lines, made up where it has none. */
export function midsOf(description: SessionDescription): readonly string[] {
  return description.media.map((media, index) => midOf(media) ?? String(index))
}

/** Whether the peer began a new ICE session (RFC 8839 §4.4.1.1.1). */
export function restartsIce(
  before: { readonly ufrag: string; readonly password: string } | undefined,
  description: SessionDescription,
  line: number,
): boolean {
  const media = description.media[line]
  const now = media && transportOf(description, media)
  return before !== undefined && now !== undefined && (now.ufrag !== before.ufrag || now.password !== before.password)
}

function freeMid(mids: readonly string[], index: number): string {
  let mid = String(index)
  while (mids.includes(mid)) mid += 'b'
  return mid
}

function commonVideo(offered: readonly Codec[], wanted: readonly CodecName[]): Codec[] {
  const codecs: Codec[] = []
  for (const wish of wanted) {
    if (!isVideo(wish)) continue
    const codec = offered.find((one) => sameCodec(one, wish) && !codecs.includes(one))
    if (codec) codecs.push(codec)
  }
  return codecs
}

function videoDescription(
  codecs: readonly Codec[],
  protocol: string,
  direction: Direction,
  has: (type: number, name: string) => boolean,
): MediaDescription {
  const others: string[] = []
  for (const { payloadType } of codecs)
    for (const name of feedback) if (has(payloadType, name)) others.push(`a=rtcp-fb:${payloadType} ${name}`)
  const formats = codecs.map((codec) => String(codec.payloadType))
  return { kind: 'video', port: 9, protocol, formats, direction, codecs, rtcpMux: true, others }
}

/** All lines share one transport, so each says the same of it. No a=ssrc: the relayed streams keep the SSRC of their senders. */
function withTransport(
  media: MediaDescription,
  mid: string | undefined,
  own: OwnTransport,
  setup: 'actpass' | 'passive',
): MediaDescription {
  const [port = 0] = own.ports
  const sends = media.direction === 'sendrecv' || media.direction === 'sendonly'
  return {
    ...media,
    port,
    rtcpMux: true,
    others: [
      ...media.others,
      ...(mid === undefined ? [] : [`a=mid:${mid}`]),
      ...(sends ? [`a=msid:baton ${media.kind}`] : []),
      `a=ice-ufrag:${own.ufrag}`,
      `a=ice-pwd:${own.password}`,
      `a=fingerprint:${own.fingerprint}`,
      `a=setup:${setup}`,
      // Local preference falls with each port (RFC 8445 §5.1.2.1); the type preference of host candidates is 126.
      ...own.ports.map(
        (each, i) =>
          `a=candidate:${i + 1} 1 udp ${126 * 0x100_0000 + (0xffff - i) * 256 + 255} ${own.address} ${each} typ host`,
      ),
      'a=end-of-candidates',
    ],
  }
}

function rejectedLine(media: MediaDescription, mid: string | undefined): MediaDescription {
  return mid === undefined ? media : { ...media, others: [...media.others, `a=mid:${mid}`] }
}

function sessionLines(media: readonly MediaDescription[], bundle: boolean): string[] {
  const mids = media.filter((each) => each.port !== 0).flatMap((each) => attributeOf(each.others, 'mid') ?? [])
  const group = bundle && mids.length > 0 ? [`a=group:BUNDLE ${mids.join(' ')}`] : []
  return [...group, 'a=msid-semantic: WMS *', 'a=ice-lite']
}
