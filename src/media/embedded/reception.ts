/** What one leg received (RFC 3550 appendix A.1, A.3 and A.8), over all streams it had. */
export class Reception {
  packets = 0
  bytes = 0
  #ssrc = -1
  #base = 0
  #highest = 0
  #cycles = 0
  #streamPackets = 0
  #earlierLost = 0
  #transit = 0
  #timestamp = -1
  /** In timestamp units of {@link #rate}. */
  #jitter = 0
  #rate = 8000

  /**
   * Counts a packet.
   * @param rate clock rate in Hz; 0 for packets that say nothing about jitter (key presses, comfort noise)
   * @param now arrival in ms, fractions welcome
   */
  count(ssrc: number, sequence: number, timestamp: number, rate: number, length: number, now: number): void {
    this.packets++
    this.bytes += length
    const ahead = (sequence - this.#highest) & 0xffff
    // A jump of a minute forward is a restart of the phone's counter, no loss.
    if (ssrc !== this.#ssrc || (ahead > 3000 && ahead < 0x8000)) this.#start(ssrc, sequence)
    else if (ahead < 0x8000) {
      if (sequence < this.#highest) this.#cycles += 0x1_0000
      this.#highest = sequence
    } else if (this.#cycles === 0 && ((this.#base - sequence) & 0xffff) < 100) this.#base = sequence
    this.#streamPackets++
    if (rate === 0 || timestamp === this.#timestamp) return
    const transit = (now * rate) / 1000 - timestamp
    if (this.#timestamp >= 0 && rate === this.#rate) {
      const difference = Math.abs(transit - this.#transit)
      // Further apart than a second is a pause or a wrapped timestamp.
      if (difference < rate) this.#jitter += (difference - this.#jitter) / 16
    }
    this.#rate = rate
    this.#transit = transit
    this.#timestamp = timestamp
  }

  #start(ssrc: number, sequence: number): void {
    this.#earlierLost = this.lost
    this.#ssrc = ssrc
    this.#base = sequence
    this.#highest = sequence
    this.#cycles = 0
    this.#streamPackets = 0
    this.#timestamp = -1
  }

  /** Packets missing by sequence number; never negative, whatever was doubled. */
  get lost(): number {
    if (this.#ssrc < 0) return 0
    const expected = this.#cycles + this.#highest - this.#base + 1
    return this.#earlierLost + Math.max(0, expected - this.#streamPackets)
  }

  get jitterMs(): number {
    return (this.#jitter * 1000) / this.#rate
  }
}
