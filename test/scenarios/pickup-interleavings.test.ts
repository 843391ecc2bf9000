import { expect, it } from 'vitest'
import { pickupInterleavings } from './pickup-interleavings.ts'

/** 2,000 interleavings in all; each seed is a house of its own. */
it.each([1, 2, 3, 4])(
  'answer, pickups, CANCEL and lost packets in any order, seed %i',
  { timeout: 120_000 },
  async (seed) => {
    const { interleavings, faults, outcomes, joined } = await pickupInterleavings({ seed, rounds: 20, cells: 25 })
    expect(faults).toEqual([])
    expect(interleavings).toBe(500)
    // Each way to end was really taken.
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['callee', 'picker', 'cancelled']))
    for (const way of ['replaced', 'answered', 'rung']) expect(joined[way]).toBeGreaterThan(10)
  },
)
