import { malformed, type Parsed, parsed } from '#lib'
import { staticCodec } from './codec.ts'
import type { Codec, Connection, Direction, MediaDescription, Origin, SessionDescription } from './types.ts'

const maximumLength = 65_536
const maximumMedia = 64
const maximumLines = 4096
const maximumFormats = 128

type Open<T> = { -readonly [K in keyof T]: T[K] }

interface OpenMedia extends Open<Omit<MediaDescription, 'codecs' | 'others' | 'direction'>> {
  direction: Direction | undefined
  codecs: Codec[]
  others: string[]
}

const unknownOrigin: Origin = { username: '-', sessionId: '0', version: '0', family: 4, address: '0.0.0.0' }

/**
 * Parses a session description (RFC 8866), tolerant of what phones send: LF alone, missing s=, t= and o=, stray spaces, payload types
 * without rtpmap. Lines without a meaning here are kept in `others`. Malformed are only: `empty`, `too-long`, `control-character`,
 * `version`, `media`, `too-many-media`, `too-many-formats`, `too-many-lines`.
 */
export function parseSdp(text: string): Parsed<SessionDescription> {
  const length = text.length
  if (length > maximumLength) return malformed('too-long', maximumLength)
  const nul = text.indexOf('\0')
  if (nul >= 0) return malformed('control-character', nul)
  let origin = unknownOrigin
  let name = '-'
  let timing = '0 0'
  let connection: Connection | undefined
  let direction: Direction | undefined
  let current: OpenMedia | undefined
  const others: string[] = []
  const media: OpenMedia[] = []
  let seen = false
  let lines = 0

  for (let start = 0; start < length; ) {
    if (++lines > maximumLines) return malformed('too-many-lines', start)
    let end = text.indexOf('\n', start)
    if (end < 0) end = length
    const next = end + 1
    let from = start
    while (from < end && text.charCodeAt(from) <= 32) from++
    while (end > from && text.charCodeAt(end - 1) <= 32) end--
    const at = start
    start = next
    if (end - from < 2 || text.charCodeAt(from + 1) !== 61) continue
    seen = true
    let value = from + 2
    while (value < end && text.charCodeAt(value) === 32) value++
    switch (text.charCodeAt(from)) {
      case 97: {
        // a=
        const meaning = attribute(text, value, end, current)
        if (meaning === kept) (current ? current.others : others).push(text.slice(from, end))
        else if (meaning !== taken) {
          if (current) current.direction = meaning
          else direction = meaning
        }
        break
      }
      case 109: {
        // m=
        const line = mediaLine(text.slice(value, end))
        if (typeof line === 'string') return malformed(line, at)
        if (media.length === maximumMedia) return malformed('too-many-media', at)
        current = line
        media.push(line)
        break
      }
      case 99: {
        // c=
        const found = connectionOf(text.slice(value, end))
        if (current) {
          if (found && !current.connection) current.connection = found
          else current.others.push(text.slice(from, end))
        } else if (found && !connection) connection = found
        else others.push(text.slice(from, end))
        break
      }
      case 111: // o=
        origin = originOf(text.slice(value, end)) ?? origin
        break
      case 115: // s=
        if (value < end && !current) name = text.slice(value, end)
        break
      case 116: // t=
        if (value < end && timing === '0 0') timing = text.slice(value, end)
        break
      case 118: // v=
        if (text.slice(value, end) !== '0') return malformed('version', at)
        break
      default:
        ;(current ? current.others : others).push(text.slice(from, end))
    }
  }
  if (!seen) return malformed('empty', 0)
  for (const line of media) {
    line.direction ??= direction ?? 'sendrecv'
    for (let i = line.codecs.length - 1; i >= 0; i--) if (line.codecs[i]?.name === '') line.codecs.splice(i, 1)
  }
  return parsed({ origin, name, connection, timing, others, media: media as readonly MediaDescription[] })
}

const kept = 'kept'
const taken = 'taken'

/** Reads an attribute into the media line; a direction is returned, an attribute without a meaning here is `kept`. */
function attribute(
  text: string,
  from: number,
  end: number,
  media: OpenMedia | undefined,
): Direction | 'kept' | 'taken' {
  switch (text.charCodeAt(from)) {
    case 114: // r: rtpmap, recvonly, rtcp, rtcp-mux
      if (text.startsWith('rtpmap:', from)) return media && rtpmap(text.slice(from + 7, end), media) ? taken : kept
      if (end - from === 8 && text.startsWith('recvonly', from)) return 'recvonly'
      if (!media) return kept
      if (end - from === 8 && text.startsWith('rtcp-mux', from)) {
        media.rtcpMux = true
        return taken
      }
      if (text.startsWith('rtcp:', from)) return rtcp(text.slice(from + 5, end), media) ? taken : kept
      return kept
    case 115: // s: sendrecv, sendonly
      if (end - from !== 8) return kept
      if (text.startsWith('sendrecv', from)) return 'sendrecv'
      return text.startsWith('sendonly', from) ? 'sendonly' : kept
    case 105: // i: inactive
      return end - from === 8 && text.startsWith('inactive', from) ? 'inactive' : kept
    case 102: // f: fmtp
      return media && text.startsWith('fmtp:', from) && fmtp(text.slice(from + 5, end), media) ? taken : kept
    case 112: {
      // p: ptime
      if (!media || !text.startsWith('ptime:', from)) return kept
      const ptime = Number(text.slice(from + 6, end))
      if (!(ptime > 0 && ptime <= 1000)) return kept
      media.ptime = ptime
      return taken
    }
    default:
      return kept
  }
}

