import { isIP } from 'node:net'
import type { Random } from '#lib'
import {
  acceptAnswer,
  answerOffer,
  audioLine,
  type Codec,
  type CodecName,
  codecKey,
  type Endpoint,
  g711Law,
  isAuxiliary,
  isSecure,
  isTelephoneEvent,
  isVideo,
  type LineSkeleton,
  type LocalAudio,
  makeOffer,
  type NegotiatedAudio,
  type NegotiatedCodec,
  numbered,
  offeredVideo,
  parseSdp,
  type SessionDescription,
  sameCodec,
  writeSdp,
} from '#sdp'
import type { LegOptions, LegStatistics, MediaHandlers, MediaLeg, MediaRefusal, MediaResult } from '../port.ts'
import type { Command, LegNumbers } from './protocol.ts'
import { soundsOf, typesOf } from './routes.ts'
import { WebRtcSide } from './webrtc/side.ts'

/** What a leg needs of its engine. */
export interface LegEngine {
  /** Address that our SDP names. */
  readonly publicAddress: string
  readonly family: 4 | 6
  /** The engine's own codecs, in order of preference. */
  readonly codecs: readonly Codec[]
  readonly random: Random
  send(command: Command): void
  /** Undefined when the engine or the leg is gone. */
  numbers(op: 'statistics' | 'close', leg: number): Promise<LegNumbers | undefined>
  /** Makes the leg one of WebRTC: our certificate's fingerprint, undefined when that cannot be. */
  secure(leg: number): Promise<string | undefined>
  /** The leg negotiated anew while it is joined with another. */
  reroute(leg: EmbeddedLeg): void
  closed(leg: EmbeddedLeg): void
}

const none: LegNumbers = { packetsReceived: 0, packetsSent: 0, bytesReceived: 0, bytesSent: 0, lost: 0, jitterMs: 0 }
const keys: CodecName = { name: 'telephone-event', clockRate: 8000, channels: 1, fmtp: '0-16' }

/** A leg of the embedded engine: the SDP work. Its packets are relayed elsewhere, under {@link number}. */
export class EmbeddedLeg implements MediaLeg {
  readonly id: string
  readonly number: number
  handlers: MediaHandlers = {}
  partner: EmbeddedLeg | undefined
  readonly #engine: LegEngine
  readonly #port: number
  #sessionId = ''
  #version = 1
  #written = ''
  #remoteOffer: SessionDescription | undefined
  #ourOffer: SessionDescription | undefined
  #session: NegotiatedAudio | undefined
  /** The last description of ours was an answer. */
  #answered = false
  /** Every payload type this session has used (RFC 3264 §8.3.2: a number never changes its meaning). */
  #assigned: Codec[] = []
  /** The session's m= lines, kept only when there is more than the audio line. */
  #lines: readonly LineSkeleton[] | undefined
  #wantsWebRtc: boolean
  #side: WebRtcSide | undefined
  #numbers: LegNumbers = none
  #gone = false
  #closing: Promise<LegStatistics> | undefined

  constructor(engine: LegEngine, number: number, port: number, { kind }: LegOptions = {}) {
    this.#engine = engine
    this.number = number
    this.id = `rtp-${number}`
    this.#port = port
    this.#wantsWebRtc = kind === 'webrtc'
  }

  /**
   * Codecs that packets may have now: the session's, or before any those of an offer of ours that waits for its answer. A bridge made on
   * them comes to life with the answer.
   */
  get agreed(): readonly NegotiatedCodec[] {
    if (this.#session) return this.#withVideo(this.#session.codecs, this.#side?.video)
    const codecs = this.#ourOffer?.media.flatMap((media) => (media.port === 0 ? [] : media.codecs)) ?? []
    return codecs.map((codec) => ({ ...codec, sendType: codec.payloadType, receiveType: codec.payloadType }))
  }

  #withVideo(codecs: readonly NegotiatedCodec[], video: readonly NegotiatedCodec[] = []): readonly NegotiatedCodec[] {
    return video.length === 0 ? codecs : [...codecs, ...video]
  }

