import { beforeEach, describe, expect, it } from 'vitest'
import { describeStorages } from '../../test/support/storages.ts'
import type { CallbackAttemptRow, CallbackRow, OutboxRow, Storage } from './index.ts'

const aCallback = (changed: Partial<CallbackRow> = {}): CallbackRow => ({
  id: 'b1',
  state: 'scheduled',
  attemptId: '',
  node: '',
  dueAt: 1_000,
  createdAt: 10,
  changedAt: 10,
  askerId: 'asker',
  personId: '',
  channel: 'mail',
  thread: '{}',
  threadKey: 'mail:<1@x>',
  language: 'en',
  timeZone: 'Europe/Berlin',
  called: '{}',
  caller: '{}',
  keys: '',
  note: 'please',
  askedAt: null,
  attempts: 0,
  outcome: '',
  questions: '[]',
  cancelHash: 'ff',
  source: 'anna@example.org',
  target: '+49301',
  ...changed,
})

const anAttempt = (changed: Partial<CallbackAttemptRow> = {}): CallbackAttemptRow => ({
  id: 'a1',
  callbackId: 'b1',
  number: 1,
  node: 'n1',
  callId: 'c1',
  startedAt: 1_000,
  calledAt: null,
  callerAt: null,
  joinedAt: null,
  endedAt: null,
  outcome: '',
  detail: '{}',
  ...changed,
})

const aNotice = (changed: Partial<OutboxRow> = {}): OutboxRow => ({
  id: 'm1',
  callbackId: 'b1',
  channel: 'mail',
  body: '{}',
  createdAt: 10,
  dueAt: 10,
  tries: 0,
  node: '',
  state: 'waiting',
  error: '',
  ...changed,
})

