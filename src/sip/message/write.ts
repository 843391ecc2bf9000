import { Buffer } from 'node:buffer'
import { isToken } from './chars.ts'
import { reasonPhrase } from './reason-phrases.ts'
import type { HeaderLines } from './types.ts'

/** Characters that could break a message: every control but tab, and the line separators that some readers take for line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const harmful = /[\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]/
const harmfulAll = new RegExp(harmful.source, 'g')

/** The text with every harmful character replaced by a space. */
function harmless(text: string): string {
  return harmful.test(text) ? text.replace(harmfulAll, ' ') : text
}

export interface RequestToWrite {
  readonly method: string
  readonly uri: string
  readonly headers: HeaderLines
  readonly body?: Buffer | string
}

export interface ResponseToWrite {
  readonly status: number
  /** Default: the registered phrase. */
  readonly reason?: string
  readonly headers: HeaderLines
  readonly body?: Buffer | string
}

/** Writes a request; Content-Length is added. Nothing in the arguments can end a line or start a header. */
export function writeRequest(request: RequestToWrite): Buffer {
  const uri = harmless(request.uri)
  return write(
    `${harmlessToken(request.method)} ${uri.includes(' ') ? uri.replaceAll(' ', '%20') : uri} SIP/2.0\r\n`,
    request,
  )
}

/** Writes a response; Content-Length is added. */
export function writeResponse(response: ResponseToWrite): Buffer {
  return write(`SIP/2.0 ${response.status} ${harmless(response.reason ?? reasonPhrase(response.status))}\r\n`, response)
}

function write(start: string, message: { readonly headers: HeaderLines; readonly body?: Buffer | string }): Buffer {
  const { headers, body } = message
  let head = start
  for (let i = 0; i < headers.length; i++) {
    const line = headers[i]!
    const name = line[0]
    if (isContentLength(name)) continue
    head += `${harmlessToken(name)}: ${harmless(line[1])}\r\n`
  }
  if (body === undefined || body.length === 0) return Buffer.from(`${head}Content-Length: 0\r\n\r\n`)
  if (typeof body === 'string') {
    return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
  const text = `${head}Content-Length: ${body.length}\r\n\r\n`
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(length + body.length)
  bytes.write(text, 0, length)
  body.copy(bytes, length)
  return bytes
}

/** Content-Length is the writer's own; one among the headers would contradict it. */
function isContentLength(name: string): boolean {
  if (name.length !== 14 && name.length !== 1) return false
  const lower = name.toLowerCase()
  return lower === 'content-length' || lower === 'l'
}

function harmlessToken(text: string): string {
  if (isToken(text, 0, text.length)) return text
  let out = ''
  for (let i = 0; i < text.length; i++) out += isToken(text, i, i + 1) ? text[i] : '-'
  return out === '' ? 'X' : out
}
