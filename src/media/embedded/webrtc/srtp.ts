import { createCipheriv, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { payloadStart, read16, read32 } from '../rtp.ts'

/** SRTP with AES_CM_128_HMAC_SHA1_80 (RFC 3711), the profile that every WebRTC peer has. */

export const masterKeyLength = 16
export const masterSaltLength = 14
const tagLength = 10
/** Packets behind the newest that may still come, once each. */
const windowLength = 128
/** Streams of one peer; who has more has left some behind. */
const mostStreams = 64

const label = { rtp: 0, rtcp: 3 } as const

interface Keys {
  readonly cipher: KeyObject
  readonly auth: KeyObject
  readonly salt: Buffer
}

/** A session key by AES-CM with an index of 0 (RFC 3711 §4.3). @param which label of §4.3.1 or §4.3.2 */
export function derive(masterKey: KeyObject, masterSalt: Buffer, which: number, length: number): Buffer {
  const iv = Buffer.alloc(16)
  masterSalt.copy(iv)
  iv[7] = (iv[7] as number) ^ which
  return createCipheriv('aes-128-ctr', masterKey, iv).update(Buffer.alloc(length))
}

function sessionKeys(master: Buffer, salt: Buffer, first: number): Keys {
  const key = createSecretKey(master)
  return {
    cipher: createSecretKey(derive(key, salt, first, 16)),
    auth: createSecretKey(derive(key, salt, first + 1, 20)),
    salt: derive(key, salt, first + 2, masterSaltLength),
  }
}

const iv = Buffer.alloc(16)
const rollover = Buffer.alloc(4)

/** The initial counter (RFC 3711 §4.1.1). @param high upper 32 bits of the packet index, `low` its lower 16 */
function counter(salt: Buffer, ssrc: number, high: number, low: number): Buffer {
  salt.copy(iv)
  iv[14] = 0
  iv[15] = 0
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4)
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ high) >>> 0, 8)
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ low, 12)
  return iv
}

function tagOf(auth: KeyObject, bytes: Uint8Array, more?: Buffer): Buffer {
  const hmac = createHmac('sha1', auth).update(bytes)
  if (more) hmac.update(more)
  return hmac.digest()
}

/** Which packets of one stream were seen: index estimation (RFC 3711 §3.3.1) and replay window (§3.3.2). */
class Stream {
  rolls = 0
  highest = -1
  readonly #seen = new Uint32Array(windowLength / 32)

  /** The rollover count that a sequence number belongs to; -1 for what came before the first. */
  rollsOf(sequence: number): number {
    if (this.highest < 0) return 0
    const last = this.highest & 0xffff
    if (last < 0x8000) return sequence - last > 0x8000 ? this.rolls - 1 : this.rolls
    return last - 0x8000 > sequence ? this.rolls + 1 : this.rolls
  }

  /** Whether the packet is new. `old`: behind the window. */
  look(index: number): 'new' | 'seen' | 'old' {
    if (index < 0) return 'old'
    if (this.highest < 0 || index > this.highest) return 'new'
    if (this.highest - index >= windowLength) return 'old'
    const bit = index % windowLength
    return (this.#seen[bit >> 5] as number) & (1 << (bit & 31)) ? 'seen' : 'new'
  }

  mark(index: number): void {
    if (index > this.highest) {
      const from = this.highest < 0 ? index : Math.max(this.highest + 1, index - windowLength + 1)
      for (let each = from; each <= index; each++) this.#clear(each % windowLength)
      this.highest = index
      this.rolls = Math.floor(index / 0x1_0000)
    }
    const bit = index % windowLength
    this.#seen[bit >> 5] = (this.#seen[bit >> 5] as number) | (1 << (bit & 31))
  }

  #clear(bit: number): void {
    this.#seen[bit >> 5] = (this.#seen[bit >> 5] as number) & ~(1 << (bit & 31))
  }
}

function streamOf(streams: Map<number, Stream>, ssrc: number): Stream {
  const known = streams.get(ssrc)
  if (known) return known
  if (streams.size >= mostStreams) streams.delete(streams.keys().next().value as number)
  const stream = new Stream()
  streams.set(ssrc, stream)
  return stream
}

/** Protects what is sent. Never encrypts two packets with one key stream: a number used before is refused. */
export class SrtpSender {
  readonly #rtp: Keys
  readonly #rtcp: Keys
  readonly #streams = new Map<number, Stream>()
  #rtcpIndex = 0

  /** @param key 16 octets, `salt` 14 octets */
  constructor(key: Buffer, salt: Buffer) {
    this.#rtp = sessionKeys(key, salt, label.rtp)
    this.#rtcp = sessionKeys(key, salt, label.rtcp)
  }

