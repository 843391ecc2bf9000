/** RTP headers in place (RFC 3550 §5.1). */

export const rtpHeader = 12

/** Where the payload starts: behind CSRC list and header extension. -1 when this is no RTP packet of version 2 or it is cut off. */
export function payloadStart(bytes: Uint8Array): number {
  const length = bytes.length
  if (length < rtpHeader) return -1
  const first = bytes[0] as number
  if (first >> 6 !== 2) return -1
  let start = rtpHeader + 4 * (first & 0x0f)
  if (first & 0x10) {
    if (length < start + 4) return -1
    start += 4 + 4 * (((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number))
  }
  return start > length ? -1 : start
}

/** Where the payload ends: before the padding. -1 when the padding is longer than what is there. */
export function payloadEnd(bytes: Uint8Array, start: number): number {
  const length = bytes.length
  if (((bytes[0] as number) & 0x20) === 0) return length
  const padding = bytes[length - 1] as number
  return padding === 0 || length - padding < start ? -1 : length - padding
}

export function read16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

export function read32(bytes: Uint8Array, at: number): number {
  return (read16(bytes, at) * 0x1_0000 + read16(bytes, at + 2)) >>> 0
}

export function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

export function write32(bytes: Uint8Array, at: number, value: number): void {
  write16(bytes, at, value >>> 16)
  write16(bytes, at + 2, value)
}
