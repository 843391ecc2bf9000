import { beforeEach, describe, expect, it } from 'vitest'
import { callbackRow } from '../../test/support/callbacks.ts'
import { describeStorages } from '../../test/support/storages.ts'
import type { AskerRow, CallbackAttemptRow, CallbackRow, OutboxRow, Storage } from './index.ts'
import { aPerson } from './sample-rows.ts'

const now = 1_000

const anAsker = (id: string, changed: Partial<AskerRow> = {}): AskerRow => ({
  ...{ id, personId: '', name: id, numbers: '[]', email: '', language: 'en', timeZone: 'UTC' },
  ...{ createdAt: 1, seenAt: 1, ...changed },
})

const anAttempt = (id: string, callbackId: string, stations: readonly string[]): CallbackAttemptRow => ({
  ...{ id, callbackId, number: 1, node: 'n1', callId: `call-${id}`, startedAt: 1, calledAt: 2, callerAt: 3 },
  ...{ joinedAt: 4, endedAt: 5, outcome: 'connected' },
  detail: JSON.stringify({ confirmations: stations.map((station) => ({ what: 'answered', station, gateway: '' })) }),
})

const aNotice = (id: string, callbackId: string, changed: Partial<OutboxRow> = {}): OutboxRow => ({
  ...{ id, callbackId, channel: 'mail', body: '{}', createdAt: 1, dueAt: 1, tries: 0, node: '' },
  ...{ state: 'waiting', error: '', ...changed },
})

const alice = { name: 'Alice', dial: '101' }
const bob = { name: 'Bob', dial: '102' }

interface Exported {
  readonly callbacks: readonly Record<string, unknown>[]
  readonly askers: readonly { readonly id: string; readonly keys: readonly string[] }[]
}

