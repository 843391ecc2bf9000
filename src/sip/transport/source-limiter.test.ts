import { expect, test } from 'vitest'
import { VirtualClock } from '#lib'
import { SourceLimiter } from './source-limiter.ts'

function allowed(limiter: SourceLimiter, address: string, tries: number): number {
  let count = 0
  for (let i = 0; i < tries; i++) if (limiter.allow(address)) count++
  return count
}

test('a source has its burst, then its rate; another source is untouched', async () => {
  const clock = new VirtualClock()
  const limiter = new SourceLimiter(clock)
  expect(allowed(limiter, '192.0.2.1', 1000)).toBe(400)
  expect(allowed(limiter, '192.0.2.2', 10)).toBe(10)
  await clock.advance(100)
  expect(allowed(limiter, '192.0.2.1', 1000)).toBe(20)
  await clock.advance(3_600_000)
  expect(allowed(limiter, '192.0.2.1', 1000)).toBe(400)
})

test('an IPv6 source is its /64', () => {
  const limiter = new SourceLimiter(new VirtualClock(), { burst: 3 })
  expect(allowed(limiter, '2001:db8::1', 2)).toBe(2)
  expect(allowed(limiter, '2001:db8:0:0:ffff::2', 5)).toBe(1)
  expect(allowed(limiter, '2001:db8:0:1::1', 5)).toBe(3)
})

test('memory stays bounded however many sources come', () => {
  const limiter = new SourceLimiter(new VirtualClock(), { sources: 100 })
  for (let i = 0; i < 5_000; i++) limiter.allow(`10.0.${i >> 8}.${i & 255}`)
  expect(limiter.size).toBeLessThanOrEqual(200)
})