describeStorages((given) => {
  let callbacks: Storage['callbacks']
  beforeEach(() => {
    callbacks = given.storage.callbacks
  })
  const notices = async (): Promise<string[]> => (await callbacks.outbox.of('b1')).map(({ id }) => id)

  describe('a request', () => {
    it('that comes twice is one', async () => {
      const [first, second] = await Promise.all([
        callbacks.accept(aCallback(), [aNotice()]),
        callbacks.accept(aCallback({ note: 'again' }), [aNotice({ body: '"again"' })]),
      ])
      expect(first).toEqual(aCallback())
      expect(second).toEqual(aCallback())
      expect(await callbacks.outbox.of('b1')).toEqual([aNotice()])
      expect(await callbacks.byThread('mail:<1@x>')).toEqual(aCallback())
      expect(await callbacks.byCancelHash('ff')).toEqual(aCallback())
      expect(await callbacks.byCancelHash('fe')).toBeUndefined()
    })

    it('is changed only in the state that was expected, and told of only then', async () => {
      await callbacks.accept(aCallback({ state: 'asking', dueAt: null }), [])
      const scheduled = aCallback({ changedAt: 20 })
      expect(await callbacks.change(scheduled, 'asking', [aNotice({ id: 'm1' })])).toBe(true)
      const cancelled = aCallback({ state: 'cancelled', changedAt: 30 })
      expect(await callbacks.change(cancelled, 'asking', [aNotice({ id: 'm2' })])).toBe(false)
      expect(await callbacks.get('b1')).toEqual(scheduled)
      expect(await notices()).toEqual(['m1'])
    })

    it('is due in the order of time', async () => {
      await callbacks.accept(aCallback({ id: 'late', dueAt: 900, cancelHash: '1' }), [])
      await callbacks.accept(aCallback({ id: 'soon', dueAt: 500, cancelHash: '2' }), [])
      await callbacks.accept(aCallback({ id: 'later', dueAt: 1_500, cancelHash: '3' }), [])
      await callbacks.accept(aCallback({ id: 'done', state: 'connected', dueAt: 1, cancelHash: '4' }), [])
      expect((await callbacks.due(1_000, 10)).map(({ id }) => id)).toEqual(['soon', 'late'])
      expect((await callbacks.due(1_000, 1)).map(({ id }) => id)).toEqual(['soon'])
      expect(await callbacks.nextDue()).toBe(500)
    })

    it('is listed newest first, for one person, by state, and counted', async () => {
      for (let i = 1; i <= 4; i++)
        await callbacks.accept(
          aCallback({
            id: `b${i}`,
            createdAt: i,
            personId: i === 2 ? 'bob' : '',
            state: i === 3 ? 'failed' : 'scheduled',
          }),
          [],
        )
      const ids = async (query: object): Promise<string[]> =>
        (await callbacks.list({ limit: 10, ...query })).callbacks.map(({ id }) => id)
      expect(await ids({})).toEqual(['b4', 'b3', 'b2', 'b1'])
      expect(await ids({ personId: 'bob' })).toEqual(['b2'])
      expect(await ids({ states: ['failed', 'connected'] })).toEqual(['b3'])
      const page = await callbacks.list({ limit: 3 })
      expect(await ids({ cursor: page.next })).toEqual(['b1'])
      expect(await callbacks.count({ source: 'anna@example.org' }, 3)).toBe(2)
      expect(await callbacks.count({ target: '+49302' }, 0)).toBe(0)
      expect(await callbacks.count({}, 0)).toBe(4)
    })
  })

  it('whose question is open is found once it has waited, the oldest first', async () => {
    for (const [id, changedAt] of [
      ['late', 300],
      ['b', 200],
      ['a', 100],
    ] as const)
      await callbacks.accept(aCallback({ id, state: 'asking', dueAt: null, changedAt }), [])
    await callbacks.accept(aCallback({ id: 'scheduled', changedAt: 100 }), [])
    expect((await callbacks.unanswered(200, 10)).map(({ id }) => id)).toEqual(['a', 'b'])
    expect((await callbacks.unanswered(300, 1)).map(({ id }) => id)).toEqual(['a'])
  })

  it('what somebody still waits for by a channel, newest first', async () => {
    const rows = [
      aCallback({ id: 'old', createdAt: 1, state: 'asking', dueAt: null }),
      aCallback({ id: 'new', createdAt: 2 }),
      aCallback({ id: 'over', createdAt: 3, state: 'connected' }),
      aCallback({ id: 'chat', createdAt: 4, channel: 'xmpp' }),
      aCallback({ id: 'other', createdAt: 5, askerId: 'somebody else' }),
    ]
    for (const row of rows) await callbacks.accept(row, [])
    const { askerId, channel } = aCallback()
    expect((await callbacks.waitingOf(askerId, channel)).map(({ id }) => id)).toEqual(['new', 'old'])
  })

  describe('an attempt', () => {
    it('is begun by one of many', async () => {
      await callbacks.accept(aCallback(), [])
      const won = await Promise.all(
        [1, 2, 3, 4].map((i) => callbacks.begin(anAttempt({ id: `a${i}`, node: `n${i}` }), 1_001)),
      )
      expect(won.filter(Boolean)).toHaveLength(1)
      const row = await callbacks.get('b1')
      expect(row).toMatchObject({ state: 'ringing', attempts: 1, dueAt: null, attemptId: `a${won.indexOf(true) + 1}` })
      expect(await callbacks.attemptsOf('b1')).toHaveLength(1)
      expect((await callbacks.ringing(row?.node ?? '')).map(({ id }) => id)).toEqual(['b1'])
      expect(await callbacks.due(5_000, 10)).toEqual([])
    })

    it('ends with what follows, once', async () => {
      await callbacks.accept(aCallback(), [])
      await callbacks.begin(anAttempt(), 1_001)
      await callbacks.attempt(anAttempt({ calledAt: 1_500, detail: '{"called":200}' }))
      const after = aCallback({ attemptId: 'a1', attempts: 1, dueAt: 9_000, changedAt: 2_000, outcome: 'no-answer' })
      const over = anAttempt({ calledAt: 1_500, endedAt: 2_000, outcome: 'no-answer' })
      expect(await callbacks.ended(over, after, [aNotice({ id: 'm1' })])).toBe(true)
      const stale = aCallback({ ...after, state: 'failed', changedAt: 2_001 })
      expect(await callbacks.ended(over, stale, [aNotice({ id: 'm2' })])).toBe(false)
      expect(await callbacks.get('b1')).toEqual(after)
      expect(await callbacks.attemptsOf('b1')).toEqual([over])
      expect(await notices()).toEqual(['m1'])
    })
  })

  it('an asker is found by all they are known by', async () => {
    const asker = {
      ...{ id: 'asker', personId: '', name: 'Anna', numbers: '[]', email: 'anna@example.org', language: 'de' },
      ...{ timeZone: 'Europe/Berlin', createdAt: 1, seenAt: 1 },
    }
    await callbacks.askers.put(asker, ['mail:anna@example.org', 'cookie:1'])
    await callbacks.askers.put({ ...asker, seenAt: 2 }, ['number:+49301'])
    expect(await callbacks.askers.byKey('cookie:1')).toEqual({ ...asker, seenAt: 2 })
    expect(await callbacks.askers.byKey('number:+49301')).toEqual({ ...asker, seenAt: 2 })
    expect(await callbacks.askers.byKey('number:+49302')).toBeUndefined()
    expect(await callbacks.askers.get('asker')).toEqual({ ...asker, seenAt: 2 })
  })

  it('a message is taken by one process at a time', async () => {
    await callbacks.accept(aCallback(), [aNotice({ id: 'm1', dueAt: 100 }), aNotice({ id: 'm2', dueAt: 300 })])
    const { outbox } = callbacks
    expect(await outbox.nextDue()).toBe(100)
    expect((await outbox.due(200, 10)).map(({ id }) => id)).toEqual(['m1'])
    const taken = await Promise.all(['n1', 'n2', 'n3'].map((node, i) => outbox.take('m1', node, 200, 1_200 + i)))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(await outbox.due(250, 10)).toEqual([])
    const holder = `n${taken.indexOf(true) + 1}`
    await outbox.release('n4', 250)
    expect(await outbox.due(250, 10)).toEqual([])
    await outbox.release(holder, 250)
    expect(await outbox.due(250, 10)).toMatchObject([{ id: 'm1', node: '', dueAt: 250, tries: 1 }])
    await outbox.put(aNotice({ id: 'm1', state: 'sent', tries: 1 }))
    expect(await outbox.take('m1', 'n1', 5_000, 6_000)).toBe(false)
    expect(await outbox.nextDue()).toBe(300)
  })

  it('messages of some channels only', async () => {
    const notices = [aNotice({ id: 'm1', dueAt: 100, channel: 'xmpp' }), aNotice({ id: 'm2', dueAt: 200 })]
    await callbacks.accept(aCallback(), notices)
    const { outbox } = callbacks
    const due = async (channels?: string[]) => (await outbox.due(300, 10, channels)).map(({ id }) => id)
    expect(await due(['mail'])).toEqual(['m2'])
    expect(await due(['mail', 'xmpp'])).toEqual(['m1', 'm2'])
    expect(await due()).toEqual(['m1', 'm2'])
    expect(await due([])).toEqual([])
    expect(await Promise.all([outbox.nextDue(['mail']), outbox.nextDue(['xmpp']), outbox.nextDue([])])).toEqual([
      200,
      100,
      undefined,
    ])
  })

  describe('retention', () => {
    const over = { state: 'connected', createdAt: 10, changedAt: 1_000, dueAt: null } as const
    const asker = (id: string, seenAt: number) =>
      callbacks.askers.put(
        {
          ...{ id, personId: '', name: '', numbers: '[]', email: '', language: 'en', timeZone: 'UTC' },
          ...{ createdAt: 1, seenAt },
        },
        [`mail:${id}`],
      )

    it('deletes what is over, with attempts, messages and who asked; what goes on or is not told yet stays', async () => {
      for (let i = 0; i < 250; i++) {
        const id = `old${i}`
        void callbacks.accept(aCallback({ ...over, id, askerId: 'gone' }), [
          aNotice({ id: `m-${id}`, callbackId: id, state: 'sent' }),
        ])
        void callbacks.attempt(anAttempt({ id: `a-${id}`, callbackId: id }))
      }
      await callbacks.accept(aCallback({ ...over, id: 'untold', askerId: 'waits' }), [
        aNotice({ id: 'm-untold', callbackId: 'untold' }),
      ])
      await callbacks.accept(aCallback({ ...over, id: 'later', changedAt: 2_000, askerId: 'later' }), [])
      await callbacks.accept(aCallback({ ...over, id: 'planned', state: 'scheduled' }), [])
      for (const id of ['gone', 'waits', 'later']) await asker(id, 1_000)
      await asker('back', 2_000)
      const { retain } = given.storage.maintenance
      expect(await retain({})).toEqual({ records: 0, charges: 0, traces: 0, callbacks: 0, askers: 0 })
      expect(await retain({ callbacks: 2_000 })).toMatchObject({ callbacks: 250, askers: 1 })
      for (const id of ['old0', 'old249']) {
        expect(await callbacks.get(id)).toBeUndefined()
        expect(await callbacks.attemptsOf(id)).toEqual([])
        expect(await callbacks.outbox.of(id)).toEqual([])
      }
      const { callbacks: left } = await callbacks.list({ limit: 10 })
      expect(left.map(({ id }) => id).sort()).toEqual(['later', 'planned', 'untold'])
      expect(await callbacks.outbox.of('untold')).toHaveLength(1)
      const known = await Promise.all(
        ['gone', 'waits', 'later', 'back'].map((id) => callbacks.askers.byKey(`mail:${id}`)),
      )
      expect(known.map((one) => one?.id)).toEqual([undefined, 'waits', 'later', 'back'])
    })
  })
})
