import { maskSecrets } from './trace-mask.ts'
import type { TraceEntry } from './types.ts'

/** How much of one call is kept; a marker entry says how many messages were left out beyond that. */
export interface TraceLimits {
  readonly messages: number
  readonly bytes: number
}

const defaultLimits: TraceLimits = { messages: 200, bytes: 256 * 1024 }

/** First byte of every chunk; another number is another encoding. */
const version = 1
const outgoing = 1
const newPeer = 2
const marker = 4
/** A chunk's peer table is indexed by one byte. */
const mostPeers = 255
/** Version byte and the time of the first entry. */
const chunkHead = 7
/** Flags, time (up to 8), peer (1 + 1 + 255), length (5). */
const entryHead = 272
/** Holds the messages that set a call up. */
const firstSize = 8_192
/** Buffers between two calls: fresh memory costs several times what is written into it. */
const spare: Buffer[] = []
const mostSpare = 128

/**
 * The SIP messages of one call, encoded as they come: a chunk holds its own peer table, times as differences, and the messages with their
 * secrets masked. What is added costs about a microsecond; what was taken no longer holds memory.
 */
export class CallTrace {
  readonly #limits: TraceLimits
  #buffer: Buffer | undefined
  #used = 0
  #last = 0
  #peers: string[] = []
  #messages = 0
  #bytes = 0
  #leftOut = 0

