/** Hears what a leg's peer says, where that is G.711. */
export interface Listener {
  /** @param samples of one packet, the listener's only until it returns @param timestamp of the packet, 8 kHz */
  hear(samples: Int16Array, timestamp: number, ssrc: number, now: number): void
  /** The leg is closed. */
  close(): void
}
