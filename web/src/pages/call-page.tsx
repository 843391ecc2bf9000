import { useEffect, useRef, useState } from 'react'
import type { CallRecord, CallShape } from '#api/contract.ts'
import { ApiFailure, getRecord } from '../api/client.ts'
import { live, useLive } from '../api/live.ts'
import { useSpeech } from '../i18n/index.ts'
import { Ladder } from '../ladder/ladder.tsx'
import { Icon } from '../parts/icon.tsx'
import { clockText } from '../parts/use-now.ts'
import { useRetried } from '../parts/use-retried.ts'
import { partyText } from '../parts/words.ts'
import { Branches, CallLine } from './call-card.tsx'
import { Outcome, Sound, talkedMs } from './record-table.tsx'

/** One call, live or over: who, how it stands, and its messages as a ladder that grows. */
export function CallPage({ id }: { readonly id: string }) {
  const { t } = useSpeech()
  const { calls, trace, known } = useLive()
  const call = calls.get(id)
  const heading = useRef<HTMLHeadingElement>(null)

  useEffect(() => {
    live.watch(id)
    scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
    return () => live.watch(null)
  }, [id])

  return (
    <article className="call-page">
      <a className="back" href="#/">
        <Icon name="back" />
        {t.call.back}
      </a>
      <Summary id={id} call={call} known={known} heading={heading} />
      <section aria-labelledby="messages-title">
        <div className="section-head">
          <h2 id="messages-title">{t.call.messages}</h2>
          {trace && trace.entries.length > 0 && <p className="count">{t.call.count(trace.entries.length)}</p>}
        </div>
        {!trace && <div className="skeleton tall" aria-hidden="true" />}
        {trace && trace.entries.length === 0 && <p className="empty">{call ? t.call.empty : t.call.none}</p>}
        {trace && trace.entries.length > 0 && (
          <>
            <p className="quiet">
              {t.call.hint} {call ? t.call.live : ''}
            </p>
            <Ladder trace={trace} />
          </>
        )}
      </section>
    </article>
  )
}

interface SummaryProps {
  readonly id: string
  readonly call: CallShape | undefined
  readonly known: boolean
  readonly heading: React.RefObject<HTMLHeadingElement | null>
}

/** A live call as on its card; one that is over from its record, which appears a moment after the end. */
function Summary({ id, call, known, heading }: SummaryProps) {
  const { t } = useSpeech()
  const [last, setLast] = useState(call)
  useEffect(() => {
    if (call) setLast(call)
  }, [call])
  if (call) {
    return (
      <div className="card call summary">
        <h1 ref={heading} tabIndex={-1}>
          <CallLine call={call} />
        </h1>
        <Branches branches={call.branches} />
      </div>
    )
  }
  if (!known) return <div className="skeleton tall" aria-hidden="true" />
  return <PastSummary id={id} last={last} heading={heading} title={last ? partyText(last.caller, t) : ''} />
}

function PastSummary({
  id,
  last,
  heading,
  title,
}: Omit<SummaryProps, 'call' | 'known'> & { last?: CallShape | undefined; title: string }) {
  const { t, dayAndTime } = useSpeech()
  const { value: record, error } = useRetried((signal) => getEndedRecord(id, signal), id)
  if (!record) {
    const unknown = error instanceof ApiFailure && error.status === 404 && !last
    return (
      <div className="card call summary">
        <h1 ref={heading} tabIndex={-1}>
          {unknown ? t.call.unknown : title || '…'}
        </h1>
      </div>
    )
  }
  const talked = talkedMs(record)
  return (
    <div className="card call summary" data-state="ended">
      <h1 ref={heading} tabIndex={-1} className="parties">
        <bdi>{partyText(record.caller, t)}</bdi> <Icon name="arrow" />
        <span className="unseen">{t.to}</span> <bdi>{partyText(record.callee, t)}</bdi>
      </h1>
      <p className="call-state">
        <Outcome record={record} />
      </p>
      <dl className="facts">
        <div>
          <dt>{t.call.started}</dt>
          <dd>{dayAndTime(record.startedAt)}</dd>
        </div>
        {talked !== undefined && (
          <div>
            <dt>{t.call.talked}</dt>
            <dd className="timer">{clockText(talked)}</dd>
          </div>
        )}
        {talked !== undefined && (
          <div>
            <dt>{t.recent.quality}</dt>
            <dd>
              <Sound record={record} />
            </dd>
          </div>
        )}
      </dl>
    </div>
  )
}

/** The record of a call that is over; one that is still live is read again by the caller. */
async function getEndedRecord(id: string, signal: AbortSignal): Promise<CallRecord> {
  const record = await getRecord(id, signal)
  if (record.state === 'live') throw new Error('the record is not closed yet')
  return record
}
