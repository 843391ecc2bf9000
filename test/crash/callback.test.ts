import { expect, test } from 'vitest'
import { callbackCrashRounds } from './callback-rounds.ts'

test('ten kills while requested calls are made lose nothing and ring nobody twice', { timeout: 300_000 }, async () => {
  const rounds = await callbackCrashRounds({ rounds: 10, seed: 5 })
  const sum = (of: (round: (typeof rounds)[number]) => number) => rounds.reduce((total, round) => total + of(round), 0)
  // The checks had something to check.
  expect(sum(({ phones }) => phones)).toBeGreaterThan(5)
  expect(rounds.at(-1)?.cut).toBeGreaterThan(3)
  expect(rounds.at(-1)?.states.connected).toBeGreaterThan(3)
})