describeStorages((given) => {
  let storage: Storage
  const request = (id: string, called: object, caller: object, more: Partial<CallbackRow> = {}) =>
    storage.callbacks.accept(callbackRow(id, called, caller, { threadKey: id, ...more }, now), [])
  const erase = (toldOf?: (row: CallbackRow) => Promise<readonly OutboxRow[]>) =>
    storage.maintenance.erasePerson('alice', toldOf)
  const exported = async () => (await storage.maintenance.exportPerson('alice')) as Exported

  beforeEach(async () => {
    storage = given.storage
    await storage.directory.put('people', {
      ...aPerson('alice', 'alice'),
      extension: '101',
      email: 'Alice@example.org',
    })
    await storage.directory.put('people', { ...aPerson('bob', 'bob'), extension: '102', email: '' })
    await storage.directory.put('numbers', { number: '+12025550101', targetKind: 'person', targetId: 'alice' })
  })

  describe('a person who asked for calls', () => {
    beforeEach(async () => {
      const { askers, recordings } = storage.callbacks
      await askers.put(anAsker('hers', { personId: 'alice' }), ['person:alice', 'cookie:secret', 'mail:a@x'])
      await askers.put(anAsker('before'), ['mail:alice@example.org'])
      await askers.put(anAsker('zoe'), ['mail:zoe@example.org'])
      await request('by-desk', bob, alice, { personId: 'alice', askerId: 'hers', cancelHash: 'code' })
      await request('by-mail', bob, { name: '', dial: '+12025550177' }, { askerId: 'before', state: 'connected' })
      await request('of-zoe', bob, { name: 'Zoe', dial: '+12025550188' }, { askerId: 'zoe', target: '+12025550188' })
      await storage.callbacks.attempt(anAttempt('a1', 'by-mail', ['bob/phone']))
      const recording = { callbackId: 'by-mail', number: 1, state: 'recording', node: 'n1', at: 1, partial: 0 } as const
      await recordings.begin({ ...recording, id: 'a1', ms: 0 })
      await recordings.keep({ ...recording, id: 'a1', ms: 5_000, state: 'kept' }, [aNotice('m1', 'by-mail')])
      await storage.callbacks.outbox.put(aNotice('m2', 'by-desk', { state: 'sent' }))
      await storage.callbacks.outbox.put(aNotice('m3', 'of-zoe'))
    })

    it('has them in the export, with attempts, recordings and messages, without codes', async () => {
      const data = await exported()
      expect(data.callbacks).toMatchObject([
        { id: 'by-desk', attemptsMade: [], recordings: [], messages: [{ id: 'm2' }] },
        { id: 'by-mail', attemptsMade: [{ id: 'a1' }], recordings: [{ id: 'a1' }], messages: [{ id: 'm1' }] },
      ])
      expect(data.callbacks).toHaveLength(2)
      expect(data.askers).toMatchObject([
        { id: 'before', keys: ['mail:alice@example.org'] },
        { id: 'hers', keys: ['cookie', 'mail:a@x', 'person:alice'] },
      ])
      expect(JSON.stringify(data)).not.toMatch(/secret|"code"/)
    })

    it('leaves nothing of them behind; what others asked for stays', async () => {
      const { callbacks } = storage
      expect(await erase()).toMatchObject({ callbacks: 2, files: { callbacks: ['a1'], voicemail: [] } })
      expect((await callbacks.list({ limit: 10 })).callbacks.map(({ id }) => id)).toEqual(['of-zoe'])
      expect(await callbacks.get('of-zoe')).toMatchObject({ state: 'scheduled', target: '+12025550188' })
      expect((await callbacks.due(now, 10)).map(({ id }) => id)).toEqual(['of-zoe'])
      expect(await callbacks.attemptsOf('by-mail')).toEqual([])
      expect(await callbacks.recordings.get('a1')).toBeUndefined()
      expect((await callbacks.outbox.due(now, 10)).map(({ id }) => id)).toEqual(['m3'])
      expect(await callbacks.outbox.of('by-desk')).toEqual([])
      for (const key of ['person:alice', 'cookie:secret', 'mail:a@x', 'mail:alice@example.org'])
        expect(await callbacks.askers.byKey(key)).toBeUndefined()
      for (const id of ['hers', 'before']) expect(await callbacks.askers.get(id)).toBeUndefined()
      expect(await callbacks.askers.byKey('mail:zoe@example.org')).toMatchObject({ id: 'zoe' })
      // Who comes anew is not found by what was known before.
      await callbacks.askers.put(anAsker('hers'), [])
      expect(await callbacks.askers.byKey('cookie:secret')).toBeUndefined()
    })

    it('can be done again after it was cut off', async () => {
      await request('of-bob', alice, bob, { personId: 'bob' })
      await expect(erase(() => Promise.reject(new Error('cut off')))).rejects.toThrow('cut off')
      expect((await storage.callbacks.due(now, 10)).map(({ id }) => id)).toEqual(['of-bob', 'of-zoe'])
      expect(await exported()).toMatchObject({ person: { login: 'alice' } })
      expect(await erase()).toMatchObject({ callbacks: 2 })
      expect((await storage.callbacks.due(now, 10)).map(({ id }) => id)).toEqual(['of-zoe'])
      expect((await storage.directory.load()).people.map(({ id }) => id)).toEqual(['bob'])
    })

    it('keeps no attempt of a request that is gone, though a process goes on writing of it', async () => {
      await erase()
      await storage.callbacks.attempt(anAttempt('late', 'by-desk', ['alice/phone']))
      expect(await storage.callbacks.attemptsOf('by-desk')).toEqual([])
    })

    it('is somebody else where an address has two people', async () => {
      await storage.directory.put('people', { ...aPerson('bob', 'bob'), email: 'alice@example.org' })
      expect((await exported()).askers.map(({ id }) => id)).toEqual(['hers'])
      await erase()
      expect(await storage.callbacks.askers.get('before')).toEqual(anAsker('before'))
      expect(await storage.callbacks.get('by-mail')).toMatchObject({ state: 'connected' })
    })
  })

  describe('a person in the requests of others', () => {
    it.each([
      ['by extension, to be called', { name: 'Alice', dial: '101' }, bob],
      ['by log-in, to be connected', bob, { name: 'Alice', dial: 'alice' }],
      ['by number', { name: 'Alice', dial: '+12025550101' }, bob],
    ])('%s: it is called off, its asker is told, and it loses the name', async (_how, called, caller) => {
      await request('r', called, caller, { personId: 'bob', target: 'person:alice', note: 'soon' })
      const told: CallbackRow[] = []
      const notice = aNotice('r-cancelled', 'r')
      await erase(async (row) => {
        told.push(row)
        return [notice]
      })
      expect(told).toMatchObject([{ id: 'r', state: 'cancelled', called: JSON.stringify(called) }])
      const row = await storage.callbacks.get('r')
      expect(row).toMatchObject({
        state: 'cancelled',
        outcome: 'cancelled',
        dueAt: null,
        note: 'soon',
        personId: 'bob',
      })
      expect(JSON.stringify(row)).not.toMatch(/alice|"101"|0101/i)
      expect(row?.called).toBe(called === bob ? JSON.stringify(bob) : '{"name":"","dial":""}')
      expect(await storage.callbacks.outbox.of('r')).toEqual([notice])
      expect(await storage.callbacks.due(now * 2, 10)).toEqual([])
      const attempt = { ...anAttempt('a1', 'r', []), endedAt: null, outcome: '' }
      expect(await storage.callbacks.begin(attempt, now)).toBe(false)
    })

    it('an open question about them is called off, too', async () => {
      const questions = JSON.stringify([
        { kind: 'question', questions: [{ choices: [{ id: 'alice', name: 'Alice' }] }] },
      ])
      await request('q', { name: '', dial: '' }, bob, { state: 'asking', dueAt: null, questions, personId: 'bob' })
      await erase()
      expect(await storage.callbacks.get('q')).toMatchObject({ state: 'cancelled', questions: '[]' })
    })

    it('one that rings is tried no more', async () => {
      await request('r', alice, bob, { personId: 'bob' })
      const attempt = { ...anAttempt('a1', 'r', ['alice/phone']), endedAt: null, outcome: '' }
      expect(await storage.callbacks.begin(attempt, now)).toBe(true)
      await erase()
      expect(await storage.callbacks.ringing('n1')).toEqual([])
      const ringing = (await storage.callbacks.get('r')) as CallbackRow
      const after = { ...ringing, state: 'scheduled' as const, dueAt: now }
      expect(await storage.callbacks.ended({ ...attempt, endedAt: 9 }, after, [])).toBe(false)
      expect(await storage.callbacks.due(now * 2, 10)).toEqual([])
    })

    it('what is over stays as it ended, without them; messages that are owed go out', async () => {
      await request('r', alice, bob, { personId: 'bob', state: 'connected', dueAt: null, outcome: 'connected' })
      await storage.callbacks.attempt(anAttempt('a1', 'r', ['alice/phone', 'bob/phone', '+12025550101']))
      await storage.callbacks.outbox.put(aNotice('sent', 'r', { state: 'sent' }))
      await storage.callbacks.outbox.put(aNotice('owed', 'r'))
      expect((await exported()).callbacks).toMatchObject([{ id: 'r', attemptsMade: [{ id: 'a1' }] }])
      expect(await erase()).toMatchObject({ callbacks: 0 })
      expect(await storage.callbacks.get('r')).toMatchObject({
        ...{ state: 'connected', outcome: 'connected', changedAt: now, called: '{"name":"","dial":""}' },
        caller: JSON.stringify(bob),
      })
      const [attempt] = await storage.callbacks.attemptsOf('r')
      expect(attempt).toEqual(anAttempt('a1', 'r', ['', 'bob/phone', '']))
      expect((await storage.callbacks.outbox.of('r')).map(({ id }) => id)).toEqual(['owed'])
    })

    it('whose agent they were keeps the place in the queue', async () => {
      await request('r', { name: 'Sales: Alice', dial: 'alice' }, bob, { channel: 'queue', personId: 'bob' })
      const place = {
        ...{ id: 'place', queueId: 'q', node: 'n1', kind: 'callback' as const, number: '102', name: 'Bob' },
        ...{ personId: 'bob', language: 'en', enqueuedAt: 1, attempts: 1, requestId: 'r' },
      }
      await storage.queues.wait(place)
      await erase()
      expect(await storage.queues.waiting('n1')).toEqual([{ ...place, requestId: '' }])
      expect(await storage.callbacks.get('r')).toMatchObject({ state: 'cancelled', called: '{"name":"","dial":""}' })
    })
  })
})
