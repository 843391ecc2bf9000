import type { Clock } from '#lib'
import { Continuity } from './continuity.ts'
import { convert, pcmaToPcmu, pcmuToPcma } from './g711.ts'
import { Hearing } from './hearing.ts'
import { isAllowedTarget, Latch } from './latch.ts'
import type { Playback } from './playback.ts'
import type { PortPair, PortUser } from './ports.ts'
import { type IceCommand, type LegNumbers, type SetCommand, toPcma, toPcmu } from './protocol.ts'
import { Reception } from './reception.ts'
import { missed, relayedRtcp } from './rtcp.ts'
import { payloadEnd, payloadStart, read16, read32 } from './rtp.ts'
import { TelephoneEvents } from './telephone-events.ts'
import type { Handshakes } from './webrtc/handshakes.ts'
import { isRtcp, SecureTransport } from './webrtc/secure.ts'

/** What the legs of one relay share. */
export interface RelayShared {
  readonly address: string
  readonly publicAddress: string
  readonly onLoopback: boolean
  readonly now: () => number
  relayed: number
  dropped: number
  readonly clock: Clock
  fault(error: unknown): void
  pressed(leg: number, digit: string, durationMs: number): void
}

/** More than any codec sends; what is above is dropped, so that a loop of streams or a flood stays bounded. */
const packetsPerSecond = 1000
/** Voice and video. */
const securePacketsPerSecond = 4000
/** RTP clock of every video codec (RFC 3551 §5), and of no voice codec. */
const videoRate = 90_000

/** RTP clock of G.711. */
const soundRate = 8000

const noTypes = new Int32Array(128)
const noRoute = new Uint16Array(128)

/** One leg's side of the relay: takes what its peer sends and hands it to the partner's socket. */
export class RelayLeg implements PortUser {
  readonly id: number
  readonly pair: PortPair
  readonly silenceMs: number
  readonly #shared: RelayShared
  readonly #latch = new Latch()
  readonly #reception = new Reception()
  /** What the peer is sent: voice, and behind it video once there is some. */
  readonly #streams: [voice: Continuity, video?: Continuity] = [new Continuity()]
  #videoReception: Reception | undefined
  #secure: SecureTransport | undefined
  readonly #allowed: (address: string, port: number) => boolean
  #announcedRtcp = ''
  #announcedRtcpPort = 0
  #rtcpAddress = ''
  #rtcpPort = 0
  #rtcpLocked = false
  #mux = false
  /** Clock rate by payload type, 0 when not negotiated, negative for key presses and comfort noise. */
  #types: Int32Array = noTypes
  #route: Uint16Array = noRoute
  #accepts = false
  #wants = false
  #expects = false
  partner: RelayLeg | undefined
  readonly hearing: Hearing
  /** What is played to the peer at present, in the partner's place. */
  playback: Playback | undefined
  /** The G.711 that the peer takes, as {@link SetCommand} says; undefined before the first negotiation. */
  sound: number | undefined
  /** Payload type of telephone events to the peer, -1 for none. */
  events = -1
  /** When the peer was heard last, or began to be expected; 0 while nothing is expected. */
  heardAt = 0
  #everBridged = false
  #sent = 0
  #bytesSent = 0
  #second = 0
  #inSecond = 0

