import { expect, it } from 'vitest'
import { callsUnderLoss } from './loss.ts'

it('20 % loss each way: at least 1,999 of 2,000 calls are set up and nothing is left over', {
  timeout: 120_000,
}, async () => {
  const result = await callsUnderLoss({ seed: 7, calls: 2000, loss: 0.2 })
  expect(result.setUp).toBeGreaterThanOrEqual(1999)
  expect(result).toMatchObject({ dialogsLeft: 0, transactionsLeft: 0, legsLeft: 0, liveRecords: 0, errors: [] })
})
