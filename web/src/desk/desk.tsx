import { Notifications } from '@mantine/notifications'
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { About, Colleague, DeviceShape, PersonShape } from '#api/contract.ts'
import { getAbout } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import { initialLanguage, type Language, rememberLanguage, SpeechContext, speechOf } from '../i18n/index.ts'
import { useRetried } from '../parts/use-retried.ts'
import { api } from './api.ts'
import { Attention } from './calls/attention.tsx'
import { CallsDock } from './calls/dock.tsx'
import { PickUps } from './calls/pick-up.tsx'
import { DeskContext, type DeskContextValue, useWords } from './context.tsx'
import { LogIn } from './log-in.tsx'
import { HomePage } from './pages/home-page.tsx'
import { Hints } from './parts/hints.tsx'
import { AnswerAsked } from './parts/push.tsx'
import { Shell } from './parts/shell.tsx'
import { useAskedDemoCaller } from './parts/use-demo-caller.ts'
import { type DeskRoute, useDeskRoute } from './parts/use-desk-route.ts'
import { openSession, useSession } from './session.ts'

const CallPage = lazy(() => import('../pages/call-page.tsx').then((m) => ({ default: m.CallPage })))
const HistoryPage = lazy(() => import('./pages/history-page.tsx').then((m) => ({ default: m.HistoryPage })))
const QueuesPage = lazy(() => import('./pages/queues-page.tsx').then((m) => ({ default: m.QueuesPage })))
const VoicemailPage = lazy(() => import('./pages/voicemail-page.tsx').then((m) => ({ default: m.VoicemailPage })))
const ChargesPage = lazy(() => import('./pages/charges-page.tsx').then((m) => ({ default: m.ChargesPage })))
const CallbacksPage = lazy(() => import('./pages/callbacks-page.tsx').then((m) => ({ default: m.CallbacksPage })))
const ContactsPage = lazy(() => import('./pages/contacts-page.tsx').then((m) => ({ default: m.ContactsPage })))
const PeoplePage = lazy(() => import('./pages/people-page.tsx').then((m) => ({ default: m.PeoplePage })))
const DevicesPage = lazy(() => import('./pages/devices-page.tsx').then((m) => ({ default: m.DevicesPage })))
const GroupsPage = lazy(() => import('./pages/groups-page.tsx').then((m) => ({ default: m.GroupsPage })))
const NumbersPage = lazy(() => import('./pages/numbers-page.tsx').then((m) => ({ default: m.NumbersPage })))
const TrunksPage = lazy(() => import('./pages/trunks-page.tsx').then((m) => ({ default: m.TrunksPage })))
const SettingsPage = lazy(() => import('./pages/settings-page.tsx').then((m) => ({ default: m.SettingsPage })))
const Palette = lazy(() => import('./parts/palette.tsx').then((m) => ({ default: m.Palette })))

openSession()

/** The whole desk: language, log-in, and then the pages with the calls on top. */
export function Desk() {
  const [language, setLanguage] = useState<Language>(initialLanguage)
  const speech = useMemo(() => speechOf(language), [language])
  const session = useSession()
  const { value: about } = useRetried(getAbout, session.state === 'in')

  useEffect(() => {
    document.documentElement.lang = language
  }, [language])

  const choose = useCallback((chosen: Language) => {
    setLanguage(chosen)
    rememberLanguage(chosen)
  }, [])

  return (
    <SpeechContext value={speech}>
      {session.state === 'in' && <Inside me={session.person} about={about} onLanguage={choose} />}
      {(session.state === 'out' || session.state === 'expired') && (
        <LogIn about={about} expired={session.state === 'expired'} />
      )}
      {session.state === 'asking' && (
        <div className="log-in" aria-busy="true">
          <div className="skeleton log-in-card" />
        </div>
      )}
      <Notifications position="bottom-left" limit={4} zIndex={300} />
    </SpeechContext>
  )
}

interface InsideProps {
  readonly me: PersonShape
  readonly about: About | undefined
  readonly onLanguage: (language: Language) => void
}

const peopleMs = 20_000

function Inside({ me, about, onLanguage }: InsideProps) {
  const route = useDeskRoute()
  const { connection, people: present } = useLive()
  const [listed, setPeople] = useState<readonly Colleague[]>([])
  const [devices, setDevices] = useState<readonly DeviceShape[]>([])

  const refresh = useCallback(() => {
    api.people().then(
      (list) => setPeople(list.people),
      () => {},
    )
    api.devices().then(
      (list) => setDevices(list.devices.filter((device) => device.personId === me.id)),
      () => {},
    )
  }, [me.id])

  const people = useMemo(() => listed.map((person) => ({ ...person, ...present.get(person.id) })), [listed, present])
  const strangers = present.size > 0 && listed.length > 0 && present.size !== listed.length

  // Events tell who is there; names and devices change without a word, so the page looks again now and then while somebody looks at it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a connection that came back, or somebody new, is a reason to look
  useEffect(() => {
    refresh()
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') refresh()
    }, peopleMs)
    return () => clearInterval(timer)
  }, [refresh, connection, strangers])

  const value: DeskContextValue = useMemo(
    () => ({
      me,
      demo: about?.demo ?? false,
      pickupCode: about?.pickupCode ?? '',
      voicemailCode: about?.voicemailCode ?? '',
      people,
      devices,
      refresh,
    }),
    [me, about?.demo, about?.pickupCode, about?.voicemailCode, people, devices, refresh],
  )
  return (
    <DeskContext value={value}>
      <Shell route={route} onLanguage={onLanguage}>
        <Hints />
        <Focused route={route}>
          <Suspense fallback={<div className="skeleton tall" aria-hidden="true" />}>
            <Page route={route} />
          </Suspense>
        </Focused>
      </Shell>
      <CallsDock />
      <PickUps />
      <Attention />
      <AnswerAsked />
      {about?.demo && <Asked />}
      <Suspense fallback={null}>
        <Palette />
      </Suspense>
    </DeskContext>
  )
}

/** Nothing to see; does what the first page asked for. */
function Asked() {
  useAskedDemoCaller()
  return null
}

function Page({ route }: { readonly route: DeskRoute }) {
  switch (route.page) {
    case 'call':
      return <CallPage key={route.id} id={route.id} />
    case 'history':
      return <HistoryPage />
    case 'voicemail':
      return <VoicemailPage />
    case 'charges':
      return <ChargesPage />
    case 'callbacks':
      return <CallbacksPage asked={route.id === 'new'} />
    case 'contacts':
      return <ContactsPage {...(route.id ? { chosen: route.id } : {})} />
    case 'people':
      return <PeoplePage />
    case 'devices':
      return <DevicesPage {...(route.id ? { personId: route.id } : {})} />
    case 'groups':
      return <GroupsPage />
    case 'queues':
      return <QueuesPage />
    case 'numbers':
      return <NumbersPage />
    case 'trunks':
      return <TrunksPage />
    case 'settings':
      return <SettingsPage />
    default:
      return <HomePage />
  }
}

/** Another page: its title is said, and the keyboard begins at its top. */
function Focused({ route, children }: { readonly route: DeskRoute; readonly children: ReactNode }) {
  const w = useWords()
  const before = useRef(route.page)
  useEffect(() => {
    const name = route.page === 'call' ? w.pages.calls : w.pages[route.page]
    document.body.dataset.pageTitle = `${name} – ${w.title}`
    document.dispatchEvent(new Event('pagetitle'))
    if (before.current === route.page) return
    before.current = route.page
    scrollTo(0, 0)
    document.getElementById('main')?.focus({ preventScroll: true })
  }, [route.page, w])
  return children
}
