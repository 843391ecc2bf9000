import type { Clock, Timer } from '#lib'
import { read16, read32 } from './rtp.ts'

const names = '0123456789*#ABCD'
/** A key whose end is lost counts as released after so much silence. */
const lostMs = 200
/** Nobody presses more keys in a second; a peer that says so is not told on. */
const keysPerSecond = 30
/** The longest that one segment lasts (RFC 4733 §2.5.1.3). */
const segment = 0xffff

/** Makes one key press of the packets of each telephone event (RFC 4733 §2.5). */
export class TelephoneEvents {
  readonly #clock: Clock
  readonly #now: () => number
  readonly #pressed: (digit: string, durationMs: number) => void
  #code = -1
  #ssrc = -1
  #timestamp = 0
  /** Of the segments before, in timestamp units. */
  #earlier = 0
  #duration = 0
  #rate = 8000
  #over = true
  #seenAt = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #second = 0
  #inSecond = 0

  constructor(clock: Clock, now: () => number, pressed: (digit: string, durationMs: number) => void) {
    this.#clock = clock
    this.#now = now
    this.#pressed = pressed
  }

  /** Takes a packet of a negotiated telephone-event type. @param rate its clock rate in Hz */
  take(bytes: Uint8Array, start: number, rate: number): void {
    if (bytes.length < start + 4) return
    const code = bytes[start] as number
    if (code >= names.length) return
    const now = this.#now()
    const ssrc = read32(bytes, 8)
    const timestamp = read32(bytes, 4)
    const duration = read16(bytes, start + 2)
    if (code !== this.#code || timestamp !== this.#timestamp || ssrc !== this.#ssrc) {
      const ahead = (timestamp - this.#timestamp) >>> 0
      const late = ssrc === this.#ssrc && ahead > 0x8000_0000 && now - this.#seenAt < 2000
      if (late) return
      if (!this.#over && ssrc === this.#ssrc && code === this.#code && ahead === segment) this.#earlier += segment
      else {
        this.#finish()
        this.#earlier = 0
      }
      this.#code = code
      this.#ssrc = ssrc
      this.#timestamp = timestamp
      this.#duration = 0
      this.#over = false
      this.#rate = rate
      this.#timer ??= this.#clock.setTimeout(() => this.#look(), lostMs)
    }
    this.#seenAt = now
    this.#duration = Math.max(this.#duration, duration)
    if ((bytes[start + 1] as number) & 0x80) this.#finish()
  }

  close(): void {
    this.#over = true
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    this.#timer = undefined
    const left = this.#seenAt + lostMs - this.#now()
    if (left <= 0) this.#finish()
    else if (!this.#over) this.#timer = this.#clock.setTimeout(() => this.#look(), Math.ceil(left))
  }

  #finish(): void {
    if (this.#over) return
    this.close()
    const now = this.#now()
    if (now - this.#second >= 1000) {
      this.#second = now
      this.#inSecond = 0
    }
    if (++this.#inSecond > keysPerSecond) return
    this.#pressed(names[this.#code] as string, Math.round((1000 * (this.#earlier + this.#duration)) / this.#rate))
  }
}
