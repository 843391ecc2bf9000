import { useState } from 'react'
import type { About } from '#api/contract.ts'
import { useSpeech } from '../i18n/index.ts'
import { CopyButton } from '../parts/copy-button.tsx'

/** How to register a phone with the demo. */
export function PhoneHelp({ about }: { readonly about: About }) {
  const { t } = useSpeech()
  const [chosen, setChosen] = useState(0)
  const person = about.people[chosen]
  const { sip } = about
  if (!person || !sip) return null
  const other = about.people[chosen === 1 ? 0 : 1]
  const line = `<sip:${person.login}@${sip.domain}>;auth_pass=${person.password};outbound="sip:${sip.address}"`
  const values = [
    { name: t.phones.user, text: person.login },
    { name: t.phones.password, text: person.password },
    { name: t.phones.domain, text: sip.domain },
    { name: t.phones.proxy, text: sip.address, note: t.phones.transport },
  ]
  return (
    <aside className="card help" aria-labelledby="phones-title">
      <h2 id="phones-title">{t.phones.title}</h2>
      <p>{t.phones.intro}</p>
      <fieldset className="people">
        <legend className="unseen">{t.phones.person}</legend>
        {about.people.map(({ login, name, extension }, place) => (
          <label key={login}>
            <input type="radio" name="person" checked={place === chosen} onChange={() => setChosen(place)} />
            <span className="person">
              {name} <span className="person-extension">{extension}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <dl className="values">
        {values.map(({ name, text, note }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{text}</code>
              {note && <span className="quiet">{note}</span>}
              <CopyButton text={text} what={name} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="line-head">{t.phones.line}</p>
      <div className="line">
        <code>
          {line.split(/(?<=;)/).map((part) => (
            <span key={part}>
              {part}
              <wbr />
            </span>
          ))}
        </code>
        <CopyButton text={line} what="baresip" />
      </div>
      {other && <p>{t.phones.try(person.name, other.extension)}</p>}
    </aside>
  )
}
