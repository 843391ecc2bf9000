import type { Continuity } from './continuity.ts'
import { read16, read32, write32 } from './rtp.ts'

const senderReport = 200
const receiverReport = 201
const sourceDescription = 202
const bye = 203
const transportFeedback = 205
const payloadFeedback = 206

/**
 * Makes an RTCP compound packet (RFC 3550 §6.1) of the sender fit for the receiver, in place: where a stream goes out under another SSRC,
 * the reports about it follow. A BYE is cut off, because the stream goes on when legs are swapped.
 * @param outbound the stream from sender to receiver
 * @param inbound the stream from receiver to sender, which the reports judge
 * @returns how many bytes to send; 0 when the packet is malformed or nothing is left
 */
export function relayedRtcp(bytes: Uint8Array, outbound: Continuity, inbound: Continuity): number {
  let at = 0
  while (at + 4 <= bytes.length) {
    if ((bytes[at] as number) >> 6 !== 2) return 0
    const type = bytes[at + 1] as number
    const size = 4 * (read16(bytes, at + 2) + 1)
    if (at + size > bytes.length) return 0
    if (type === bye) return at
    if (outbound.rewrites || inbound.rewrites) rewrite(bytes, at, size, type, outbound, inbound)
    at += size
  }
  return at === bytes.length ? at : 0
}

function rewrite(
  bytes: Uint8Array,
  at: number,
  size: number,
  type: number,
  outbound: Continuity,
  inbound: Continuity,
): void {
  if (size < 8) return
  const fromSource = read32(bytes, at + 4) === outbound.sourceSsrc
  if (fromSource && outbound.rewrites && (type === senderReport || type === receiverReport || isOneSender(type))) {
    write32(bytes, at + 4, outbound.ssrc)
    if (type === senderReport && size >= 28) write32(bytes, at + 16, outbound.timestampOut(read32(bytes, at + 16)))
  }
  if (type === transportFeedback || type === payloadFeedback) judged(bytes, at + 8, at + size, inbound)
  if (type !== senderReport && type !== receiverReport) return
  const reports = (bytes[at] as number) & 0x1f
  let block = at + (type === senderReport ? 28 : 8)
  for (let i = 0; i < reports; i++, block += 24) judged(bytes, block, at + size, inbound)
}

function isOneSender(type: number): boolean {
  return type === sourceDescription || type === transportFeedback || type === payloadFeedback
}

/** The stream that a report judges is known to its real sender under another SSRC. */
function judged(bytes: Uint8Array, at: number, end: number, inbound: Continuity): void {
  if (inbound.rewrites && at + 4 <= end && read32(bytes, at) === inbound.ssrc) write32(bytes, at, inbound.sourceSsrc)
}
