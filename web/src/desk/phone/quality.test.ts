import { expect, test } from 'vitest'
import { type Counts, qualityBetween } from './quality.ts'

const none: Counts = { received: 0, lost: 0, jitter: 0, theirLoss: 0, roundTrip: 0 }

test.each([
  ['good', { received: 100, lost: 0, jitter: 0.004, roundTrip: 0.02 }],
  ['fair', { received: 98, lost: 2 }],
  ['fair', { received: 100, jitter: 0.05 }],
  ['poor', { received: 90, lost: 10 }],
  ['poor', { received: 100, theirLoss: 0.2 }],
  ['silent', { received: 0 }],
] as const)('%s: %o', (word, counts) => {
  expect(qualityBetween(none, { ...none, ...counts })).toBe(word)
})

test('only what came since the last look counts', () => {
  const bad = { ...none, received: 50, lost: 50 }
  expect(qualityBetween(bad, { ...bad, received: 150 })).toBe('good')
})
