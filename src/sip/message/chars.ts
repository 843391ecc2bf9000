/** Character classes of RFC 3261 §25.1, as bits so that one look-up answers for a byte. */
export const TOKEN = 1
export const USER = 2
export const HOST = 4
export const SCHEME = 8
export const DIGIT = 16
export const HEX = 32
export const VISIBLE = 64

const classes = new Uint8Array(128)

function mark(characters: string, bit: number): void {
  for (let i = 0; i < characters.length; i++) classes[characters.charCodeAt(i)]! |= bit
}

const digits = '0123456789'
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
mark(`${digits}${letters}-.!%*_+\`'~`, TOKEN)
// Wider than the grammar by `#[]{}|^` and the back quote: phones send star codes such as *21# without escaping.
mark(`${digits}${letters}-_.!~*'()%&=+$,;?/:#[]{}|^\``, USER)
mark(`${digits}${letters}-._`, HOST)
mark(`${digits}${letters}+-.`, SCHEME)
mark(digits, DIGIT)
mark(`${digits}abcdefABCDEF`, HEX)
for (let code = 0x21; code < 0x7f; code++) {
  // Nothing that is visible but brackets and quotes, which end a URI or a parameter.
  if (code !== 0x22 && code !== 0x3c && code !== 0x3e) classes[code]! |= VISIBLE
}

/** The class bits of a character; none for anything beyond ASCII. */
export function classOf(code: number): number {
  return code < 128 ? classes[code]! : 0
}

/** Space or tab: all that is left of LWS once folded lines are joined. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** The first position from `at` that holds neither space nor tab. */
export function skipBlank(text: string, at: number, end: number): number {
  let i = at
  while (i < end && isBlank(text.charCodeAt(i))) i++
  return i
}

/** Whether the whole range is one or more token characters. */
export function isToken(text: string, start: number, end: number): boolean {
  if (start >= end) return false
  for (let i = start; i < end; i++) if ((classOf(text.charCodeAt(i)) & TOKEN) === 0) return false
  return true
}

/** The position after a quoted string that opens at `start`, or -1 when it never closes. */
export function skipQuoted(text: string, start: number, end: number): number {
  for (let i = start + 1; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5c) i++
    else if (code === 0x22) return i + 1
    else if (code < 0x20 && code !== 0x09) return -1
  }
  return -1
}

/** The content of a quoted string, or the text itself where it is not quoted. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== 0x22 || text.length < 2) return text
  const inside = text.slice(1, -1)
  if (!inside.includes('\\')) return inside
  let plain = ''
  for (let i = 0; i < inside.length; i++) {
    if (inside.charCodeAt(i) === 0x5c && i + 1 < inside.length) i++
    plain += inside[i]
  }
  return plain
}

/** A quoted string with this content; control characters become spaces. */
export function quote(text: string): string {
  let out = '"'
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22 || code === 0x5c) out += `\\${text[i]}`
    else out += code < 0x20 || code === 0x7f ? ' ' : text[i]
  }
  return `${out}"`
}
