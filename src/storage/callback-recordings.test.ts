import { beforeEach, expect, it } from 'vitest'
import { callbackRow } from '../../test/support/callbacks.ts'
import { describeStorages } from '../../test/support/storages.ts'
import type { CallbackRecordingRow, OutboxRow, Storage } from './index.ts'

const aRecording = (changed: Partial<CallbackRecordingRow> = {}): CallbackRecordingRow => ({
  ...{ id: 'a1', callbackId: 'request-1', number: 1, state: 'recording', node: 'n1', at: 1_000, ms: 0, partial: 0 },
  ...changed,
})

const notice: OutboxRow = {
  ...{ id: 'request-1-heard-1', callbackId: 'request-1', channel: 'mail', body: '{}', createdAt: 10, dueAt: 10 },
  ...{ tries: 0, node: '', state: 'waiting', error: '' },
}

describeStorages((given) => {
  let storage: Storage
  beforeEach(async () => {
    storage = given.storage
    await storage.callbacks.accept(callbackRow('request-1', {}, {}), [])
  })

  it('is the request’s once it is whole, with the message that offers it', async () => {
    const { recordings, outbox } = storage.callbacks
    await recordings.begin(aRecording())
    await recordings.begin(aRecording({ at: 9_000 }))
    expect(await recordings.recording('n1')).toEqual([aRecording()])
    expect(await recordings.recording('n2')).toEqual([])
    expect(await recordings.of('request-1')).toEqual([])
    const kept = aRecording({ state: 'kept', ms: 30_000, partial: 1 })
    await recordings.keep(kept, [notice])
    await recordings.keep(kept, [notice])
    expect(await recordings.of('request-1')).toEqual([kept])
    expect(await recordings.get('a1')).toEqual(kept)
    expect(await recordings.recording('n1')).toEqual([])
    expect(await outbox.of('request-1')).toEqual([notice])
  })

  it('stays away once it was removed', async () => {
    const { recordings } = storage.callbacks
    await recordings.begin(aRecording())
    await recordings.remove('a1')
    await recordings.keep(aRecording({ state: 'kept' }), [])
    expect(await recordings.get('a1')).toBeUndefined()
  })

  it('is over by age, or with its request', async () => {
    const { recordings } = storage.callbacks
    const rows = [
      aRecording({ id: 'old', state: 'kept', at: 10 }),
      aRecording({ id: 'new', state: 'kept', at: 2_000 }),
      aRecording({ id: 'orphan', state: 'kept', at: 3_000, callbackId: 'gone' }),
      aRecording({ id: 'begun', at: 10 }),
    ]
    for (const row of rows) await recordings.begin(row)
    expect((await recordings.over(2_000, 10)).map(({ id }) => id)).toEqual(['old', 'orphan'])
    expect((await recordings.over(2_000, 1)).map(({ id }) => id)).toEqual(['old'])
  })
})
