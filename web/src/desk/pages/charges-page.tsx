import { TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import type { Charge } from '#api/contract.ts'
import { useLive } from '../../api/live.ts'
import { useSpeech } from '../../i18n/index.ts'
import { Icon } from '../../parts/icon.tsx'
import { clockText } from '../../parts/use-now.ts'
import { callAddress } from '../../parts/use-route.ts'
import { causeText, partyText } from '../../parts/words.ts'
import { api } from '../api.ts'
import { useWords } from '../context.tsx'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'

/** What was picked up for colleagues: mine, everybody's for supervisors and administrators. */
export function ChargesPage() {
  const w = useWords()
  const { ended } = useLive()
  const [first, setFirst] = useState('')
  const [last, setLast] = useState('')
  const span = { ...bound('from', first, 0), ...bound('to', last, 1) }
  const query = new URLSearchParams(Object.entries(span).map(([key, at]) => [key, String(at)])).toString()
  return (
    <div className="page">
      <PageHead title={w.charges.title} intro={w.charges.intro}>
        <DayInput label={w.charges.from} value={first} onChange={setFirst} />
        <DayInput label={w.charges.to} value={last} onChange={setLast} />
        <a className="button" href={`/api/v1/charges.csv${query && `?${query}`}`} download>
          <Sign name="download" /> {w.charges.export}
        </a>
      </PageHead>
      <Charges key={query} span={span} look={ended} />
    </div>
  )
}

type Span = { readonly from?: number; readonly to?: number }

/** The beginning of a chosen day where this person is, or of one some days later; nothing for none. */
function bound(name: 'from' | 'to', day: string, later: number): Span {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return {}
  const at = new Date(year, month - 1, date + later).getTime()
  return at > 0 ? { [name]: at } : {}
}

interface DayInputProps {
  readonly label: string
  readonly value: string
  readonly onChange: (day: string) => void
}

function DayInput({ label, value, onChange }: DayInputProps) {
  const id = useId()
  return (
    <div className="day-input">
      <label className="quiet" htmlFor={id}>
        {label}
      </label>
      <TextInput id={id} type="date" value={value} onChange={(event) => onChange(event.currentTarget.value)} />
    </div>
  )
}

function Charges({ span, look }: { readonly span: Span; readonly look: number }) {
  const w = useWords()
  const { value, failed } = useList((signal) => api.charges(span, signal), String(look))
  const [older, setOlder] = useState<{ charges: readonly Charge[]; next: string | undefined }>()
  const next = older ? older.next : value?.next
  const all = new Map([...(value?.charges ?? []), ...(older?.charges ?? [])].map((charge) => [charge.id, charge]))
  const more = async () => {
    const page = await api.charges({ ...span, ...(next ? { cursor: next } : {}) }).catch(() => undefined)
    if (page) setOlder({ charges: [...(older?.charges ?? []), ...page.charges], next: page.next })
  }
  const narrowed = Object.keys(span).length > 0
  return (
    <>
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!value && !failed && <Skeleton lines={6} />}
      {value && all.size === 0 && <Empty title={narrowed ? w.charges.emptyFound : w.charges.empty} />}
      {all.size > 0 && <ChargeTable charges={[...all.values()]} />}
      {next && (
        <button type="button" className="button" onClick={() => void more()}>
          {w.form.more}
        </button>
      )}
    </>
  )
}

function ChargeTable({ charges }: { readonly charges: readonly Charge[] }) {
  const w = useWords()
  return (
    <table className="card records charges">
      <thead>
        <tr>
          <th scope="col">{w.charges.when}</th>
          <th scope="col">{w.charges.account}</th>
          <th scope="col">{w.charges.call}</th>
          <th scope="col">{w.charges.outcome}</th>
          <th scope="col" className="end">
            {w.charges.rang}
          </th>
          <th scope="col" className="end">
            {w.charges.talked}
          </th>
        </tr>
      </thead>
      <tbody>
        {charges.map((charge) => (
          <ChargeRow key={charge.id} charge={charge} />
        ))}
      </tbody>
    </table>
  )
}

function ChargeRow({ charge }: { readonly charge: Charge }) {
  const { t, when } = useSpeech()
  const w = useWords()
  const { openedAt, answeredAt, endedAt } = charge
  const talked = answeredAt !== null && endedAt !== null ? endedAt - answeredAt : undefined
  const rang = charge.rang.reduce((longest, { ms }) => Math.max(longest, ms), 0)
  const text = (party: Charge['caller']) => partyText(party, t)
  return (
    <tr>
      <td className="when">
        <time dateTime={new Date(openedAt).toISOString()}>{when(openedAt)}</time>
      </td>
      <td className="account">
        <bdi>{charge.account.name}</bdi>
      </td>
      <td className="who">
        <a href={callAddress(charge.callId)}>
          <bdi>{text(charge.caller)}</bdi> <Icon name="arrow" />
          <span className="unseen">{t.to}</span> <bdi>{text(charge.called)}</bdi>
        </a>
      </td>
      <td className="outcome">
        <ChargeOutcome charge={charge} />
      </td>
      <td className="end rang" title={charge.rang.map(({ station, ms }) => `${station} ${clockText(ms)}`).join('\n')}>
        <span className="unseen">{w.charges.rang} </span>
        {clockText(rang)}
      </td>
      <td className="end duration">{talked === undefined ? '–' : clockText(talked)}</td>
    </tr>
  )
}

/** How the pickup went, in words. */
function ChargeOutcome({ charge }: { readonly charge: Charge }) {
  const { t } = useSpeech()
  const w = useWords()
  const { state, reason, pickedUpBy } = charge
  const text =
    state === 'open'
      ? w.charges.open
      : state === 'void'
        ? `${w.charges.void}: ${causeText(reason, t)}`
        : w.charges.closed(pickedUpBy)
  return (
    <span className="state" data-state={state === 'void' ? 'missed' : 'past'}>
      <Icon name={state === 'void' ? 'missed' : 'answered'} />
      <span>{text}</span>
    </span>
  )
}
