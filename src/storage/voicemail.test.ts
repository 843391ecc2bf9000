import { beforeEach, expect, it } from 'vitest'
import { describeStorages } from '../../test/support/storages.ts'
import type { Storage, VoicemailRow } from './index.ts'
import { aPerson } from './sample-rows.ts'

const aMessage = (changed: Partial<VoicemailRow> = {}): VoicemailRow => ({
  ...{ id: 'v1', ownerId: 'bob', state: 'kept', node: 'n1', callId: 'c1', callerId: '', callerNumber: '+12025550100' },
  ...{ callerName: 'Zoe', at: 1_000, ms: 12_000, partial: 0, heardAt: null, mail: '', ...changed },
})

describeStorages((given) => {
  let voicemail: Storage['voicemail']
  beforeEach(() => {
    voicemail = given.storage.voicemail
  })
  const ids = async (owner: string): Promise<string[]> =>
    (await voicemail.list({ owners: [owner], limit: 10 })).messages.map(({ id }) => id)

  it('a message is listed once it is kept, and found after a crash before that', async () => {
    const begun = aMessage({ state: 'recording', ms: 0 })
    await voicemail.begin(begun)
    expect(await ids('bob')).toEqual([])
    expect(await voicemail.counts('bob')).toEqual({ fresh: 0, heard: 0 })
    expect(await voicemail.recording('n1')).toEqual([begun])
    expect(await voicemail.recording('n2')).toEqual([])
    await voicemail.keep({ ...begun, state: 'kept', ms: 4_000, partial: 1, mail: 'due' })
    const kept = aMessage({ ms: 4_000, partial: 1, mail: 'due' })
    expect(await voicemail.recording('n1')).toEqual([])
    expect((await voicemail.list({ owners: ['bob'], limit: 10 })).messages).toEqual([kept])
    expect(await voicemail.toMail('n1')).toEqual([kept])
    expect(await voicemail.ofCalls(['c1', 'c2'])).toEqual([kept])
    await voicemail.mailed('v1', 'sent')
    expect(await voicemail.toMail('n1')).toEqual([])
  })

  it('a message that was removed does not come back when its recording ends', async () => {
    await voicemail.begin(aMessage({ state: 'recording' }))
    await voicemail.remove('v1')
    await voicemail.keep(aMessage())
    expect(await voicemail.get('v1')).toBeUndefined()
  })

  it('counts what is heard and what is not', async () => {
    await voicemail.begin(aMessage())
    await voicemail.begin(aMessage({ id: 'v2', at: 2_000 }))
    await voicemail.begin(aMessage({ id: 'v3', ownerId: 'carol' }))
    await voicemail.heard('v1', 5_000)
    expect(await voicemail.counts('bob')).toEqual({ fresh: 1, heard: 1 })
    expect(await voicemail.get('v1')).toEqual(aMessage({ heardAt: 5_000 }))
    expect(await voicemail.allCounts()).toEqual([
      { ownerId: 'bob', fresh: 1, heard: 1 },
      { ownerId: 'carol', fresh: 1, heard: 0 },
    ])
    await voicemail.heard('v1', null)
    expect(await voicemail.counts('bob')).toEqual({ fresh: 2, heard: 0 })
  })

  it('lists the newest first, page by page', async () => {
    for (const [index, id] of ['v1', 'v2', 'v3'].entries()) await voicemail.begin(aMessage({ id, at: 1_000 + index }))
    const first = await voicemail.list({ owners: ['bob', 'sales'], limit: 2 })
    expect(first.messages.map(({ id }) => id)).toEqual(['v3', 'v2'])
    const second = await voicemail.list({ owners: ['bob'], limit: 2, cursor: first.next as string })
    expect(second.messages.map(({ id }) => id)).toEqual(['v1'])
    expect(second.next).toBeUndefined()
    await expect(voicemail.list({ owners: ['bob'], limit: 0 })).rejects.toMatchObject({ code: 'bad-query' })
  })

  it('is deleted some time after it was heard; unheard ones stay, but for those of who is gone', async () => {
    await given.storage.directory.put('people', aPerson('bob', 'bob'))
    for (let i = 0; i < 30; i++) await voicemail.begin(aMessage({ id: `heard${i}`, at: i, heardAt: 1_500 }))
    await voicemail.begin(aMessage({ id: 'late', at: 1, heardAt: 2_000 }))
    await voicemail.begin(aMessage({ id: 'fresh', at: 1 }))
    await voicemail.begin(aMessage({ id: 'recording', at: 1, heardAt: 1, state: 'recording' }))
    await voicemail.begin(aMessage({ id: 'gone', at: 1, ownerId: 'no group' }))
    await voicemail.begin(aMessage({ id: 'gone-new', at: 2_000, ownerId: 'no group' }))
    const removed: string[] = []
    for (let found = 20; found === 20; ) {
      const step = await voicemail.removeBefore(2_000, 20)
      found = step.found
      removed.push(...step.removed.map(({ id }) => id))
    }
    expect(removed).toHaveLength(31)
    expect(removed).toContain('gone')
    const all = ['late', 'fresh', 'recording', 'gone', 'gone-new', 'heard0']
    expect([...(await voicemail.known(all))].sort()).toEqual(['fresh', 'gone-new', 'late', 'recording'])
    expect(await voicemail.removeBefore(2_000, 20)).toEqual({ removed: [], found: 0 })
  })

  it('goes with the person it is for, and loses the name of a person who left it', async () => {
    await given.storage.directory.put('people', aPerson('alice', 'alice'))
    await voicemail.begin(aMessage({ ownerId: 'alice' }))
    await voicemail.begin(aMessage({ id: 'v2', callerId: 'alice', callerName: 'Alice', callerNumber: '101' }))
    expect(await given.storage.maintenance.exportPerson('alice')).toMatchObject({
      voicemail: [{ id: 'v1' }, { id: 'v2' }],
    })
    await given.storage.maintenance.erasePerson('alice')
    expect(await voicemail.get('v1')).toBeUndefined()
    expect(await voicemail.get('v2')).toEqual(aMessage({ id: 'v2', callerName: '', callerNumber: '' }))
  })
})
