import { expect, test } from 'vitest'
import { callbackCrashRounds } from './callback-rounds.ts'

test('six kills while requested calls are made lose nothing and ring nobody twice', { timeout: 300_000 }, async () => {
  const rounds = await callbackCrashRounds({ rounds: 6, seed: 5 })
  const sum = (of: (round: (typeof rounds)[number]) => number) => rounds.reduce((total, round) => total + of(round), 0)
  // The checks had something to check, also on a slow machine; `npm run soak` kills 200 times.
  expect(sum(({ phones }) => phones)).toBeGreaterThan(2)
  expect(rounds.at(-1)?.cut).toBeGreaterThan(0)
  expect(rounds.at(-1)?.states.connected).toBeGreaterThan(0)
})
