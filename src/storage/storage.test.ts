import { beforeEach, describe, expect, it } from 'vitest'
import { describeStorages } from '../../test/support/storages.ts'
import { type ContactQuery, type RecordRow, type Storage, StorageError } from './index.ts'
import { aBinding, aContact, aContext, aDevice, aDialog, aPerson, aRecord } from './sample-rows.ts'

describeStorages((given) => {
  let storage: Storage
  beforeEach(() => {
    storage = given.storage
  })

  describe('a call', () => {
    it('rings, is answered and ends', async () => {
      const context = aContext({ callId: 'c1' })
      await storage.calls.ringing(context)
      await storage.calls.ringing({ ...context, branches: '[{"station":"desk"}]' })
      expect(await storage.calls.contexts()).toEqual([
        { direction: '', callerId: '', calleeName: '', trunk: '', ...context, branches: '[{"station":"desk"}]' },
      ])

      const record = aRecord({ id: 'c1', state: 'live', endedAt: null, cause: '', endedBy: '' })
      await storage.calls.answered(record, [aDialog('c1', 'caller'), aDialog('c1', 'callee')])
      expect(await storage.calls.contexts()).toEqual([])
      expect(await storage.records.get('c1')).toEqual(record)

      await storage.calls.closed({
        id: 'c1',
        endedAt: 9_000,
        cause: 'answered',
        endedBy: 'caller',
        quality: '{"a":1}',
      })
      expect(await storage.records.get('c1')).toEqual({
        ...record,
        ...{ state: 'ended', endedAt: 9_000, cause: 'answered', endedBy: 'caller', quality: '{"a":1}' },
      })
      expect(await storage.calls.sweep('n1', 10_000)).toEqual([])
    })

    it('keeps the order of writes that are made at once', async () => {
      const writes: Promise<void>[] = []
      for (let i = 0; i < 50; i++) {
        const id = `c${i}`
        writes.push(storage.calls.ringing(aContext({ callId: id })))
        writes.push(
          storage.calls.answered(aRecord({ id, state: 'live' }), [aDialog(id, 'caller'), aDialog(id, 'callee')]),
        )
        writes.push(storage.calls.dialog(aDialog(id, 'callee', '{"cseq":2}')))
        // An even call ends and gets a late dialog row, an odd one lives on.
        if (i % 2 === 0) {
          writes.push(storage.calls.closed({ id, endedAt: i, cause: 'answered', endedBy: 'callee', quality: '{}' }))
          if (i === 0) writes.push(storage.calls.dialog(aDialog(id, 'caller', '"late"')))
        }
      }
      await Promise.all(writes)
      expect(await storage.calls.contexts()).toEqual([])
      const { records } = await storage.records.list({ limit: 100 })
      expect(records.filter((record) => record.state === 'ended')).toHaveLength(25)
      const dialogs = await storage.calls.sweep('n1', 99)
      expect(dialogs).toHaveLength(51)
      expect(dialogs.filter((dialog) => dialog.callId === 'c0')).toEqual([aDialog('c0', 'caller', '"late"')])
      expect(dialogs.filter((dialog) => dialog.callId === 'c1')).toEqual([
        aDialog('c1', 'callee', '{"cseq":2}'),
        aDialog('c1', 'caller'),
      ])
    })

    it('is closed once: a record that is not live stays as it is', async () => {
      await storage.calls.answered(aRecord({ id: 'c1', state: 'live' }), [])
      await storage.calls.closed({ id: 'c1', endedAt: 1, cause: 'answered', endedBy: 'caller', quality: '1' })
      await storage.calls.closed({ id: 'c1', endedAt: 2, cause: 'media-silent', endedBy: 'server', quality: '2' })
      await storage.calls.closed({ id: 'unknown', endedAt: 2, cause: 'x', endedBy: 'server', quality: '' })
      expect(await storage.records.get('c1')).toMatchObject({ endedAt: 1, cause: 'answered', quality: '1' })
      expect(await storage.records.get('unknown')).toBeUndefined()
    })

    it('takes another answerer and other branches at its end', async () => {
      await storage.calls.answered(aRecord({ id: 'c1', state: 'live' }), [])
      await storage.calls.closed({
        ...{ id: 'c1', endedAt: 1, cause: 'answered', endedBy: 'caller', quality: '' },
        ...{ answeredById: 'carol', answeredStation: 'mobile', branches: '[{"personId":"dave"}]' },
      })
      expect(await storage.records.get('c1')).toMatchObject({
        ...{ answeredById: 'carol', answeredStation: 'mobile', branches: '[{"personId":"dave"}]' },
      })
      for (const personId of ['alice', 'carol', 'dave'])
        expect((await storage.records.list({ personId, limit: 5 })).records).toHaveLength(1)
    })

    it('that nobody answered leaves a record and no context', async () => {
      await storage.calls.ringing(aContext({ callId: 'c1' }))
      const record = aRecord({ id: 'c1', answeredAt: null, cause: 'no-answer', status: 480 })
      await storage.calls.unanswered(record)
      expect(await storage.calls.contexts()).toEqual([])
      expect(await storage.records.get('c1')).toEqual(record)
    })

    it('keeps any text that a caller sends', async () => {
      const callerName = `O'Brien "\\" $1 ?1 \u{1f4de} \u202e ${'x'.repeat(5_000)}`
      await storage.calls.unanswered(aRecord({ id: 'c1', callerName }))
      expect((await storage.records.get('c1'))?.callerName).toBe(callerName)
      await storage.calls.unanswered(aRecord({ id: 'c2', callerName: 'nul \0 half \ud800 "\\u0000"' }))
      expect((await storage.records.get('c2'))?.callerName).toMatch(/^nul . half . "\\u0000"$/su)
    })
  })

  describe('the sweep', () => {
    it('interrupts what one node left and returns its dialogs until they are ended', async () => {
      await storage.calls.answered(aRecord({ id: 'mine', state: 'live', endedAt: null }), [
        aDialog('mine', 'caller'),
        aDialog('mine', 'callee'),
      ])
      await storage.calls.answered(aRecord({ id: 'theirs', node: 'n2', state: 'live', endedAt: null }), [
        { ...aDialog('theirs', 'caller'), node: 'n2' },
      ])
      await storage.calls.ringing(aContext({ callId: 'ringing', branches: '[{"personId":"dave"}]' }))
      await storage.calls.ringing(aContext({ callId: 'ringing2', node: 'n2' }))

      const dialogs = await storage.calls.sweep('n1', 77_000)
      expect(dialogs).toEqual([aDialog('mine', 'callee'), aDialog('mine', 'caller')])
      expect(await storage.records.get('mine')).toMatchObject({
        state: 'interrupted',
        endedAt: 77_000,
        cause: 'interrupted',
      })
      expect(await storage.records.get('theirs')).toMatchObject({ state: 'live' })
      expect(await storage.records.get('ringing')).toMatchObject({
        ...{
          state: 'interrupted',
          direction: 'in',
          callerNumber: '+12025550100',
          calleeId: 'alice',
          answeredAt: null,
        },
      })
      expect((await storage.records.list({ personId: 'dave', limit: 5 })).records).toHaveLength(1)
      expect((await storage.calls.contexts()).map((context) => context.callId)).toEqual(['ringing2'])

      await storage.calls.dialogEnded('mine', 'caller')
      expect(await storage.calls.sweep('n1', 78_000)).toEqual([aDialog('mine', 'callee')])
      await storage.calls.dialogEnded('mine', 'callee')
      expect(await storage.calls.sweep('n1', 79_000)).toEqual([])
      expect(await storage.records.get('mine')).toMatchObject({ endedAt: 77_000 })
    })
  })

  describe('a bad row', () => {
    it('is refused alone', async () => {
      const bad = { ...aRecord({ id: 'bad' }), callerNumber: null } as unknown as RecordRow
      const results = await Promise.allSettled([
        storage.calls.ringing(aContext({ callId: 'a' })),
        storage.calls.unanswered(aRecord({ id: 'b' })),
        storage.calls.unanswered(bad),
        storage.calls.answered(aRecord({ id: 'c', state: 'nonsense' as 'live' }), [aDialog('c', 'caller')]),
        storage.calls.unanswered(aRecord({ id: 'd' })),
      ])
      expect(results.map((result) => result.status)).toEqual([
        ...['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
      ])
      const refusal = results[2] as PromiseRejectedResult
      expect(refusal.reason).toBeInstanceOf(StorageError)
      expect(refusal.reason).toMatchObject({ code: 'row' })
      const { records } = await storage.records.list({ limit: 10 })
      expect(records.map((record) => record.id).sort()).toEqual(['b', 'd'])
      // A unit is refused whole: no dialog without its record.
      expect(await storage.calls.sweep('n1', 1)).toEqual([])
      await storage.calls.unanswered(aRecord({ id: 'e' }))
      expect(await storage.records.get('e')).toBeDefined()
      expect(await storage.healthy()).toBe(true)
    })

    it('a login or user name that is taken is refused', async () => {
      await storage.directory.put('people', aPerson('p1', 'alice'))
      await expect(storage.directory.put('people', aPerson('p2', 'alice'))).rejects.toThrow(/refused a row/)
      await storage.directory.put('devices', aDevice('d1', 'p1', 'alice-desk'))
      await expect(storage.directory.put('devices', aDevice('d2', 'p1', 'alice-desk'))).rejects.toThrow(StorageError)
      // Writes made at once keep their order, so a login can move on.
      await Promise.all([
        storage.directory.remove('people', 'p1'),
        storage.directory.put('people', aPerson('p3', 'alice')),
      ])
      expect((await storage.directory.load()).people.map((person) => person.id)).toEqual(['p3'])
    })
  })

  describe('many writers', () => {
    it('are all committed', async () => {
      await Promise.all(
        Array.from({ length: 40 }, async (_, writer) => {
          for (let i = 0; i < 10; i++) {
            const id = `w${writer}-${i}`
            await storage.calls.ringing(aContext({ callId: id }))
            await storage.calls.answered(aRecord({ id, state: 'live' }), [aDialog(id, 'caller')])
            await storage.calls.closed({ id, endedAt: i, cause: 'answered', endedBy: 'caller', quality: '' })
          }
        }),
      )
      const { records } = await storage.records.list({ limit: 1_000, state: 'ended' })
      expect(new Set(records.map((record) => record.id)).size).toBe(400)
    })
  })

  describe('the list of records', () => {
    it('is newest first and pages through equal times without gap or repetition', async () => {
      for (let i = 0; i < 25; i++)
        await storage.calls.unanswered(
          aRecord({ id: `r${i}`, startedAt: 1_000 + Math.floor(i / 10), calleeId: i % 2 ? 'bob' : 'alice' }),
        )
      for (const [personId, total] of [
        [undefined, 25],
        ['bob', 12],
      ] as const) {
        const seen: RecordRow[] = []
        let cursor: string | undefined
        let pages = 0
        do {
          const page = await storage.records.list({ limit: 4, cursor, personId })
          seen.push(...page.records)
          cursor = page.next
          pages++
        } while (cursor !== undefined)
        expect(pages).toBe(Math.ceil(total / 4))
        expect(new Set(seen.map((record) => record.id)).size).toBe(total)
        expect(seen).toHaveLength(total)
        const times = seen.map((record) => record.startedAt)
        expect(times).toEqual([...times].sort((a, b) => b - a))
      }
    })

    it('holds the calls in which a person had any part', async () => {
      const nobody = { callerId: '', calleeId: '', answeredById: '' }
      await storage.calls.unanswered(aRecord({ id: 'caller', ...nobody, callerId: 'x' }))
      await storage.calls.unanswered(aRecord({ id: 'callee', ...nobody, calleeId: 'x' }))
      await storage.calls.unanswered(aRecord({ id: 'answerer', ...nobody, answeredById: 'x' }))
      await storage.calls.unanswered(
        aRecord({ id: 'branch', ...nobody, branches: '[{"personId":"y"},{"personId":"x"}]' }),
      )
      await storage.calls.unanswered(aRecord({ id: 'other', ...nobody, branches: 'no JSON' }))
      const { records } = await storage.records.list({ personId: 'x', limit: 10 })
      expect(records.map((record) => record.id).sort()).toEqual(['answerer', 'branch', 'callee', 'caller'])
      expect((await storage.records.list({ personId: 'x', limit: 10, state: 'live' })).records).toEqual([])
    })

    it('selects by state', async () => {
      await storage.calls.answered(aRecord({ id: 'a', state: 'live' }), [])
      await storage.calls.unanswered(aRecord({ id: 'b', state: 'interrupted' }))
      await storage.calls.unanswered(aRecord({ id: 'c' }))
      for (const [state, id] of [
        ['live', 'a'],
        ['interrupted', 'b'],
        ['ended', 'c'],
      ] as const)
        expect((await storage.records.list({ state, limit: 5 })).records.map((record) => record.id)).toEqual([id])
    })

    it('refuses what it cannot mean', async () => {
      for (const query of [{ limit: 0 }, { limit: 1_001 }, { limit: Number.NaN }])
        await expect(storage.records.list(query)).rejects.toThrow(/a whole number from 1 to 1000/)
      for (const cursor of ['', 'x', '.a', '12.', "1';--.a", 'Infinity.a', '5.\0'])
        await expect(storage.records.list({ limit: 1, cursor })).rejects.toThrow(/cursor/)
      await expect(storage.records.list({ limit: 1, state: "x'" as 'live' })).rejects.toThrow(
        /live, ended or interrupted/,
      )
    })
  })

  describe('traces', () => {
    it('come back chunk by chunk in order', async () => {
      const shared = Buffer.from('INVITE')
      storage.traces.append('c1', 1, shared)
      shared.fill(0x20)
      storage.traces.append('c2', 1, Buffer.from('other'))
      storage.traces.append('c1', 2, Buffer.from([0, 255, 13, 10]))
      expect((await storage.traces.get('c1')).map((chunk) => chunk.toString('latin1'))).toEqual([
        'INVITE',
        '\0\u00ff\r\n',
      ])
      expect(await storage.traces.get('nothing')).toEqual([])
    })

    it('of any size and number are kept', async () => {
      for (let i = 0; i < 100; i++) storage.traces.append('c1', i, Buffer.alloc(40_000, i))
      storage.traces.append('c1', 100, Buffer.alloc(3_000_000, 7))
      await storage.traces.flush()
      const chunks = await storage.traces.get('c1')
      expect(chunks.map((chunk) => chunk.length)).toEqual([...Array(100).fill(40_000), 3_000_000])
      expect(chunks.every((chunk, i) => chunk.every((byte) => byte === (i === 100 ? 7 : i)))).toBe(true)
    })
  })

  describe('bindings, directory and values', () => {
    it('keep what was put last', async () => {
      const binding = aBinding('b1', 'd1')
      await storage.bindings.put(binding)
      await storage.bindings.put({ ...binding, cseq: 4_294_967_295, expiresAt: 4_102_444_800_000 })
      await storage.bindings.put(aBinding('b2', 'd1'))
      await storage.bindings.remove('b2')
      expect(await storage.bindings.load()).toEqual([{ ...binding, cseq: 4_294_967_295, expiresAt: 4_102_444_800_000 }])

      const rows = {
        people: [aPerson('p1', 'alice')],
        devices: [aDevice('d1', 'p1', 'alice-desk')],
        groups: [{ id: 'g1', name: 'front', extension: '200', members: '["p1"]', settings: '{}' }],
        numbers: [{ number: '+12025550101', targetKind: 'person', targetId: 'p1' }],
        trunks: [{ id: 't1', name: 'demo', settings: '{}' }],
      } as const
      await storage.directory.put('people', rows.people[0] as never)
      await storage.directory.put('devices', rows.devices[0] as never)
      await storage.directory.put('groups', rows.groups[0])
      await storage.directory.put('numbers', rows.numbers[0])
      await storage.directory.put('trunks', { ...rows.trunks[0], name: 'first' })
      await storage.directory.put('trunks', rows.trunks[0])
      expect(await storage.directory.load()).toEqual(rows)
      await storage.directory.remove('numbers', '+12025550101')
      expect((await storage.directory.load()).numbers).toEqual([])

      expect(await storage.values.get('node')).toBeUndefined()
      await Promise.all([storage.values.put('node', 'a'), storage.values.put('node', 'b')])
      expect(await storage.values.get('node')).toBe('b')
    })
  })

  describe('retention', () => {
    it('deletes what ended before, in steps, with its traces', async () => {
      for (let i = 0; i < 450; i++)
        void storage.calls.unanswered(aRecord({ id: `old${i}`, startedAt: i, endedAt: 1_000 }))
      await storage.calls.unanswered(aRecord({ id: 'long', startedAt: 1, endedAt: 5_000 }))
      await storage.calls.answered(aRecord({ id: 'live', state: 'live', startedAt: 1, endedAt: null }), [])
      storage.traces.append('old3', 10, Buffer.from('x'))
      storage.traces.append('old3', 20, Buffer.from('x'))
      storage.traces.append('long', 30, Buffer.from('x'))
      storage.traces.append('long', 4_000, Buffer.from('kept'))
      expect(await storage.maintenance.retain({ records: 2_000, traces: 2_000 })).toMatchObject({
        records: 450,
        charges: 0,
        traces: 3,
      })
      const { records } = await storage.records.list({ limit: 10 })
      expect(records.map((record) => record.id).sort()).toEqual(['live', 'long'])
      expect((await storage.records.list({ personId: 'alice', limit: 10 })).records).toHaveLength(2)
      expect((await storage.traces.get('long')).map(String)).toEqual(['kept'])
      expect(await storage.maintenance.retain({ records: 2_000, traces: 2_000 })).toMatchObject({
        records: 0,
        charges: 0,
        traces: 0,
      })
    })
  })

  describe('accounts', () => {
    it('keeps passwords, sessions and tokens, and drops those of one person', async () => {
      await storage.accounts.putPassword({ personId: 'alice', hash: 'old', changedAt: 1 })
      await storage.accounts.putPassword({ personId: 'alice', hash: 'new', changedAt: 2 })
      await storage.accounts.putSession({ hash: 'h1', personId: 'alice', createdAt: 1, expiresAt: 9 })
      await storage.accounts.putSession({ hash: 'h2', personId: 'bob', createdAt: 1, expiresAt: 9 })
      const token = { id: 't1', hash: 'h', personId: 'alice', name: 'n', scopes: '[]', createdAt: 1 }
      await storage.accounts.putToken({ ...token, expiresAt: null, lastUsedAt: null })
      await storage.accounts.putToken({ ...token, expiresAt: null, lastUsedAt: 7 })
      expect(await storage.accounts.load()).toEqual({
        passwords: [{ personId: 'alice', hash: 'new', changedAt: 2 }],
        sessions: [
          { hash: 'h1', personId: 'alice', createdAt: 1, expiresAt: 9 },
          { hash: 'h2', personId: 'bob', createdAt: 1, expiresAt: 9 },
        ],
        tokens: [{ ...token, expiresAt: null, lastUsedAt: 7 }],
      })
      await storage.accounts.dropPerson('alice')
      await storage.accounts.dropSession('h2')
      expect(await storage.accounts.load()).toEqual({ passwords: [], sessions: [], tokens: [] })
    })
  })

  describe('contacts', () => {
    const ids = async (query: Partial<ContactQuery>): Promise<string[]> =>
      (await storage.contacts.list({ viewerId: 'alice', limit: 10, ...query })).contacts.map((row) => row.id)

    it('are found by name, company, number and address, by those who may see them', async () => {
      await storage.contacts.put(aContact({ id: 'c1', name: 'Zoë 50%' }))
      await storage.contacts.put(aContact({ id: 'c2', name: '', company: 'Acme', email: 'Info@acme.example' }))
      await storage.contacts.put(
        aContact({ id: 'c3', name: 'Bea', ownerId: 'bob', numbers: '[{"number":"+12025550177","label":""}]' }),
      )
      await storage.contacts.put(aContact({ id: 'c4', name: 'Carl', ownerId: 'bob', shared: 1 }))
      expect(await ids({})).toEqual(['c2', 'c4', 'c1'])
      expect(await ids({ viewerId: 'bob' })).toEqual(['c3', 'c4'])
      expect(await ids({ search: 'ZOË' })).toEqual(['c1'])
      expect(await ids({ search: '50%' })).toEqual(['c1'])
      expect(await ids({ search: '5_%' })).toEqual([])
      expect(await ids({ search: 'info@' })).toEqual(['c2'])
      expect(await ids({ viewerId: 'bob', number: '+12025550177' })).toEqual(['c3'])
      expect(await ids({ number: '+12025550177' })).toEqual([])
      await storage.contacts.put(aContact({ id: 'c3', name: 'Bea', ownerId: 'bob', numbers: '[]' }))
      expect(await ids({ viewerId: 'bob', number: '+12025550177' })).toEqual([])
      const first = await storage.contacts.list({ viewerId: 'alice', limit: 2 })
      expect(first.contacts.map((row) => row.id)).toEqual(['c2', 'c4'])
      expect(await ids({ limit: 2, cursor: first.next as string })).toEqual(['c1'])
      await expect(storage.contacts.list({ viewerId: 'alice', limit: 2, cursor: 'x' })).rejects.toThrow('cursor')
    })

    it('have notes, newest first, that go with them', async () => {
      const row = aContact({ id: 'c1' })
      await storage.contacts.put(row)
      expect(await storage.contacts.get('c1')).toEqual(row)
      const note = { contactId: 'c1', authorId: 'alice', text: 'two\nlines', callId: '' }
      await storage.contacts.putNote({ ...note, id: 'n1', at: 1 })
      await storage.contacts.putNote({ ...note, id: 'n2', at: 2 })
      await storage.contacts.putNote({ ...note, id: 'n3', at: 3, contactId: 'c2' })
      expect((await storage.contacts.notes('c1', 10)).map(({ id }) => id)).toEqual(['n2', 'n1'])
      await storage.contacts.removeNote('n2')
      expect(await storage.contacts.note('n1')).toEqual({ ...note, id: 'n1', at: 1 })
      await storage.contacts.remove('c1')
      expect(await storage.contacts.get('c1')).toBeUndefined()
      expect(await storage.contacts.notes('c1', 10)).toEqual([])
      expect(await storage.contacts.notes('c2', 10)).toHaveLength(1)
    })

    it('leave with the person who made them, unless they are shared', async () => {
      await storage.contacts.put(aContact({ id: 'c1' }))
      await storage.contacts.put(aContact({ id: 'c2', shared: 1 }))
      await storage.contacts.putNote({ id: 'n', contactId: 'c2', authorId: 'alice', at: 1, text: 't', callId: '' })
      await storage.accounts.putPassword({ personId: 'alice', hash: 'h', changedAt: 1 })
      const data = (await storage.maintenance.exportPerson('alice')) as Record<string, { id: string }[]>
      expect([data.contacts?.length, data.notes?.length]).toEqual([2, 1])
      expect(JSON.stringify(data)).not.toContain('hash')
      await storage.maintenance.erasePerson('alice')
      expect(await ids({})).toEqual(['c2'])
      expect((await storage.contacts.note('n'))?.authorId).toBe('')
      expect((await storage.accounts.load()).passwords).toEqual([])
    })
  })

  it('records are found by number', async () => {
    await storage.calls.unanswered(aRecord({ id: 'r1', startedAt: 1 }))
    await storage.calls.unanswered(aRecord({ id: 'r2', startedAt: 2, callerNumber: '101', dialled: '+12025550100' }))
    await storage.calls.unanswered(aRecord({ id: 'r3', startedAt: 3, callerNumber: '+12025550199', calleeId: 'bob' }))
    const found = async (personId?: string) =>
      (await storage.records.list({ number: '+12025550100', limit: 5, ...(personId ? { personId } : {}) })).records.map(
        ({ id }) => id,
      )
    expect(await found()).toEqual(['r2', 'r1'])
    expect(await found('alice')).toEqual(['r2', 'r1'])
    expect(await found('bob')).toEqual([])
  })

  describe('one person', () => {
    beforeEach(async () => {
      await storage.directory.put('people', aPerson('alice', 'alice'))
      await storage.directory.put('people', aPerson('bob', 'bob'))
      await storage.directory.put('devices', aDevice('d1', 'alice', 'alice-desk'))
      await storage.directory.put('devices', aDevice('d2', 'bob', 'bob-desk'))
      await storage.bindings.put(aBinding('b1', 'd1'))
      await storage.bindings.put(aBinding('b2', 'd2'))
      await storage.directory.put('numbers', { number: '+12025550101', targetKind: 'person', targetId: 'alice' })
      await storage.directory.put('groups', {
        id: 'g1',
        name: 'f',
        extension: '2',
        members: '["alice","bob"]',
        settings: '{}',
      })
      const branches = '[{"station":"Alice desk","personId":"alice"},{"station":"Bob desk","personId":"bob"}]'
      await storage.calls.unanswered(
        aRecord({ id: 'in', answeredById: 'alice', answeredStation: 'Alice desk', branches }),
      )
      await storage.calls.unanswered(
        aRecord({
          id: 'out',
          callerNumber: '101',
          callerName: 'Alice',
          callerId: 'alice',
          calleeId: 'bob',
          calleeName: 'Bob',
          dialled: '102',
          answeredById: 'bob',
          answeredStation: 'Bob desk',
        }),
      )
      await storage.calls.unanswered(aRecord({ id: 'bobs', calleeId: 'bob', calleeName: 'Bob', dialled: '102' }))
      storage.traces.append('in', 1, Buffer.from('alice'))
      storage.traces.append('bobs', 1, Buffer.from('bob'))
      await storage.traces.flush()
    })

    it('is exported without key material', async () => {
      const data = (await storage.maintenance.exportPerson('alice')) as Record<string, { id: string }[]>
      expect(data.person).toEqual(aPerson('alice', 'alice'))
      expect(data.devices?.map((device) => device.id)).toEqual(['d1'])
      expect(data.bindings?.map((binding) => binding.id)).toEqual(['b1'])
      expect(data.records?.map((record) => record.id)).toEqual(['in', 'out'])
      expect(data.numbers).toHaveLength(1)
      expect(data.groups).toHaveLength(1)
      expect(JSON.stringify(data)).not.toMatch(/ha1/i)
    })

    it('is erased, and nobody else is', async () => {
      const bobs = await storage.records.get('bobs')
      const files = { callbacks: [], voicemail: [] }
      expect(await storage.maintenance.erasePerson('alice')).toEqual({ records: 2, callbacks: 0, files })
      const directory = await storage.directory.load()
      expect(directory.people.map((person) => person.id)).toEqual(['bob'])
      expect(directory.devices.map((device) => device.id)).toEqual(['d2'])
      expect(directory.numbers).toEqual([])
      expect(directory.groups[0]?.members).toBe('["bob"]')
      expect((await storage.bindings.load()).map((binding) => binding.id)).toEqual(['b2'])
      const { records } = await storage.records.list({ limit: 10 })
      expect(records).toHaveLength(3)
      expect(JSON.stringify(records.filter((record) => record.id !== 'bobs'))).not.toMatch(/alice|"101"/i)
      expect(await storage.records.get('in')).toMatchObject({
        callerNumber: '+12025550100',
        dialled: '',
        calleeId: '',
      })
      expect(await storage.records.get('out')).toMatchObject({
        callerNumber: '',
        calleeId: 'bob',
        answeredStation: 'Bob desk',
      })
      expect(await storage.records.get('bobs')).toEqual(bobs)
      expect((await storage.records.list({ personId: 'bob', limit: 5 })).records).toHaveLength(3)
      expect(await storage.traces.get('in')).toEqual([])
      expect(await storage.traces.get('bobs')).toHaveLength(1)
      expect(await storage.maintenance.exportPerson('alice')).toMatchObject({ devices: [], records: [] })
    })
  })

  describe('the end', () => {
    it('commits what waits, then refuses', async () => {
      const write = storage.calls.unanswered(aRecord({ id: 'last' }))
      await storage.close()
      await expect(write).resolves.toBeUndefined()
      await expect(storage.calls.unanswered(aRecord({ id: 'late' }))).rejects.toThrow(/closed/)
      given.storage = await given.reopen()
      if (given.lasts) expect(await given.storage.records.get('last')).toBeDefined()
    })
  })
})
