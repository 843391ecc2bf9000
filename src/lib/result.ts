/** What a parser returns: malformed input is a value, never an exception. `offset` counts bytes from the start of the input. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | Malformed

/** Why and where an input is malformed. */
export interface Malformed {
  readonly ok: false
  /** A short stable word such as `cseq-out-of-range`, for metrics and tests. */
  readonly code: string
  readonly offset: number
}

/** A parser's success. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

/** A parser's failure. */
export function malformed(code: string, offset: number): Malformed {
  return { ok: false, code, offset }
}
