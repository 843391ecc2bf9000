import { useEffect, useRef, useState } from 'react'
import type { CallShape } from '#api/contract.ts'
import { useLive } from '../../api/live.ts'
import { useSpeech } from '../../i18n/index.ts'
import { causeText } from '../../parts/words.ts'
import { useDesk, useWords } from '../context.tsx'
import { say, sayTrouble } from '../parts/say.ts'
import { useSingleKeys } from '../parts/single-keys.ts'
import { phone, usePhone } from '../phone/hub.ts'
import type { DeviceFault } from '../phone/types.ts'
import { ActiveCall } from './active-call.tsx'
import { IncomingCall } from './incoming-call.tsx'
import { whoCalls } from './party.ts'
import { usePickupRefused } from './pick-up.tsx'
import { pickupRefusal } from './pickup-model.ts'
import { activeCards, ringingCards } from './ring-model.ts'
import { whyFailed } from './why-failed.ts'

/** Asked from elsewhere, e.g. the palette: opens the dialog for a new call. */
export const newCallEvent = 'baton:new-call'

/** The calls of this person on top of every page: those that ring, then those that go on. */
export function CallsDock() {
  const w = useWords()
  const { me } = useDesk()
  const { calls, known } = useLive()
  const { calls: sessions } = usePhone()
  const ringing = ringingCards(calls.values(), sessions, me.id)
  const active = activeCards(calls, sessions)
  const talking = active.find(({ session }) => !session.held) ?? active[0]
  useEndNotices(calls, known)
  useTroubleTold()
  useFocusReturn(ringing.map((card) => card.key).join(' '))

  useSingleKeys({
    c: () => document.querySelector<HTMLElement>('.dock [role=alertdialog], .dock .active')?.focus(),
    s: ringing.length > 0 ? () => phone.send({ do: 'hush' }) : undefined,
    m: talking && (() => phone.send({ do: 'mute', call: talking.key, on: !talking.session.muted })),
    h: talking && (() => phone.send({ do: 'hold', call: talking.key, on: !talking.session.held })),
  })

  if (ringing.length === 0 && active.length === 0) return <div className="dock" hidden />
  return (
    <section className="dock" aria-label={w.active.title} data-ringing={ringing.length > 0}>
      {ringing.map((card, place) => (
        <IncomingCall key={card.key} card={card} first={place === 0} waiting={active.length > 0} />
      ))}
      {active.map((card) => (
        <ActiveCall key={card.key} card={card} all={active} main={card === talking} />
      ))}
    </section>
  )
}

/** Says what became of a call that rang for me and was not taken here: nobody wonders where the card went. */
function useEndNotices(calls: ReadonlyMap<string, CallShape>, known: boolean): void {
  const w = useWords()
  const { me } = useDesk()
  const rang = useRef(new Map<string, CallShape>())
  const { last } = useLive()
  useEffect(() => {
    if (!known) return
    for (const call of calls.values()) {
      const mine = call.branches.some((branch) => branch.personId === me.id)
      if (call.state === 'ringing' && mine && call.caller.personId !== me.id) rang.current.set(call.id, call)
    }
    for (const id of rang.current.keys()) {
      const now = calls.get(id)
      if (now?.state === 'ringing') continue
      const before = rang.current.get(id)
      rang.current.delete(id)
      const over = now ?? (last?.call.id === id ? last.call : undefined)
      if (!before || !over) continue
      const takenBy = over.branches.find((branch) => branch.state === 'answered')
      if (over.answeredBy !== '' && takenBy?.personId !== me.id) say(w.incoming.taken(over.answeredBy))
      else if (over.state === 'ended' && over.answeredBy === '' && over.cause !== 'declined')
        say(w.incoming.missed(whoCalls(before.caller, w)))
    }
  }, [calls, known, last, me.id, w])
}

/** Says what went wrong with a call, which may be gone by then. */
function useTroubleTold(): void {
  const w = useWords()
  const { t } = useSpeech()
  const { trouble } = usePhone()
  const { me, demo, people } = useDesk()
  const refused = usePickupRefused()
  const told = useRef(trouble?.count ?? 0)
  useEffect(() => {
    const before = told.current
    told.current = trouble?.count ?? 0
    if (!trouble || trouble.count <= before) return
    if (trouble.kind === 'transfer-failed') sayTrouble(w.transfer.failed)
    else if (trouble.kind === 'hold-failed') sayTrouble(w.transfer.holdFailed)
    else if (trouble.kind === 'pickup-refused') {
      const [, status, words = ''] = /^(\d+) (.*)$/.exec(trouble.detail) ?? []
      refused(pickupRefusal(Number(status), words), trouble.whose ?? '')
    } else if (trouble.kind === 'no-camera') sayTrouble(w.camera[trouble.detail as DeviceFault])
    else if (trouble.kind === 'no-video') sayTrouble(w.camera.unwanted)
    else if (trouble.kind === 'calls-lost') sayTrouble(w.active.lost)
    else
      void whyFailed(trouble.detail, me.id).then(({ cause, callee }) => {
        const nobody = demo && cause === 'unreachable' && people.find(({ id }) => id === callee?.personId)
        const next = nobody ? `. ${t.first.openDesk(nobody.name, nobody.login)}` : ''
        sayTrouble(w.transfer.callFailed(causeText(cause, t)) + next)
      })
  }, [trouble, w, t, me.id, demo, people, refused])
}

/** Focus that was in a card goes back to where it was before when the card is gone. */
function useFocusReturn(cards: string): void {
  const before = useRef<HTMLElement | null>(null)
  useEffect(() => {
    const moved = (event: FocusEvent) => {
      const target = event.target as HTMLElement
      if (!target.closest('.dock')) before.current = target
    }
    document.addEventListener('focusin', moved)
    return () => document.removeEventListener('focusin', moved)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at after each change of the cards
  useEffect(() => {
    if (document.activeElement !== document.body) return
    const place = before.current?.isConnected ? before.current : document.getElementById('main')
    place?.focus({ preventScroll: true })
  }, [cards])
}

/** Opens and closes one of a card's dialogs; focus returns by the dialog itself. */
export function useOpen(): readonly [boolean, () => void, () => void] {
  const [open, setOpen] = useState(false)
  return [open, () => setOpen(true), () => setOpen(false)]
}
