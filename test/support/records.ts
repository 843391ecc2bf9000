import type { CallRecord } from '#api'
import type { Baton } from './server.ts'

/** All call records of a server, newest first. */
export async function allRecords(baton: Baton): Promise<CallRecord[]> {
  const found: CallRecord[] = []
  for (let cursor = ''; ; ) {
    const answer = await baton.fetch(`/api/v1/records?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    const page = (await answer.json()) as { records: CallRecord[]; next?: string; message?: string }
    if (answer.status !== 200) throw new Error(`/api/v1/records says ${answer.status}: ${page.message}`)
    found.push(...page.records)
    if (page.next === undefined) return found
    cursor = page.next
  }
}
