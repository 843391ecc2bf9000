import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type Schema = z.core.$ZodType

/** One fault of a value that was checked against a schema: where it is and what is allowed there, in one sentence. */
export interface Fault {
  /** Keys joined by dots, '' for the whole value. */
  readonly path: string
  readonly sentence: string
}

const secret = /password|secret|token|url/i

/** The first fault that a schema found, told for people. @param schema where allowed keys are looked up @param value what was checked */
export function explain(schema: Schema, error: z.core.$ZodError, value: unknown): Fault {
  const issue = deepest(error.issues[0] as Issue)
  const path = withinObjects(value, issue.path.map(String))
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] as string
    const allowed = keysAt(schema, path)
    const near = nearest(key, allowed)
    const hint = near ? `; did you mean "${near}"?` : ''
    const list = allowed.length > 0 ? ` (allowed: ${allowed.join(', ')})` : ''
    return { path: [...path, key].join('.'), sentence: `is not a known key${hint}${list}` }
  }
  const found = at(value, path)
  const shown = path.some((key) => secret.test(key)) ? 'a value that is not shown' : show(found)
  return {
    path: path.join('.'),
    sentence:
      found === undefined ? `is missing; allowed: ${allowedBy(issue)}` : `found ${shown}; allowed: ${allowedBy(issue)}`,
  }
}

/** A union hides the faults of its branches: take the one that got furthest. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  let best: Issue | undefined
  for (const branch of issue.errors) {
    const first = branch[0] as Issue | undefined
    if (!first) continue
    const wrongType = first.code === 'invalid_type' && first.path.length === 0
    if (!wrongType && (!best || first.path.length > best.path.length)) best = first
  }
  if (!best) return issue
  const inner = deepest(best)
  return { ...inner, path: [...issue.path, ...inner.path] } as Issue
}

const typeNames: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
}

function allowedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected
    case 'invalid_value':
      return issue.values.map(String).join(', ')
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : 'entries'}`
        : `at least ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'entries'}`
        : `at most ${issue.maximum}`
    default:
      return issue.message
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** A transformation may look into a text; people see the text as a whole. */
function withinObjects(value: unknown, path: readonly string[]): readonly string[] {
  for (let depth = 1; depth < path.length; depth++) {
    const found = at(value, path.slice(0, depth))
    if (found !== undefined && found !== null && typeof found !== 'object') return path.slice(0, depth)
  }
  return path
}

function at(value: unknown, path: readonly string[]): unknown {
  let current = value
  for (const key of path) {
    if (current === null || typeof current !== 'object') return undefined
    current = (current as Record<string, unknown>)[key]
  }
  return current
}

interface Definition {
  readonly type: string
  readonly innerType?: Schema
  readonly in?: Schema
  readonly element?: Schema
  readonly options?: readonly Schema[]
  readonly shape?: Record<string, Schema>
}

/** Removes what wraps a schema: defaults, optionals, transformations. */
function bare(schema: Schema | undefined): Definition | undefined {
  let definition = schema?._zod.def as Definition | undefined
  for (;;) {
    const inner: Schema | undefined = definition?.innerType ?? definition?.in
    if (!inner) return definition
    definition = inner._zod.def as unknown as Definition
  }
}

function step(definition: Definition | undefined, key: string): Schema | undefined {
  if (definition?.shape) return definition.shape[key]
  if (definition?.element) return definition.element
  for (const option of definition?.options ?? []) {
    const found = step(bare(option), key)
    if (found) return found
  }
  return undefined
}

function definitionAt(schema: Schema, path: readonly string[]): Definition | undefined {
  let definition = bare(schema)
  for (const key of path) definition = bare(step(definition, key))
  return definition
}

/** The keys that a schema allows at a path; empty where it is no group of keys. */
function keysAt(schema: Schema, path: readonly string[]): string[] {
  const definition = definitionAt(schema, path)
  if (definition?.shape) return Object.keys(definition.shape)
  for (const option of definition?.options ?? []) {
    const shape = bare(option)?.shape
    if (shape) return Object.keys(shape)
  }
  return []
}

/** What kind of value a schema wants at a path, for text that comes from the environment. */
export function typeAt(schema: Schema, path: readonly string[]): string | undefined {
  return definitionAt(schema, path)?.type
}

/** The candidate that is at most a third of its letters away from a word, for "did you mean". */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      bestDistance = distance
      best = candidate
    }
  }
  return best !== undefined && bestDistance <= Math.max(1, Math.floor(best.length / 3)) ? best : undefined
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] as number) + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}
