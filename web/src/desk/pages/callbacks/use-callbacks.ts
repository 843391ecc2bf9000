import { useState } from 'react'
import type { Callback, CallbackNews } from '#api/contract.ts'
import { useLive } from '../../../api/live.ts'
import { ask } from '../../api.ts'
import { useList } from '../../parts/use-list.ts'

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

/** Requested calls: read once, and live from then on by events. After a gap in these they are read anew. */
export function useCallbacks() {
  const { callbacks: news, gaps } = useLive()
  const { value, failed, reload } = useList(read, String(gaps))
  const [older, setOlder] = useState<{ readonly past: readonly Callback[]; readonly next: string | undefined }>()
  const next = older ? older.next : value?.next
  const more = async () => {
    const query = { limit: 50, ...(next ? { cursor: next } : {}) }
    // What could not be read can be asked for again.
    const page = await ask('GET /api/v1/callbacks', { query }).catch(() => undefined)
    if (!page) return
    setOlder({ past: [...(older?.past ?? []), ...page.callbacks.filter((each) => !isComing(each))], next: page.next })
  }
  const all = value ? latest([...(older?.past ?? []), ...value.past, ...value.coming], news) : []
  const coming = all.filter(isComing).sort((a, b) => (timeOfCallback(a) ?? 0) - (timeOfCallback(b) ?? 0))
  const past = all.filter((each) => !isComing(each)).sort((a, b) => b.createdAt - a.createdAt)
  return { known: value !== undefined, failed, reload, coming, past, ...(next ? { more: () => void more() } : {}) }
}

/** Each as it is now. What was read may be older than what was told meanwhile, or newer. */
function latest(read: readonly Callback[], news: ReadonlyMap<string, CallbackNews>): readonly Callback[] {
  const told = [...news.values()].map(({ callback }) => callback)
  const known = new Map<string, Callback>()
  for (const callback of [...read, ...told])
    if (callback.changedAt >= (known.get(callback.id)?.changedAt ?? 0)) known.set(callback.id, callback)
  return [...known.values()]
}
