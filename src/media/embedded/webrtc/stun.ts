import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** The little of STUN (RFC 8489) that an ICE-lite agent needs: Binding requests in, answers out. */

const cookie = 0x2112a442
const header = 20
const attribute = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  mappedAddress: 0x0020,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  controlled: 0x8029,
} as const

/** A Binding request as its sender wrote it; nothing of it is proven before {@link hasIntegrity}. */
export interface BindingRequest {
  readonly username: string
  /** The sender nominates this path (RFC 8445 §8.1.1). */
  readonly nominates: boolean
  /** The sender takes itself for the controlled agent. */
  readonly controlled: boolean
  /** Where MESSAGE-INTEGRITY starts. */
  readonly integrityAt: number
}

/** Whether a datagram is STUN and nothing else of what shares the port (RFC 7983 §7). */
export function isStun(bytes: Uint8Array): boolean {
  return bytes.length >= header && (bytes[0] as number) < 4
}

/** Reads a Binding request; undefined for all other messages, and for one that is cut off or has no MESSAGE-INTEGRITY. */
export function bindingRequest(bytes: Buffer): BindingRequest | undefined {
  const { length } = bytes
  if (length < header || length % 4 !== 0 || bytes.readUInt16BE(0) !== 0x0001) return undefined
  if (bytes.readUInt16BE(2) !== length - header || bytes.readUInt32BE(4) !== cookie) return undefined
  let username = ''
  let nominates = false
  let controlled = false
  for (let at = header; at + 4 <= length; ) {
    const type = bytes.readUInt16BE(at)
    const size = bytes.readUInt16BE(at + 2)
    if (at + 4 + size > length) return undefined
    if (type === attribute.integrity)
      // What follows is not covered by it, the fingerprint apart.
      return size === 20 ? { username, nominates, controlled, integrityAt: at } : undefined
    if (type === attribute.username) username = bytes.toString('utf8', at + 4, at + 4 + size)
    else if (type === attribute.useCandidate) nominates = true
    else if (type === attribute.controlled) controlled = true
    at += 4 + ((size + 3) & ~3)
  }
  return undefined
}

/** Whether the request was made by somebody who knows the password (RFC 8489 §14.5). */
export function hasIntegrity(bytes: Buffer, request: BindingRequest, password: KeyObject): boolean {
  const { integrityAt } = request
  const given = bytes.subarray(integrityAt + 4, integrityAt + 24)
  return timingSafeEqual(given, integrity(bytes.subarray(0, integrityAt), integrityAt + 24 - header, password))
}

function integrity(before: Buffer, length: number, password: KeyObject): Buffer {
  const head = Buffer.from(before.subarray(0, header))
  head.writeUInt16BE(length, 2)
  return createHmac('sha1', password).update(head).update(before.subarray(header)).digest()
}

/** The answer that the request's sender is reached and where it seems to be. */
export function bindingSuccess(request: Buffer, address: string, port: number, password: KeyObject): Buffer {
  const octets = octetsOf(address)
  const mapped = Buffer.alloc(4 + octets.length)
  mapped[1] = octets.length === 4 ? 1 : 2
  mapped.writeUInt16BE(port ^ (cookie >>> 16), 2)
  for (let i = 0; i < octets.length; i++) mapped[4 + i] = (octets[i] as number) ^ (request[4 + i] as number)
  return response(request, 0x0101, attribute.mappedAddress, mapped, password)
}

/** Tells a peer that takes itself for the controlled agent that it controls (RFC 8445 §7.3.1.1). */
export function roleConflict(request: Buffer, password: KeyObject): Buffer {
  return response(
    request,
    0x0111,
    attribute.errorCode,
    Buffer.from('\0\0\x04\x57Role Conflict\0\0\0', 'latin1'),
    password,
  )
}

function response(request: Buffer, type: number, name: number, value: Buffer, password: KeyObject): Buffer {
  const integrityAt = header + 4 + value.length
  const bytes = Buffer.alloc(integrityAt + 24 + 8)
  request.copy(bytes, 4, 4, header)
  bytes.writeUInt16BE(type, 0)
  bytes.writeUInt16BE(bytes.length - header, 2)
  bytes.writeUInt16BE(name, header)
  // The error's reason is padded with three octets that do not count.
  bytes.writeUInt16BE(name === attribute.errorCode ? value.length - 3 : value.length, header + 2)
  value.copy(bytes, header + 4)
  bytes.writeUInt16BE(attribute.integrity, integrityAt)
  bytes.writeUInt16BE(20, integrityAt + 2)
  integrity(bytes.subarray(0, integrityAt), integrityAt + 24 - header, password).copy(bytes, integrityAt + 4)
  const fingerprintAt = integrityAt + 24
  bytes.writeUInt16BE(attribute.fingerprint, fingerprintAt)
  bytes.writeUInt16BE(4, fingerprintAt + 2)
  bytes.writeUInt32BE((crc32(bytes.subarray(0, fingerprintAt)) ^ 0x5354554e) >>> 0, fingerprintAt + 4)
  return bytes
}

/** An address of the system's making as octets: 4 or 16. */
function octetsOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [left = '', right] = address.replace(/%.*$/, '').split('::')
  const first = groupsOf(left)
  const last = right === undefined ? [] : groupsOf(right)
  const octets = Buffer.alloc(16)
  let at = 0
  for (const group of first) at = octets.writeUInt16BE(group, at)
  at = 16 - 2 * last.length
  for (const group of last) at = octets.writeUInt16BE(group, at)
  return octets
}

/** `2001:db8` or `ffff:192.0.2.1` as 16 bit numbers. */
function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [(a << 8) | b, (c << 8) | d]
  })
}
