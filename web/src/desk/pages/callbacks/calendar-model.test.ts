import { afterAll, beforeAll, expect, test } from 'vitest'
import { hoursOf, onDay, timeOf, weekOf } from './calendar-model.ts'

const before = process.env.TZ
beforeAll(() => {
  process.env.TZ = 'Europe/Berlin'
})
afterAll(() => {
  if (before === undefined) delete process.env.TZ
  else process.env.TZ = before
})

const local = (text: string) => new Date(text).getTime()

test('a week begins on Monday, also seen from its Sunday and across a change of clocks', () => {
  const sunday = local('2026-03-29T12:00')
  expect(weekOf(sunday)[0]).toBe(local('2026-03-23T00:00'))
  expect(weekOf(sunday)[6]).toBe(local('2026-03-29T00:00'))
  expect(weekOf(sunday, 1)[0]).toBe(local('2026-03-30T00:00'))
  expect(weekOf(sunday, -1)[0]).toBe(local('2026-03-16T00:00'))
})

test('a day has what is on it, earliest first', () => {
  const [late, early, next] = [local('2026-03-29T23:59'), local('2026-03-29T00:00'), local('2026-03-30T00:00')]
  const all = [late, early, next].map((at) => ({ at }))
  expect(onDay(all, early).map(({ at }) => at)).toEqual([early, late])
})

test('the hours are the working day, and more where something is', () => {
  expect(hoursOf([])).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17])
  const hours = hoursOf([{ at: local('2026-03-23T06:30') }, { at: local('2026-03-24T21:00') }])
  expect([hours[0], hours.at(-1)]).toEqual([6, 21])
})

test('a typed time: there, none, or skipped by the clocks', () => {
  expect(timeOf('2026-12-01T09:30')).toBe(local('2026-12-01T09:30'))
  expect(timeOf('')).toBeNaN()
  expect(timeOf('2026-03-29T02:30')).toBeUndefined()
})
