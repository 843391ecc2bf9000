import { useCallback, useState } from 'react'
import { useLive } from '../../api/live.ts'
import { useRetried } from '../../parts/use-retried.ts'

/** Something read from the API: tried again by itself, and anew after `reload`, a change of `key`, or a connection that came back. */
export function useList<T>(read: (signal: AbortSignal) => Promise<T>, key = '') {
  const [version, setVersion] = useState(0)
  const { connection } = useLive()
  const { value, failed } = useRetried(read, `${key} ${version} ${connection === 'lost'}`)
  const reload = useCallback(() => setVersion((before) => before + 1), [])
  return { value, failed, reload }
}