  /** The protected packet; `seen` or `old` when its sequence number was used before or is too far behind. */
  rtp(packet: Buffer): Buffer | 'seen' | 'old' {
    const start = payloadStart(packet)
    if (start < 0) return 'old'
    const ssrc = read32(packet, 8)
    const sequence = read16(packet, 2)
    if (!this.#streams.has(ssrc) && this.#streams.size >= mostStreams) return 'old'
    const stream = streamOf(this.#streams, ssrc)
    const rolls = stream.rollsOf(sequence)
    const index = rolls * 0x1_0000 + sequence
    const state = stream.look(index)
    if (state !== 'new') return state
    stream.mark(index)
    const { cipher, auth, salt } = this.#rtp
    const result = Buffer.allocUnsafe(packet.length + tagLength)
    packet.copy(result, 0, 0, start)
    const hidden = createCipheriv('aes-128-ctr', cipher, counter(salt, ssrc, rolls, sequence)).update(
      packet.subarray(start),
    )
    hidden.copy(result, start)
    rollover.writeUInt32BE(rolls)
    tagOf(auth, result.subarray(0, packet.length), rollover).copy(result, packet.length, 0, tagLength)
    return result
  }

  /** The protected compound packet (RFC 3711 §3.4). */
  rtcp(packet: Buffer): Buffer {
    const index = this.#rtcpIndex
    this.#rtcpIndex = (index + 1) & 0x7fff_ffff
    const { cipher, auth, salt } = this.#rtcp
    const result = Buffer.allocUnsafe(packet.length + 4 + tagLength)
    packet.copy(result, 0, 0, 8)
    const start = counter(salt, read32(packet, 4), index >>> 16, index & 0xffff)
    createCipheriv('aes-128-ctr', cipher, start).update(packet.subarray(8)).copy(result, 8)
    result.writeUInt32BE((index | 0x8000_0000) >>> 0, packet.length)
    tagOf(auth, result.subarray(0, packet.length + 4)).copy(result, packet.length + 4, 0, tagLength)
    return result
  }
}

/** Opens what was received; a packet that is not genuine, or comes a second time, opens to undefined and changes nothing. */
export class SrtpReceiver {
  readonly #rtp: Keys
  readonly #rtcp: Keys
  readonly #streams = new Map<number, Stream>()
  readonly #controls = new Map<number, Stream>()

  /** @param key 16 octets, `salt` 14 octets */
  constructor(key: Buffer, salt: Buffer) {
    this.#rtp = sessionKeys(key, salt, label.rtp)
    this.#rtcp = sessionKeys(key, salt, label.rtcp)
  }

  /** The plain packet, in the bytes that came. */
  rtp(bytes: Buffer): Buffer | undefined {
    const length = bytes.length - tagLength
    const start = length < 12 ? -1 : payloadStart(bytes.subarray(0, length))
    if (start < 0) return undefined
    const ssrc = read32(bytes, 8)
    const sequence = read16(bytes, 2)
    const stream = this.#streams.get(ssrc)
    const rolls = stream ? stream.rollsOf(sequence) : 0
    const index = rolls * 0x1_0000 + sequence
    if (stream && stream.look(index) !== 'new') return undefined
    const { cipher, auth, salt } = this.#rtp
    const packet = bytes.subarray(0, length)
    rollover.writeUInt32BE(rolls)
    if (!genuine(tagOf(auth, packet, rollover), bytes.subarray(length)))
      return undefined
      // Only a genuine packet begins a stream: nobody else can make us remember anything.
    ;(stream ?? streamOf(this.#streams, ssrc)).mark(index)
    createCipheriv('aes-128-ctr', cipher, counter(salt, ssrc, rolls, sequence))
      .update(packet.subarray(start))
      .copy(packet, start)
    return packet
  }

  /** The plain compound packet, in the bytes that came. */
  rtcp(bytes: Buffer): Buffer | undefined {
    const tagAt = bytes.length - tagLength
    const indexAt = tagAt - 4
    if (indexAt < 8) return undefined
    const word = bytes.readUInt32BE(indexAt)
    const index = word & 0x7fff_ffff
    const ssrc = read32(bytes, 4)
    const stream = this.#controls.get(ssrc)
    if (stream && stream.look(index) !== 'new') return undefined
    const { cipher, auth, salt } = this.#rtcp
    if (!genuine(tagOf(auth, bytes.subarray(0, tagAt)), bytes.subarray(tagAt))) return undefined
    ;(stream ?? streamOf(this.#controls, ssrc)).mark(index)
    const packet = bytes.subarray(0, indexAt)
    if (word >>> 31 === 1) {
      const start = counter(salt, ssrc, index >>> 16, index & 0xffff)
      createCipheriv('aes-128-ctr', cipher, start).update(packet.subarray(8)).copy(packet, 8)
    }
    return packet
  }
}

function genuine(tag: Buffer, given: Buffer): boolean {
  return given.length === tagLength && timingSafeEqual(tag.subarray(0, tagLength), given)
}
