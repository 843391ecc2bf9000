import { useEffect, useState } from 'react'
import { getRecords } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { useSpeech } from '../i18n/index.ts'
import { useOlder } from '../parts/use-older.ts'
import { useRetried } from '../parts/use-retried.ts'
import { RecordTable } from './record-table.tsx'

/** A record is written a moment after its call's end; several ends share one look. */
const settleMs = 700

/** What was: newest first, read anew when calls end. */
export function RecentCalls() {
  const { t } = useSpeech()
  const { ended } = useLive()
  const look = useSettled(ended)
  const { value, failed } = useRetried((signal) => getRecords(undefined, signal), look)
  const { records, more } = useOlder(value, (cursor) => getRecords(cursor))
  return (
    <section aria-labelledby="recent-title" className="recent">
      <h2 id="recent-title">{t.recent.title}</h2>
      {failed && <p className="quiet">{t.recent.failed}</p>}
      {!value && !failed && <div className="skeleton tall" aria-hidden="true" />}
      {value && records.length === 0 && (
        <div className="empty">
          <p>{t.recent.empty}</p>
        </div>
      )}
      {records.length > 0 && <RecordTable records={records} />}
      {more && (
        <button type="button" className="button" onClick={more}>
          {t.recent.more}
        </button>
      )}
    </section>
  )
}

/** The value once it has stayed the same for a moment. */
function useSettled(value: number): number {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settleMs)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
