/** Something in a message that names a line by itself, with its place in the text. */
export type Entity = { readonly start: number; readonly end: number; readonly said: string } & (
  | { readonly kind: 'telephone'; readonly number: string; readonly keys: string }
  | { readonly kind: 'extension'; readonly extension: string }
  | { readonly kind: 'mail'; readonly address: string }
  /** A SIP or network address: `sip:anna@example.org`, `192.0.2.7`. */
  | { readonly kind: 'address'; readonly uri: string }
  | { readonly kind: 'session'; readonly id: string }
)

/** Stands for an entity in the masked text; never in a message, where it is taken out first. */
const mask = '\u{E000}'

const telephone = /(?<![\w.@+])(?:tel:)?(\+?\(?\d[\d ()./-]{2,22}\d)(?![\w@]|[.:]\d)/g
/** Keys behind a number: each `,` is a pause before the next key, also the first; `w` waits for a pause in speech; `p` is another word for `,`. */
const keysBehind = /^\s?([,wp][,wp\d*#\s]{0,38}[\d*#])(?!\d)/i
/** "+49 30 1234, 15:00": what follows a number may be a time. */
const timeBehind = /^(?:[:.]\d|\.|\s*(?:[ap]\.?m\b|uhr\b|h\b|o'?clock|min|hours?|stunden?))/i
/** An extension behind a number is keyed in once the voice there pauses. */
const extensionBehind = /^\s?[,;]?\s?(?:extension|ext\.?|ext=|x|durchwahl|nebenstelle)\s*:?\s*(\d{1,6})\b/i
const keysInWords =
  /\b(?:press|keys?|then press|tasten?|drücken?(?:\s+sie)?|drücke?)\s+(?:die\s+|the\s+)?([\d*#](?:(?:\s*(?:,|and|then|und|dann|die)){0,3}\s*[\d*#]){0,19})/giu
const extension = /\b(?:extension|ext\.?|durchwahl|nebenstelle)\s*:?\s*(\d{1,6})\b/gi
const mail = /(?<![\w.+-])(?:mailto:|xmpp:)?([\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)/gi
const sip = /\bsips?:[^\s<>;,"]{1,128}/gi
const network = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g
const session = /\b(?:session|sitzung)(?:\s*(?:id|nr\.?|number|nummer))?\s*[:#]?\s*([A-Za-z0-9_-]{8,64})\b/gi

export interface Extracted {
  readonly entities: readonly Entity[]
  /** The text with every entity replaced by as many private-use characters. */
  readonly masked: string
  /** Keys that the message names in words ("press 1 then 2"), as a dial string; '' when none. */
  readonly keys: string
}

/**
 * Takes out of a message what needs no understanding: numbers with their key sequences, addresses, session ids.
 * @param toNumber E.164 of what may be a telephone number, `undefined` when it is none
 */
export function entitiesOf(text: string, toNumber: (text: string) => string | undefined): Extracted {
  let masked = text.replaceAll(mask, ' ')
  const entities: Entity[] = []
  const take = (start: number, end: number): void => {
    masked = masked.slice(0, start) + mask.repeat(end - start) + masked.slice(end)
  }
  const each = (pattern: RegExp, make: (match: RegExpExecArray, place: Place) => Entity | undefined): void => {
    for (const match of masked.matchAll(pattern)) {
      const place = { start: match.index, end: match.index + match[0].length, said: match[0].trim() }
      const entity = make(match, place)
      if (!entity || masked.slice(entity.start, entity.end).includes(mask)) continue
      entities.push(entity)
      take(entity.start, entity.end)
    }
  }
  each(sip, ([uri = ''], place) => ({ ...place, kind: 'address', uri }))
  each(session, ([, id = ''], place) => (/\d/.test(id) ? { ...place, kind: 'session', id } : undefined))
  each(mail, ([, address = ''], place) => ({ ...place, kind: 'mail', address: address.toLowerCase() }))
  each(network, ([address = ''], place) =>
    address.split('.').every((part) => Number(part) < 256)
      ? { ...place, kind: 'address', uri: `sip:${address}` }
      : undefined,
  )
  each(extension, ([, digits = ''], place) =>
    /\d[\s,;]*$/.test(text.slice(0, place.start)) ? undefined : { ...place, kind: 'extension', extension: digits },
  )
  let keys = ''
  for (const match of masked.matchAll(keysInWords)) {
    const pressed = (match[1] ?? '').match(/[\d*#]/g) ?? []
    keys = pressed.join('w')
    take(match.index, match.index + match[0].length)
  }
  each(telephone, (match, place) => {
    if (looksLikeTime(match[1] ?? '')) return undefined
    const number = toNumber(match[1] ?? '')
    if (number === undefined) return undefined
    const { length, keys: sequence } = sequenceIn(masked.slice(place.end, place.end + 60))
    return { ...place, end: place.end + length, kind: 'telephone', number, keys: sequence }
  })
  entities.sort((a, b) => a.start - b.start)
  return { entities, masked, keys }
}

/** The dial string that follows a number, and how much of the text it takes. */
function sequenceIn(text: string): { readonly length: number; readonly keys: string } {
  const inner = extensionBehind.exec(text)
  if (inner) return { length: inner[0].length, keys: `w${inner[1]}` }
  const [whole = '', behind = ''] = keysBehind.exec(text) ?? []
  if (timeBehind.test(text.slice(whole.length))) return { length: 0, keys: '' }
  return { length: whole.length, keys: behind.replaceAll(/\s/g, '').replaceAll(/p/gi, ',').toLowerCase() }
}

interface Place {
  readonly start: number
  readonly end: number
  readonly said: string
}

/** `2026-12-01`, `1.12.2026`, `14.30`: dates and clocks have the form of short numbers. */
function looksLikeTime(text: string): boolean {
  const plain = text.trim()
  return (
    /^\d{4}-\d\d?-\d\d?(?: \d\d?)?$/.test(plain) ||
    /^\d\d?[./]\d\d?[./](?:\d\d){0,2}(?: \d\d?(?:[.]\d\d)?)?$/.test(plain) ||
    /^\d\d?[.]\d\d$/.test(plain)
  )
}

/** The entities within a part of the text. */
export function within(entities: readonly Entity[], start: number, end: number): readonly Entity[] {
  return entities.filter((entity) => entity.start >= start && entity.end <= end)
}

/** The words of masked text without what stands for entities. */
export function withoutEntities(masked: string): string {
  return masked.replaceAll(mask, ' ').replace(/\s+/g, ' ').trim()
}
