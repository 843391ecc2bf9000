import { DateTime } from 'luxon'
import type { Queue } from './settings.ts'

/** The first moment from `at` on in which a queue is open, in ms since 1970. */
export function opensAt(queue: Pick<Queue, 'hours' | 'timeZone'>, at: number): number {
  if (isOpen(queue, at)) return at
  const start = DateTime.fromMillis(at, { zone: queue.timeZone })
  const moments: number[] = []
  for (let ahead = 0; ahead <= 7; ahead++) {
    const day = start.plus({ days: ahead })
    for (const { days, from } of queue.hours) {
      const [hour, minute] = from.split(':').map(Number)
      if (days.includes(day.weekday)) moments.push(day.set({ hour, minute, second: 0, millisecond: 0 }).toMillis())
    }
  }
  return Math.min(...moments.filter((moment) => moment > at))
}

/** Whether a queue is open. @param now ms since 1970 */
export function isOpen({ hours, timeZone }: Pick<Queue, 'hours' | 'timeZone'>, now: number): boolean {
  if (hours.length === 0) return true
  const at = DateTime.fromMillis(now, { zone: timeZone })
  const clock = at.toFormat('HH:mm')
  return hours.some(({ days, from, to }) => days.includes(at.weekday) && from <= clock && clock < to)
}
