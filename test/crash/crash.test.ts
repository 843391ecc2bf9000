import { expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { type CrashRound, crashRounds } from './rounds.ts'

/** What three kills have to come to, so that the checks had something to check, also on a slow machine. */
function expectWork(rounds: readonly CrashRound[]): void {
  const sum = (of: (round: CrashRound) => number) => rounds.reduce((total, round) => total + of(round), 0)
  expect(rounds).toHaveLength(3)
  expect(sum(({ answered }) => answered)).toBeGreaterThan(5)
  expect(sum(({ interrupted }) => interrupted)).toBeGreaterThan(5)
  expect(sum(({ registrations }) => registrations)).toBeGreaterThan(10)
}

test('three kills under load lose nothing (SQLite, seed 9)', { timeout: 300_000 }, async () => {
  expectWork(await crashRounds({ database: 'sqlite', rounds: 3, seed: 9 }))
})

needs('initdb')('with PostgreSQL', () => {
  test('three kills under load lose nothing (seed 15)', { timeout: 300_000 }, async () => {
    expectWork(await crashRounds({ database: 'postgres', rounds: 3, seed: 15 }))
  })
})
