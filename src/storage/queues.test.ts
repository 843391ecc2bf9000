import { beforeEach, expect, it } from 'vitest'
import { describeStorages } from '../../test/support/storages.ts'
import type { QueueCallerRow, Storage } from './index.ts'

const caller = (changed: Partial<QueueCallerRow> = {}): QueueCallerRow => ({
  ...{ id: 'c1', queueId: 'q1', node: 'n1', kind: 'call', number: '+12025550100', name: 'Zoe', personId: '' },
  ...{ language: 'en', enqueuedAt: 1_000, attempts: 0, requestId: '', ...changed },
})

describeStorages((given) => {
  let queues: Storage['queues']
  beforeEach(() => {
    queues = given.storage.queues
  })

  it('queues are listed by name, replaced and removed with who waits in them', async () => {
    await queues.put({ id: 'q1', name: 'sales', settings: '{}' })
    await queues.put({ id: 'q2', name: 'help', settings: '{}' })
    await queues.put({ id: 'q1', name: 'sales', settings: '{"extension":"600"}' })
    await queues.wait(caller())
    await queues.wait(caller({ id: 'c2', queueId: 'q2' }))
    expect((await queues.list()).map(({ id }) => id)).toEqual(['q2', 'q1'])
    await queues.remove('q1')
    expect(await queues.list()).toEqual([{ id: 'q2', name: 'help', settings: '{}' }])
    expect((await queues.waiting('n1')).map(({ id }) => id)).toEqual(['c2'])
  })

  it('who waits is kept in the order in which they came, by node', async () => {
    await queues.wait(caller({ id: 'late', enqueuedAt: 3_000 }))
    await queues.wait(caller({ id: 'early' }))
    await queues.wait(caller({ id: 'elsewhere', node: 'n2', enqueuedAt: 2_000 }))
    const kept = caller({ id: 'late', kind: 'callback', enqueuedAt: 3_000, attempts: 1, requestId: 'r1' })
    await queues.wait(kept)
    expect(await queues.waiting('n1')).toEqual([caller({ id: 'early' }), kept])
    await queues.left('early')
    expect((await queues.waiting('n1')).map(({ id }) => id)).toEqual(['late'])
  })

  it('who is erased waits no more', async () => {
    await queues.wait(caller({ personId: 'bob' }))
    await given.storage.maintenance.erasePerson('bob')
    expect(await queues.waiting('n1')).toEqual([])
  })
})
