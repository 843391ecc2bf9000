import { german } from './phrases-de.ts'
import { english } from './phrases-en.ts'

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

/** Who is who by one way to read a message; `loose` counts only where it names somebody we know. */
export interface PossibleRoles extends Roles {
  readonly loose?: true
}

/**
 * Finds who is to be called and who calls, in text from which times have been taken out and entities masked.
 * @returns every way to read it, the likeliest first
 */
export function rolesOf(masked: string, language: 'en' | 'de'): readonly PossibleRoles[] {
  const labelled: { called?: Span; caller?: Span } = {}
  for (const [role, pattern] of labels) {
    const span = groupOf(pattern.exec(masked), 'value')
    if (span) labelled[role] = span
  }
  if (labelled.called || labelled.caller) return [labelled]
  const found: PossibleRoles[] = []
  for (const table of language === 'de' ? [german, english] : [english, german]) {
    for (const { pattern, loose } of table) {
      const roles = rolesIn(masked, pattern.exec(masked))
      if (roles) found.push(loose ? { ...roles, loose } : roles)
    }
  }
  return found
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