  constructor(id: number, pair: PortPair, silenceMs: number, shared: RelayShared) {
    this.id = id
    this.pair = pair
    this.silenceMs = silenceMs
    this.#shared = shared
    const pressed = (digit: string, durationMs: number): void => shared.pressed(id, digit, durationMs)
    this.hearing = new Hearing(new TelephoneEvents(shared.clock, shared.now, pressed))
    this.#allowed = (address, port) =>
      isAllowedTarget(address, port, shared.onLoopback) && !(this.#ownPort(port) && this.#ownAddress(address))
  }

  /** Takes a negotiation's outcome. @param types interned table of clock rates */
  set(command: SetCommand, types: Int32Array): void {
    const { remote, remotePort, rtcp, rtcpPort } = command
    const usable = remote !== '' && this.#allowed(remote, remotePort)
    this.#latch.announce(usable ? remote : '', usable ? remotePort : 0)
    const control = rtcp !== '' && this.#allowed(rtcp, rtcpPort)
    if (this.#announcedRtcp !== (control ? rtcp : '') || this.#announcedRtcpPort !== (control ? rtcpPort : 0)) {
      this.#announcedRtcp = this.#rtcpAddress = control ? rtcp : ''
      this.#announcedRtcpPort = this.#rtcpPort = control ? rtcpPort : 0
      this.#rtcpLocked = false
    }
    this.#mux = command.mux
    this.#types = types
    this.#accepts = command.accepts
    this.#wants = command.wants
    this.sound = command.sound
    this.events = command.events
    this.hearing.set(command)
    this.#expects = command.expects
    this.watch()
  }

  /** Joins this direction. @param route interned table of route entries */
  join(partner: RelayLeg, route: Uint16Array): void {
    this.partner = partner
    this.#route = route
    this.#everBridged = true
    this.watch()
  }

  part(): void {
    this.partner = undefined
    this.#route = noRoute
  }

  /** Starts or stops the silence watch, as negotiation and bridge say. */
  watch(): void {
    const on = this.silenceMs > 0 && this.#expects && this.#everBridged
    if (!on) this.heardAt = 0
    else if (this.heardAt === 0) this.heardAt = this.#shared.now()
  }

  /** From now on the peer speaks WebRTC. */
  secure(handshakes: Handshakes, failed: (reason: string) => void): void {
    this.#secure ??= new SecureTransport({
      id: this.id,
      handshakes,
      failed,
      allowed: this.#allowed,
      send: (bytes, local, port, address) => (local === 0 ? this.pair.rtp : this.pair.rtcp)?.send(bytes, port, address),
    })
  }

  ice({ ufrag, password, remoteUfrag }: IceCommand): void {
    this.#secure?.ice(ufrag, password, remoteUfrag)
  }

  dtls(fingerprints: readonly string[]): void {
    this.#secure?.peer(fingerprints)
  }

  close(): void {
    this.hearing.close()
    this.#secure?.close()
  }

  rtp(bytes: Buffer, address: string, port: number): void {
    try {
      const taken = this.#secure
        ? this.#takeSecure(this.#secure, bytes, address, port, 0)
        : this.#takeRtp(bytes, address, port)
      if (!taken) this.#shared.dropped++
    } catch (error) {
      this.#shared.fault(error)
    }
  }

  rtcp(bytes: Buffer, address: string, port: number): void {
    try {
      const taken = this.#secure
        ? this.#takeSecure(this.#secure, bytes, address, port, 1)
        : this.#takeRtcp(bytes, address, port)
      if (!taken) this.#shared.dropped++
    } catch (error) {
      this.#shared.fault(error)
    }
  }

  #takeSecure(secure: SecureTransport, bytes: Buffer, address: string, port: number, local: 0 | 1): boolean {
    const plain = secure.receive(bytes, address, port, local)
    if (typeof plain === 'string') return plain === 'taken'
    const now = this.#shared.now()
    if (isRtcp(plain)) {
      missed(plain, (ssrc, sequence) => secure.again(ssrc, sequence))
      return this.#looksLikeRtcp(plain) && this.#passRtcp(plain, now)
    }
    const start = payloadStart(plain)
    const type = (plain[1] as number) & 0x7f
    const rate = this.#types[type] as number
    return start >= 0 && rate !== 0 && this.#passRtp(plain, start, type, rate, now)
  }

  #takeRtp(bytes: Buffer, address: string, port: number): boolean {
    const start = payloadStart(bytes)
    if (start < 0) return this.#mux && this.#looksLikeRtcp(bytes) && this.#takeRtcp(bytes, address, port)
    const second = bytes[1] as number
    if (this.#mux && second >= 192 && second <= 223) return this.#takeRtcp(bytes, address, port)
    const type = second & 0x7f
    const rate = this.#types[type] as number
    if (rate === 0) return false
    const now = this.#shared.now()
    const latch = this.#latch
    if (!(latch.locked && port === latch.port && address === latch.address)) {
      if (!latch.accept(address, port, read32(bytes, 8), read16(bytes, 2), now, this.#allowed)) return false
    }
    return this.#passRtp(bytes, start, type, rate, now)
  }

  /** Counts a packet that is the peer's and hands it on. */
  #passRtp(bytes: Buffer, start: number, type: number, rate: number, now: number): boolean {
    if (!this.#accepts || this.#flooded(now)) return false
    const reception = rate === videoRate ? this.#video() : this.#reception
    reception.count(read32(bytes, 8), read16(bytes, 2), read32(bytes, 4), rate, bytes.length, now)
    if (this.heardAt !== 0) this.heardAt = now
    if (rate !== videoRate) this.hearing.take(bytes, start, type, rate < 0 ? -rate : rate, now)
    const { partner } = this
    // Nobody to hear it yet: no loss.
    if (!partner) return true
    const entry = this.#route[type] as number
    if (entry === 0) return false
    if (!partner.#wants || (partner.playback && rate !== videoRate)) return true
    return partner.#send(bytes, start, entry, this.id, rate < 0 ? -rate : rate, now)
  }

  #video(): Reception {
    this.#videoReception ??= new Reception()
    return this.#videoReception
  }

  /** Sends a packet of the partner to this leg's peer, changed in place. */
  #send(bytes: Buffer, start: number, entry: number, source: number, rate: number, now: number): boolean {
    if (entry & (toPcma | toPcmu)) {
      const end = payloadEnd(bytes, start)
      if (end < 0) return false
      convert(bytes, start, end, entry & toPcma ? pcmuToPcma : pcmaToPcmu)
    }
    bytes[1] = ((bytes[1] as number) & 0x80) | (entry & 0x7f)
    if (!this.#dispatch(bytes, source, rate, now)) return false
    this.#shared.relayed++
    return true
  }

  /** Whether there is a way to the peer: an address, for WebRTC a finished handshake. */
  get reachable(): boolean {
    if (this.#secure) return this.#secure.ready
    const { address, port } = this.#latch
    return port !== 0 && !(this.partner && port === this.partner.pair.port && this.#ownAddress(address))
  }

  /** Sends a packet of G.711 that was made here. @param source tells it from what comes of legs */
  play(bytes: Buffer, source: number, now: number): void {
    if (this.#wants) this.#dispatch(bytes, source, soundRate, now)
  }

  /** Sends a packet with the numbers that continue the peer's stream. */
  #dispatch(bytes: Buffer, source: number, rate: number, now: number): boolean {
    if (!this.reachable) return false
    const secure = this.#secure
    const { address, port } = this.#latch
    const stream = rate === videoRate ? this.#videoStream() : this.#streams[0]
    stream.apply(bytes, source, rate, now)
    if (rate !== videoRate) this.hearing.said(bytes, now)
    if (secure) {
      const outcome = secure.sendRtp(bytes, rate === videoRate)
      if (outcome === 'old') stream.splice()
      if (outcome !== 'sent') return false
    } else this.pair.rtp?.send(bytes, port, address)
    this.#sent++
    this.#bytesSent += bytes.length
    return true
  }

  #videoStream(): Continuity {
    this.#streams[1] ??= new Continuity()
    return this.#streams[1]
  }

  #looksLikeRtcp(bytes: Buffer): boolean {
    return bytes.length >= 8 && (bytes[1] as number) >= 192 && (bytes[1] as number) <= 223
  }

  #takeRtcp(bytes: Buffer, address: string, port: number): boolean {
    if (!this.#looksLikeRtcp(bytes) || !this.#isRtcpSource(address, port)) return false
    return this.#passRtcp(bytes, this.#shared.now())
  }

  #passRtcp(bytes: Buffer, now: number): boolean {
    if (this.#flooded(now)) return false
    const { partner } = this
    if (!partner) return true
    const length = relayedRtcp(bytes, partner.#streams as Continuity[], this.#streams as Continuity[])
    if (length === 0) return false
    return partner.#sendRtcp(length === bytes.length ? bytes : bytes.subarray(0, length))
  }

  #isRtcpSource(address: string, port: number): boolean {
    const latch = this.#latch
    if (this.#mux) return port === latch.port && address === latch.address
    if (port === this.#rtcpPort && address === this.#rtcpAddress) {
      this.#rtcpLocked = true
      return true
    }
    // Behind NAT: the same host as the RTP stream's, whatever port comes first.
    if (this.#rtcpLocked || !latch.locked || address !== latch.address || !this.#allowed(address, port)) return false
    this.#rtcpAddress = address
    this.#rtcpPort = port
    this.#rtcpLocked = true
    return true
  }

  #sendRtcp(bytes: Buffer): boolean {
    if (this.#secure) return this.#secure.sendRtcp(bytes)
    const socket = this.#mux ? this.pair.rtp : this.pair.rtcp
    const address = this.#mux ? this.#latch.address : this.#rtcpAddress
    const port = this.#mux ? this.#latch.port : this.#rtcpPort
    if (port === 0 || !socket) return false
    socket.send(bytes, port, address)
    return true
  }

  #flooded(now: number): boolean {
    if (now - this.#second >= 1000 || now < this.#second) {
      this.#second = now
      this.#inSecond = 0
    }
    return ++this.#inSecond > (this.#secure ? securePacketsPerSecond : packetsPerSecond)
  }

  #ownPort(port: number): boolean {
    return port === this.pair.port || port === this.pair.port + 1
  }

  #ownAddress(address: string): boolean {
    return address === this.#shared.address || address === this.#shared.publicAddress
  }

  numbers(): LegNumbers {
    const { packets, bytes, lost, jitterMs } = this.#reception
    const video = this.#videoReception
    return {
      packetsReceived: packets + (video?.packets ?? 0),
      packetsSent: this.#sent,
      bytesReceived: bytes + (video?.bytes ?? 0),
      bytesSent: this.#bytesSent,
      lost: lost + (video?.lost ?? 0),
      jitterMs: Math.round(jitterMs * 100) / 100,
    }
  }
}
