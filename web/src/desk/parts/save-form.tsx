import type { ReactNode } from 'react'
import { useWords } from '../context.tsx'
import { type FaultOf, useSaving } from './use-saving.ts'

interface SaveFormProps {
  readonly onSave: () => Promise<unknown>
  readonly children: (faultOf: FaultOf) => ReactNode
}

/** A part of a page that is saved by its own button; what the server says stands at its field, or above the button. */
export function SaveForm({ onSave, children }: SaveFormProps) {
  const w = useWords()
  const { form, busy, submit, faultOf, rest } = useSaving(onSave)
  const fields = children(faultOf)
  return (
    <form ref={form} className="form" onSubmit={submit}>
      {fields}
      <p role="alert" className="fault">
        {rest()}
      </p>
      <button type="submit" className="button" data-kind="primary" disabled={busy}>
        {w.settings.save}
      </button>
    </form>
  )
}

interface PartProps {
  readonly title: string
  readonly intro?: string
  readonly children: ReactNode
}

/** A card of a page of settings: what it is about beside what can be set. */
export function Part({ title, intro, children }: PartProps) {
  return (
    <section className="card part" aria-label={title}>
      <div className="part-head">
        <h2>{title}</h2>
        {intro && <p className="quiet">{intro}</p>}
      </div>
      <div className="part-body">{children}</div>
    </section>
  )
}
