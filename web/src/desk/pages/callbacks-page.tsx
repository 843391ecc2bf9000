import { SegmentedControl } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Callback } from '#api/contract.ts'
import { ask } from '../api.ts'
import { useWords } from '../context.tsx'
import { SureDialog } from '../parts/form-dialog.tsx'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { say } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { goTo } from '../parts/use-desk-route.ts'
import { AskDialog } from './callbacks/ask-dialog.tsx'
import { Calendar } from './callbacks/calendar.tsx'
import { CallbackRow, rowId } from './callbacks/callback-row.tsx'
import { useSides } from './callbacks/party.ts'
import { useCallbacks } from './callbacks/use-callbacks.ts'

/** Calls that somebody asked for: mine, everybody's for supervisors and administrators. @param asked opens the form */
export function CallbacksPage({ asked = false }: { readonly asked?: boolean }) {
  const w = useWords()
  const sides = useSides()
  const { known, failed, reload, coming, past, more } = useCallbacks()
  const [view, setView] = useState('list')
  const [asking, setAsking] = useState(false)
  useEffect(() => setAsking(asked), [asked])
  const [cancelling, setCancelling] = useState<Callback>()
  const [opened, setOpened] = useState<string>()
  useEffect(() => {
    if (opened === undefined || view !== 'list') return
    document.getElementById(rowId(opened))?.focus()
    setOpened(undefined)
  }, [opened, view])
  const close = () => {
    setAsking(false)
    if (asked) goTo('callbacks')
  }
  const none = coming.length === 0 && past.length === 0
  const askButton = (
    <button type="button" className="button" data-kind="primary" onClick={() => setAsking(true)}>
      <Sign name="plus" /> {w.callbacks.ask}
    </button>
  )
  const rows = (callbacks: readonly Callback[], label: string) => (
    <ul className="card rows" aria-label={label}>
      {callbacks.map((callback) => (
        <CallbackRow key={callback.id} callback={callback} onCancel={setCancelling} onChanged={reload} />
      ))}
    </ul>
  )
  return (
    <div className="page">
      <PageHead title={w.callbacks.title} intro={w.callbacks.intro}>
        {known && !none && (
          <SegmentedControl
            aria-label={w.callbacks.view}
            value={view}
            data={[
              { value: 'list', label: w.callbacks.list },
              { value: 'week', label: w.callbacks.week },
            ]}
            onChange={setView}
          />
        )}
        {!none && askButton}
      </PageHead>
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!known && !failed && <Skeleton lines={6} />}
      {known && none && (
        <Empty title={w.callbacks.empty} hint={w.callbacks.emptyHint}>
          {askButton}
        </Empty>
      )}
      {!none && view === 'week' && (
        <Calendar
          callbacks={coming}
          onOpen={({ id }) => {
            setView('list')
            setOpened(id)
          }}
        />
      )}
      {!none && view === 'list' && (
        <>
          <section>
            <div className="section-head">
              <h2>{w.callbacks.coming}</h2>
            </div>
            {coming.length > 0 ? rows(coming, w.callbacks.coming) : <p className="quiet">{w.callbacks.comingEmpty}</p>}
          </section>
          {past.length > 0 && (
            <section>
              <div className="section-head">
                <h2>{w.callbacks.past}</h2>
              </div>
              {rows(past, w.callbacks.past)}
            </section>
          )}
          {more && (
            <button type="button" className="button" onClick={more}>
              {w.form.more}
            </button>
          )}
        </>
      )}
      {asking && <AskDialog onClose={close} onAsked={reload} />}
      <SureDialog
        question={cancelling && w.callbacks.cancelSure(sides(cancelling).called)}
        action={w.callbacks.cancel}
        onClose={() => setCancelling(undefined)}
        onSure={async () => {
          if (cancelling) await ask('DELETE /api/v1/callbacks/{id}', { path: { id: cancelling.id } })
          say(w.callbacks.cancelled)
          reload()
        }}
      />
    </div>
  )
}
