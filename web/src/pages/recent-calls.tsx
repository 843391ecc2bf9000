import { useEffect, useState } from 'react'
import type { CallRecord } from '#api/contract.ts'
import { getRecords } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { useSpeech } from '../i18n/index.ts'
import { Icon } from '../parts/icon.tsx'
import { clockText } from '../parts/use-now.ts'
import { useRetried } from '../parts/use-retried.ts'
import { callAddress } from '../parts/use-route.ts'
import { causeText, heard, partyText } from '../parts/words.ts'

/** A record is written a moment after its call's end; several ends share one look. */
const settleMs = 700

/** What was: newest first, read anew when calls end. */
export function RecentCalls() {
  const { t } = useSpeech()
  const { ended } = useLive()
  const look = useSettled(ended)
  const { value, failed } = useRetried((signal) => getRecords(undefined, signal), look)
  const [older, setOlder] = useState<{ records: readonly CallRecord[]; next: string | undefined }>()
  const next = older ? older.next : value?.next
  const records = mergeById(value?.records ?? [], older?.records ?? []).filter((record) => record.state !== 'live')
  const more = async () => {
    const page = await getRecords(next).catch(() => undefined)
    if (page) setOlder({ records: [...(older?.records ?? []), ...page.records], next: page.next })
  }
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
      {records.length > 0 && (
        <table className="card records">
          <thead>
            <tr>
              <th scope="col">{t.recent.when}</th>
              <th scope="col">{t.recent.who}</th>
              <th scope="col">{t.recent.outcome}</th>
              <th scope="col" className="end">
                {t.recent.duration}
              </th>
              <th scope="col">{t.recent.quality}</th>
            </tr>
          </thead>
          <tbody>
            {records.map((record) => (
              <RecordLine key={record.id} record={record} />
            ))}
          </tbody>
        </table>
      )}
      {next && (
        <button type="button" className="button" onClick={more}>
          {t.recent.more}
        </button>
      )}
    </section>
  )
}

function RecordLine({ record }: { readonly record: CallRecord }) {
  const { t, time, dayAndTime } = useSpeech()
  const today = new Date(record.startedAt).toDateString() === new Date().toDateString()
  const talked = record.answeredAt !== null && record.endedAt !== null ? record.endedAt - record.answeredAt : undefined
  return (
    <tr>
      <td className="when">
        <time dateTime={new Date(record.startedAt).toISOString()}>
          {today ? time(record.startedAt) : dayAndTime(record.startedAt)}
        </time>
      </td>
      <td className="who">
        <a href={callAddress(record.id)}>
          <bdi>{partyText(record.caller, t)}</bdi> <Icon name="arrow" />
          <span className="unseen">{t.to}</span> <bdi>{partyText(record.callee, t)}</bdi>
        </a>
      </td>
      <td className="outcome">
        <Outcome record={record} />
      </td>
      <td className="end duration">{talked === undefined ? '–' : clockText(talked)}</td>
      <td className="sound">{talked === undefined ? '' : <Sound record={record} />}</td>
    </tr>
  )
}

/** What happened, in words, and who answered. */
export function Outcome({ record }: { readonly record: CallRecord }) {
  const { t } = useSpeech()
  const { station } = record.answeredBy
  const plain = record.cause === 'answered' && station !== ''
  return (
    <span className="state" data-state={record.answeredAt === null ? 'missed' : 'past'}>
      <Icon name={record.answeredAt === null ? 'missed' : 'answered'} />
      <span>
        {plain ? <AnsweredBy station={station} /> : causeText(record.cause, t)}
        {!plain && station !== '' && <span className="quiet"> · {t.answeredBy(station)}</span>}
      </span>
    </span>
  )
}

export function Sound({ record }: { readonly record: CallRecord }) {
  const { t, percent, number } = useSpeech()
  const { word, icon, loss, jitterMs } = heard(record.quality)
  if (word === 'none') return <span className="quiet">{t.quality.none}</span>
  return (
    <span
      className="state"
      data-state={icon === 'weak' ? 'missed' : 'past'}
      title={t.quality.detail(percent(loss), number(jitterMs))}
    >
      <Icon name={icon} />
      {t.quality[word]}
    </span>
  )
}

/** The sentence with its station kept in one piece. */
function AnsweredBy({ station }: { readonly station: string }) {
  const { t } = useSpeech()
  const [before = '', after = ''] = t.answeredBy('\0').split('\0')
  return (
    <>
      {capital(before)}
      <bdi>{station}</bdi>
      {after}
    </>
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function mergeById(first: readonly CallRecord[], second: readonly CallRecord[]): CallRecord[] {
  return [...new Map([...second, ...first].map((record) => [record.id, record])).values()].sort(
    (a, b) => b.startedAt - a.startedAt,
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
