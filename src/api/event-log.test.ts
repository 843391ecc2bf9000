import { expect, test } from 'vitest'
import { FakeCalls } from '../../test/support/fake-calls.ts'
import { EventLog, type LoggedBatch, LoggedChange } from './event-log.ts'

const change = new LoggedChange(new FakeCalls().put('c1', {}), 'changed', new Map(), undefined)

const batch = (cursor: number, changes = 1): LoggedBatch => ({
  cursor,
  at: 0,
  changes: Array.from({ length: changes }, () => change),
})
const after = (log: EventLog, cursor: number) => log.after(cursor)?.map((one) => one.cursor)

test('gives what came after a cursor, while all of that is kept', () => {
  const log = new EventLog(5)
  expect(after(log, 0)).toEqual([])
  for (let cursor = 1; cursor <= 5; cursor++) log.add(batch(cursor))
  expect(after(log, 0)).toEqual([1, 2, 3, 4, 5])
  expect(after(log, 3)).toEqual([4, 5])
  expect(after(log, 5)).toEqual([])
  log.add(batch(6, 3))
  expect(after(log, 2)).toBeUndefined()
  expect(after(log, 3)).toEqual([4, 5, 6])
  log.add(batch(7, 100))
  expect([after(log, 5), after(log, 6)]).toEqual([undefined, [7]])
  log.clear(9)
  expect([after(log, 8), after(log, 9)]).toEqual([undefined, []])
})

test('stays bounded over many', () => {
  const log = new EventLog(100)
  for (let cursor = 1; cursor <= 10_000; cursor++) log.add(batch(cursor))
  expect(after(log, 9_900)).toHaveLength(100)
  expect(after(log, 9_899)).toBeUndefined()
})
