import { TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useLive } from '../../api/live.ts'
import { useOlder } from '../../parts/use-older.ts'
import { api } from '../api.ts'
import { useWords } from '../context.tsx'
import { CallBackTable } from '../parts/call-back-table.tsx'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'

/** All my calls, newest first. */
export function HistoryPage() {
  const w = useWords()
  const { ended } = useLive()
  const [typed, setTyped] = useState('')
  const [number, setNumber] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setNumber(typed.replace(/[\s()/-]/g, '')), 300)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div className="page">
      <PageHead title={w.history.title}>
        <TextInput
          type="search"
          className="history-search"
          aria-label={w.history.searchHint}
          placeholder={w.history.searchHint}
          leftSection={<Sign name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <a className="button" href="#/voicemail">
          <Sign name="voicemail" /> {w.voicemail.title}
        </a>
        <a className="button" href="#/charges">
          <Sign name="charges" /> {w.charges.title}
        </a>
        <a className="button" href="/api/v1/records.csv" download>
          <Sign name="download" /> {w.history.export}
        </a>
      </PageHead>
      <Records key={number} number={number} look={ended} />
    </div>
  )
}

function Records({ number, look }: { readonly number: string; readonly look: number }) {
  const w = useWords()
  const given = number ? { number } : {}
  const { value, failed } = useList((signal) => api.records(given, signal), String(look))
  const { records, more } = useOlder(value, (cursor) => api.records({ ...given, cursor }))
  return (
    <>
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!value && !failed && <Skeleton lines={6} />}
      {value && records.length === 0 && (
        <Empty
          title={number ? w.history.emptyFound : w.history.empty}
          hint={number ? w.history.emptyFoundHint : w.history.emptyHint}
        >
          {!number && (
            <a className="button" data-kind="primary" href="#/calls">
              <Sign name="phone" /> {w.history.toCalls}
            </a>
          )}
        </Empty>
      )}
      {records.length > 0 && <CallBackTable records={records} />}
      {more && (
        <button type="button" className="button" onClick={more}>
          {w.form.more}
        </button>
      )}
    </>
  )
}
