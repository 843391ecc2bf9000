import { afterEach, expect } from 'vitest'
import { running, Scenario } from './scenario.ts'

// Whatever a test asserts: the server must not have logged an error meanwhile.
afterEach(() => {
  for (const scenario of running.splice(0)) expect(scenario.errors).toEqual([])
})

export { Scenario }
