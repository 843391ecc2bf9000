import { describe, expect, it } from 'vitest'
import { seededRandom } from '#lib'
import { waitErrors } from '../../../test/support/queue-simulation.ts'
import { ExpectedWait } from './expected-wait.ts'

describe('the expected wait', () => {
  it('grows with the place, shrinks with the agents, and is none while somebody is free', () => {
    const expected = new ExpectedWait()
    expect(expected.at(1, 2, 1)).toBe(0)
    expect(expected.at(2, 2, 0)).toBe(180_000)
    expect(expected.at(4, 4, 0)).toBe(180_000)
    expect(expected.at(1, 0, 0)).toBeUndefined()
  })

  it('follows the length of calls', () => {
    const expected = new ExpectedWait()
    for (let call = 0; call < 60; call++) expected.handled(60_000)
    expect(expected.at(1, 1, 0)).toBeCloseTo(60_000, -3)
  })

  it.each([
    [5, 0.9],
    [20, 0.95],
  ])('of %i agents at load %f is nearer than the mean wait, and not far from what can be known', (agents, load) => {
    const found = waitErrors({ agents, load, callers: 20_000, handlingMs: 240_000, random: seededRandom(1) })
    expect(found.model).toBeLessThan(found.mean * 0.75)
    expect(found.model).toBeLessThan(found.knowing * 1.6)
  })
})
