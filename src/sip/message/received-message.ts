import type { Buffer } from 'node:buffer'
import { latin1, utf8 } from './bytes.ts'
import { headerId } from './header-names.ts'
import { buildNameAddr, parseNameAddr, parseNameAddrList, scanNameAddr } from './name-addr.ts'
import { splitList } from './token-list.ts'
import type { CSeq, NameAddr, Request, Response, Uri, Via } from './types.ts'
import { buildUri, NO_PARAMS, scanUri } from './uri.ts'
import { buildVia, scanVia } from './via.ts'

/** Numbers per header in the index: id with flags, start of the name, start of the value, end of the value. */
export const STRIDE = 4
export const ID_MASK = 0xff
/** The value spans lines. */
export const FOLDED = 0x100
/** The value holds bytes beyond ASCII. */
export const WIDE = 0x200

/** The decoded value of a header: one slice of the received bytes, so that a kept string keeps nothing else alive. */
export function decodeValue(bytes: Buffer, flags: number, start: number, end: number): string {
  if (start >= end) return ''
  const text = (flags & WIDE) === 0 ? latin1(bytes, start, end) : utf8(bytes, start, end)
  return (flags & FOLDED) === 0 ? text : text.replace(/\r\n[ \t]+/g, ' ')
}

/** What the parser found out on its way through the headers. */
export interface Found {
  readonly bytes: Buffer
  /** The index of the headers, {@link STRIDE} numbers each. */
  readonly index: number[]
  readonly bodyStart: number
  readonly bodyEnd: number
  readonly callId: string
  readonly cseqNumber: number
  readonly cseqMethod: string
  readonly from: string
  readonly fromTag: string
  readonly to: string
  readonly toTag: string
  /** The first Via line. */
  readonly via: string
}

/** Most headers that are asked for are not there. */
const none: readonly string[] = []

const nowhere: NameAddr = {
  display: '',
  uri: { scheme: '', user: '', host: '', params: NO_PARAMS, text: '' },
  params: NO_PARAMS,
}

/** A parsed message: an index over the received bytes; a header is decoded when asked for and then kept. */
abstract class ReceivedMessage {
  readonly callId: string
  readonly fromTag: string
  readonly toTag: string
  readonly bytes: Buffer
  readonly #index: number[]
  readonly #bodyStart: number
  readonly #bodyEnd: number
  readonly #cseqNumber: number
  readonly #cseqMethod: string
  readonly #fromText: string
  readonly #toText: string
  readonly #viaText: string
  #texts: (string | undefined)[] | undefined
  #from: NameAddr | undefined
  #to: NameAddr | undefined
  #via: Via | undefined
  #cseq: CSeq | undefined
  #vias: readonly Via[] | undefined
  #contacts: readonly NameAddr[] | undefined

  constructor(found: Found) {
    this.bytes = found.bytes
    this.callId = found.callId
    this.fromTag = found.fromTag
    this.toTag = found.toTag
    this.#index = found.index
    this.#bodyStart = found.bodyStart
    this.#bodyEnd = found.bodyEnd
    this.#cseqNumber = found.cseqNumber
    this.#cseqMethod = found.cseqMethod
    this.#fromText = found.from
    this.#toText = found.to
    this.#viaText = found.via
    this.#texts = undefined
    this.#from = undefined
    this.#to = undefined
    this.#via = undefined
    this.#cseq = undefined
    this.#vias = undefined
    this.#contacts = undefined
  }

  header(name: string): string | undefined {
    const line = this.#find(name, headerId(name), 0)
    return line < 0 ? undefined : this.#text(line)
  }

