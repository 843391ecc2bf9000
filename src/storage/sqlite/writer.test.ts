import { describe, expect, it } from 'vitest'
import { VirtualClock } from '#lib'
import { openStorage } from '../index.ts'
import { aContext, aDialog, aRecord } from '../sample-rows.ts'
import { putValue } from '../statements.ts'
import { openMain } from './database.ts'
import { Writer } from './writer.ts'

describe('the SQLite writer', () => {
  it('refuses one unit whole and commits the others', () => {
    const database = openMain(':memory:')
    const writer = new Writer(database)
    const failures = writer.write([
      [putValue, 'a', '1'],
      [putValue, 'b', '1', putValue, 'c', null],
      [putValue, 'd', '1'],
    ])
    expect([...(failures ?? [])]).toEqual([[1, expect.stringContaining('NOT NULL')]])
    expect(database.prepare('SELECT key FROM named_values ORDER BY key').pluck().all()).toEqual(['a', 'd'])
    expect(writer.write([[putValue, 'e', '1']])).toBeUndefined()
    database.close()
  })

  it('commits nothing when the disk is full, and goes on when there is room', () => {
    const database = openMain(':memory:')
    const writer = new Writer(database)
    database.pragma('max_page_count = 60')
    const large = 'x'.repeat(200_000)
    expect(() =>
      writer.write([
        [putValue, 'a', '1'],
        [putValue, 'b', large],
      ]),
    ).toThrow(/full/)
    expect(database.inTransaction).toBe(false)
    expect(database.prepare('SELECT count(*) FROM named_values').pluck().get()).toBe(0)
    database.pragma('max_page_count = 1000')
    expect(writer.write([[putValue, 'b', large]])).toBeUndefined()
    database.close()
  })
})

describe('storage inline with virtual time', () => {
  it('commits without time passing and leaves no timer', async () => {
    const clock = new VirtualClock()
    const storage = await openStorage({ folder: ':memory:', thread: false, clock })
    const order: string[] = []
    void storage.calls.ringing(aContext()).then(() => order.push('ringing'))
    void storage.calls
      .answered(aRecord({ state: 'live' }), [aDialog('c1', 'caller')])
      .then(() => order.push('answered'))
    storage.traces.append('c1', clock.now(), Buffer.from('x'))
    expect(order).toEqual([])
    await clock.advance(0)
    expect(order).toEqual(['ringing', 'answered'])
    expect(clock.pending).toBe(0)
    expect((await storage.records.get('c1'))?.state).toBe('live')
    expect(await storage.traces.get('c1')).toHaveLength(1)
    expect(await storage.healthy()).toBe(true)
    await storage.close()
    expect(clock.pending).toBe(0)
  })
})
