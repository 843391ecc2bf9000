/** A key that was pressed. */
export interface KeyPress {
  readonly digit: string
  readonly durationMs: number
}

const assumedMs = 160

/**
 * The key presses in the body of a SIP INFO: `application/dtmf-relay` (`Signal=5`, `Duration=160`) and `application/dtmf` (`5`), as phones
 * write them. Undefined when the body is neither or says no key: such an INFO is somebody else's.
 * @param contentType the header's value, parameters and all
 */
export function digitsOfInfo(contentType: string, body: string): readonly KeyPress[] | undefined {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/dtmf-relay') {
    const field = (name: string): string | undefined =>
      new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)\\s*$`, 'im').exec(body)?.[1]
    const digit = keyOf(field('signal'))
    const duration = Number(field('duration') ?? assumedMs)
    return digit === undefined
      ? undefined
      : [{ digit, durationMs: duration > 0 && duration <= 60_000 ? duration : assumedMs }]
  }
  if (type !== 'application/dtmf') return undefined
  const digit = keyOf(body.trim())
  return digit === undefined ? undefined : [{ digit, durationMs: assumedMs }]
}

/** As a key or as the number of its event (10 star, 11 hash, 12 to 15 A to D). */
function keyOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (/^[0-9*#A-D]$/i.test(text)) return text.toUpperCase()
  return /^1[0-5]$/.test(text) ? '*#ABCD'[Number(text) - 10] : undefined
}
