/** Headers known by number. Those up to {@link LAST_SINGLE} may stand in a message once only (RFC 3261 §7.3.1). */
export const CALL_ID = 1
export const CSEQ = 2
export const FROM = 3
export const TO = 4
export const MAX_FORWARDS = 5
export const CONTENT_LENGTH = 6
export const CONTENT_TYPE = 7
export const EXPIRES = 8
export const DATE = 9
export const LAST_SINGLE = 24
export const VIA = 25
export const CONTACT = 26

/** Long name and, where there is one, compact form; the place in the list is the number. */
const names: readonly (readonly [long: string, compact?: string])[] = [
  [''],
  ['call-id', 'i'],
  ['cseq'],
  ['from', 'f'],
  ['to', 't'],
  ['max-forwards'],
  ['content-length', 'l'],
  ['content-type', 'c'],
  ['expires'],
  ['date'],
  ['event', 'o'],
  ['refer-to', 'r'],
  ['referred-by', 'b'],
  ['replaces'],
  ['session-expires', 'x'],
  ['min-se'],
  ['min-expires'],
  ['rack'],
  ['rseq'],
  ['subject', 's'],
  ['content-disposition'],
  ['retry-after'],
  ['timestamp'],
  ['subscription-state'],
  ['mime-version'],
  ['via', 'v'],
  ['contact', 'm'],
  ['route'],
  ['record-route'],
  ['supported', 'k'],
  ['require'],
  ['allow'],
  ['user-agent'],
  ['authorization'],
  ['proxy-authorization'],
  ['reason'],
  ['accept'],
  ['path'],
  ['p-asserted-identity'],
  ['privacy'],
  ['diversion'],
  ['content-encoding', 'e'],
  ['allow-events', 'u'],
  ['proxy-require'],
  ['www-authenticate'],
  ['proxy-authenticate'],
  ['server'],
  ['session-id'],
  ['p-preferred-identity'],
  ['history-info'],
  ['unsupported'],
  ['warning'],
  ['in-reply-to'],
  ['identity', 'y'],
  ['identity-info', 'n'],
  ['accept-contact', 'a'],
  ['reject-contact', 'j'],
  ['request-disposition', 'd'],
]

const SLOTS = 1024
const slots: (readonly [spelling: Uint8Array, id: number] | undefined)[] = new Array(SLOTS)
const byText = new Map<string, number>()

/** One step of the hash of a header name; letters count the same in both cases. */
export function mixName(hash: number, code: number): number {
  return (Math.imul(hash, 33) + (code | 0x20)) | 0
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 10)) & (SLOTS - 1)
}

for (const [id, spellings] of names.entries()) {
  for (const spelling of spellings) {
    if (spelling === undefined || spelling === '') continue
    const bytes = Uint8Array.from(spelling, (character) => character.charCodeAt(0))
    let slot = slotOf(bytes.reduce(mixName, 0))
    while (slots[slot] !== undefined) slot = (slot + 1) & (SLOTS - 1)
    slots[slot] = [bytes, id]
    byText.set(spelling, id)
  }
}

/** The number of the header whose name stands in these bytes, 0 when it is none of the known. */
export function headerIdOfBytes(bytes: Uint8Array, start: number, end: number, hash: number): number {
  const length = end - start
  for (let slot = slotOf(hash); ; slot = (slot + 1) & (SLOTS - 1)) {
    const entry = slots[slot]
    if (entry === undefined) return 0
    const spelling = entry[0]
    if (spelling.length !== length) continue
    let i = 0
    while (i < length && (bytes[start + i]! | 0x20) === spelling[i]) i++
    if (i === length) return entry[1]
  }
}

/** The number of a header by name, in any letter case, long or compact; 0 when it is none of the known. */
export function headerId(name: string): number {
  const id = byText.get(name)
  if (id !== undefined) return id
  return byText.get(name.toLowerCase()) ?? 0
}
