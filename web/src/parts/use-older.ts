import { useState } from 'react'
import type { CallRecord, RecordList } from '#api/contract.ts'

/**
 * The first page of records, read anew by the caller, and older pages as they are asked for; live calls are left out.
 * @param read a page by its cursor
 */
export function useOlder(first: RecordList | undefined, read: (cursor: string) => Promise<RecordList>) {
  const [older, setOlder] = useState<{ readonly records: readonly CallRecord[]; readonly next: string | undefined }>()
  const next = older ? older.next : first?.next
  const byId = new Map([...(older?.records ?? []), ...(first?.records ?? [])].map((record) => [record.id, record]))
  const records = [...byId.values()]
    .filter((record) => record.state !== 'live')
    .sort((a, b) => b.startedAt - a.startedAt)
  const more = async () => {
    // What could not be read can be asked for again.
    const page = next === undefined ? undefined : await read(next).catch(() => undefined)
    if (page) setOlder({ records: [...(older?.records ?? []), ...page.records], next: page.next })
  }
  return { records, ...(next === undefined ? {} : { more: () => void more() }) }
}
