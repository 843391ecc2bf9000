import type { Cut } from '../voices/samples.ts'
import { pcmaOf, pcmuOf } from './g711.ts'
import { rtpHeader, write16, write32 } from './rtp.ts'

/** Samples of one packet: 20 ms. */
export const frameSamples = 160

/** Plays one sound as RTP packets of 20 ms: a source of its own to whoever it is sent. */
export class Player {
  /** Number of the playing, also in what is told about it. */
  readonly id: number
  readonly #cuts: readonly Cut[]
  readonly #loop: boolean
  readonly #ssrc: number
  #sequence: number
  #timestamp: number
  #fresh = true
  #cut = 0
  /** Samples of the present cut that were played. */
  #at = 0
  /** The key that is being sent as an event, with its end still to be repeated so many times. */
  #event: { readonly key: number; readonly timestamp: number; duration: number; ends: number } | undefined

  /** @param seed 32 random bits: SSRC and first numbers come from it */
  constructor(id: number, cuts: readonly Cut[], loop: boolean, seed: number) {
    this.id = id
    this.#cuts = cuts
    this.#loop = loop
    this.#ssrc = seed >>> 0
    this.#sequence = (seed >>> 7) & 0x7fff
    this.#timestamp = Math.imul(seed, 0x9e37_79b1) >>> 0
  }

  /** So much time went by without a packet: the timestamps follow it (RFC 3550 §5.1), the sound goes on where it was. */
  pass(frames: number): void {
    this.#timestamp = (this.#timestamp + frames * frameSamples) >>> 0
    this.#fresh = true
  }

  /**
   * The next packet; undefined when all was played. What is left of the last 20 ms is silent.
   * @param aLaw whether the receiver takes A-law, else µ-law
   * @param events payload type of telephone events of 8 kHz; -1 when keys go out as tones
   */
  next(type: number, aLaw: boolean, events: number): Buffer | undefined {
    const pressed = events >= 0 ? this.#press() : undefined
    if (pressed) return this.#packet(pressed.bytes, events, pressed.first, pressed.timestamp)
    const bytes = Buffer.allocUnsafe(rtpHeader + frameSamples)
    if (!this.#fill(bytes, aLaw ? pcmaOf : pcmuOf)) return undefined
    return this.#packet(bytes, type, this.#fresh, this.#timestamp)
  }

  #packet(bytes: Buffer, type: number, marker: boolean, timestamp: number): Buffer {
    bytes[0] = 0x80
    bytes[1] = type | (marker ? 0x80 : 0)
    write16(bytes, 2, this.#sequence)
    write32(bytes, 4, timestamp)
    write32(bytes, 8, this.#ssrc)
    this.#fresh = false
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + frameSamples) >>> 0
    return bytes
  }

  /** The next packet of a key, which has the timestamp of its beginning; its end is sent three times (RFC 4733 §2.5.1). */
  #press(): { bytes: Buffer; first: boolean; timestamp: number } | undefined {
    const cut = this.#cuts[this.#cut]
    let first = false
    if (cut?.key !== undefined && this.#at === 0) {
      this.#event = { key: cut.key, timestamp: this.#timestamp, duration: 0, ends: 2 }
      first = true
    }
    const event = this.#event
    if (!event) return undefined
    if (cut?.key === undefined) {
      // In the gap behind it.
      if (event.ends-- === 0) this.#event = undefined
      if (!this.#event) return undefined
      this.#skip()
    } else {
      event.duration += frameSamples
      this.#skip()
    }
    const over = this.#at === 0 || cut?.key === undefined
    const bytes = Buffer.alloc(rtpHeader + 4)
    bytes[rtpHeader] = event.key
    // Volume as of -10 dBm0.
    bytes[rtpHeader + 1] = (over ? 0x80 : 0) | 10
    write16(bytes, rtpHeader + 2, event.duration)
    return { bytes, first, timestamp: event.timestamp }
  }

  /** Leaves 20 ms of the present cut out. */
  #skip(): void {
    const length = this.#cuts[this.#cut]?.length ?? 0
    this.#at += frameSamples
    if (this.#at < length) return
    this.#cut++
    this.#at = 0
  }

  #fill(bytes: Buffer, law: Uint8Array): boolean {
    let to = rtpHeader
    const end = rtpHeader + frameSamples
    while (to < end) {
      const cut = this.#cuts[this.#cut]
      if (!cut) {
        if (this.#loop && this.#cuts.length > 0) {
          this.#cut = 0
          continue
        }
        if (to === rtpHeader) return false
        bytes.fill(law[0] as number, to, end)
        return true
      }
      // Events begin with a packet.
      if (cut.key !== undefined && this.#at === 0 && to > rtpHeader) {
        bytes.fill(law[0] as number, to, end)
        return true
      }
      const { samples, length } = cut
      const count = Math.min(end - to, length - this.#at)
      let from = this.#at % samples.length
      for (let i = 0; i < count; i++) {
        bytes[to++] = law[(samples[from++] as number) & 0xffff] as number
        if (from === samples.length) from = 0
      }
      this.#at += count
      if (this.#at >= length) {
        this.#cut++
        this.#at = 0
      }
    }
    return true
  }
}
