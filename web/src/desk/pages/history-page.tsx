import { TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { CallRecord } from '#api/contract.ts'
import { useLive } from '../../api/live.ts'
import { api } from '../api.ts'
import { useWords } from '../context.tsx'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { RecordTable } from '../parts/record-table.tsx'
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
          aria-label={w.history.searchHint}
          placeholder={w.history.searchHint}
          leftSection={<Sign name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
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
  const [older, setOlder] = useState<{ records: readonly CallRecord[]; next: string | undefined }>()
  const next = older ? older.next : value?.next
  const all = new Map([...(value?.records ?? []), ...(older?.records ?? [])].map((record) => [record.id, record]))
  const records = [...all.values()].filter((record) => record.state !== 'live')
  const more = async () => {
    const page = await api.records({ ...given, ...(next ? { cursor: next } : {}) }).catch(() => undefined)
    if (page) setOlder({ records: [...(older?.records ?? []), ...page.records], next: page.next })
  }
  return (
    <>
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!value && !failed && <Skeleton lines={6} />}
      {value && records.length === 0 && <Empty title={number ? w.history.emptyFound : w.history.empty} />}
      {records.length > 0 && <RecordTable records={records} />}
      {next && (
        <button type="button" className="button" onClick={() => void more()}>
          {w.form.more}
        </button>
      )}
    </>
  )
}
