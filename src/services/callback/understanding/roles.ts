/** A piece of a message: from where to where. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Who is who in a message: the called is rung first, the caller is joined when the called has answered. */
export interface Roles {
  readonly called?: Span
  /** Left out: who asks is the caller. */
  readonly caller?: Span
}

type Pattern = RegExp

const until = String.raw`(?=$|[.!?;\n]|,\s|\s(?:because|about|regarding|concerning|thanks|thank you|please|wegen|weil|bezüglich|danke|bitte)\b)`
const en = (source: string): Pattern => new RegExp(source.replaceAll('UNTIL', until), 'dimu')

const calling = String.raw`(?:call|ring|phone|contact)(?:\s+(?:back|up))?`

/** Tried in this order, the first that fits counts. `object` is whom the sentence wants called: "me" makes them the caller, else the called. */
const english: readonly Pattern[] = [
  en(
    String.raw`\b(?:have|let|ask|get|tell|make|want|need|like)\s+(?<called>.+?)\s+(?:to\s+)?${calling}\s+(?<caller>.+?)UNTIL`,
  ),
  en(
    String.raw`\b(?:connect|put|join|transfer)\s+(?<caller>.+?)\s+(?:through\s+)?(?:with|to|and)\s+(?<called>.+?)UNTIL`,
  ),
  en(String.raw`\b(?:speak|talk|chat)\s+(?:to|with)\s+(?<called>.+?)(?:\s+(?:on|at)\s+(?<caller>my\s.+?))?UNTIL`),
  en(
    String.raw`\b(?:can|could|would|will|may)\s+(?!you\b)(?<called>.+?)\s+(?:please\s+)?${calling}\s+(?<caller>.+?)UNTIL`,
  ),
  en(
    String.raw`(?<called>[^.!?;,\n]+?)\s+(?:should|shall|must|can|could|is to|are to|to)\s+(?:please\s+)?${calling}\s+(?<caller>.+?)UNTIL`,
  ),
  en(
    String.raw`\b${calling}\s+(?<called>(?!me\b|us\b|myself\b)[^.!?;\n]+?)\s*,?\s*(?:and|then|and then)\s+(?:then\s+)?(?<caller>(?:me|us)\b.*?)UNTIL`,
  ),
  en(
    String.raw`\bcall(?:[\s-]?back)?\s+(?:from|with|by|of)\s+(?<called>.+?)(?:\s+(?:on|at|to)\s+(?<caller>my\s.+?))?UNTIL`,
  ),
  en(String.raw`\bcall[\s-]?back\s+(?:please\s+)?(?:on|at|to)\s+(?<caller>.+?)UNTIL`),
  en(String.raw`\breach\s+(?<called>.+?)UNTIL`),
  en(String.raw`\b${calling}\s+(?<object>.+?)UNTIL`),
]

const rufen = '(?:zurück|an)(?:zu)?rufen'
const me = String.raw`(?:mich|mir|uns)\b`

const german: readonly Pattern[] = [
  en(String.raw`\b(?:lassen\s+sie|lass|lasst|lassen)\s+(?:bitte\s+)?(?<called>.+?)\s+(?<caller>${me}.*?)\s*${rufen}`),
  en(String.raw`\bverbinden?\s+(?:sie\s+)?(?:bitte\s+)?(?<caller>.+?)\s+(?:bitte\s+)?mit\s+(?<called>.+?)UNTIL`),
  en(String.raw`\bmit\s+(?<called>.+?)\s+(?:sprechen|reden|telefonieren|verbunden\s+werden)`),
  en(
    String.raw`\b(?:kann|könnte|könnten|können|soll|sollte|würde|möge)\s+(?!sie\b|ihr\b|du\b|ich\b)(?<called>.+?)\s+(?:bitte\s+)?(?<caller>${me}.*?)\s*${rufen}`,
  ),
  en(
    String.raw`(?<called>[^.!?;,\n]+?)\s+(?:soll|sollen|sollte|möge|kann|könnte|muss|möchte)\s+(?:bitte\s+)?(?<caller>.+?)\s*${rufen}`,
  ),
  en(
    String.raw`\brückruf\s+(?:bitte\s+)?(?:von|vom|durch|seitens|mit|bei|beim)\s+(?<called>.+?)(?:\s+(?<caller>(?:unter|auf|an)\s.+?))?UNTIL`,
  ),
  en(String.raw`\brückruf\s+(?:bitte\s+)?(?<caller>(?:unter|auf|an)\s.+?)UNTIL`),
  en(
    String.raw`\b(?:rufen\s+sie|rufe|ruft|ruf)\s+(?:bitte\s+)?(?<called>(?!mich\b|uns\b)[^.!?;\n]+?)\s+(?:an\s+)?und\s+(?:dann\s+)?(?<caller>${me}.*?)(?:\s+(?:an|zurück))?UNTIL`,
  ),
  en(String.raw`\b(?:rufen\s+sie|rufe|ruft|ruf)\s+(?:bitte\s+)?(?<object>.+?)\s+(?:an|zurück)\b(?<more>.*?)UNTIL`),
  en(String.raw`(?:\bbitte\s+|^\s*)(?<object>[^.!?;\n]+?)\s+${rufen}`),
]

const labels: readonly (readonly ['called' | 'caller', RegExp])[] = [
  ['called', /^[ \t]*(?:called|call|to|whom|angerufener?|anrufen|ziel|wen|an)[ \t]*:[ \t]*(?<value>\S.*?)[ \t]*$/dimu],
  [
    'caller',
    /^[ \t]*(?:caller|from|me|my number|anrufer|von|wer|ich|meine nummer)[ \t]*:[ \t]*(?<value>\S.*?)[ \t]*$/dimu,
  ],
]

/** Me, in both languages: with or without where. */
export const asker =
  /(?<![\p{L}])(?:me|myself|us|i|we|my|mich|mir|uns|ich|wir|mein|meine|meinem|meiner|meinen)(?![\p{L}])/iu

/**
 * Finds who is to be called and who calls, in text from which times have been taken out and entities masked.
 * @returns `undefined` where the text says nothing about roles
 */
export function rolesOf(masked: string, language: 'en' | 'de'): Roles | undefined {
  const labelled: { called?: Span; caller?: Span } = {}
  for (const [role, pattern] of labels) {
    const span = groupOf(pattern.exec(masked), 'value')
    if (span) labelled[role] = span
  }
  if (labelled.called || labelled.caller) return labelled
  const tables = language === 'de' ? [german, english] : [english, german]
  for (const table of tables) {
    for (const pattern of table) {
      const roles = rolesIn(masked, pattern.exec(masked))
      if (roles) return roles
    }
  }
  return undefined
}

function rolesIn(masked: string, match: RegExpExecArray | null): Roles | undefined {
  if (!match) return undefined
  const called = groupOf(match, 'called')
  const caller = groupOf(match, 'caller')
  if (called || caller) return { ...(called ? { called } : {}), ...(caller ? { caller } : {}) }
  const object = groupOf(match, 'object')
  if (!object) return undefined
  const more = groupOf(match, 'more')
  const span = { start: object.start, end: more?.end ?? object.end }
  return asker.test(masked.slice(object.start, object.end)) ? { caller: span } : { called: object }
}

function groupOf(match: RegExpExecArray | null, name: string): Span | undefined {
  const [start, end] = match?.indices?.groups?.[name] ?? []
  return start === undefined || end === undefined || start === end ? undefined : { start, end }
}
