import type { CallbackDetail } from '#api/contract.ts'
import { useLive } from '../../../api/live.ts'
import { useSpeech } from '../../../i18n/index.ts'
import { callAddress } from '../../../parts/use-route.ts'
import { ask } from '../../api.ts'
import { useWords } from '../../context.tsx'
import { Skeleton } from '../../parts/page-head.tsx'
import { useList } from '../../parts/use-list.ts'
import { useOutcome } from './words.ts'

/**
 * What became of each attempt, and what each leg said: read once, and live from then on by events.
 * @param state of the request; what is only read, like a recording, is there once it changes
 */
export function Attempts({ id, state }: { readonly id: string; readonly state: string }) {
  const w = useWords()
  const { callbacks, gaps } = useLive()
  const news = callbacks.get(id)?.attempt
  const { value, failed } = useList(
    (signal) => ask('GET /api/v1/callbacks/{id}', { path: { id }, signal }),
    `${id} ${state} ${gaps}`,
  )
  if (failed) return <p className="quiet">{w.form.loadFailed}</p>
  if (!value) return <Skeleton lines={1} />
  return (
    <ol className="callback-attempts">
      {withNews(value.history, news).map((attempt) => (
        <Attempt key={attempt.number} id={id} attempt={attempt} />
      ))}
    </ol>
  )
}

type AttemptShape = CallbackDetail['history'][number]

/** What was told of an attempt is at least as new as what was read, but a recording is told once. */
function withNews(history: readonly AttemptShape[], news: AttemptShape | undefined): readonly AttemptShape[] {
  if (!news) return history
  const before = history.find(({ number }) => number === news.number)
  if (before?.endedAt) return history
  const { recording } = before ?? {}
  const now = recording ? { recording, ...news } : news
  return [...history.filter(({ number }) => number !== news.number), now].sort((a, b) => a.number - b.number)
}

interface AttemptProps {
  readonly id: string
  readonly attempt: AttemptShape
}

function Attempt({ id, attempt }: AttemptProps) {
  const w = useWords()
  const { dayAndTime, time } = useSpeech()
  const outcomeOf = useOutcome()
  const { number, callId, startedAt, outcome, confirmations, recording } = attempt
  const name = w.callbacks.attempt(number)
  return (
    <li>
      <p>
        {callId ? <a href={callAddress(callId)}>{name}</a> : name}
        {', '}
        <time dateTime={new Date(startedAt).toISOString()}>{dayAndTime(startedAt)}</time>:{' '}
        {outcome ? outcomeOf(outcome) : w.callbacks.goesOn}
      </p>
      {confirmations.length > 0 && (
        <ul>
          {confirmations.map(({ role, what, station, at }) => (
            <li key={`${role} ${what} ${at}`} className="quiet">
              {time(at)} {w.callbacks.role[role]}
              {station && (
                <>
                  {' ('}
                  <bdi>{station}</bdi>)
                </>
              )}
              : {w.callbacks.leg[what] ?? what}
            </li>
          ))}
        </ul>
      )}
      {recording && (
        <div className="callback-recording">
          <p>
            {w.callbacks.recording}
            {recording.partial && <span className="quiet"> {w.callbacks.recordingPartial}</span>}
          </p>
          {/* biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said */}
          <audio
            controls
            preload="none"
            src={`/api/v1/callbacks/${encodeURIComponent(id)}/recording?attempt=${number}`}
            aria-label={w.callbacks.recordingOf(number)}
          />
        </div>
      )}
    </li>
  )
}
