import { PasswordInput, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import type { About } from '#api/contract.ts'
import mark from '../baton.svg'
import { useWords } from './context.tsx'
import { logIn } from './session.ts'

/** The way in. What was typed stays when something goes wrong. */
export function LogIn({ about, expired }: { readonly about: About | undefined; readonly expired: boolean }) {
  const w = useWords()
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const first = useRef<HTMLInputElement>(null)
  const wanted = new URLSearchParams(location.search).get('as')

  useEffect(() => {
    document.title = `${w.logIn.title} – ${w.title}`
  }, [w])

  const enter = async (name: string, secret: string) => {
    setBusy(true)
    setFault('')
    try {
      await logIn(name, secret)
    } catch (error) {
      setFault(error instanceof ApiRefusal ? error.message : w.logIn.unreachable)
      setBusy(false)
      first.current?.focus()
    }
  }

  // The first page leads here with a demo person's name; the password of demo people is known to everybody.
  const tried = useRef(false)
  useEffect(() => {
    const person = about?.people.find((each) => each.login === wanted)
    if (!person || tried.current || expired) return
    tried.current = true
    const ring = new URLSearchParams(location.search).has('ring') ? '?ring' : ''
    history.replaceState(null, '', location.pathname + ring + location.hash)
    void enter(person.login, person.password)
  })

  const submit = (event: FormEvent) => {
    event.preventDefault()
    void enter(login.trim(), password)
  }

  return (
    <main className="log-in" id="main">
      <div className="card log-in-card">
        <p className="brand">
          <img src={mark} alt="" width="44" height="44" />
          <span>Baton</span>
        </p>
        <h1>{w.logIn.title}</h1>
        <p className="quiet">{expired ? w.logIn.expired : w.logIn.intro}</p>
        <form onSubmit={submit}>
          <TextInput
            ref={first}
            label={w.logIn.name}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={login}
            onChange={(event) => setLogin(event.currentTarget.value)}
          />
          <PasswordInput
            label={w.logIn.password}
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <p role="alert" className="fault">
            {fault}
          </p>
          <button type="submit" className="button" data-kind="primary" disabled={busy}>
            {busy ? w.logIn.working : w.logIn.submit}
          </button>
        </form>
        {about?.demo && about.people.length > 0 && (
          <section className="log-in-demo" aria-labelledby="demo-people">
            <h2 id="demo-people">{w.logIn.demo}</h2>
            <div className="chips">
              {about.people.map((person) => (
                <button
                  key={person.login}
                  type="button"
                  className="button"
                  disabled={busy}
                  aria-label={w.logIn.demoAs(`${person.name} ${person.extension}`.trim())}
                  onClick={() => void enter(person.login, person.password)}
                >
                  {person.name}
                  {person.extension && <span className="quiet"> {person.extension}</span>}
                </button>
              ))}
            </div>
          </section>
        )}
        <p className="log-in-board">
          <a href="/">{w.logIn.open}</a>
        </p>
      </div>
    </main>
  )
}
