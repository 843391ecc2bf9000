/** A piece of a dial string. */
export type DialPart =
  | { readonly kind: 'keys'; readonly keys: string }
  | { readonly kind: 'silence'; readonly ms: number }
  /** Until the far end has spoken and pauses. */
  | { readonly kind: 'pause' }

const commaMs = 2_000
const longest = 100

/**
 * Reads a dial string: keys `0` to `9`, `*`, `#`, `A` to `D`; `,` is two seconds; `w` waits for a pause in speech.
 * @throws RangeError with what is allowed
 */
export function callDigits(text: string): readonly DialPart[] {
  if (text.length > longest) throw new RangeError(`a dial string has at most ${longest} characters, not ${text.length}`)
  const parts: DialPart[] = []
  for (const [piece] of text.matchAll(/[0-9*#A-D]+|,+|w|./gis)) {
    if (piece === 'w' || piece === 'W') parts.push({ kind: 'pause' })
    else if (piece[0] === ',') parts.push({ kind: 'silence', ms: commaMs * piece.length })
    else if (/^[0-9*#A-D]+$/i.test(piece)) parts.push({ kind: 'keys', keys: piece.toUpperCase() })
    else
      throw new RangeError(`'${piece}' is not allowed in a dial string; allowed are 0 to 9, *, #, A to D, comma and w`)
  }
  return parts
}
