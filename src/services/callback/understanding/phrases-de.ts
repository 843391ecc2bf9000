import { type Phrase, phrase } from './phrases.ts'

const rufen = '(?:(?:zurück|an|durch)(?:zu)?rufen|kontaktieren|(?:zurück|an)rief(?:e|en)?)'
const me = String.raw`(?:mich|mir|uns)\b`
/** What stands between a verb and a name, and means nothing. */
const filler = String.raw`(?:(?:bitte|mal|gerne?|dringend|kurz|dann|doch|einfach|jetzt)\s+)*`
const may = '(?:kann|könnte|könnten|können|soll|sollen|sollte|würde|würden|möge|mag|darf)'
const talk = '(?:gespräch|telefonat|telefongespräch|telefontermin|anruf|call|termin)'

/** Tried in this order. */
export const german: readonly Phrase[] = [
  phrase(
    String.raw`\b(?:lassen\s+sie|lass|lasst|lassen)\s+${filler}(?<called>WHO)\s+(?<caller>${me}.{0,80}?)\s*${rufen}`,
  ),
  phrase(
    String.raw`\b(?:bitten?(?:\s+sie)?|sag(?:en|e|t)?(?:\s+sie)?|frag(?:en|e|t)?(?:\s+sie)?)\s+${filler}(?<called>(?!sag|frag)[^.!?;,\n]{1,80}?)\s*,\s*(?:(?:dass|ob)\s+)?(?:(?:er|sie)\s+)?(?:${may}\s+)?${filler}(?<caller>${me}[^.!?;\n]{0,80}?)\s*${rufen}`,
  ),
  phrase(String.raw`(?<caller>${me})\s+${filler}mit\s+(?<called>WHO)\s+(?:zu\s+)?(?:verbinden|verbunden)`),
  phrase(String.raw`\bverbinden?\s+(?:sie\s+)?${filler}(?<caller>WHO)\s+${filler}(?:mit|und)\s+(?<called>WHO)UNTIL`),
  phrase(
    String.raw`\bstell(?:en|e|t)?\s+(?:sie\s+)?${filler}(?<caller>${me}.{0,60}?)\s+(?:zu|zum|zur|an)\s+(?<called>WHO)\s+durch\b`,
  ),
  phrase(String.raw`(?<caller>${me}.{0,60}?)\s+(?:zu|zum|zur|an)\s+(?<called>WHO)\s+durch(?:zu)?(?:stellen|gestellt)`),
  phrase(String.raw`\bmit\s+(?<called>WHO)\s+(?:zu\s+)?(?:sprechen|reden|telefonieren|verbunden\s+werden|verbinden)\b`),
  phrase(
    String.raw`\b(?:erst|zuerst)\s+(?<called>[^.!?;\n]{1,80}?)\s*(?:\s${rufen})?\s*,?\s*(?:und\s+)?dann\s+(?<caller>WHO)UNTIL`,
  ),
  phrase(String.raw`\bverbinden?\s+(?:sie\s+)?${filler}mit\s+(?<called>WHO)UNTIL`),
  phrase(String.raw`\bzwischen\s+(?<caller>WHO)\s+und\s+(?<called>WHO)UNTIL`),
  phrase(
    String.raw`\b${may}\s+(?!sie\b|ihr\b|du\b|ich\b|wir\b|mich\b|mir\b|uns\b)(?<called>WHO)\s+${filler}(?<caller>${me}.{0,80}?)\s*${rufen}`,
  ),
  phrase(
    String.raw`\bist\s+(?<called>WHO)\s+(?:frei|da|erreichbar|verfügbar)\b[^.!?\n]{0,60}?\b(?<caller>${me}.{0,60}?)\s*${rufen}`,
  ),
  phrase(
    String.raw`(?<called>[^.!?;,\n]{1,120}?)\s+(?:soll|sollen|sollte|möge|kann|könnte|muss|möchte)\s+${filler}(?<caller>WHO)\s*${rufen}`,
  ),
  phrase(String.raw`\b${may}\s+(?<caller>${me})\s+${filler}(?<called>WHO)\s+${filler}${rufen}`),
  phrase(String.raw`\b(?:von|vom)\s+(?<called>[^.!?;\n]{1,80}?)\s+(?:zurück|an)gerufen`),
  phrase(
    String.raw`\brückruf\s+(?:bitte\s+)?(?:von|vom|durch|seitens|mit|bei|beim)\s+(?<called>WHO)(?:\s+(?<caller>(?:unter|auf|an)\s.{1,80}?))?UNTIL`,
  ),
  phrase(String.raw`\brückruf\s+(?:bitte\s+)?(?<caller>(?:unter|auf|an)\s.{1,80}?)UNTIL`),
  phrase(
    String.raw`\b(?:rufen\s+sie|rufe|ruft|ruf)\s+${filler}(?<called>(?!mich\b|uns\b)[^.!?;\n]{1,80}?)(?:\s+an)?\s*,?\s+(?:und|dann)\s+(?:dann\s+)?(?:verbinden?\s+(?:sie\s+)?(?:(?:ihn|sie|es|das)\s+(?:dann\s+)?mit\s+)?)?(?<caller>${me}.{0,80}?)(?:\s+(?:an|zurück))?UNTIL`,
  ),
  phrase(
    String.raw`\b(?:rufen\s+sie|rufe|ruft|ruf)\s+${filler}(?<caller>${me}[^.!?;\n]{0,80}?)\s+(?:an\s*,?\s+)?(?:und|dann)\s+(?:dann\s+)?(?<called>WHO)UNTIL`,
    true,
  ),
  phrase(
    String.raw`\b(?:möchte|will|würde|muss|müsste|darf|kann|könnte|wollte)\s+(?:ich\s+)?${filler}(?<called>(?!mit\b|mich\b|ich\b)[^.!?;,\n]{1,80}?)\s+(?:sprechen|erreichen)\b`,
  ),
  phrase(
    String.raw`\bversuche\s+(?:ich\s+)?,?\s*${filler}(?<called>[^.!?;,\n]{1,80}?)\s+zu\s+(?:erreichen|sprechen)\b`,
  ),
  phrase(
    String.raw`\b${talk}\s+(?:bitte\s+)?(?:mit|bei|beim|von|vom)\s+(?<called>WHO)(?:\s+(?:zu\s+)?(?:planen|vereinbaren|ausmachen|einrichten|buchen|organisieren))?UNTIL`,
  ),
  phrase(
    String.raw`\b(?:kannst|können|könntest|könnten|würdest|würden)\s+(?:du|sie|ihr)\s+${filler}(?<object>WHO)\s+${rufen}`,
  ),
  phrase(
    String.raw`\b(?:rufen\s+sie|rufe|ruft|ruf)\s+${filler}(?<caller>(?:mich|uns)\b[^.!?;\n]{0,80}?)\s+(?:an|zurück)\s*,\s*(?<called>[^.!?;,\n]{1,60}?)\s*(?=[.!?\n]|$)`,
    true,
  ),
  phrase(
    String.raw`^[ \t]*(?:hallo|hi|hey|liebe[rs]?|guten\s+(?:tag|morgen|abend)|sehr\s+geehrte[rs]?)\s+(?<called>[^.!?;,\n]{1,60}?)\s*[,!.:\n-](?:.|\n){0,300}?\b(?:ruf(?:en\s+sie|e|t)?|kannst\s+du|können\s+sie|könntest\s+du|könnten\s+sie)\s+${filler}(?<caller>(?:mich|uns)\b[^.!?;\n]{0,80}?)\s*\b(?:an|zurück|${rufen})`,
    true,
  ),
  phrase(String.raw`\brückruf(?:\s+bitte)?\s*[,:]\s*(?<called>[^.!?;,\n]{1,80}?)UNTIL`, true),
  phrase(String.raw`\b(?:rufen\s+sie|rufe|ruft|ruf)\s+${filler}(?<object>WHO)\s+(?:an|zurück)\b(?<more>.{0,80}?)UNTIL`),
  phrase(String.raw`\bwähl(?:en|e|t)?\s+(?:sie\s+)?${filler}(?<object>WHO)UNTIL`),
  phrase(String.raw`(?:\bbitte\s+|^\s*)(?<object>[^.!?;\n]{1,120}?)\s+${rufen}`),
]
