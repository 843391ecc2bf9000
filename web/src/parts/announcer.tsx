import { useEffect, useState } from 'react'
import { type LiveState, useLive } from '../api/live.ts'
import { type Messages, useSpeech } from '../i18n/index.ts'
import { causeText, partyText } from './words.ts'

const pauseMs = 1200

/** Says politely what happens to calls; when much happens, only the latest. */
export function Announcer() {
  const { t } = useSpeech()
  const { last } = useLive()
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (!last) return
    const timer = setTimeout(() => setSaid(sentence(last, t)), pauseMs)
    return () => clearTimeout(timer)
  }, [last, t])
  return (
    <p className="unseen" aria-live="polite">
      {said}
    </p>
  )
}

function sentence({ change, call }: NonNullable<LiveState['last']>, t: Messages): string {
  const caller = partyText(call.caller, t)
  if (change === 'ended') return t.announce.ended(caller, causeText(call.cause ?? 'error', t))
  if (call.state === 'answered') return t.announce.answered(caller, call.answeredBy)
  return t.announce.started(caller, partyText(call.callee, t))
}
