import type { Connection, MediaDescription, SessionDescription } from './types.ts'

/**
 * Writes a session description with CRLF, lines in the order of RFC 8866 §5. CR, LF and NUL inside a value become a space, so no value
 * can start a line of its own.
 */
export function writeSdp(description: SessionDescription): string {
  const { origin, others } = description
  let text = 'v=0\r\n'
  text += `o=${word(origin.username)} ${word(origin.sessionId)} ${word(origin.version)} IN IP${origin.family} ${word(origin.address)}\r\n`
  text += `s=${line(description.name === '' ? '-' : description.name)}\r\n`
  if (others.length > 0) text += linesOf(others, 'iuep')
  if (description.connection) text += connection(description.connection)
  if (others.length > 0) text += linesOf(others, 'cb')
  text += `t=${line(description.timing === '' ? '0 0' : description.timing)}\r\n`
  if (others.length > 0) text += otherLines(others, 'iuepcb')
  for (const media of description.media) text += mediaLines(media)
  return text
}

function mediaLines(media: MediaDescription): string {
  const { others } = media
  let text = `m=${word(media.kind)} ${media.port} ${word(media.protocol)}`
  for (const format of media.formats) text += ` ${word(format)}`
  text += '\r\n'
  if (others.length > 0) text += linesOf(others, 'i')
  if (media.connection) text += connection(media.connection)
  if (others.length > 0) text += linesOf(others, 'cb')
  for (const codec of media.codecs) {
    const channels = codec.channels === 1 ? '' : `/${codec.channels}`
    text += `a=rtpmap:${codec.payloadType} ${word(codec.name)}/${codec.clockRate}${channels}\r\n`
    if (codec.fmtp !== '') text += `a=fmtp:${codec.payloadType} ${line(codec.fmtp)}\r\n`
  }
  if (media.ptime !== undefined) text += `a=ptime:${media.ptime}\r\n`
  if (media.port !== 0 || media.direction !== 'sendrecv') text += `a=${media.direction}\r\n`
  if (media.rtcp) {
    const { port, connection } = media.rtcp
    text += `a=rtcp:${port}${connection ? ` IN IP${connection.family} ${word(connection.address)}` : ''}\r\n`
  }
  if (media.rtcpMux) text += 'a=rtcp-mux\r\n'
  if (others.length > 0) text += otherLines(others, 'icb')
  return text
}

function connection({ family, address }: Connection): string {
  return `c=IN IP${family} ${word(address)}\r\n`
}

function linesOf(others: readonly string[], letters: string): string {
  let text = ''
  for (const letter of letters) for (const other of others) if (other.startsWith(letter)) text += `${line(other)}\r\n`
  return text
}

/** Lines that are none of `letters`: attributes last, unknown ones before. */
function otherLines(others: readonly string[], letters: string): string {
  let text = ''
  for (const other of others)
    if (!other.startsWith('a=') && !letters.includes(other.charAt(0))) text += `${line(other)}\r\n`
  for (const other of others) if (other.startsWith('a=')) text += `${line(other)}\r\n`
  return text
}

/** A value that runs to the end of its line. */
function line(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === 13 || code === 10 || code === 0) return value.replaceAll(/[\r\n\0]/g, ' ')
  }
  return value
}

/** A value that must stay one word; never empty. */
function word(value: string): string {
  if (value === '') return '-'
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) <= 32) return value.replaceAll(/[\0-\x20]/g, '_')
  return value
}
