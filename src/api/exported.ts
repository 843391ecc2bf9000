/** Rows that one file holds at the most. */
const mostExported = 10_000
/** Rows that are asked for at once. */
export const exportStep = 1_000

/** Reads a list page by page for a file, up to the newest 10,000 rows. */
export async function exported<Row>(
  page: (cursor: { readonly cursor?: string }) => Promise<{ readonly rows: readonly Row[]; readonly next?: string }>,
): Promise<Row[]> {
  const rows: Row[] = []
  for (let cursor: string | undefined; rows.length < mostExported; ) {
    const { rows: some, next } = await page(cursor === undefined ? {} : { cursor })
    rows.push(...some)
    cursor = next
    if (cursor === undefined) break
  }
  return rows.slice(0, mostExported)
}

/** A time for a file, '' for none. */
export function isoTime(at: number | null): string {
  return at === null ? '' : new Date(at).toISOString()
}
