import { useState } from 'react'
import { ApiRefusal, createClient } from '#api/contract/client.ts'
import { useSpeech } from '../i18n/index.ts'
import { Icon } from '../parts/icon.tsx'

const ask = createClient({ base: '' })

/** The first five minutes: one click to a call that rings, no phone needed. */
export function FirstCall() {
  const { t } = useSpeech()
  const [said, setSaid] = useState('')
  const ring = async () => {
    setSaid('')
    try {
      await ask('POST /api/v1/demo/caller', { body: { to: 'alice' } })
      setSaid(t.first.ringing)
    } catch (error) {
      setSaid(error instanceof ApiRefusal && error.code === 'nobody-there' ? t.first.nobody : t.first.failed)
    }
  }
  return (
    <section className="card first-call" aria-labelledby="first-title">
      <div>
        <h2 id="first-title">{t.first.title}</h2>
        <p>{t.first.intro}</p>
      </div>
      <div className="first-acts">
        <a className="button" data-kind="primary" href="/desk?as=alice&ring">
          <Icon name="ringing" /> {t.first.answer}
        </a>
        <button type="button" className="button" onClick={() => void ring()}>
          {t.first.ring}
        </button>
      </div>
      <p className="quiet" role="status">
        {said || t.first.ringHint}
      </p>
      <p>
        {t.first.visitor} <a href="#/visitor">{t.first.visitorPage}</a>
      </p>
    </section>
  )
}
