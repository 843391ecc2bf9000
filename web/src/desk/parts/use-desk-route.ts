import { useSyncExternalStore } from 'react'

export const deskPages = [
  'calls',
  'history',
  'voicemail',
  'charges',
  'callbacks',
  'contacts',
  'devices',
  'settings',
  'people',
  'groups',
  'queues',
  'numbers',
  'trunks',
] as const
export type DeskPage = (typeof deskPages)[number]

export type DeskRoute =
  | { readonly page: DeskPage; readonly id?: string }
  /** One call with its messages. */
  | { readonly page: 'call'; readonly id: string }

/** `#/history`, `#/contacts/ID`, `#/calls/ID`; everything else is the page of calls. */
export function deskRouteOf(hash: string): DeskRoute {
  const [, name = '', rest] = /^#\/([a-z]{1,20})(?:\/(.{1,400}))?$/.exec(hash) ?? []
  const page = deskPages.find((each) => each === name) ?? 'calls'
  if (rest === undefined) return { page }
  try {
    const id = decodeURIComponent(rest)
    return page === 'calls' ? { page: 'call', id } : { page, id }
  } catch {
    return { page }
  }
}

export function goTo(page: DeskPage, id?: string): void {
  location.hash = id ? `#/${page}/${encodeURIComponent(id)}` : `#/${page}`
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export function useDeskRoute(): DeskRoute {
  return deskRouteOf(useSyncExternalStore(subscribe, () => location.hash))
}
