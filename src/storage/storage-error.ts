/** Why storage refused: `open` (cannot be opened), `unavailable` (the database is away or overloaded), `row` (this row was refused), `bad-query`, `refused`. */
export type StorageErrorCode = 'open' | 'unavailable' | 'row' | 'bad-query' | 'refused'

/** A refusal by storage; the message is one line that says what was wrong and what to change. */
export class StorageError extends Error {
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string) {
    super(message)
    this.name = 'StorageError'
    this.code = code
  }
}

/** What an error says, on one line. */
export function reason(error: unknown): string {
  const text =
    error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code || error.name : String(error)
  return text.replaceAll('\n', ' ')
}
