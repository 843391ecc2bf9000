import { DateTime } from 'luxon'
import type { Queue } from './settings.ts'

/** Whether a queue is open. @param now ms since 1970 */
export function isOpen({ hours, timeZone }: Pick<Queue, 'hours' | 'timeZone'>, now: number): boolean {
  if (hours.length === 0) return true
  const at = DateTime.fromMillis(now, { zone: timeZone })
  const clock = at.toFormat('HH:mm')
  return hours.some(({ days, from, to }) => days.includes(at.weekday) && from <= clock && clock < to)
}
