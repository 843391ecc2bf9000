import type { About } from '#api/contract.ts'
import { useLive } from '../api/live.ts'
import { useSpeech } from '../i18n/index.ts'
import { CallCard } from './call-card.tsx'
import { FirstCall } from './first-call.tsx'
import { PhoneHelp } from './phone-help.tsx'
import { RecentCalls } from './recent-calls.tsx'

/** More cards than this help nobody. */
const mostShown = 60

/** The live board: what rings and who talks, what was, and in the demo how to begin. */
export function BoardPage({ about }: { readonly about: About | undefined }) {
  const { t } = useSpeech()
  const { calls, known, total } = useLive()
  const newest = [...calls.values()].sort((a, b) => b.startedAt - a.startedAt)
  const shown = newest.slice(0, mostShown)
  const hidden = Math.max(total, newest.length) - shown.length
  const help = about?.demo && about.sip && about.people.length > 0
  return (
    <div className="board" data-help={help === true}>
      {about?.demo && <FirstCall />}
      <section aria-labelledby="live-title" className="live">
        <div className="section-head">
          <h1 id="live-title">{t.live.title}</h1>
          {known && newest.length > 0 && <p className="count">{t.live.count(Math.max(total, newest.length))}</p>}
        </div>
        {!known && <div className="skeleton tall" aria-hidden="true" />}
        {known && newest.length === 0 && (
          <div className="empty">
            <p className="empty-head">{t.live.empty}</p>
            <p>{about?.demo ? t.live.emptyDemo : t.live.emptyReal}</p>
          </div>
        )}
        <ul className="cards" aria-label={t.live.title}>
          {shown.map((call) => (
            <CallCard key={call.id} call={call} />
          ))}
        </ul>
        {hidden > 0 && <p className="quiet">{t.live.more(hidden)}</p>}
      </section>
      {help && <PhoneHelp about={about} />}
      <RecentCalls />
    </div>
  )
}
