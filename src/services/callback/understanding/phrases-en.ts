import { type Phrase, phrase } from './phrases.ts'

const calling = String.raw`(?:call|ring|phone|dial|telephone|contact)(?:\s+(?:back|up))?`
const aCall = String.raw`(?:(?:a|another)\s+)?(?:(?:quick|short|phone)\s+)?(?:call|ring|buzz|bell|shout|callback)\b`
/** `call me on …`, `give me a ring on …`, `give Carla a call` */
const calls = String.raw`(?:${calling}\s+(?<caller>WHO)UNTIL|give\s+(?<caller>(?:me|us)\s+${aCall}.{0,80}?)UNTIL|give\s+(?<caller>[^.!?;,\n]{1,60}?)\s+${aCall})`
const me = String.raw`(?:me|us|myself|my)\b`
const notMe = `(?!${me})`

/** Tried in this order. */
export const english: readonly Phrase[] = [
  phrase(
    String.raw`\b(?:when|once|if|as\s+soon\s+as)\s+(?<called>[^.!?;,\n]{1,80}?)\s+(?:is|are|has|have)\s[^.!?\n]{0,80}?\b(?:have|let|ask|get)\s+(?:him|her|them)\s+(?:to\s+)?${calls}`,
  ),
  phrase(
    String.raw`\b(?:have|let|ask|get|tell|make|want|need|like|remind)\s+(?<called>WHO)\s*,?\s+(?:(?:if|whether|that)\s+)?(?:(?:he|she|they)\s+(?:can|could|should|may|might|would)\s+)?(?:please\s+)?(?:(?:to|2)\s+)?(?:please\s+)?${calls}`,
  ),
  phrase(String.raw`\b(?:is|are)\s+(?<called>WHO)\s+(?:free|available|able|there|around|in)\s+to\s+${calls}`),
  phrase(
    String.raw`\b(?:connect|put|join|transfer|patch|link)\s+(?<caller>WHO)\s+(?:through\s+)?(?:with|to|and)\s+(?<called>WHO)UNTIL`,
  ),
  phrase(String.raw`\b(?:get|put)\s+(?:me\s+)?(?<called>WHO)\s+on\s+the\s+(?:line|phone|telephone)\b`),
  phrase(String.raw`\bget\s+(?:me\s+)?(?:hold\s+of|through\s+to|in\s+touch\s+with)\s+(?<called>WHO)UNTIL`),
  phrase(
    String.raw`\b(?:speak|talk|chat|word|conversation|discussion)\s+(?:to|with)\s+(?<called>WHO)(?:\s+(?:on|at)\s+(?<caller>my\s.{1,60}?))?UNTIL`,
  ),
  phrase(
    String.raw`\b(?:let|have|can|could|should|may|want|need|like)\s+(?<called>[^.!?;\n]{1,80}?)\s+and\s+(?<caller>[^.!?;\n]{1,80}?)\s+(?:to\s+)?(?:talk|speak|chat)\b`,
  ),
  phrase(String.raw`\bbetween\s+(?<caller>WHO)\s+and\s+(?<called>WHO)UNTIL`),
  phrase(
    String.raw`\b(?:can|could|would|will|may)\s+(?!you\b|i\b|we\b)(?<called>WHO)\s+(?:please\s+)?(?:be\s+(?:so\s+kind\s+as\s+to\s+)?)?${calls}`,
  ),
  phrase(String.raw`\bfor\s+(?<called>WHO)\s+to\s+${calls}`),
  phrase(
    String.raw`(?<called>[^.!?;,\n]{1,120}?)\s+(?:should|shall|must|can|could|is\s+to|are\s+to|needs?\s+to|ha(?:s|ve)\s+to|to)\s+(?:please\s+)?${calls}`,
  ),
  phrase(
    String.raw`\b${calling}\s+(?<called>${notMe}[^.!?;\n]{1,80}?)\s*,?\s*(?:\band\b|\bthen\b)\s+(?:then\s+)?(?:(?:connect|put|join|patch|transfer|link)\s+(?:(?:him|her|them|it|us|that|this)\s+(?:through\s+)?(?:with|to)\s+)?|${calling}\s+)?(?<caller>(?:me|us)\b.{0,80}?)UNTIL`,
  ),
  phrase(
    String.raw`\b${calling}\s+(?<caller>${me}[^.!?;\n]{0,80}?)\s*,?\s*\b(?:with|and|then)\s+(?:then\s+)?(?:${calling}\s+|with\s+)?(?<called>WHO)UNTIL`,
    true,
  ),
  phrase(
    String.raw`\bfirst\s+(?:${calling}\s+)?(?<called>[^.!?;\n]{1,80}?)\s*,?\s*(?:and\s+)?then\s+(?:${calling}\s+)?(?<caller>WHO)UNTIL`,
  ),
  phrase(
    String.raw`\b${calling}\s+(?<called>${notMe}[^.!?;\n]{1,80}?)\s*,?\s+(?:and(?:\s+then)?|then)\s+(?<caller>WHO)UNTIL`,
    true,
  ),
  phrase(String.raw`\b(?:called|rung|phoned|contacted)(?:\s+back)?\s+(?:by|from)\s+(?<called>WHO)UNTIL`),
  phrase(
    String.raw`\bcall(?:[\s-]?back)?\s+(?:from|with|by|of|to)\s+(?<called>WHO)(?:\s+(?:on|at|to)\s+(?<caller>my\s.{1,60}?))?UNTIL`,
  ),
  phrase(String.raw`\bcall[\s-]?back\s+(?:please\s+)?(?:on|at|to)\s+(?<caller>WHO)UNTIL`),
  phrase(String.raw`\breach\s+(?<called>WHO)UNTIL`),
  phrase(String.raw`\bcall[\s-]?back(?:\s+please)?\s*[,:]\s*(?<called>[^.!?;,\n]{1,80}?)UNTIL`, true),
  phrase(
    String.raw`\b(?:${calling}\s+(?<caller>(?:me|us)\b[^.!?;\n]{0,80}?)|give\s+(?<caller>(?:me|us)\s+${aCall}[^.!?;\n]{0,80}?)),\s*(?<called>[^.!?;,\n]{1,60}?)\s*(?=[.!?\n]|$)`,
    true,
  ),
  phrase(
    String.raw`^[ \t]*(?<called>[^.!?;,\n]{1,60}?)\s*,\s*(?:please\s+)?(?:(?:can|could|would)\s+you\s+)?(?:please\s+)?(?:${calling}\s+(?<caller>(?:me|us)\b.{0,80}?)|give\s+(?<caller>(?:me|us)\s+${aCall}.{0,80}?))UNTIL`,
    true,
  ),
  phrase(
    String.raw`^[ \t]*(?:hi|hello|hey|dear|good\s+(?:morning|afternoon|evening|day))\s+(?<called>[^.!?;,\n]{1,60}?)\s*[,!.:\n-](?:.|\n){0,300}?\b(?:${calling}\s+(?<caller>(?:me|us)\b.{0,80}?)|give\s+(?<caller>(?:me|us)\s+${aCall}.{0,80}?))UNTIL`,
    true,
  ),
  phrase(String.raw`\b${calling}\s+(?<object>WHO)UNTIL`),
  phrase(String.raw`\bgive\s+(?<object>(?:me|us)\s+${aCall}.{0,80}?)UNTIL`),
  phrase(String.raw`\bgive\s+(?<object>[^.!?;,\n]{1,60}?)\s+${aCall}`),
  phrase(String.raw`\bcall(?:[\s-]?back)?\s+for\s+(?<called>WHO)UNTIL`, true),
]
