import type { Continuity } from './continuity.ts'
import { read16, read32, write32 } from './rtp.ts'

const senderReport = 200
const receiverReport = 201
const sourceDescription = 202
const bye = 203
const transportFeedback = 205
const payloadFeedback = 206
/** Feedback formats: of 205 the NACK, of 206 the others. */
const genericNack = 1
const fullIntraRequest = 4
const applicationFeedback = 15
const remb = 0x5245_4d42

/**
 * Makes an RTCP compound packet (RFC 3550 §6.1) of the sender fit for the receiver, in place: where a stream goes out under another SSRC,
 * the reports about it follow. A BYE is cut off, because the streams go on when legs are swapped.
 * @param outbound the streams from sender to receiver
 * @param inbound the streams from receiver to sender, which the reports judge
 * @returns how many bytes to send; 0 when the packet is malformed or nothing is left
 */
export function relayedRtcp(
  bytes: Uint8Array,
  outbound: readonly Continuity[],
  inbound: readonly Continuity[],
): number {
  const rewrites = outbound.some(changes) || inbound.some(changes)
  let at = 0
  while (at + 4 <= bytes.length) {
    if ((bytes[at] as number) >> 6 !== 2) return 0
    const type = bytes[at + 1] as number
    const size = 4 * (read16(bytes, at + 2) + 1)
    if (at + size > bytes.length) return 0
    if (type === bye) return at
    if (rewrites) rewrite(bytes, at, size, type, outbound, inbound)
    at += size
  }
  return at === bytes.length ? at : 0
}

function changes(stream: Continuity): boolean {
  return stream.rewrites
}

function rewrite(
  bytes: Uint8Array,
  at: number,
  size: number,
  type: number,
  outbound: readonly Continuity[],
  inbound: readonly Continuity[],
): void {
  if (size < 8) return
  const sender = read32(bytes, at + 4)
  const stream = outbound.find((one) => one.rewrites && one.sourceSsrc === sender)
  if (stream && (type === senderReport || type === receiverReport || isOneSender(type))) {
    write32(bytes, at + 4, stream.ssrc)
    if (type === senderReport && size >= 28) write32(bytes, at + 16, stream.timestampOut(read32(bytes, at + 16)))
  }
  const end = at + size
  if (type === transportFeedback || type === payloadFeedback) {
    judged(bytes, at + 8, end, inbound)
    if (type === payloadFeedback) named(bytes, at, end, inbound)
  }
  if (type !== senderReport && type !== receiverReport) return
  const reports = (bytes[at] as number) & 0x1f
  let block = at + (type === senderReport ? 28 : 8)
  for (let i = 0; i < reports; i++, block += 24) judged(bytes, block, end, inbound)
}

/** Payload feedback that names its streams further behind: FIR (RFC 5104 §4.3.1) and REMB. */
function named(bytes: Uint8Array, at: number, end: number, inbound: readonly Continuity[]): void {
  const format = (bytes[at] as number) & 0x1f
  if (format === fullIntraRequest) for (let i = at + 12; i + 8 <= end; i += 8) judged(bytes, i, end, inbound)
  if (format === applicationFeedback && at + 20 <= end && read32(bytes, at + 12) === remb)
    for (let i = at + 20; i + 4 <= end; i += 4) judged(bytes, i, end, inbound)
}

function isOneSender(type: number): boolean {
  return type === sourceDescription || type === transportFeedback || type === payloadFeedback
}

/** The stream that a report judges is known to its real sender under another SSRC. */
function judged(bytes: Uint8Array, at: number, end: number, inbound: readonly Continuity[]): void {
  if (at + 4 > end) return
  const ssrc = read32(bytes, at)
  const stream = inbound.find((one) => one.rewrites && one.ssrc === ssrc)
  if (stream) write32(bytes, at, stream.sourceSsrc)
}

/** Tells of every packet that a compound packet asks for again (Generic NACK, RFC 4585 §6.2.1). */
export function missed(bytes: Uint8Array, tell: (ssrc: number, sequence: number) => void): void {
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 * (read16(bytes, at + 2) + 1)
    if (end > bytes.length) return
    if (bytes[at + 1] === transportFeedback && ((bytes[at] as number) & 0x1f) === genericNack && at + 12 <= end) {
      const ssrc = read32(bytes, at + 8)
      for (let i = at + 12; i + 4 <= end; i += 4) {
        const first = read16(bytes, i)
        const more = read16(bytes, i + 2)
        tell(ssrc, first)
        for (let bit = 0; bit < 16; bit++) if (more & (1 << bit)) tell(ssrc, (first + 1 + bit) & 0xffff)
      }
    }
    at = end
  }
}
