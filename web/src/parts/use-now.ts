import { useEffect, useState } from 'react'
import { useLive } from '../api/live.ts'

/** The server's time, told anew each second while `ticking`. */
export function useNow(ticking: boolean): number {
  const { clockOffset } = useLive()
  const [, setTick] = useState(0)
  useEffect(() => {
    if (!ticking) return
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000)
    return () => clearInterval(timer)
  }, [ticking])
  return Date.now() + clockOffset
}

/** `0:07`, `12:34`, `1:02:03` */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60]
  const hours = Math.floor(seconds / 3600)
  const [minutes = 0, rest = 0] = parts
  const tail = `${hours > 0 ? String(minutes).padStart(2, '0') : minutes}:${String(rest).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${tail}` : tail
}
