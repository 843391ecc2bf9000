import { useEffect } from 'react'
import { useLive } from '../../api/live.ts'
import { useDesk, useWords } from '../context.tsx'
import { phone, usePhone } from '../phone/hub.ts'
import { whoCalls } from './party.ts'
import { ringingCards } from './ring-model.ts'

/** Draws the eye while a call rings: title, favicon, and a notice of the system when the page is hidden. */
export function Attention() {
  const w = useWords()
  const { me } = useDesk()
  const { calls } = useLive()
  const { calls: sessions } = usePhone()
  const ringing = ringingCards(calls.values(), sessions, me.id)
  const first = ringing[0]
  const who = first
    ? whoCalls(
        {
          name: first.call?.caller.name || first.session?.name || '',
          number: first.call?.caller.number || first.session?.number || '',
        },
        w,
      )
    : ''
  const talking = sessions.some((call) => call.state !== 'ringing')
  const key = first?.key
  const count = ringing.length

  useEffect(() => {
    const write = () => {
      const page = document.body.dataset.pageTitle ?? w.title
      document.title = count > 0 ? `(${count}) ${w.incoming.label(who)}` : talking ? `● ${page}` : page
    }
    write()
    document.addEventListener('pagetitle', write)
    return () => document.removeEventListener('pagetitle', write)
  }, [count, who, talking, w])

  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    if (!link) return
    link.dataset.plain ??= link.href
    link.href = count > 0 ? badge('#c2410c') : talking ? badge('#0f766e') : link.dataset.plain
  }, [count, talking])

  useEffect(() => {
    if (
      !key ||
      !document.hidden ||
      !phone.leads ||
      !('Notification' in window) ||
      Notification.permission !== 'granted'
    )
      return
    const notice = new Notification(w.incoming.label(who), { tag: `baton-${key}`, requireInteraction: true })
    notice.onclick = () => {
      window.focus()
      notice.close()
    }
    return () => notice.close()
  }, [key, who, w])
  return null
}

/** The mark with a dot in its corner. */
function badge(colour: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0f766e"/><path d="M9 23 23 9" stroke="#fff" stroke-width="5" stroke-linecap="round"/><circle cx="23" cy="9" r="8" fill="${colour}" stroke="#fff" stroke-width="2.5"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
