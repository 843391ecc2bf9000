import { useEffect, useState } from 'react'
import type { Callback } from '#api/contract.ts'
import { useLive } from '../../../api/live.ts'
import { ask } from '../../api.ts'
import { useList } from '../../parts/use-list.ts'

const lookMs = 5_000
/** More of one state than this is not for a page. */
const mostPages = 5

const open = ['asking', 'scheduled', 'ringing'] as const
export const isComing = ({ state }: Callback) => open.some((each) => each === state)

/** When it begins, or when it was to begin: ms since 1970; null for what has no time yet. */
export const timeOfCallback = ({ nextAt, at }: Callback) => nextAt ?? at

/** The requested calls: whatever is coming, and the newest of the past. */
interface Callbacks {
  readonly coming: readonly Callback[]
  readonly past: readonly Callback[]
  readonly next: string | undefined
}

const byId = (...lists: readonly (readonly Callback[])[]) => [
  ...new Map(lists.flat().map((callback) => [callback.id, callback])).values(),
]

async function read(signal: AbortSignal): Promise<Callbacks> {
  const newest = await ask('GET /api/v1/callbacks', { query: { limit: 50 }, signal })
  // An old request for a far day is not among the newest.
  const coming = newest.next ? await Promise.all(open.map((state) => allOf(state, signal))) : []
  const all = byId(newest.callbacks, ...coming)
  return { coming: all.filter(isComing), past: all.filter((each) => !isComing(each)), next: newest.next }
}

async function allOf(state: (typeof open)[number], signal: AbortSignal): Promise<readonly Callback[]> {
  const found: Callback[] = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const query = { limit: 200, state, ...(cursor ? { cursor } : {}) }
    const { callbacks, next } = await ask('GET /api/v1/callbacks', { query, signal })
    found.push(...callbacks)
    if (!next) break
    cursor = next
  }
  return found
}

/** Requested calls, looked at again every few seconds while somebody sees them, and after each call. */
export function useCallbacks() {
  const { ended } = useLive()
  const [look, setLook] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setLook((before) => before + 1)
    }, lookMs)
    return () => clearInterval(timer)
  }, [])
  const { value, failed, reload } = useList(read, `${ended} ${look}`)
  const [older, setOlder] = useState<{ readonly past: readonly Callback[]; readonly next: string | undefined }>()
  const next = older ? older.next : value?.next
  const more = async () => {
    const query = { limit: 50, ...(next ? { cursor: next } : {}) }
    // What could not be read can be asked for again.
    const page = await ask('GET /api/v1/callbacks', { query }).catch(() => undefined)
    if (!page) return
    setOlder({ past: [...(older?.past ?? []), ...page.callbacks.filter((each) => !isComing(each))], next: page.next })
  }
  const coming = [...(value?.coming ?? [])].sort((a, b) => (timeOfCallback(a) ?? 0) - (timeOfCallback(b) ?? 0))
  const past = byId(older?.past ?? [], value?.past ?? []).sort((a, b) => b.createdAt - a.createdAt)
  return { known: value !== undefined, failed, reload, coming, past, ...(next ? { more: () => void more() } : {}) }
}
