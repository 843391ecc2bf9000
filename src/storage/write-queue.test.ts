import { describe, expect, it } from 'vitest'
import { VirtualClock } from '#lib'
import type { Failures, Unit } from './engine.ts'
import { WriteQueue } from './write-queue.ts'

/** An engine whose commits end when the test says so. */
function harness(flushMs: number) {
  const clock = new VirtualClock()
  const batches: Unit[][] = []
  const ends: ((failures?: Failures) => void)[] = []
  const fails: ((error: Error) => void)[] = []
  const queue = new WriteQueue(
    (units) => {
      batches.push([...units])
      return new Promise((resolve, reject) => {
        ends.push(resolve)
        fails.push(reject)
      })
    },
    clock,
    flushMs,
  )
  return { clock, queue, batches, ends, fails }
}

describe('the write queue', () => {
  it('writes at once while little is written', async () => {
    const { clock, queue, batches, ends } = harness(4)
    void queue.add([1])
    void queue.add([2])
    await clock.advance(0)
    expect(batches).toEqual([[[1], [2]]])
    ends[0]?.()
    await clock.advance(0)
    void queue.add([3])
    await clock.advance(0)
    expect(batches).toEqual([[[1], [2]], [[3]]])
    expect(clock.pending).toBe(0)
  })

  it('groups what comes within the time once much is written, and is quick again after a pause', async () => {
    const { clock, queue, batches, ends } = harness(4)
    for (let i = 0; i < 1600; i++) void queue.add([i])
    await clock.advance(0)
    ends[0]?.()
    await clock.advance(0)
    void queue.add([3])
    await clock.advance(3)
    void queue.add([4])
    expect(batches).toHaveLength(1)
    await clock.advance(1)
    expect(batches[1]).toEqual([[3], [4]])
    ends[1]?.()
    await clock.advance(1000)
    for (const write of [5, 6]) {
      void queue.add([write])
      await clock.advance(0)
      expect(batches.at(-1)).toEqual([[write]])
      ends.at(-1)?.()
      await clock.advance(0)
    }
    expect(clock.pending).toBe(0)
  })

  it('has one batch under way and collects the next meanwhile', async () => {
    const { clock, queue, batches, ends } = harness(4)
    void queue.add([1])
    await clock.advance(0)
    void queue.add([2])
    await clock.advance(100)
    void queue.add([3])
    await clock.advance(100)
    expect(batches).toHaveLength(1)
    ends[0]?.()
    await clock.advance(0)
    expect(batches).toEqual([[[1]], [[2], [3]]])
  })

  it('without a time needs no timer', async () => {
    const { clock, queue, batches } = harness(0)
    void queue.add([1])
    void queue.add([2])
    await Promise.resolve()
    expect(batches).toEqual([[[1], [2]]])
    expect(clock.pending).toBe(0)
  })

  it('rejects the refused writes, and all of them when nothing was committed', async () => {
    const { clock, queue, ends, fails } = harness(0)
    const first = Promise.allSettled([queue.add([1]), queue.add([2])])
    await clock.advance(0)
    ends[0]?.(new Map([[1, 'too long']]))
    expect((await first).map((result) => (result.status === 'rejected' ? result.reason.message : 'done'))).toEqual([
      'done',
      'the database refused a row: too long',
    ])
    const second = queue.add([3])
    await clock.advance(0)
    fails[1]?.(new Error('disk full'))
    await expect(second).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the database could not write: disk full',
    })
  })

  it('is bounded', async () => {
    const { queue } = harness(4)
    const writes: Promise<void>[] = []
    for (let i = 0; i < 50_000; i++) writes.push(queue.add([i]))
    await expect(queue.add([0])).rejects.toThrow(/does not keep up/)
    expect(writes).toHaveLength(50_000)
  })

  it('drains without waiting for the time', async () => {
    const { clock, queue, batches, ends } = harness(1_000)
    void queue.add([1])
    await clock.advance(0)
    void queue.add([2])
    let closed = false
    const closing = queue.close().then(() => {
      closed = true
    })
    await expect(queue.add([3])).rejects.toThrow(/closed/)
    ends[0]?.()
    await clock.advance(0)
    expect(batches[1]).toEqual([[2]])
    expect(closed).toBe(false)
    ends[1]?.()
    await closing
    expect(clock.pending).toBe(0)
  })
})
