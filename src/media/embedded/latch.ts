/**
 * Learns where a peer's packets come from and then holds on to it (RFC 4961). The rule:
 *
 * 1. The address of the peer's SDP is the target. A packet from it locks the source at once.
 * 2. A packet from elsewhere (a phone behind NAT) must be followed by two more with the same SSRC and consecutive sequence numbers, with
 *    nothing from the announced address in between. Then that source is locked, and packets go back there.
 * 3. For {@link learningMs} after the first lock the announced address still wins over a source learnt by rule 2.
 * 4. Afterwards nothing changes the source but an offer or answer with another address, which starts at 1.
 *
 * Packets from any other source are dropped, also while learning.
 */
export const learningMs = 5000
const probation = 3

export class Latch {
  /** Where packets go and, once locked, the only place they may come from. '' when nothing is known yet. */
  address = ''
  port = 0
  locked = false
  #announcedAddress = ''
  #announcedPort = 0
  #closesAt = 0
  #candidateAddress = ''
  #candidatePort = 0
  #candidateSsrc = 0
  #candidateSequence = 0
  #candidateCount = 0

  /** The peer's SDP says `address` and `port`; '' and 0 when it says nothing usable. Nothing happens when it says the same as before. */
  announce(address: string, port: number): boolean {
    if (address === this.#announcedAddress && port === this.#announcedPort) return false
    this.#announcedAddress = address
    this.#announcedPort = port
    this.address = address
    this.port = port
    this.locked = false
    this.#closesAt = 0
    this.#candidateCount = 0
    return true
  }

  /** Whether a packet from this source is the peer's. @param now ms; `allowed` says whether a source may be learnt at all */
  accept(
    address: string,
    port: number,
    ssrc: number,
    sequence: number,
    now: number,
    allowed: (address: string, port: number) => boolean,
  ): boolean {
    if (this.locked && port === this.port && address === this.address) return true
    if (this.locked && (this.#closesAt === 0 || now >= this.#closesAt)) return false
    if (port === this.#announcedPort && address === this.#announcedAddress) {
      this.#lock(address, port, now)
      return true
    }
    if (this.locked) return false
    const follows =
      this.#candidateCount > 0 &&
      port === this.#candidatePort &&
      address === this.#candidateAddress &&
      ssrc === this.#candidateSsrc &&
      sequence === ((this.#candidateSequence + 1) & 0xffff)
    if (!follows && !allowed(address, port)) return false
    this.#candidateAddress = address
    this.#candidatePort = port
    this.#candidateSsrc = ssrc
    this.#candidateSequence = sequence
    this.#candidateCount = follows ? this.#candidateCount + 1 : 1
    if (this.#candidateCount < probation) return false
    this.#lock(address, port, now)
    return true
  }

  #lock(address: string, port: number, now: number): void {
    const announced = port === this.#announcedPort && address === this.#announcedAddress
    this.address = address
    this.port = port
    this.locked = true
    // The window starts once; a lock on the announced address is final.
    this.#closesAt = announced ? 0 : now + learningMs
    this.#candidateAddress = ''
    this.#candidateCount = 0
  }
}

/**
 * Whether packets may be sent to an address. Never to unspecified, multicast or broadcast addresses; to loopback and link-local ones only
 * when the engine itself listens on loopback.
 */
export function isAllowedTarget(address: string, port: number, onLoopback: boolean): boolean {
  if (port < 1 || port > 65_535) return false
  let text = address.toLowerCase()
  if (text.includes(':')) {
    const mapped = text.startsWith('::ffff:') ? text.slice(7) : ''
    if (mapped.includes('.')) text = mapped
    else {
      if (text === '::' || text.startsWith('ff')) return false
      if (text === '::1' || /^fe[89ab]/.test(text) || mapped !== '') return onLoopback
      return true
    }
  }
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return false
  const [first, second] = parts.map(Number) as [number, number, number, number]
  if (first === 0 || first >= 224) return false
  if (first === 127 || (first === 169 && second === 254)) return onLoopback
  return true
}
