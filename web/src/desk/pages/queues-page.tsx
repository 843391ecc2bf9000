import { MultiSelect, NativeSelect, NumberInput, Switch, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type QueueCallerShape, type QueueShape, queueStrategies } from '#api/contract/queues.ts'
import { useLive } from '../../api/live.ts'
import { clockText, useNow } from '../../parts/use-now.ts'
import { ask } from '../api.ts'
import { numberText } from '../calls/party.ts'
import { useDesk, useWords } from '../context.tsx'
import { AdminOnly } from '../parts/admin-only.tsx'
import { FormDialog, SureDialog } from '../parts/form-dialog.tsx'
import { inputsOf } from '../parts/inputs.ts'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { QueueTarget, type TargetForm, targetFormOf, targetOf } from '../parts/queue-target.tsx'
import { say } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'

/** Queues with who waits in them, and how they are set up. */
export function QueuesPage() {
  const w = useWords()
  const { queues: changes } = useLive()
  const { value, failed, reload } = useList((signal) => ask('GET /api/v1/queues', { signal }), String(changes))
  const [editing, setEditing] = useState<QueueShape | 'new'>()
  return (
    <AdminOnly>
      <div className="page">
        <PageHead title={w.queues.title}>
          <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
            <Sign name="plus" /> {w.queues.add}
          </button>
        </PageHead>
        {failed && <p className="quiet">{w.form.loadFailed}</p>}
        {!value && !failed && <Skeleton lines={3} />}
        {value?.queues.length === 0 && <Empty title={w.queues.empty} hint={w.queues.emptyHint} />}
        {value?.queues.map((queue) => (
          <QueueCard key={queue.id} queue={queue} onEdit={() => setEditing(queue)} />
        ))}
        {editing && (
          <QueueDialog
            key={editing === 'new' ? 'new' : editing.id}
            queue={editing === 'new' ? undefined : editing}
            onClose={() => setEditing(undefined)}
            onChanged={reload}
          />
        )}
      </div>
    </AdminOnly>
  )
}

