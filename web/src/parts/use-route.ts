import { useSyncExternalStore } from 'react'

export type Route = { readonly page: 'board' | 'visitor' } | { readonly page: 'call'; readonly id: string }

/** `#/calls/ID` is a call's page, `#/visitor` the demo's example of a website, everything else the board. */
export function routeOf(hash: string): Route {
  if (/^#\/visitor$/.test(hash)) return { page: 'visitor' }
  const found = /^#\/calls\/(.{1,400})$/.exec(hash)
  if (!found) return { page: 'board' }
  try {
    return { page: 'call', id: decodeURIComponent(found[1] as string) }
  } catch {
    return { page: 'board' }
  }
}

export function callAddress(id: string): string {
  return `#/calls/${encodeURIComponent(id)}`
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export function useRoute(): Route {
  return routeOf(useSyncExternalStore(subscribe, () => location.hash))
}
