import { Buffer } from 'node:buffer'
import { latin1 } from './bytes.ts'

/** What a stream yields: a whole message, a keep-alive, or the fault that ends it. */
export type Frame = Buffer | 'ping' | 'pong' | { readonly error: string; readonly bytes: Buffer }

const nothing = Buffer.alloc(0)

/**
 * Cuts a TCP or TLS stream into messages by Content-Length (RFC 3261 §18.3). A double CRLF between messages is a ping (answer CRLF), a single
 * one a pong (RFC 5626 §3.5.1). After an error nothing more comes: answer with what `parseMessage(bytes)` makes answerable, and close.
 * A message without Content-Length is given without a body and is the last one, as where it ends cannot be known.
 */
export class StreamFramer {
  readonly #maxHead: number
  readonly #maxBytes: number
  #data: Buffer = nothing
  /** The bytes that wait are those from here … */
  #from = 0
  /** … to here. */
  #to = 0
  /** Whether `#data` is our own, with room to append, and not a chunk that was handed in. */
  #own = false
  /** How far the search for the end of the headers has come. */
  #searched = 0
  /** Length of the message at hand once its headers are complete, else 0. */
  #needed = 0
  #halfPing = false
  #broken = false
  /** The fault that comes after the message at hand. */
  #ending: string | undefined

  /** @param limits largest head and largest message in bytes, default 65,536 each */
  constructor(limits: { readonly maxHeadBytes?: number; readonly maxBytes?: number } = {}) {
    this.#maxHead = limits.maxHeadBytes ?? 65_536
    this.#maxBytes = limits.maxBytes ?? 65_536
  }

  /** Takes what arrived. The chunk must not be changed afterwards. */
  push(chunk: Buffer): void {
    if (this.#broken || chunk.length === 0) return
    const waiting = this.#to - this.#from
    if (waiting === 0) {
      this.#data = chunk
      this.#from = 0
      this.#to = chunk.length
      this.#own = false
      return
    }
    if (!this.#own || this.#to + chunk.length > this.#data.length) {
      // Twice the size each time, so that a stream of single bytes costs no more than one of whole messages.
      const larger = Buffer.allocUnsafe(Math.max(4096, 2 * (waiting + chunk.length)))
      this.#data.copy(larger, 0, this.#from, this.#to)
      this.#data = larger
      this.#own = true
      this.#from = 0
      this.#to = waiting
    }
    chunk.copy(this.#data, this.#to)
    this.#to += chunk.length
  }

  /** How many bytes wait for the rest of their message: a transport closes connections that keep some for too long. */
  get waiting(): number {
    return this.#to - this.#from
  }

  /** The next complete frame, `undefined` when more has to arrive. Call until `undefined` or an error. */
  next(): Frame | undefined {
    if (this.#ending !== undefined) return this.#fail(this.#ending)
    const waiting = this.#to - this.#from
    if (waiting === 0 || this.#needed > waiting) return undefined
    if (this.#needed === 0) {
      const first = this.#data[this.#from]
      if (first === 13 || first === 10) return this.#keepAlive(waiting)
      this.#halfPing = false
      const fault = this.#measure(waiting)
      if (fault !== undefined) return this.#fail(fault)
      if (this.#needed === 0 || this.#needed > waiting) return undefined
    }
    // A copy unless the chunk is just this message, so that a kept message keeps nothing else alive.
    const end = this.#from + this.#needed
    const whole = !this.#own && this.#from === 0 && end === this.#data.length
    const frame = whole ? this.#data : Buffer.from(this.#data.subarray(this.#from, end))
    this.#drop(this.#needed)
    return frame
  }

  #keepAlive(waiting: number): Frame | undefined {
    const data = this.#data
    const at = this.#from
    if (data[at] !== 13 || (waiting > 1 && data[at + 1] !== 10)) return this.#fail('bad-start')
    if (waiting === 1 || (waiting === 3 && data[at + 2] === 13)) return undefined
    if (waiting >= 4 && data[at + 2] === 13 && data[at + 3] === 10) {
      this.#halfPing = false
      this.#drop(4)
      return 'ping'
    }
    // The two halves of a ping may come in two segments.
    const second = this.#halfPing
    this.#halfPing = !second && waiting === 2
    this.#drop(2)
    return second ? 'ping' : 'pong'
  }

  /** Looks for the end of the headers and sets the length of the message. @returns the fault's code, if there is one */
  #measure(waiting: number): string | undefined {
    const from = this.#from
    const window = this.#data.subarray(from, this.#to)
    const found = window.indexOf('\r\n\r\n', Math.max(0, this.#searched - 3), 'latin1')
    if (found < 0) {
      this.#searched = waiting
      return waiting > this.#maxHead ? 'headers-too-large' : undefined
    }
    const end = found + 4
    if (end > this.#maxHead) return 'headers-too-large'
    const length = contentLength(latin1(window, 0, end))
    if (length === 'content-length-missing') {
      this.#ending = length
      this.#needed = end
      return undefined
    }
    if (typeof length === 'string') return length
    if (end + length > this.#maxBytes) return 'message-too-large'
    this.#needed = end + length
    return undefined
  }

  #fail(error: string): Frame {
    const end = Math.min(this.#to, this.#from + this.#maxHead)
    const bytes = Buffer.from(this.#data.subarray(this.#from, end))
    this.#broken = true
    this.#ending = undefined
    this.#drop(this.#to - this.#from)
    return { error, bytes }
  }

  #drop(count: number): void {
    this.#from += count
    this.#searched = 0
    this.#needed = 0
    if (this.#from < this.#to) return
    this.#from = this.#to = 0
    this.#own = false
    this.#data = nothing
  }
}

const lengthLine = /\r\n(?:content-length|l)[ \t]*:([^\r]*(?:\r\n[ \t][^\r]*)*)/gi

/** The Content-Length of a head, or the code of what is wrong with it: a stream without one cannot be cut (RFC 3261 §18.3). */
function contentLength(head: string): number | string {
  let length = -1
  lengthLine.lastIndex = 0
  for (let match = lengthLine.exec(head); match !== null; match = lengthLine.exec(head)) {
    const digits = match[1]!.trim()
    if (!/^\d{1,10}$/.test(digits)) return 'bad-content-length'
    if (length >= 0) return 'duplicate-header'
    length = Number(digits)
  }
  return length < 0 ? 'content-length-missing' : length
}