  constructor(limits: TraceLimits = defaultLimits) {
    this.#limits = limits
  }

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.#used
  }

  /** Messages kept so far, taken ones included. */
  get messages(): number {
    return this.#messages
  }

  /**
   * Adds a message; `bytes` may be used again afterwards.
   * @param at ms since 1970
   * @param peer the far side, e.g. `udp 127.0.0.1:5070`
   */
  add(at: number, direction: 'in' | 'out', peer: string, bytes: Buffer): void {
    if (this.#messages >= this.#limits.messages || this.#bytes + bytes.length > this.#limits.bytes) {
      this.#leftOut++
      return
    }
    const message = maskSecrets(bytes)
    this.#messages++
    this.#bytes += message.length
    this.#entry(at, direction === 'out' ? outgoing : 0, peer, message)
  }

  /** A chunk to store with everything since the last one, undefined when there is nothing; empties the buffer. */
  take(): Buffer | undefined {
    this.#mark()
    const buffer = this.#buffer
    if (!buffer) return undefined
    const chunk = buffer.subarray(0, this.#used)
    this.#buffer = undefined
    this.#used = 0
    this.#peers = []
    return chunk
  }

  /** As {@link take}, for somebody who copies the chunk at once: its memory is used again afterwards. */
  hand(copy: (chunk: Buffer) => void): void {
    const buffer = this.#buffer
    const chunk = this.take()
    if (!chunk) return
    copy(chunk)
    if (buffer?.length === firstSize && spare.length < mostSpare) spare.push(buffer)
  }

  /** What waits to be taken, decoded. */
  entries(): TraceEntry[] {
    const held = this.#buffer ? decodeChunk(this.#buffer.subarray(0, this.#used)) : []
    if (this.#leftOut > 0) held.push({ entry: leftOutEntry(this.#last, this.#leftOut), leftOut: this.#leftOut })
    return held.map(({ entry }) => entry)
  }

  #mark(): void {
    if (this.#leftOut === 0) return
    const count = Buffer.from(String(this.#leftOut))
    this.#leftOut = 0
    this.#entry(this.#last, marker, '', count)
  }

  #entry(at: number, flags: number, peer: string, message: Buffer): void {
    const buffer = this.#room(at, message.length)
    let position = this.#used
    let index = this.#peers.indexOf(peer)
    if (index < 0 && this.#peers.length < mostPeers) {
      index = this.#peers.push(peer) - 1
      buffer[position++] = flags | newPeer
    } else {
      if (index < 0) index = mostPeers - 1
      buffer[position++] = flags
    }
    // Zigzag: a clock that was set back gives a negative difference.
    const passed = at - this.#last
    position = writeNumber(buffer, position, passed >= 0 ? passed * 2 : -passed * 2 - 1)
    this.#last = at
    buffer[position++] = index
    if (flags !== (buffer[this.#used] as number)) {
      const written = buffer.write(peer.slice(0, 80), position + 1, 255, 'utf8')
      buffer[position] = written
      position += 1 + written
    }
    position = writeNumber(buffer, position, message.length)
    message.copy(buffer, position)
    this.#used = position + message.length
  }

  #room(at: number, length: number): Buffer {
    let buffer = this.#buffer
    if (!buffer) {
      const needed = length + entryHead + chunkHead
      buffer = (needed <= firstSize ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(firstSize, needed))
      buffer[0] = version
      buffer.writeUIntBE(at, 1, 6)
      this.#used = chunkHead
      this.#last = at
      this.#buffer = buffer
      return buffer
    }
    const needed = this.#used + length + entryHead
    if (needed <= buffer.length) return buffer
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, buffer.length * 2))
    buffer.copy(larger, 0, 0, this.#used)
    this.#buffer = larger
    return larger
  }
}

/** The entries of stored chunks in their order. A damaged chunk gives the entries before the damage; unknown encodings give none. */
export function decodeTrace(chunks: readonly Buffer[]): TraceEntry[] {
  const entries: TraceEntry[] = []
  let leftOut = 0
  for (const chunk of chunks) {
    for (const decoded of decodeChunk(chunk)) {
      if (decoded.leftOut === 0) {
        leftOut = 0
        entries.push(decoded.entry)
        continue
      }
      // Markers of several chunks in a row become one.
      if (leftOut > 0) entries.pop()
      leftOut += decoded.leftOut
      entries.push(leftOutEntry(decoded.entry.at, leftOut))
    }
  }
  return entries
}

/** Whether an entry is no message but says how many were left out: it has no peer. */
export function isMarker(entry: TraceEntry): boolean {
  return entry.peer === ''
}

function leftOutEntry(at: number, count: number): TraceEntry {
  const text = count === 1 ? '[1 more message was left out]' : `[${count} more messages were left out]`
  return { at, direction: 'in', peer: '', text }
}

interface Decoded {
  readonly entry: TraceEntry
  /** For a marker, how many messages it stands for. */
  readonly leftOut: number
}

function decodeChunk(chunk: Buffer): Decoded[] {
  const decoded: Decoded[] = []
  if (chunk.length < chunkHead || chunk[0] !== version) return decoded
  const peers: string[] = []
  let at = chunk.readUIntBE(1, 6)
  const cursor = { position: chunkHead }
  while (cursor.position < chunk.length) {
    const flags = chunk[cursor.position++] as number
    const passed = readNumber(chunk, cursor)
    const index = chunk[cursor.position++] as number
    if (flags & newPeer) {
      const length = chunk[cursor.position++] as number
      peers.push(chunk.toString('utf8', cursor.position, cursor.position + length))
      cursor.position += length
    }
    const length = readNumber(chunk, cursor)
    const end = cursor.position + length
    if (!(end <= chunk.length)) break
    at += passed % 2 === 0 ? passed / 2 : -(passed + 1) / 2
    const text = chunk.toString('utf8', cursor.position, end)
    cursor.position = end
    if (flags & marker) {
      const leftOut = Number.parseInt(text, 10) || 1
      decoded.push({ entry: leftOutEntry(at, leftOut), leftOut })
    } else {
      const direction = flags & outgoing ? 'out' : 'in'
      decoded.push({ entry: { at, direction, peer: peers[index] ?? 'unknown', text }, leftOut: 0 })
    }
  }
  return decoded
}

/** Seven bits a byte, the lowest first; works for whole numbers up to 2^53. */
function writeNumber(buffer: Buffer, at: number, value: number): number {
  let rest = value
  let position = at
  while (rest > 127) {
    buffer[position++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  buffer[position++] = rest
  return position
}

function readNumber(buffer: Buffer, cursor: { position: number }): number {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = buffer[cursor.position++]
    if (byte === undefined) return Number.NaN
    value += (byte & 127) * scale
    if (byte < 128) return value
    scale *= 128
  }
}
