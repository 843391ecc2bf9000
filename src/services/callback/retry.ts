import { DateTime } from 'luxon'

/** How an attempt ended. */
export type Outcome =
  | 'connected'
  | 'called-no-answer'
  | 'called-busy'
  | 'called-declined'
  /** Answered, but nobody pressed the key: a mailbox. */
  | 'called-no-key'
  | 'called-unreachable'
  /** A queue that has closed while its line was waited in, or a centre that says that it is closed. */
  | 'called-closed'
  | 'called-hung-up'
  | 'caller-no-answer'
  | 'caller-busy'
  | 'caller-declined'
  | 'caller-no-key'
  | 'caller-unreachable'
  | 'caller-hung-up'
  /** The server died while it rang: nobody is rung twice for one attempt, so it counts. */
  | 'interrupted'
  | 'cancelled'
  /** The dial policy does not allow one of the numbers, or there is no such number. */
  | 'not-allowed'
  | 'not-found'

/** Hours in which people may be rung unasked. */
export interface Window {
  /** 1 = Monday … 7 = Sunday */
  readonly days: readonly number[]
  /** `08:00`, `20:00` on the clock of the time zone; `to` is not within. */
  readonly from: string
  readonly to: string
}

export interface RetryPolicy {
  /** Pauses before the second, third … attempt, in ms; after the last one it is given up. */
  readonly pausesMs: readonly number[]
  readonly window: Window
  /** A request that could not be begun in time (the server was down) is still begun when it is no later than this, in ms. */
  readonly latestMs: number
}

export const defaultRetryPolicy: RetryPolicy = {
  pausesMs: [5 * 60_000, 15 * 60_000, 60 * 60_000],
  window: { days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '20:00' },
  latestMs: 15 * 60_000,
}

/** Another attempt may end better. */
const worthwhile: ReadonlySet<Outcome> = new Set<Outcome>([
  'called-no-answer',
  'called-busy',
  'called-no-key',
  'called-unreachable',
  'called-closed',
  'called-hung-up',
  'caller-no-answer',
  'caller-busy',
  'caller-no-key',
  'caller-unreachable',
  'interrupted',
])

/**
 * When the next attempt is made.
 * @param attempts how many were made; @param now ms since 1970
 * @returns ms since 1970; `undefined` when it is given up
 */
export function nextAttempt(
  outcome: Outcome,
  attempts: number,
  now: number,
  timeZone: string,
  policy: RetryPolicy = defaultRetryPolicy,
): number | undefined {
  const pause = policy.pausesMs[attempts - 1]
  if (!worthwhile.has(outcome) || pause === undefined) return undefined
  return withinWindow(now + pause, timeZone, policy.window)
}

/**
 * The time itself when it is within the window, else the next time that the window opens, in ms since 1970.
 * A window that never opens counts as always open.
 */
export function withinWindow(at: number, timeZone: string, window: Window): number {
  const start = DateTime.fromMillis(at, { zone: timeZone })
  for (let ahead = 0; ahead <= 7; ahead++) {
    const day = start.plus({ days: ahead })
    if (!window.days.includes(day.weekday)) continue
    const opens = onDay(day, window.from)
    const closes = onDay(day, window.to)
    if (ahead > 0 || start < opens) return opens.toMillis()
    if (start < closes) return at
  }
  return at
}

function onDay(day: DateTime, clock: string): DateTime {
  const [hour = 0, minute = 0] = clock.split(':').map(Number)
  return day.set({ hour, minute, second: 0, millisecond: 0 })
}

/** What happens to a request whose time has passed while nobody looked: it is rung, or the asker is told. */
export function isTooLate(dueAt: number, now: number, policy: RetryPolicy = defaultRetryPolicy): boolean {
  return now - dueAt > policy.latestMs
}