function words(value: string): string[] {
  const parts = value.split(' ')
  if (!parts.includes('')) return parts
  return parts.filter((part) => part !== '')
}

/** A whole number without sign of at most nine digits; -1 for everything else. */
function whole(text: string | undefined): number {
  if (text === undefined || text.length === 0 || text.length > 9) return -1
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** `audio 49170/2 RTP/AVP 0 8`; a word for what is wrong otherwise. */
function mediaLine(value: string): OpenMedia | string {
  const parts = words(value)
  const [kind, ports = '', protocol] = parts
  if (kind === undefined || kind === '' || protocol === undefined) return 'media'
  const slash = ports.indexOf('/')
  const port = whole(slash < 0 ? ports : ports.slice(0, slash))
  if (port < 0 || port > 65_535) return 'media'
  const formats = parts.slice(3)
  if (formats.length > maximumFormats) return 'too-many-formats'
  const codecs: Codec[] = []
  if (protocol.includes('RTP') || protocol.includes('rtp')) {
    for (const format of formats) {
      const payloadType = whole(format)
      if (payloadType < 0 || payloadType > 127) continue
      codecs.push(staticCodec(payloadType) ?? { payloadType, name: '', clockRate: 0, channels: 1, fmtp: '' })
    }
  }
  return {
    kind: kind.toLowerCase(),
    port,
    protocol,
    formats,
    connection: undefined,
    direction: undefined,
    codecs,
    ptime: undefined,
    rtcp: undefined,
    rtcpMux: false,
    others: [],
  }
}

function indexOfType(media: OpenMedia, payloadType: number): number {
  const { codecs } = media
  for (let i = 0; i < codecs.length; i++) if (codecs[i]?.payloadType === payloadType) return i
  return -1
}

/** `96 opus/48000/2` */
function rtpmap(value: string, media: OpenMedia): boolean {
  const [type, encoding] = words(value)
  const index = indexOfType(media, whole(type))
  const codec = media.codecs[index]
  if (!codec || encoding === undefined) return false
  const first = encoding.indexOf('/')
  if (first <= 0) return false
  const second = encoding.indexOf('/', first + 1)
  const clockRate = whole(second < 0 ? encoding.slice(first + 1) : encoding.slice(first + 1, second))
  if (clockRate <= 0) return false
  const channels = second < 0 ? 1 : Math.max(1, whole(encoding.slice(second + 1)))
  const { name } = codec
  // The usual rtpmap of a static type says nothing new: the shared entry stays.
  const same = name.length === first && encoding.startsWith(name)
  if (same && codec.clockRate === clockRate && codec.channels === channels) return true
  media.codecs[index] = {
    payloadType: codec.payloadType,
    name: encoding.slice(0, first),
    clockRate,
    channels,
    fmtp: codec.fmtp,
  }
  return true
}

/** `101 0-16` */
function fmtp(value: string, media: OpenMedia): boolean {
  const trimmed = value.trimStart()
  const space = trimmed.indexOf(' ')
  if (space < 0) return false
  const index = indexOfType(media, whole(trimmed.slice(0, space)))
  const codec = media.codecs[index]
  if (!codec) return false
  const { payloadType, name, clockRate, channels } = codec
  media.codecs[index] = { payloadType, name, clockRate, channels, fmtp: trimmed.slice(space + 1).trim() }
  return true
}

/** `53020` or `53020 IN IP4 126.16.64.4` (RFC 3605 §2.1) */
function rtcp(value: string, media: OpenMedia): boolean {
  const trimmed = value.trim()
  const space = trimmed.indexOf(' ')
  const port = whole(space < 0 ? trimmed : trimmed.slice(0, space))
  if (port <= 0 || port > 65_535) return false
  const connection = space < 0 ? undefined : connectionOf(trimmed.slice(space + 1))
  if (space >= 0 && !connection) return false
  media.rtcp = { port, connection }
  return true
}

/** `IN IP4 192.0.2.1/127` */
function connectionOf(value: string): Connection | undefined {
  const [net, type, address] = words(value)
  if (net?.toUpperCase() !== 'IN' || address === undefined) return undefined
  const family = familyOf(type)
  if (!family) return undefined
  return { family, address: bareAddress(address) }
}

function originOf(value: string): Origin | undefined {
  const parts = words(value)
  if (parts.length < 6) return undefined
  const [username = '-', sessionId = '0', version = '0', , type, address = ''] = parts
  return { username, sessionId, version, family: familyOf(type) ?? 4, address: bareAddress(address) }
}

function familyOf(type: string | undefined): 4 | 6 | undefined {
  if (type === 'IP4' || type === 'ip4') return 4
  if (type === 'IP6' || type === 'ip6') return 6
  return undefined
}

function bareAddress(address: string): string {
  const slash = address.indexOf('/')
  const bare = slash < 0 ? address : address.slice(0, slash)
  return bare.startsWith('[') && bare.endsWith(']') ? bare.slice(1, -1) : bare
}
