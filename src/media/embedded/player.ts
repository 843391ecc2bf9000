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
   */
  next(type: number, aLaw: boolean): Buffer | undefined {
    const bytes = Buffer.allocUnsafe(rtpHeader + frameSamples)
    if (!this.#fill(bytes, aLaw ? pcmaOf : pcmuOf)) return undefined
    bytes[0] = 0x80
    bytes[1] = type | (this.#fresh ? 0x80 : 0)
    write16(bytes, 2, this.#sequence)
    write32(bytes, 4, this.#timestamp)
    write32(bytes, 8, this.#ssrc)
    this.#fresh = false
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + frameSamples) >>> 0
    return bytes
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
