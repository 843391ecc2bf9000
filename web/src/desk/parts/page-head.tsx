import type { ReactNode } from 'react'

/** A page's title, a sentence about it, and what one can do on it. */
export function PageHead({
  title,
  intro,
  children,
}: {
  readonly title: string
  readonly intro?: string
  readonly children?: ReactNode
}) {
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        {intro && <p className="quiet">{intro}</p>}
      </div>
      {children && <div className="page-actions">{children}</div>}
    </header>
  )
}

/** Nothing here yet, and what to do about it. */
export function Empty({
  title,
  hint,
  children,
}: {
  readonly title: string
  readonly hint?: string
  readonly children?: ReactNode
}) {
  return (
    <div className="empty">
      <p className="empty-head">{title}</p>
      {hint && <p>{hint}</p>}
      {children && <div className="empty-actions">{children}</div>}
    </div>
  )
}

/** Lines where text will be. */
export function Skeleton({ lines = 4 }: { readonly lines?: number }) {
  return (
    <div aria-hidden="true" className="skeleton-lines">
      {Array.from({ length: lines }, (_, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all alike
        <div key={place} className="skeleton line-skeleton" />
      ))}
    </div>
  )
}
