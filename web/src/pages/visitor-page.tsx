import { useEffect, useRef } from 'react'
import type { About } from '#api/contract.ts'
import { useSpeech } from '../i18n/index.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Icon } from '../parts/icon.tsx'

/** Whom the example asks for: the demo's group. */
const called = 'front'

/** In the demo: a page of somebody else's website with the form that asks for a call, as its visitors see it. */
export function VisitorPage({ about }: { readonly about: About | undefined }) {
  const { t, language } = useSpeech()
  const heading = useRef<HTMLHeadingElement>(null)

  useEffect(() => {
    scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
  }, [])

  const line = `<script src="${location.origin}/widget.js" data-called="${called}" async></script>`
  return (
    <article className="visitor-page">
      <a className="back" href="#/">
        <Icon name="back" />
        {t.call.back}
      </a>
      <h1 ref={heading} tabIndex={-1}>
        {t.visitor.title}
      </h1>
      {about && !about.demo && <p className="empty">{t.visitor.onlyDemo}</p>}
      {about?.visitorNumber && (
        <div className="visitor">
          <section className="card" aria-labelledby="visitor-how">
            <h2 id="visitor-how">{t.visitor.how}</h2>
            <ol>
              <li>
                {t.visitor.openDesk}{' '}
                <a href="/desk?as=alice" target="_blank" rel="noreferrer">
                  {t.visitor.desk}
                </a>
              </li>
              {t.visitor.steps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
            <p className="line-head">{t.visitor.line}</p>
            <div className="line">
              <code>{line}</code>
              <CopyButton text={line} what={t.visitor.line} />
            </div>
          </section>
          <section aria-labelledby="visitor-shop" className="visitor-shop">
            <h2 id="visitor-shop">{t.visitor.shop}</h2>
            <p>{t.visitor.shopText}</p>
            <Widget key={language} language={language} number={about.visitorNumber} />
          </section>
        </div>
      )}
    </article>
  )
}

/** The form, by the very script that any page would load. */
function Widget({ language, number }: { readonly language: string; readonly number: string }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const at = place.current
    const script = document.createElement('script')
    script.src = '/widget.js'
    Object.assign(script.dataset, { called, number, language })
    at?.append(script)
    return () => at?.replaceChildren()
  }, [language, number])
  return <div ref={place} />
}
