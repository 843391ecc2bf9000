import type { Buffer } from 'node:buffer'
import type { Protocol } from './types.ts'

/** What a rule of a memory network sees. */
export interface Packet {
  /** `address:port`, an IPv6 address in brackets. */
  readonly from: string
  readonly to: string
  readonly protocol: Protocol
  readonly bytes: Buffer
  readonly text: string
  /** `INVITE`, or `200 INVITE` for a response. */
  readonly label: string
  /** The how-manieth packet with this label from there to there, from 1. */
  readonly count: number
}

/** The first line of a message. */
export function startLine(bytes: Buffer): string {
  const end = bytes.indexOf('\r\n')
  return bytes.toString('latin1', 0, end < 0 ? Math.min(bytes.length, 200) : end)
}

/** `INVITE`, or `200 INVITE` for a response to one. */
export function packetLabel(bytes: Buffer): string {
  const line = startLine(bytes)
  if (!line.startsWith('SIP/2.0 ')) return line.split(' ', 1)[0] ?? ''
  const status = line.slice(8, 11)
  const method = /\r\ncseq[ \t]*:[ \t]*\d{1,10}[ \t]+(\S{1,32})/i.exec(bytes.toString('latin1', 0, 8192))
  return method ? `${status} ${method[1]}` : status
}