  /** What was agreed on last. */
  get session(): NegotiatedAudio | undefined {
    return this.#session
  }

  get onlyG711(): boolean {
    const voice = this.#session?.codecs ?? this.#ourOffer?.media.find(({ port }) => port !== 0)?.codecs ?? []
    const said = voice.filter((codec) => !isAuxiliary(codec))
    return said.length > 0 && said.every((codec) => g711Law(codec) !== undefined)
  }

  get heldByPeer(): boolean {
    const direction = this.#session?.peerDirection
    return direction === 'sendonly' || direction === 'inactive'
  }

  /** What the other leg may list first: the codecs of the pending offer, else of the session. */
  get codecs(): readonly Codec[] {
    const pending = this.#remoteOffer
    if (pending) {
      const line = audioLine(pending)
      if (line.ok) return pending.media[line.value]?.codecs ?? []
    }
    return this.#session?.codecs.map((codec) => ({ ...codec, payloadType: codec.sendType })) ?? []
  }

  /** Video that the other leg may offer or take: of the pending offer, else of the session. */
  get video(): readonly Codec[] {
    if (this.#remoteOffer) return this.#side ? offeredVideo(this.#remoteOffer) : []
    return this.#side?.video.map((codec) => ({ ...codec, payloadType: codec.sendType })) ?? []
  }

  /** The packet length that the peer asked for, in ms. */
  get ptime(): number | undefined {
    const pending = this.#remoteOffer
    const line = pending && audioLine(pending)
    return line?.ok ? pending?.media[line.value]?.ptime : this.#session?.ptime
  }

  async remoteOffer(sdp: string): Promise<MediaResult<void>> {
    if (this.#gone) return refused('engine-gone')
    const parsed = parseSdp(sdp)
    if (!parsed.ok) return refused('malformed-sdp')
    const line = audioLine(parsed.value)
    if (!line.ok) return refused(line.refusal)
    const media = parsed.value.media[line.value]
    if (media && isSecure(media.protocol)) {
      if (!(await this.#webRtc())) return refused('unsupported-transport')
    } else {
      const connection = media?.connection ?? parsed.value.connection
      if (this.#side || (connection && !this.#reachable(connection.family, connection.address)))
        return refused('unsupported-transport')
    }
    this.#remoteOffer = parsed.value
    return done
  }

  concerns(like: MediaLeg): 'no' | 'may' {
    const isNew = this.video.length > 0 && like instanceof EmbeddedLeg && like.#side && like.video.length === 0
    return isNew ? 'may' : 'no'
  }

  dropOffer(): void {
    this.#remoteOffer = undefined
  }

  async answer(like?: MediaLeg): Promise<MediaResult<string>> {
    if (this.#gone) return refused('engine-gone')
    const offer = this.#remoteOffer
    if (!offer) {
      // Asked again, as for each provisional response: the answer stays what it was (RFC 3261 §13.2.1).
      if (this.#answered) return { ok: true, value: this.#written }
      throw new Error('there is no offer to answer: remoteOffer() comes first')
    }
    const other = like instanceof EmbeddedLeg ? like : undefined
    const side = this.#side
    // G.711 stays in the session, so that a phone can take the other side's place at once and sounds can be played.
    const first = other
      ? [...other.codecs, ...(side ? this.#engine.codecs : behind(offer, other.codecs, this.#engine.codecs))]
      : []
    const shared = first.length > 0 ? answerOffer(offer, first, this.#local(), other?.ptime) : undefined
    const result = shared?.ok ? shared : answerOffer(offer, this.#engine.codecs, this.#local(), other?.ptime)
    this.#remoteOffer = undefined
    if (!result.ok) return refused(result.refusal)
    const { answer, audio } = result.value
    // What we offered before is over (RFC 6337 §2.2): a late answer to it would not be ours.
    this.#ourOffer = undefined
    this.#answered = true
    const complete = side ? side.answer(offer, answer, audio, other?.video ?? []) : answer
    this.#remember(complete)
    this.#agree(audio)
    return { ok: true, value: this.#write(complete) }
  }

  async offer(like?: MediaLeg, only?: 'g711'): Promise<MediaResult<string>> {
    if (this.#gone) return refused('engine-gone')
    const side = this.#wantsWebRtc || this.#side ? await this.#webRtc() : undefined
    if (this.#wantsWebRtc && !side) return refused(this.#gone ? 'engine-gone' : 'unsupported-transport')
    const other = like instanceof EmbeddedLeg ? like : undefined
    const first = other?.codecs ?? this.#session?.codecs ?? []
    const theirs = other?.codecs ?? []
    const video = side ? (other ?? this).video : []
    const wanted = wishes(only ? [] : first, this.#engine.codecs)
    const codecs = numbered([...wanted, ...video], this.#assigned, [...theirs, ...video])
    const audio = this.#session?.line ?? 0
    const voice = side ? codecs.filter((codec) => !isVideo(codec)) : codecs
    const plain = makeOffer(voice, this.#local(), this.#lines && { all: this.#lines, audio }, other?.ptime)
    const offer = side ? side.offer(plain, codecs.filter(isVideo)) : plain
    this.#remoteOffer = undefined
    this.#ourOffer = offer
    this.#answered = false
    this.#remember(offer)
    return { ok: true, value: this.#write(offer) }
  }

  async remoteAnswer(sdp: string): Promise<MediaResult<void>> {
    if (this.#gone) return refused('engine-gone')
    const offer = this.#ourOffer
    // A peer may send an answer that nobody asked for, e.g. in an ACK.
    if (!offer) return refused('malformed-sdp')
    const parsed = parseSdp(sdp)
    if (!parsed.ok) return refused('malformed-sdp')
    const result = acceptAnswer(offer, parsed.value)
    if (!result.ok) return refused(result.refusal)
    const { remote } = result.value
    this.#side?.accept(offer, parsed.value)
    if (remote && !this.#reachable(remote.family, remote.address)) return refused('unsupported-transport')
    this.#agree(result.value)
    return done
  }

  async statistics(): Promise<LegStatistics> {
    if (this.#closing) return this.#closing
    if (!this.#gone) this.#numbers = (await this.#engine.numbers('statistics', this.number)) ?? this.#numbers
    return this.#statistics()
  }

  close(): Promise<LegStatistics> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<LegStatistics> {
    const last = this.#gone ? undefined : this.#engine.numbers('close', this.number)
    this.#gone = true
    this.handlers = {}
    this.#remoteOffer = undefined
    this.#ourOffer = undefined
    this.#engine.closed(this)
    this.#numbers = (await last) ?? this.#numbers
    return this.#statistics()
  }

  /** The engine lost this leg. */
  lose(): void {
    this.#gone = true
    this.partner = undefined
    const { handlers } = this
    if (handlers.gone) handlers.gone()
    else handlers.silent?.()
  }

  #statistics(): LegStatistics {
    const codec = this.#session?.codecs.find((one) => !isAuxiliary(one))
    return { ...this.#numbers, codec: codec && `${codec.name}/${codec.clockRate}` }
  }

  #local(): LocalAudio {
    const { random, family, publicAddress } = this.#engine
    if (this.#sessionId === '') this.#sessionId = String(1 + random.integer(0x7fff_ffff))
    const origin = { username: '-', sessionId: this.#sessionId, version: String(this.#version) }
    return { family, address: publicAddress, port: this.#port, origin }
  }

  /** Text of a description of ours; the o= version rises when it differs from the one before (RFC 3264 §8). */
  #write(description: SessionDescription): string {
    let text = writeSdp(description)
    if (this.#written !== '' && this.#written !== text) {
      this.#version++
      text = writeSdp({ ...description, origin: { ...description.origin, version: String(this.#version) } })
    }
    this.#written = text
    return text
  }

  #remember({ media }: SessionDescription): void {
    const codecs = media.length === 1 ? (media[0]?.codecs ?? []) : media.flatMap((line) => line.codecs)
    const others = this.#assigned.filter((old) => !codecs.some((codec) => codec.payloadType === old.payloadType))
    this.#assigned = [...codecs, ...others]
    this.#lines =
      media.length > 1 ? media.map(({ kind, protocol, formats }) => ({ kind, protocol, formats })) : undefined
  }

  /** Makes the leg's peer one of WebRTC, once. */
  async #webRtc(): Promise<WebRtcSide | undefined> {
    if (this.#side) return this.#side
    const { publicAddress, random } = this.#engine
    const fingerprint = await this.#engine.secure(this.number)
    if (!fingerprint || this.#gone) return undefined
    const ports = [this.#port, this.#port + 1]
    const send = (command: Command): void => this.#engine.send(command)
    this.#side ??= new WebRtcSide(this.number, fingerprint, publicAddress, ports, random, send)
    return this.#side
  }

  #agree(audio: NegotiatedAudio): void {
    const before = this.#session
    // On old hold (c=0.0.0.0) the peer is where it was.
    const session = audio.remote ? audio : { ...audio, remote: before?.remote, remoteRtcp: before?.remoteRtcp }
    const { transport } = session
    if (transport) this.#side?.agree(transport)
    if (before && !this.#side && JSON.stringify(before) === JSON.stringify(session)) return
    this.#session = session
    const { remote, remoteRtcp, peerDirection } = session
    this.#engine.send({
      op: 'set',
      leg: this.number,
      remote: numeric(remote),
      remotePort: remote?.port ?? 0,
      rtcp: numeric(remoteRtcp),
      rtcpPort: remoteRtcp?.port ?? 0,
      mux: session.rtcpMux,
      types: typesOf(this.#withVideo(session.codecs, this.#side?.video)),
      ...soundsOf(session.codecs),
      expects: peerDirection === 'sendrecv',
      accepts: peerDirection === 'sendrecv' || peerDirection === 'sendonly',
      wants: peerDirection === 'sendrecv' || peerDirection === 'recvonly',
    })
    if (this.partner) this.#engine.reroute(this)
  }

  #reachable(family: 4 | 6, address: string): boolean {
    return family === this.#engine.family || address === '0.0.0.0' || address === '::'
  }
}

const done: MediaResult<void> = { ok: true, value: undefined }

function refused(refusal: MediaRefusal): { readonly ok: false; readonly refusal: MediaRefusal } {
  return { ok: false, refusal }
}

/** The order of an offer: the other leg's codecs, what the engine can do itself, key presses at each clock rate, comfort noise. */
function wishes(first: readonly CodecName[], own: readonly CodecName[]): CodecName[] {
  const codecs = first.filter((codec) => !isAuxiliary(codec))
  for (const codec of own) if (!codecs.some((one) => sameCodec(one, codec))) codecs.push(codec)
  for (const clockRate of new Set(codecs.map((codec) => codec.clockRate))) {
    const key = { ...keys, clockRate }
    const theirs = first.find((codec) => isTelephoneEvent(codec) && codecKey(codec) === codecKey(key))
    // Odd clock rates are offered only where the other leg has them.
    if (theirs ?? (clockRate === 8000 || clockRate === 48_000)) codecs.push(theirs ?? key)
  }
  for (const codec of first) if (codec.name.toUpperCase() === 'CN') codecs.push(codec)
  return codecs
}

/**
 * Of `own` what an offer lists behind the first of `shared`: a phone that goes by its own order still speaks what the other side has.
 */
function behind(offer: SessionDescription, shared: readonly CodecName[], own: readonly CodecName[]): CodecName[] {
  const line = audioLine(offer)
  const offered = (line.ok && offer.media[line.value]?.codecs) || []
  const first = offered.findIndex((codec) => !isAuxiliary(codec) && shared.some((one) => sameCodec(one, codec)))
  return first < 0 ? [] : own.filter((codec) => offered.slice(first).some((one) => sameCodec(one, codec)))
}

/** An address as the system writes it; '' for names, which are never looked up: such a peer's source is learnt. */
function numeric(endpoint: Endpoint | undefined): string {
  if (!endpoint) return ''
  const version = isIP(endpoint.address)
  if (version !== 6) return version === 4 ? endpoint.address : ''
  const { hostname } = new URL(`http://[${endpoint.address.replace(/%.*$/, '')}]`)
  return hostname.slice(1, -1)
}