  headerLines(name: string): readonly string[] {
    const id = headerId(name)
    const first = this.#find(name, id, 0)
    if (first < 0) return none
    const lines = [this.#text(first)]
    for (let line = this.#find(name, id, first + 1); line >= 0; line = this.#find(name, id, line + 1))
      lines.push(this.#text(line))
    return lines
  }

  headerList(name: string): readonly string[] {
    const id = headerId(name)
    const first = this.#find(name, id, 0)
    if (first < 0) return none
    const values: string[] = []
    for (let line = first; line >= 0; line = this.#find(name, id, line + 1)) {
      splitList(this.#text(line), values)
    }
    return values
  }

  allHeaders(): readonly (readonly [name: string, value: string])[] {
    const headers: (readonly [string, string])[] = []
    const count = this.#index.length / STRIDE
    for (let line = 0; line < count; line++) headers.push([this.#name(line), this.#text(line)])
    return headers
  }

  get cseq(): CSeq {
    this.#cseq ??= { number: this.#cseqNumber, method: this.#cseqMethod }
    return this.#cseq
  }

  get from(): NameAddr {
    this.#from ??= nameAddrOf(this.#fromText)
    return this.#from
  }

  get to(): NameAddr {
    this.#to ??= nameAddrOf(this.#toText)
    return this.#to
  }

  get via(): Via {
    if (this.#via === undefined) {
      const after = scanVia(this.#viaText, 0, this.#viaText.length)
      this.#via = buildVia(this.#viaText, after)
    }
    return this.#via
  }

  get vias(): readonly Via[] {
    if (this.#vias === undefined) {
      const vias: Via[] = []
      for (const text of this.headerLines('via')) readVias(text, vias)
      this.#vias = vias
    }
    return this.#vias
  }

  get contacts(): readonly NameAddr[] {
    if (this.#contacts === undefined) {
      const contacts: NameAddr[] = []
      for (const text of this.headerLines('contact')) readContacts(text, contacts)
      this.#contacts = contacts
    }
    return this.#contacts
  }

  get body(): Buffer {
    return this.bytes.subarray(this.#bodyStart, this.#bodyEnd)
  }

  get contentType(): string {
    const text = this.header('content-type')
    if (text === undefined) return ''
    const end = text.indexOf(';')
    return (end < 0 ? text : text.slice(0, end)).replace(/[ \t]/g, '').toLowerCase()
  }

  /** The first line from `from` that carries this header, -1 when there is none. */
  #find(name: string, id: number, from: number): number {
    const index = this.#index
    for (let i = from * STRIDE; i < index.length; i += STRIDE) {
      if ((index[i]! & ID_MASK) !== id) continue
      const line = i / STRIDE
      if (id !== 0 || this.#name(line).toLowerCase() === name.toLowerCase()) return line
    }
    return -1
  }

  #name(line: number): string {
    const start = this.#index[line * STRIDE + 1]!
    let end = start
    for (;;) {
      const code = this.bytes[end]!
      if (code === 0x3a || code === 0x20 || code === 0x09) return latin1(this.bytes, start, end)
      end++
    }
  }

  #text(line: number): string {
    this.#texts ??= new Array(this.#index.length / STRIDE)
    const kept = this.#texts[line]
    if (kept !== undefined) return kept
    const at = line * STRIDE
    const text = decodeValue(this.bytes, this.#index[at]!, this.#index[at + 2]!, this.#index[at + 3]!)
    this.#texts[line] = text
    return text
  }
}

function nameAddrOf(text: string): NameAddr {
  const after = scanNameAddr(text, 0, text.length)
  return after < 0 ? nowhere : buildNameAddr(text, after)
}

function readContacts(text: string, contacts: NameAddr[]): void {
  const all = parseNameAddrList(text)
  if (all.ok) {
    contacts.push(...all.value)
    return
  }
  const values: string[] = []
  splitList(text, values)
  for (const value of values) {
    const contact = parseNameAddr(value)
    if (contact.ok) contacts.push(contact.value)
  }
}

function readVias(text: string, vias: Via[]): void {
  for (let i = 0; i < text.length; ) {
    const after = scanVia(text, i, text.length)
    if (after < 0) return
    vias.push(buildVia(text, after))
    i = after + 1
  }
}

export class ReceivedRequest extends ReceivedMessage implements Request {
  readonly kind = 'request'
  readonly method: string
  readonly #uriText: string
  #uri: Uri | undefined

  constructor(found: Found, method: string, uri: string) {
    super(found)
    this.method = method
    this.#uriText = uri
    this.#uri = undefined
  }

  get uri(): Uri {
    if (this.#uri === undefined) {
      scanUri(this.#uriText, 0, this.#uriText.length)
      this.#uri = buildUri(this.#uriText, 0, this.#uriText.length)
    }
    return this.#uri
  }
}

export class ReceivedResponse extends ReceivedMessage implements Response {
  readonly kind = 'response'
  readonly status: number
  readonly reason: string

  constructor(found: Found, status: number, reason: string) {
    super(found)
    this.status = status
    this.reason = reason
  }
}
