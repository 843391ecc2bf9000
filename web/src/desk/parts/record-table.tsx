import type { CallRecord } from '#api/contract.ts'
import { useSpeech } from '../../i18n/index.ts'
import { Outcome, Sound } from '../../pages/recent-calls.tsx'
import { Icon } from '../../parts/icon.tsx'
import { clockText } from '../../parts/use-now.ts'
import { callAddress } from '../../parts/use-route.ts'
import { partyText } from '../../parts/words.ts'
import { useDesk, useWords } from '../context.tsx'
import { phone } from '../phone/hub.ts'
import { Sign } from './sign.tsx'

/** Calls that are over; each leads to its messages, and can be called back. */
export function RecordTable({ records }: { readonly records: readonly CallRecord[] }) {
  const { t } = useSpeech()
  const w = useWords()
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
          <th scope="col">
            <span className="unseen">{w.transfer.call}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <RecordRow key={record.id} record={record} />
        ))}
      </tbody>
    </table>
  )
}

function RecordRow({ record }: { readonly record: CallRecord }) {
  const { t, time, dayAndTime } = useSpeech()
  const w = useWords()
  const { me } = useDesk()
  const today = new Date(record.startedAt).toDateString() === new Date().toDateString()
  const talked = record.answeredAt !== null && record.endedAt !== null ? record.endedAt - record.answeredAt : undefined
  const other = record.caller.personId === me.id ? record.callee : record.caller
  const text = (party: CallRecord['caller']) => partyText(party, t)
  return (
    <tr>
      <td className="when">
        <time dateTime={new Date(record.startedAt).toISOString()}>
          {today ? time(record.startedAt) : dayAndTime(record.startedAt)}
        </time>
      </td>
      <td className="who">
        <a href={callAddress(record.id)}>
          <bdi>{text(record.caller)}</bdi> <Icon name="arrow" />
          <span className="unseen">{t.to}</span> <bdi>{text(record.callee)}</bdi>
        </a>
      </td>
      <td className="outcome">
        <Outcome record={record} />
      </td>
      <td className="end duration">{talked === undefined ? '–' : clockText(talked)}</td>
      <td className="sound">{talked === undefined ? '' : <Sound record={record} />}</td>
      <td className="call-back">
        {other.number !== '' && (
          <button
            type="button"
            className="icon-button"
            aria-label={w.history.callBack(text(other))}
            title={w.history.callBack(text(other))}
            onClick={() => phone.send({ do: 'dial', to: other.number.replace(/\s/g, '') })}
          >
            <Sign name="phone" size={18} />
          </button>
        )}
      </td>
    </tr>
  )
}
