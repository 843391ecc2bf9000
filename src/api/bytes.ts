/** What of a file is sent: all of it, a part, or nothing because the part is not there. */
export interface SentBytes {
  readonly status: 200 | 206 | 416
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** One range of bytes of a file (RFC 9110 §14.2); several, and what cannot be read, are answered with the whole. */
export function rangeOf(bytes: Uint8Array, range: string | undefined): SentBytes {
  const size = bytes.length
  const whole = { status: 200, bytes, headers: { 'accept-ranges': 'bytes' } } as const
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return whole
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return whole
  if (from >= size) return { status: 416, bytes: new Uint8Array(), headers: { 'content-range': `bytes */${size}` } }
  return {
    status: 206,
    bytes: bytes.subarray(from, to + 1),
    headers: { 'accept-ranges': 'bytes', 'content-range': `bytes ${from}-${to}/${size}` },
  }
}
