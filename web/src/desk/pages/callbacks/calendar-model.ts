/** What is scheduled, at its time in ms since 1970. */
interface Timed {
  readonly at: number
}

/** The beginnings of the seven days of a week, Monday first, where this person is. @param weeks later than the week of `at` */
export function weekOf(at: number, weeks = 0): readonly number[] {
  const day = new Date(at)
  const monday = day.getDate() - ((day.getDay() + 6) % 7) + weeks * 7
  return Array.from({ length: 7 }, (_, place) => new Date(day.getFullYear(), day.getMonth(), monday + place).getTime())
}

/** What is on a day, earliest first. A day is as long as it is: the one when clocks change has 23 or 25 hours. */
export function onDay<T extends Timed>(all: readonly T[], day: number): readonly T[] {
  const date = new Date(day).toDateString()
  return all.filter(({ at }) => new Date(at).toDateString() === date).sort((a, b) => a.at - b.at)
}

/** The hours that a week shows: the working day, and whatever is earlier or later. */
export function hoursOf(all: readonly Timed[]): readonly number[] {
  const hours = all.map(({ at }) => new Date(at).getHours())
  const [first, last] = [Math.min(8, ...hours), Math.max(17, ...hours)]
  return Array.from({ length: last - first + 1 }, (_, place) => first + place)
}

/**
 * The ms since 1970 of what a `datetime-local` input says, `2026-12-01T09:30`, where this person is. NaN for nothing; undefined for a time
 * that does not exist, as clocks are put forward.
 */
export function timeOf(typed: string): number | undefined {
  const at = new Date(typed)
  const [, hours, minutes] = /T(\d\d):(\d\d)/.exec(typed) ?? []
  if (hours === undefined || minutes === undefined) return Number.NaN
  return at.getHours() === Number(hours) && at.getMinutes() === Number(minutes) ? at.getTime() : undefined
}
