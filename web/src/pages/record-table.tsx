import type { ReactNode } from 'react'
import type { CallRecord } from '#api/contract.ts'
import { useSpeech } from '../i18n/index.ts'
import { Icon } from '../parts/icon.tsx'
import { clockText } from '../parts/use-now.ts'
import { callAddress } from '../parts/use-route.ts'
import { causeText, heard, partyText } from '../parts/words.ts'

interface RecordTableProps {
  readonly records: readonly CallRecord[]
  /** One more column: what can be done with a record, and what the column is called. */
  readonly act?: { readonly name: string; of(record: CallRecord): ReactNode }
}

/** Calls that are over; each leads to its messages. */
export function RecordTable({ records, act }: RecordTableProps) {
  const { t } = useSpeech()
  return (
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
          {act && (
            <th scope="col">
              <span className="unseen">{act.name}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <RecordRow key={record.id} record={record} act={act} />
        ))}
      </tbody>
    </table>
  )
}

interface RecordRowProps {
  readonly record: CallRecord
  readonly act: RecordTableProps['act']
}

function RecordRow({ record, act }: RecordRowProps) {
  const { t, when } = useSpeech()
  const talked = talkedMs(record)
  return (
    <tr>
      <td className="when">
        <time dateTime={new Date(record.startedAt).toISOString()}>{when(record.startedAt)}</time>
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
      {act && <td className="call-back">{act.of(record)}</td>}
    </tr>
  )
}

/** For how long a call that is over was talked, in ms; nothing when nobody answered. */
export function talkedMs({ answeredAt, endedAt }: CallRecord): number | undefined {
  return answeredAt !== null && endedAt !== null ? endedAt - answeredAt : undefined
}

/** What happened, in words, and who answered. */
export function Outcome({ record }: { readonly record: CallRecord }) {
  const { t } = useSpeech()
  const { station } = record.answeredBy
  const plain = record.cause === 'answered' && station !== ''
  const pickedUp = record.branches.some((branch) => branch.outcome === 'picked-up' && branch.by === station)
  const by = pickedUp ? t.pickedUpBy : t.answeredBy
  const left = record.message && t.leftMessage(clockText(record.message.ms))
  return (
    <span className="state" data-state={record.answeredAt === null ? 'missed' : 'past'}>
      <Icon name={record.answeredAt === null ? 'missed' : 'answered'} />
      <span>
        {left ?? (plain ? <AnsweredBy station={station} by={by} /> : causeText(record.cause, t))}
        {!left && !plain && station !== '' && <span className="quiet"> · {by(station)}</span>}
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
function AnsweredBy({ station, by }: { readonly station: string; readonly by: (station: string) => string }) {
  const [before = '', after = ''] = by('\0').split('\0')
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
