import type { HandshakeListener, Handshakes } from './handshakes.ts'
import { IceLite } from './ice.ts'
import { masterKeyLength, masterSaltLength, SrtpReceiver, SrtpSender } from './srtp.ts'
import { isStun } from './stun.ts'

/** What a secure transport needs of its leg. */
export interface SecureSurroundings {
  readonly id: number
  readonly handshakes: Handshakes
  /** Whether an address may be sent to. */
  allowed(address: string, port: number): boolean
  /** Sends a datagram from the first or second port. */
  send(bytes: Buffer, local: 0 | 1, port: number, address: string): void
  /** Says why there is no media. */
  failed(reason: string): void
}

/** DTLS packets that came before the peer's description; a ClientHello and its repetition. */
const mostEarly = 4
/** Sent video packets that are kept for a peer that misses one. */
const keptPackets = 256

/** The ways of one WebRTC peer: ICE, DTLS and SRTP on the two ports of a leg. */
export class SecureTransport implements HandshakeListener {
  readonly #surroundings: SecureSurroundings
  readonly #ice: IceLite
  #fingerprints = ''
  #early: Buffer[] = []
  #sender: SrtpSender | undefined
  #receiver: SrtpReceiver | undefined
  /** Protected packets by the low bits of their sequence number. */
  #kept: (Buffer | undefined)[] | undefined

  constructor(surroundings: SecureSurroundings) {
    this.#surroundings = surroundings
    this.#ice = new IceLite((address, port) => surroundings.allowed(address, port))
  }

  /** See {@link IceLite.credentials}. */
  ice(ufrag: string, password: string, remoteUfrag: string): void {
    this.#ice.credentials(ufrag, password, remoteUfrag)
  }

  /** The peer's description names these certificates. Others than before are another peer: a new handshake (RFC 8842 §5). */
  peer(fingerprints: readonly string[]): void {
    const text = fingerprints.join(',')
    if (text === this.#fingerprints) return
    this.#fingerprints = text
    this.#sender = undefined
    this.#receiver = undefined
    const { handshakes, id } = this.#surroundings
    handshakes.start(id, fingerprints, this)
    for (const bytes of this.#early.splice(0)) handshakes.packet(id, bytes)
  }

  /** Takes a datagram. @returns the plain RTP or RTCP packet; `taken` for what belongs to the transport, `dropped` for what is not the peer's */
  receive(bytes: Buffer, address: string, port: number, local: 0 | 1): Buffer | 'taken' | 'dropped' {
    if (isStun(bytes)) {
      const answer = this.#ice.check(bytes, address, port, local)
      if (!answer) return 'dropped'
      this.#surroundings.send(answer, local, port, address)
      return 'taken'
    }
    if (!this.#ice.knows(address, port, local) || bytes.length < 12) return 'dropped'
    const first = bytes[0] as number
    if (first >= 20 && first < 64) {
      this.#handshake(bytes)
      return 'taken'
    }
    if (!this.#receiver || first < 128 || first > 191) return 'dropped'
    return (isRtcp(bytes) ? this.#receiver.rtcp(bytes) : this.#receiver.rtp(bytes)) ?? 'dropped'
  }

  #handshake(bytes: Buffer): void {
    const { handshakes, id } = this.#surroundings
    if (this.#fingerprints !== '') handshakes.packet(id, bytes)
    else if (this.#early.length < mostEarly) this.#early.push(bytes)
  }

  /** Whether packets can go out: keys and a way are known. */
  get ready(): boolean {
    return this.#sender !== undefined && this.#ice.selected !== undefined
  }

  /** Sends RTP. @param keep whether the peer may ask for it again; `old`: the numbers jumped back, the stream must go on with others */
  sendRtp(packet: Buffer, keep: boolean): 'sent' | 'old' | 'dropped' {
    if (!this.#sender || !this.#ice.selected) return 'dropped'
    const bytes = this.#sender.rtp(packet)
    if (typeof bytes === 'string') return bytes === 'old' ? 'old' : 'dropped'
    if (keep) {
      this.#kept ??= new Array(keptPackets).fill(undefined)
      this.#kept[packet.readUInt16BE(2) % keptPackets] = bytes
    }
    this.send(bytes)
    return 'sent'
  }

  sendRtcp(packet: Buffer): boolean {
    if (!this.#sender || !this.#ice.selected) return false
    this.send(this.#sender.rtcp(packet))
    return true
  }

  /** Sends a packet again that the peer misses, as it was. False when it is not kept any more. */
  again(ssrc: number, sequence: number): boolean {
    const bytes = this.#kept?.[sequence % keptPackets]
    if (!bytes || bytes.readUInt16BE(2) !== sequence || bytes.readUInt32BE(8) !== ssrc) return false
    this.send(bytes)
    return true
  }

  send(bytes: Buffer): void {
    const path = this.#ice.selected
    if (path) this.#surroundings.send(bytes, path.local, path.port, path.address)
  }

  keys(material: Buffer): void {
    const saltAt = 2 * masterKeyLength
    const key = (which: 0 | 1): Buffer => material.subarray(which * masterKeyLength, (which + 1) * masterKeyLength)
    const salt = (which: 0 | 1): Buffer =>
      material.subarray(saltAt + which * masterSaltLength, saltAt + (which + 1) * masterSaltLength)
    this.#receiver = new SrtpReceiver(key(0), salt(0))
    this.#sender = new SrtpSender(key(1), salt(1))
    this.#kept = undefined
  }

  failed(reason: string): void {
    this.#sender = undefined
    this.#receiver = undefined
    this.#surroundings.failed(reason)
  }

  close(): void {
    this.#surroundings.handshakes.end(this.#surroundings.id)
  }
}

/** RTP and RTCP share the port (RFC 5761 §4). */
export function isRtcp(bytes: Uint8Array): boolean {
  return (bytes[1] as number) >= 192 && (bytes[1] as number) <= 223
}
