import { read16, read32, write16, write32 } from './rtp.ts'

/**
 * Keeps what one leg is sent a single RTP stream when the leg's partner is swapped: the new partner's packets get the old SSRC, the next
 * sequence number and a timestamp that fits the time that has passed. As long as the first partner stays, packets pass untouched, also
 * when that partner changes its SSRC itself.
 */
export class Continuity {
  #source = -1
  /** SSRC of the source's packets and of ours. */
  #from = -1
  #to = -1
  #sequenceOffset = 0
  #timestampOffset = 0
  #lastSequence = 0
  #lastTimestamp = 0
  #lastAt = 0
  /** True from the first swap on. */
  #rewrites = false

  /** SSRC the peer knows us by; -1 before the first packet. */
  get ssrc(): number {
    return this.#to
  }

  /** Whether a packet of the source with this SSRC reaches the peer under another. */
  get rewrites(): boolean {
    return this.#rewrites
  }

  /** SSRC of the source whose packets are sent; -1 before the first packet. */
  get sourceSsrc(): number {
    return this.#from
  }

  /** The source's numbers jumped back to ones that were sent before: from the next packet on they are continued like another source's. */
  splice(): void {
    this.#rewrites = true
    this.#from = -1
  }

  /** Changes the header in place where it must. @param source id of the sending leg; `rate` clock rate in Hz; `now` ms */
  apply(bytes: Uint8Array, source: number, rate: number, now: number): void {
    const ssrc = read32(bytes, 8)
    let sequence = read16(bytes, 2)
    let timestamp = read32(bytes, 4)
    if (source !== this.#source || ssrc !== this.#from) {
      if (this.#source < 0 || (source === this.#source && !this.#rewrites)) this.#to = ssrc
      else {
        this.#rewrites = true
        this.#sequenceOffset = (this.#lastSequence + 1 - sequence) & 0xffff
        const passed = Math.max(20, now - this.#lastAt)
        this.#timestampOffset = (this.#lastTimestamp + Math.round((passed * rate) / 1000) - timestamp) >>> 0
        bytes[1] = (bytes[1] as number) | 0x80
      }
      this.#lastSequence = (sequence + this.#sequenceOffset) & 0xffff
      this.#source = source
      this.#from = ssrc
    }
    if (this.#rewrites) {
      sequence = (sequence + this.#sequenceOffset) & 0xffff
      timestamp = (timestamp + this.#timestampOffset) >>> 0
      write16(bytes, 2, sequence)
      write32(bytes, 4, timestamp)
      write32(bytes, 8, this.#to)
    }
    if (((sequence - this.#lastSequence) & 0xffff) < 0x8000) {
      this.#lastSequence = sequence
      this.#lastTimestamp = timestamp
      this.#lastAt = now
    }
  }

  /** The timestamp that a source's timestamp has on its way out, for RTCP sender reports. */
  timestampOut(timestamp: number): number {
    return (timestamp + this.#timestampOffset) >>> 0
  }
}
