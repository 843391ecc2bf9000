import { getReady } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import mark from '../baton.svg'
import { type Language, languages, useSpeech } from '../i18n/index.ts'
import { useRetried } from './use-retried.ts'

interface HeaderProps {
  readonly language: Language
  readonly onLanguage: (language: Language) => void
  readonly demo: boolean
}

/** Name, what it is in a sentence, how the server is, and the language. */
export function Header({ language, onLanguage, demo }: HeaderProps) {
  const { t } = useSpeech()
  return (
    <header className="header">
      <div className="header-name">
        <a className="brand" href="#/">
          <img src={mark} alt="" width="40" height="40" />
          <span>Baton</span>
        </a>
        {demo && <span className="tag">{t.demo}</span>}
        <p className="tagline">{t.tagline}</p>
      </div>
      <div className="header-side">
        <ServerState />
        <a className="desk-link" href="/desk">
          {t.first.desk}
        </a>
        <fieldset className="languages">
          <legend className="unseen">{t.language}</legend>
          {(Object.keys(languages) as Language[]).map((tag) => (
            <button key={tag} type="button" lang={tag} aria-pressed={tag === language} onClick={() => onLanguage(tag)}>
              <span className="unseen">{languages[tag].name}</span>
              <span aria-hidden="true">{tag.toUpperCase()}</span>
            </button>
          ))}
        </fieldset>
      </div>
    </header>
  )
}

function ServerState() {
  const { t } = useSpeech()
  const { connection } = useLive()
  const { value: ready } = useRetried(getReady, connection)
  const state = connection === 'open' && ready !== undefined ? (ready ? 'ready' : 'notReady') : 'unknown'
  const words =
    state !== 'unknown' ? t.server[state] : connection === 'lost' ? t.server.unknown : t.connection.connecting
  return (
    <p className="server" data-state={connection === 'connecting' ? 'connecting' : state}>
      <span className="unseen">{t.server.title}: </span>
      {words}
    </p>
  )
}
