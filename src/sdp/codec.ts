import type { Codec } from './types.ts'

/** What makes two payload types the same codec; numbers differ per leg. */
export interface CodecName {
  readonly name: string
  readonly clockRate: number
  readonly channels: number
  readonly fmtp: string
}

const statics: (Codec | undefined)[] = []
for (const [payloadType, name, clockRate, channels] of [
  [0, 'PCMU', 8000, 1],
  [3, 'GSM', 8000, 1],
  [4, 'G723', 8000, 1],
  [5, 'DVI4', 8000, 1],
  [6, 'DVI4', 16000, 1],
  [7, 'LPC', 8000, 1],
  [8, 'PCMA', 8000, 1],
  [9, 'G722', 8000, 1],
  [10, 'L16', 44100, 2],
  [11, 'L16', 44100, 1],
  [12, 'QCELP', 8000, 1],
  [13, 'CN', 8000, 1],
  [14, 'MPA', 90000, 1],
  [15, 'G728', 8000, 1],
  [16, 'DVI4', 11025, 1],
  [17, 'DVI4', 22050, 1],
  [18, 'G729', 8000, 1],
  [25, 'CelB', 90000, 1],
  [26, 'JPEG', 90000, 1],
  [28, 'nv', 90000, 1],
  [31, 'H261', 90000, 1],
  [32, 'MPV', 90000, 1],
  [33, 'MP2T', 90000, 1],
  [34, 'H263', 90000, 1],
] as const)
  statics[payloadType] = Object.freeze({ payloadType, name, clockRate, channels, fmtp: '' })

/** The codec of a static payload type (RFC 3551 §6); undefined for dynamic and unassigned ones. */
export function staticCodec(payloadType: number): Codec | undefined {
  return statics[payloadType]
}

/**
 * The codec's identity as text: lower-case name, clock rate, channels. Two common slips are put right: opus is always 48000/2 (RFC 7587
 * §7) and G722's RTP clock is 8000 (RFC 3551 §4.5.2).
 */
export function codecKey(codec: CodecName): string {
  const name = codec.name.toLowerCase()
  if (name === 'opus') return 'opus/48000/2'
  if (name === 'g722') return 'g722/8000/1'
  return `${name}/${codec.clockRate}/${codec.channels}`
}

/** Parameters without which two payload formats of one name cannot understand each other, with their default; only `digits` of them count. */
const vital: Readonly<
  Record<string, readonly { readonly name: string; readonly otherwise: string; digits?: number }[]>
> = {
  amr: [{ name: 'octet-align', otherwise: '0' }],
  'amr-wb': [{ name: 'octet-align', otherwise: '0' }],
  g7221: [{ name: 'bitrate', otherwise: '' }],
  ilbc: [{ name: 'mode', otherwise: '30' }],
  // Profile and constraints without the level (RFC 6184 §8.1).
  h264: [
    { name: 'packetization-mode', otherwise: '0' },
    { name: 'profile-level-id', otherwise: '42001f', digits: 4 },
  ],
  vp9: [{ name: 'profile-id', otherwise: '0' }],
  av1: [{ name: 'profile', otherwise: '0' }],
}

/** Whether packets of one are understood by a receiver of the other: same name, clock rate, channels and vital parameters. */
export function sameCodec(one: CodecName, other: CodecName): boolean {
  if (one === other) return true
  if (codecKey(one) !== codecKey(other)) return false
  const rules = vital[one.name.toLowerCase()]
  if (!rules) return true
  return rules.every(({ name, otherwise, digits }) => {
    const values = [one, other].map(({ fmtp }) => fmtpValue(fmtp, name, otherwise).toLowerCase().slice(0, digits))
    return values[0] === values[1]
  })
}

/** A parameter of an fmtp text (`mode=20; x=1`), or `otherwise`. */
export function fmtpValue(fmtp: string, parameter: string, otherwise: string): string {
  if (fmtp === '') return otherwise
  for (const part of fmtp.split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0 && part.slice(0, equals).trim().toLowerCase() === parameter) return part.slice(equals + 1).trim()
  }
  return otherwise
}

/** Whether the payload type carries key presses (RFC 4733). */
export function isTelephoneEvent(codec: CodecName): boolean {
  return codec.name.toLowerCase() === 'telephone-event'
}

/** Whether the payload type only goes along with a codec: key presses, comfort noise, redundancy. */
export function isAuxiliary(codec: CodecName): boolean {
  const name = codec.name.toLowerCase()
  return name === 'telephone-event' || name === 'cn' || name === 'red'
}

/** Whether the payload type is video that can be passed on by itself; retransmission and error correction formats belong to another. */
export function isVideo(codec: CodecName): boolean {
  if (codec.clockRate !== 90_000) return false
  const name = codec.name.toLowerCase()
  return name === 'vp8' || name === 'vp9' || name === 'h264' || name === 'av1' || name === 'h265'
}

/** `pcmu` or `pcma` when the codec is G.711 at 8 kHz, which is converted by table. */
export function g711Law(codec: CodecName): 'pcmu' | 'pcma' | undefined {
  if (codec.clockRate !== 8000 || codec.channels !== 1) return undefined
  const name = codec.name.toLowerCase()
  return name === 'pcmu' || name === 'pcma' ? name : undefined
}
