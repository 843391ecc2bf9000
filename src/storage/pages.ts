import { StorageError } from './storage-error.ts'

const PAGE_LIMIT = 1_000

/** @throws StorageError `bad-query` for a limit outside 1 … 1000 */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_LIMIT)
    throw new StorageError('bad-query', `limit ${limit} is not allowed: a whole number from 1 to ${PAGE_LIMIT}`)
}

/**
 * One page of a list that is in the order of a time and, within it, an id.
 * @param found the rows, one more than `limit` where there are more; @param timeOf the time that orders them
 * @returns the rows of the page, and where the list goes on
 */
export function pageOf<Row extends { readonly id: string }>(
  found: readonly Row[],
  limit: number,
  timeOf: (row: Row) => number,
): { readonly rows: readonly Row[]; readonly next?: string } {
  if (found.length <= limit) return { rows: found }
  const rows = found.slice(0, limit)
  const last = rows.at(-1) as Row
  return { rows, next: `${timeOf(last)}.${last.id}` }
}

/** @throws StorageError `bad-query` for a cursor that {@link pageOf} did not make */
export function parseCursor(cursor: string): { at: number; id: string } {
  const dot = cursor.indexOf('.')
  const at = Number(cursor.slice(0, dot))
  if (dot < 1 || dot > 16 || !Number.isSafeInteger(at) || dot === cursor.length - 1 || cursor.includes('\0'))
    throw new StorageError(
      'bad-query',
      'the cursor is not one that a list returned: leave it out to start with the newest',
    )
  return { at, id: cursor.slice(dot + 1) }
}
