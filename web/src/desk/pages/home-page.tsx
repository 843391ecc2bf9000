import { useState } from 'react'
import { useLive } from '../../api/live.ts'
import { useSpeech } from '../../i18n/index.ts'
import { CallCard } from '../../pages/call-card.tsx'
import { api } from '../api.ts'
import { NewCallDialog } from '../calls/new-call.tsx'
import { PickUpButton } from '../calls/pick-up.tsx'
import { isColleagues, takeable } from '../calls/pickup-model.ts'
import { useDesk, useWords } from '../context.tsx'
import { CallBackTable } from '../parts/call-back-table.tsx'
import { Colleagues } from '../parts/colleagues.tsx'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { Sign } from '../parts/sign.tsx'
import { useDemoCaller } from '../parts/use-demo-caller.ts'
import { useList } from '../parts/use-list.ts'

const mostShown = 40

/** What goes on now, and what was just before. */
export function HomePage() {
  const w = useWords()
  const { t } = useSpeech()
  const { me, demo } = useDesk()
  const { calls, known, total, ended } = useLive()
  const { value: latest } = useList((signal) => api.records({}, signal), String(ended))
  const [dialling, setDialling] = useState(false)
  const newest = [...calls.values()].sort((a, b) => b.startedAt - a.startedAt)
  const mine = takeable(calls.values(), me.id)
  const records = (latest?.records ?? []).filter((record) => record.state !== 'live').slice(0, 8)
  return (
    <div className="page">
      <PageHead title={w.pages.calls}>
        <button type="button" className="button" data-kind="primary" onClick={() => setDialling(true)}>
          <Sign name="phone" /> {w.home.newCall}
        </button>
        <a className="button" href="#/callbacks">
          <Sign name="callbacks" /> {w.callbacks.title}
        </a>
      </PageHead>
      <section aria-labelledby="now-title" className="live">
        <div className="section-head">
          <h2 id="now-title">{w.home.live}</h2>
          {newest.length > 0 && <p className="count">{t.live.count(Math.max(total, newest.length))}</p>}
        </div>
        {!known && <Skeleton lines={2} />}
        {known && newest.length === 0 && (
          <Empty title={w.home.empty} hint={w.home.emptyHint}>
            {demo && <DemoCaller />}
          </Empty>
        )}
        <ul className="cards" aria-label={w.home.live}>
          {newest.slice(0, mostShown).map((call) => (
            <CallCard key={call.id} call={call} link={!isColleagues(call, me.id)}>
              {mine.includes(call) && <PickUpButton call={call} first={mine[0] === call} />}
            </CallCard>
          ))}
        </ul>
        {newest.length > mostShown && <p className="quiet">{t.live.more(newest.length - mostShown)}</p>}
      </section>
      <Colleagues />
      <section aria-labelledby="recent-title" className="recent">
        <div className="section-head">
          <h2 id="recent-title">{w.home.recent}</h2>
          <a href="#/history">{w.home.all}</a>
        </div>
        {!latest && <Skeleton />}
        {latest && records.length === 0 && <Empty title={w.history.empty} hint={w.history.emptyHint} />}
        {records.length > 0 && <CallBackTable records={records} />}
      </section>
      <NewCallDialog opened={dialling} onClose={() => setDialling(false)} />
    </div>
  )
}

/** The demo's built-in caller, for whoever has no phone at hand. */
function DemoCaller() {
  const w = useWords()
  const [busy, ring] = useDemoCaller()
  return (
    <>
      <button type="button" className="button" data-kind="primary" disabled={busy} onClick={() => void ring()}>
        <Sign name="bell" /> {w.home.tryDemo}
      </button>
      <span className="quiet">{w.home.tryDemoHint}</span>
    </>
  )
}