function QueueCard({ queue, onEdit }: { readonly queue: QueueShape; readonly onEdit: () => void }) {
  const w = useWords()
  const { waiting } = queue
  return (
    <section className="card rows" aria-labelledby={`queue-${queue.id}`}>
      <div className="row">
        <span className="avatar" aria-hidden="true">
          <Sign name="history" size={20} />
        </span>
        <div className="row-main">
          <h2 className="row-title" id={`queue-${queue.id}`}>
            <button type="button" className="row-link" onClick={onEdit}>
              <bdi>{queue.name}</bdi>
            </button>
          </h2>
          <p className="quiet">{w.queues.strategies[queue.strategy]}</p>
        </div>
        <p className="row-detail">
          {queue.extension && <strong className="number">{queue.extension}</strong>}
          {queue.numbers.map((number) => (
            <bdi key={number} className="quiet number">
              {numberText(number)}
            </bdi>
          ))}
        </p>
        <span className="quiet">
          {queue.open ? w.queues.open : w.queues.closed} · {w.queues.agents(queue.free, queue.working)}
        </span>
      </div>
      {waiting.length === 0 ? (
        <p className="row quiet">{w.queues.nobody}</p>
      ) : (
        <div className="row">
          <table className="queue-line" aria-label={w.queues.waiting(queue.name)}>
            <thead>
              <tr>
                {[w.queues.place, w.queues.who, w.queues.since, w.queues.expected, w.queues.state].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {waiting.map((caller) => (
                <WaitingRow key={caller.id} caller={caller} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function WaitingRow({ caller }: { readonly caller: QueueCallerShape }) {
  const w = useWords()
  const now = useNow(true)
  const { place, name, number, since, expectedWaitSeconds, kind, ringing } = caller
  const state = ringing ? w.queues.ringing : kind === 'callback' ? w.queues.keptPlace : w.queues.onPhone
  return (
    <tr>
      <td className="number">{place}</td>
      <td>
        <bdi>{name || numberText(number) || w.anonymous}</bdi>
      </td>
      <td className="number">{clockText(now - since)}</td>
      <td>
        {expectedWaitSeconds === null ? w.queues.unknown : w.queues.minutes(Math.round(expectedWaitSeconds / 60))}
      </td>
      <td>{state}</td>
    </tr>
  )
}

interface QueueDialogProps {
  readonly queue: QueueShape | undefined
  readonly onClose: () => void
  readonly onChanged: () => void
}

function QueueDialog({ queue, onClose, onChanged }: QueueDialogProps) {
  const w = useWords()
  const { people } = useDesk()
  const { value } = useList((signal) => ask('GET /api/v1/groups', { signal }))
  const [form, setForm] = useState({
    name: queue?.name ?? '',
    extension: queue?.extension ?? '',
    numbers: (queue?.numbers ?? []).join(', '),
    groups: queue?.groups ?? [],
    people: queue?.people ?? [],
    strategy: queue?.strategy ?? ('longest-idle' as const),
    language: queue?.language ?? ('en' as const),
    timeZone: queue?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    hours: hoursText(queue?.hours ?? []),
    closedTo: targetFormOf(queue?.closedTo ?? ''),
    ringSeconds: queue?.ringSeconds ?? (20 as number | string),
    wrapUpSeconds: queue?.wrapUpSeconds ?? (10 as number | string),
    announceSeconds: queue?.announceSeconds ?? (45 as number | string),
    mostWaiting: queue?.mostWaiting ?? (50 as number | string),
    longestWaitSeconds: queue?.longestWaitSeconds ?? (1_800 as number | string),
    overflowTo: targetFormOf(queue?.overflowTo ?? ''),
    callback: queue?.callback ?? true,
    publicWait: queue?.publicWait ?? false,
  })
  const [removing, setRemoving] = useState(false)
  const change = (part: Partial<typeof form>) => setForm((before) => ({ ...before, ...part }))
  const mailboxes = [...(value?.groups ?? []), ...people]
  const target = (field: 'closedTo' | 'overflowTo') => ({
    ...{ form: form[field], mailboxes },
    change: (to: TargetForm) => change({ [field]: to }),
  })
  const save = async () => {
    const seconds = (text: number | string) => (text === '' ? Number.NaN : Number(text))
    const body = {
      ...form,
      numbers: form.numbers.split(/[,;\n]/).flatMap((one) => one.trim() || []),
      hours: hoursOf(form.hours),
      closedTo: targetOf(form.closedTo),
      overflowTo: targetOf(form.overflowTo),
      ringSeconds: seconds(form.ringSeconds),
      wrapUpSeconds: seconds(form.wrapUpSeconds),
      announceSeconds: seconds(form.announceSeconds),
      mostWaiting: seconds(form.mostWaiting),
      longestWaitSeconds: seconds(form.longestWaitSeconds),
    }
    if (queue) await ask('PATCH /api/v1/queues/{id}', { path: { id: queue.id }, body })
    else await ask('POST /api/v1/queues', { body })
    say(w.queues.saved)
    onChanged()
  }
  if (queue && removing) {
    return (
      <SureDialog
        question={w.queues.removeSure(queue.name)}
        onClose={onClose}
        onSure={async () => {
          await ask('DELETE /api/v1/queues/{id}', { path: { id: queue.id } })
          say(w.queues.removed)
          onChanged()
        }}
      />
    )
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={queue ? w.queues.editTitle(queue.name) : w.queues.newTitle}
      onSave={save}
      onRemove={queue ? () => setRemoving(true) : undefined}
    >
      {(faultOf) => {
        const inputs = inputsOf(form, change, faultOf)
        return (
          <>
            <div className="form-two">
              <TextInput data-autofocus required label={w.queues.name} {...inputs.text('name')} />
              <TextInput label={w.queues.extension} inputMode="numeric" {...inputs.text('extension')} />
            </div>
            <TextInput label={w.queues.numbers} description={w.queues.numbersHint} {...inputs.text('numbers')} />
            <MultiSelect
              label={w.queues.people}
              data={people.map(({ id, name }) => ({ value: id, label: name }))}
              value={form.people}
              error={faultOf('people')}
              searchable
              onChange={(chosen) => change({ people: chosen })}
            />
            <MultiSelect
              label={w.queues.groups}
              data={(value?.groups ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              value={form.groups}
              error={faultOf('groups')}
              searchable
              onChange={(chosen) => change({ groups: chosen })}
            />
            <div className="form-two">
              <NativeSelect
                label={w.queues.strategy}
                data={queueStrategies.map((one) => ({ value: one, label: w.queues.strategies[one] }))}
                {...inputs.text('strategy')}
              />
              <NativeSelect
                label={w.queues.language}
                data={[
                  { value: 'en', label: 'English' },
                  { value: 'de', label: 'Deutsch' },
                ]}
                {...inputs.text('language')}
              />
            </div>
            <Textarea autosize label={w.queues.hours} description={w.queues.hoursHint} {...inputs.text('hours')} />
            <QueueTarget
              label={w.queues.closedTo}
              hear={w.queues.hearClosed}
              {...target('closedTo')}
              error={faultOf('closedTo')}
            />
            <div className="form-two">
              <TextInput label={w.queues.timeZone} {...inputs.text('timeZone')} />
              <NumberInput label={w.queues.ringSeconds} {...inputs.number('ringSeconds')} />
              <NumberInput label={w.queues.wrapUpSeconds} {...inputs.number('wrapUpSeconds')} />
              <NumberInput label={w.queues.announceSeconds} {...inputs.number('announceSeconds')} />
              <NumberInput label={w.queues.mostWaiting} {...inputs.number('mostWaiting')} />
              <NumberInput label={w.queues.longestWaitSeconds} {...inputs.number('longestWaitSeconds')} />
            </div>
            <QueueTarget
              label={w.queues.overflowTo}
              hear={w.queues.hearUnavailable}
              {...target('overflowTo')}
              error={faultOf('overflowTo')}
            />
            <Switch label={w.queues.callback} {...inputs.onOff('callback')} />
            <Switch label={w.queues.publicWait} {...inputs.onOff('publicWait')} />
          </>
        )
      }}
    </FormDialog>
  )
}

type Hours = QueueShape['hours']

/** `1-5 08:00-18:00`, one span a line. */
function hoursText(hours: Hours): string {
  return hours.map(({ days, from, to }) => `${days.join(',')} ${from}-${to}`).join('\n')
}

/** What is no span is sent as it is, so that the server says what is allowed. */
function hoursOf(text: string): Hours {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [days = '', from = '', to = ''] = line.trim().split(/\s+|(?<=:\d\d)\s*-\s*/)
      return { days: days.split(',').flatMap(daysOf), from, to }
    })
}

function daysOf(span: string): number[] {
  const [first, last = first] = span.split('-').map(Number)
  if (!first || !last || last < first || last > 7) return [Number.NaN]
  return Array.from({ length: last - first + 1 }, (_, day) => first + day)
}
