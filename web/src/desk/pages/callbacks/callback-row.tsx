import { useId, useState } from 'react'
import type { Callback, CallbackDetail } from '#api/contract.ts'
import { useLive } from '../../../api/live.ts'
import { useSpeech } from '../../../i18n/index.ts'
import { Icon, type IconName } from '../../../parts/icon.tsx'
import { useDesk, useWords } from '../../context.tsx'
import { Attempts } from './attempts.tsx'
import { useSides } from './party.ts'
import { Question } from './question.tsx'
import { isComing, timeOfCallback } from './use-callbacks.ts'
import { useOutcome } from './words.ts'

/** Where the keyboard goes when the calendar leads here. */
export const rowId = (id: string) => `callback-${id}`

const looks: Readonly<Record<Callback['state'], readonly [icon: IconName, look: string]>> = {
  asking: ['held', 'held'],
  scheduled: ['calling', 'plain'],
  ringing: ['ringing', 'ringing'],
  connected: ['answered', 'past'],
  failed: ['missed', 'missed'],
  cancelled: ['ended', 'plain'],
}

interface CallbackRowProps {
  readonly callback: Callback
  readonly onCancel: (callback: Callback) => void
  readonly onChanged: () => void
}

/** One requested call: who rings first and then, when, its state, attempts and open question. */
export function CallbackRow({ callback, onCancel, onChanged }: CallbackRowProps) {
  const w = useWords()
  const { me, people } = useDesk()
  const outcomeOf = useOutcome()
  const details = useId()
  const [shown, setShown] = useState(false)
  const { id, state, note, attempts, outcome, question, personId, channel } = callback
  const { called, caller } = useSides()(callback)
  const news = useLive().callbacks.get(id)
  const phase = news ? news.phase : callback.phase
  const line = news ? news.attempt?.line : callback.line
  const waits = state === 'ringing' && phase === 'waiting'
  const [icon, look] = looks[waits ? 'asking' : state]
  const asker = people.find((person) => person.id === personId)?.name ?? w.callbacks.channel[channel] ?? channel
  const answered = () => {
    // The question goes away, and with it what the keyboard was at.
    document.getElementById(rowId(id))?.focus()
    onChanged()
  }
  return (
    <li className="row callback" id={rowId(id)} tabIndex={-1}>
      <div className="row-main">
        <p>
          <strong>{w.callbacks.order(called, caller)}</strong>
        </p>
        <p className="quiet">
          <When callback={callback} />
          {personId !== me.id && <> · {w.callbacks.askedBy(asker)}</>}
        </p>
        {note && <p className="callback-note">{note}</p>}
      </div>
      <div className="callback-state">
        <p className="state" data-state={look}>
          <Icon name={icon} />
          <span>{waits ? w.callbacks.waits : w.callbacks.state[state]}</span>
        </p>
        {phase && state === 'ringing' && !waits && <p className="quiet">{w.callbacks.phase[phase]}</p>}
        {line && state === 'ringing' && <Wait line={line} />}
        {outcome && outcome !== state && state !== 'ringing' && <p className="quiet">{outcomeOf(outcome)}</p>}
      </div>
      <div className="callback-acts">
        {attempts > 0 && (
          <button
            type="button"
            className="button"
            aria-expanded={shown}
            aria-controls={details}
            onClick={() => setShown(!shown)}
          >
            {w.callbacks.attempts(attempts)}
          </button>
        )}
        {isComing(callback) && (
          <button
            type="button"
            className="button"
            data-kind="danger-quiet"
            aria-label={w.callbacks.cancelOf(called)}
            onClick={() => onCancel(callback)}
          >
            {w.callbacks.cancel}
          </button>
        )}
      </div>
      <div className="callback-more" id={details}>
        {question && <Question id={id} question={question} onAnswered={answered} />}
        {shown && <Attempts id={id} state={`${state} ${attempts}`} />}
      </div>
    </li>
  )
}

/** The place and wait that a queue or centre told last. */
function Wait({ line }: { readonly line: NonNullable<CallbackDetail['history'][number]['line']> }) {
  const w = useWords()
  const { place, expectedWaitSeconds: seconds } = line
  const wait = seconds === null ? w.callbacks.waitNobody : w.callbacks.wait(Math.ceil(seconds / 60))
  return (
    <p className="quiet">
      {w.callbacks.place(place)}, {wait}
    </p>
  )
}

/** When it begins; of what is over, when that was. */
function When({ callback }: { readonly callback: Callback }) {
  const w = useWords()
  const { time, dayAndTime } = useSpeech()
  const at = isComing(callback) ? timeOfCallback(callback) : callback.changedAt
  if (at === null) return w.callbacks.atOnce
  const today = new Date(at).toDateString() === new Date().toDateString()
  return <time dateTime={new Date(at).toISOString()}>{today ? time(at) : dayAndTime(at)}</time>
}
