/** One way to ask for a call. Groups: `called`, `caller`, or `object`: whom the sentence wants called, where "me" makes them the caller. */
export interface Phrase {
  readonly pattern: RegExp
  /** Says something else as often ("…, Bob"): counts only where the called is somebody we know and nobody else is meant. */
  readonly loose?: true
}

/** Where a name ends: a sentence, or what people add behind it. */
const until = String.raw`(?=$|[.!?;\n]|,\s|\s(?:because|about|regarding|concerning|thanks|thank you|please|wegen|weil|bezüglich|danke|bitte)\b)`

/** A phrase from its source, where `UNTIL` stands for the end of a name and `WHO` for a name of a bounded length. */
export function phrase(source: string, loose = false): Phrase {
  const pattern = new RegExp(source.replaceAll('UNTIL', until).replaceAll('WHO', '.{1,120}?'), 'dimu')
  return loose ? { pattern, loose } : { pattern }
}
