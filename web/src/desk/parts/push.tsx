import { Switch } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useLive } from '../../api/live.ts'
import { ask } from '../api.ts'
import { ringingCards } from '../calls/ring-model.ts'
import { useDesk, useWords } from '../context.tsx'
import { phone, usePhone } from '../phone/hub.ts'

const able = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

/** "Ring me when Baton is closed": this browser's subscription, made and ended by a switch. */
export function RingWhenClosed() {
  const w = useWords()
  const { me } = useDesk()
  const [on, setOn] = useState(false)
  const [busy, setBusy] = useState(able)
  const [fault, setFault] = useState(able ? '' : w.push.unable)

  useEffect(() => {
    if (!able) return
    currentSubscription()
      .then((subscription) => setOn(subscription !== null && switchedOnBy() === me.id))
      .catch(() => {})
      .finally(() => setBusy(false))
  }, [me.id])

  const change = async (wanted: boolean) => {
    setBusy(true)
    setFault('')
    try {
      if (!wanted) {
        await switchOff()
        remember('')
        setOn(false)
      } else if ((await Notification.requestPermission()) !== 'granted') setFault(w.settings.noticesBlocked)
      else {
        await switchOn()
        remember(me.id)
        setOn(true)
      }
    } catch (error) {
      // A browser that reaches no push service, or has none, says so by a DOMException.
      setFault(error instanceof DOMException ? w.push.refused : w.push.failed)
    }
    setBusy(false)
  }
  return (
    <div>
      <Switch
        label={w.push.label}
        description={w.push.hint}
        checked={on}
        disabled={!able || busy}
        onChange={(event) => void change(event.currentTarget.checked)}
      />
      <p role="status" className="quiet">
        {fault}
      </p>
    </div>
  )
}

const storageKey = 'baton.ring-when-closed'

/** The person who switched it on in this browser; '' for nobody. */
function switchedOnBy(): string {
  try {
    return localStorage.getItem(storageKey) ?? ''
  } catch {
    return ''
  }
}

function remember(personId: string): void {
  try {
    localStorage.setItem(storageKey, personId)
  } catch {
    // Without storage it lasts until the log-in ends.
  }
}

async function currentSubscription(): Promise<PushSubscription | null> {
  const worker = await navigator.serviceWorker.getRegistration('/')
  return (await worker?.pushManager.getSubscription()) ?? null
}

async function switchOn(): Promise<void> {
  await navigator.serviceWorker.register('/sw.js')
  const worker = await navigator.serviceWorker.ready
  const { publicKey } = await ask('GET /api/v1/push/key')
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey })
  await tellServer(subscription)
}

async function tellServer(subscription: PushSubscription): Promise<void> {
  const { keys } = subscription.toJSON()
  const { endpoint } = subscription
  await ask('POST /api/v1/push/subscriptions', {
    body: { endpoint, keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } },
  })
}

async function switchOff(): Promise<void> {
  const subscription = await currentSubscription()
  if (!subscription) return
  await subscription.unsubscribe()
  // The server may have forgotten it already.
  await ask('DELETE /api/v1/push/subscriptions', { body: { endpoint: subscription.endpoint } }).catch(() => {})
}

const answerWithinMs = 30_000

/** Nothing to see; answers the call that somebody has answered on the notice, as soon as it rings here. */
export function AnswerAsked() {
  const { me } = useDesk()
  const { calls } = useLive()
  const { calls: sessions } = usePhone()
  const [asked, setAsked] = useState(() => new URLSearchParams(location.search).get('answer') ?? '')
  const answered = useRef('')

  useEffect(() => {
    // The server forgets a browser whose log-in has ended; the next log-in of the same person takes it over.
    if (!able || switchedOnBy() !== me.id) return
    currentSubscription()
      .then((subscription) => subscription && tellServer(subscription))
      .catch(() => {})
  }, [me.id])

  useEffect(() => {
    if (new URLSearchParams(location.search).has('answer'))
      history.replaceState(null, '', location.pathname + location.hash)
    if (!('serviceWorker' in navigator)) return
    const heard = ({ data }: MessageEvent<{ answer?: unknown } | null>) => {
      if (typeof data?.answer === 'string') setAsked(data.answer)
    }
    navigator.serviceWorker.addEventListener('message', heard)
    return () => navigator.serviceWorker.removeEventListener('message', heard)
  }, [])

  useEffect(() => {
    if (!asked) return
    const timer = setTimeout(() => setAsked(''), answerWithinMs)
    return () => clearTimeout(timer)
  }, [asked])

  const card = asked ? ringingCards(calls.values(), sessions, me.id).find(({ call }) => call?.id === asked) : undefined
  const session = card?.session?.id
  useEffect(() => {
    if (!session || answered.current === session) return
    answered.current = session
    phone.goAvailable()
    phone.send({ do: 'answer', call: session })
    setAsked('')
  }, [session])
  return null
}
