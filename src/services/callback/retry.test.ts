import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { defaultRetryPolicy, isTooLate, nextAttempt, type Outcome, withinWindow } from './retry.ts'

const berlin = 'Europe/Berlin'
const at = (iso: string): number => DateTime.fromISO(iso, { zone: berlin }).toMillis()
const show = (ms: number | undefined): string =>
  ms === undefined ? 'given up' : DateTime.fromMillis(ms, { zone: berlin }).toFormat('ccc HH:mm')

describe('the next attempt', () => {
  const noon = at('2026-11-20T12:00')

  it.each<[Outcome, number, string]>([
    ['called-no-answer', 1, 'Fri 12:05'],
    ['called-busy', 2, 'Fri 12:15'],
    ['called-no-key', 3, 'Fri 13:00'],
    ['caller-no-answer', 4, 'given up'],
    ['interrupted', 1, 'Fri 12:05'],
    ['called-declined', 1, 'given up'],
    ['caller-declined', 1, 'given up'],
    ['cancelled', 1, 'given up'],
    ['not-allowed', 1, 'given up'],
    ['connected', 1, 'given up'],
  ])('after %s of attempt %i: %s', (outcome, attempts, expected) => {
    expect(show(nextAttempt(outcome, attempts, noon, berlin))).toBe(expected)
  })

  it('is not at night, and not on a day that is left out', () => {
    expect(show(nextAttempt('called-busy', 1, at('2026-11-20T19:58'), berlin))).toBe('Sat 08:00')
    const weekdays = { ...defaultRetryPolicy, window: { days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' } }
    expect(show(nextAttempt('called-busy', 1, at('2026-11-20T16:58'), berlin, weekdays))).toBe('Mon 09:00')
    expect(show(withinWindow(at('2026-11-20T03:00'), berlin, weekdays.window))).toBe('Fri 09:00')
  })

  it("is on the asker's clock, over a change of it", () => {
    expect(show(withinWindow(at('2026-10-24T23:00'), berlin, defaultRetryPolicy.window))).toBe('Sun 08:00')
    expect(withinWindow(at('2026-11-20T03:00'), 'America/New_York', defaultRetryPolicy.window)).toBe(
      DateTime.fromISO('2026-11-20T08:00', { zone: 'America/New_York' }).toMillis(),
    )
  })
})

it('a request that waited too long while the server was down is not rung', () => {
  expect(isTooLate(0, 15 * 60_000)).toBe(false)
  expect(isTooLate(0, 15 * 60_000 + 1)).toBe(true)
})
