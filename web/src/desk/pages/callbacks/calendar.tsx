import { useState } from 'react'
import type { Callback } from '#api/contract.ts'
import { useSpeech } from '../../../i18n/index.ts'
import { Icon } from '../../../parts/icon.tsx'
import { useNow } from '../../../parts/use-now.ts'
import { useWidth } from '../../../parts/use-width.ts'
import { useWords } from '../../context.tsx'
import { hoursOf, onDay, weekOf } from './calendar-model.ts'
import { useSides } from './party.ts'
import { timeOfCallback } from './use-callbacks.ts'

interface Entry {
  readonly at: number
  readonly callback: Callback
}

interface CalendarProps {
  readonly callbacks: readonly Callback[]
  readonly onOpen: (callback: Callback) => void
}

/** Below this, in px, seven columns are too narrow to read. */
const narrow = 640

/** A week of what is scheduled, in the viewer's time zone: a table of hours, or a list by day where there is little room. */
export function Calendar({ callbacks, onOpen }: CalendarProps) {
  const w = useWords()
  const { language } = useSpeech()
  const { ref, width } = useWidth<HTMLDivElement>()
  const [weeks, setWeeks] = useState(0)
  const week = weekOf(useNow(false), weeks)
  const entries = callbacks.flatMap((callback) => {
    const at = timeOfCallback(callback)
    return at === null ? [] : [{ at, callback }]
  })
  const [first = 0] = week
  const title = w.callbacks.weekOf(
    new Date(first).toLocaleDateString(language, { dateStyle: 'long' }),
    Intl.DateTimeFormat().resolvedOptions().timeZone,
  )
  const View = width < narrow ? DayList : WeekTable
  return (
    <section ref={ref} className="calendar" aria-label={w.callbacks.week}>
      <div className="calendar-head">
        <button
          type="button"
          className="button"
          aria-label={w.callbacks.weekBefore}
          onClick={() => setWeeks(weeks - 1)}
        >
          <Icon name="back" />
        </button>
        <button type="button" className="button" disabled={weeks === 0} onClick={() => setWeeks(0)}>
          {w.callbacks.thisWeek}
        </button>
        <button type="button" className="button" aria-label={w.callbacks.weekAfter} onClick={() => setWeeks(weeks + 1)}>
          <Icon name="arrow" />
        </button>
        <p className="quiet" aria-live="polite">
          {title}
        </p>
      </div>
      <View title={title} week={week} entries={entries} onOpen={onOpen} />
    </section>
  )
}

interface ViewProps {
  readonly title: string
  readonly week: readonly number[]
  readonly entries: readonly Entry[]
  readonly onOpen: (callback: Callback) => void
}

const isToday = (day: number) => new Date(day).toDateString() === new Date().toDateString()

function WeekTable({ title, week, entries, onOpen }: ViewProps) {
  const w = useWords()
  const { language } = useSpeech()
  const days = week.map((day) => ({ day, entries: onDay(entries, day) }))
  const hours = hoursOf(days.flatMap((day) => day.entries))
  return (
    <table className="card calendar-week">
      <caption className="unseen">{title}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">{w.callbacks.hour}</span>
          </th>
          {week.map((day) => (
            <th key={day} scope="col" aria-current={isToday(day) ? 'date' : undefined}>
              {new Date(day).toLocaleDateString(language, { weekday: 'short', day: 'numeric', month: 'numeric' })}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {hours.map((hour) => (
          <tr key={hour}>
            <th scope="row">
              {new Date(2026, 0, 1, hour).toLocaleTimeString(language, { hour: 'numeric', minute: '2-digit' })}
            </th>
            {days.map((day) => (
              <td key={day.day}>
                <Entries entries={day.entries.filter(({ at }) => new Date(at).getHours() === hour)} onOpen={onOpen} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function DayList({ week, entries, onOpen }: ViewProps) {
  const w = useWords()
  const { language } = useSpeech()
  const days = week.map((day) => ({ day, entries: onDay(entries, day) })).filter((day) => day.entries.length > 0)
  if (days.length === 0) return <p className="quiet">{w.callbacks.weekEmpty}</p>
  return days.map((day) => (
    <section key={day.day} className="card calendar-day">
      <h2>{new Date(day.day).toLocaleDateString(language, { weekday: 'long', day: 'numeric', month: 'long' })}</h2>
      <Entries entries={day.entries} onOpen={onOpen} />
    </section>
  ))
}

/** Each leads to its row in the list. */
function Entries({ entries, onOpen }: Pick<ViewProps, 'entries' | 'onOpen'>) {
  const w = useWords()
  const { time } = useSpeech()
  const sides = useSides()
  if (entries.length === 0) return null
  return (
    <ul>
      {entries.map(({ at, callback }) => {
        const { called, caller } = sides(callback)
        return (
          <li key={callback.id}>
            <button
              type="button"
              data-state={callback.state}
              aria-label={w.callbacks.inCalendar(time(at), called, caller)}
              onClick={() => onOpen(callback)}
            >
              <strong>{time(at)}</strong> <bdi>{called}</bdi>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
