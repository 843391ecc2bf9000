import { useEffect, useMemo, useState } from 'react'
import type { About } from '#api/contract.ts'
import { getAbout } from './api/client.ts'
import { useLive } from './api/live.ts'
import { initialLanguage, type Language, rememberLanguage, SpeechContext, speechOf } from './i18n/index.ts'
import { BoardPage } from './pages/board-page.tsx'
import { CallPage } from './pages/call-page.tsx'
import { VisitorPage } from './pages/visitor-page.tsx'
import { Announcer } from './parts/announcer.tsx'
import { Header } from './parts/header.tsx'
import { useRetried } from './parts/use-retried.ts'
import { useRoute } from './parts/use-route.ts'

/** The frame of all pages: language, header, connection, and the page that the address names. */
export function App() {
  const [language, setLanguage] = useState<Language>(initialLanguage)
  const speech = useMemo(() => speechOf(language), [language])
  const route = useRoute()
  const { connection, calls } = useLive()
  const about: About | undefined = useRetried(getAbout, connection).value

  useEffect(() => {
    document.documentElement.lang = language
  }, [language])

  useEffect(() => {
    document.title = calls.size > 0 ? `(${calls.size}) Baton` : 'Baton'
  }, [calls.size])

  const choose = (chosen: Language) => {
    setLanguage(chosen)
    rememberLanguage(chosen)
  }

  return (
    <SpeechContext value={speech}>
      <button type="button" className="skip" onClick={() => document.getElementById('main')?.focus()}>
        {speech.t.skip}
      </button>
      <Header language={language} onLanguage={choose} demo={about?.demo ?? false} />
      <p className="notice" role="status" data-shown={connection === 'lost'}>
        {connection === 'lost' ? speech.t.connection.lost : ''}
      </p>
      <main id="main" tabIndex={-1}>
        {route.page === 'call' && <CallPage key={route.id} id={route.id} />}
        {route.page === 'visitor' && <VisitorPage about={about} />}
        {route.page === 'board' && <BoardPage about={about} />}
      </main>
      <footer className="foot">
        {about && <span>{speech.t.version(about.version)}</span>}
        <span>
          {speech.t.foot} <a href="/metrics">/metrics</a>
        </span>
      </footer>
      <Announcer />
    </SpeechContext>
  )
}
