import { beforeEach, describe, expect, it } from 'vitest'
import { describeStorages } from '../../test/support/storages.ts'
import type { ChargeQuery, Storage } from './index.ts'
import { aCharge, aContext, aRecord } from './sample-rows.ts'

const live = { state: 'live', answeredAt: 2_000, endedAt: null, cause: '', endedBy: '' } as const
const hangUp = { endedAt: 9_000, cause: 'answered', endedBy: 'caller', quality: '{}' } as const

describeStorages((given) => {
  let storage: Storage
  beforeEach(() => {
    storage = given.storage
  })
  const ids = async (query: Partial<ChargeQuery>): Promise<string[]> =>
    (await storage.charges.list({ limit: 10, ...query })).charges.map(({ id }) => id)

  describe('the context of a ringing call', () => {
    it('is read back, also while its write is on its way', async () => {
      const row = aContext({ callId: 'c1' })
      await storage.calls.ringing(row)
      expect(await storage.calls.context('c1')).toEqual({
        direction: '',
        callerId: '',
        calleeName: '',
        trunk: '',
        ...row,
      })
      void storage.calls.ringing(aContext({ callId: 'c2' }))
      expect((await storage.calls.context('c2'))?.callId).toBe('c2')
      await storage.calls.unanswered(aRecord({ id: 'c1' }))
      expect(await storage.calls.context('c1')).toBeUndefined()
    })

    it('is found on other nodes by callee and by who is rung, the oldest first', async () => {
      const rung = (personId: string) => JSON.stringify([{ station: 'x', personId }])
      await storage.calls.ringing(aContext({ callId: 'late', node: 'a', calleeId: 'bob', ringingSince: 3 }))
      await storage.calls.ringing(aContext({ callId: 'group', node: 'a', calleeId: 'front', ringingSince: 2 }))
      await storage.calls.ringing(
        aContext({ callId: 'forwarded', node: 'c', calleeId: 'eve', branches: rung('bob'), ringingSince: 1 }),
      )
      await storage.calls.ringing(aContext({ callId: 'own', node: 'b', calleeId: 'bob' }))
      await storage.calls.ringing(aContext({ callId: 'other', node: 'a', calleeId: 'bobby', branches: rung('bobby') }))
      const found = async (...people: string[]) =>
        (await storage.calls.contextsOf(['a', 'c'], people)).map(({ callId }) => callId)
      expect(await found('bob')).toEqual(['forwarded', 'late'])
      expect(await found('bob', 'front')).toEqual(['forwarded', 'group', 'late'])
      expect(await found('b_b', '%')).toEqual([])
      expect(await found()).toEqual([])
      expect(await storage.calls.contextsOf([], ['bob'])).toEqual([])
      const everybody = Array.from({ length: 100 }, (_, i) => `p${i}`)
      expect(await found(...everybody)).toEqual(['forwarded', 'group', 'late', 'other'])
    })
  })

  describe('a charge', () => {
    it('is closed with its call, at the answer that its record names', async () => {
      const charge = aCharge({ id: 'p1' })
      await storage.charges.open(charge)
      await storage.charges.open(aCharge({ id: 'p2', account: 'dave' }))
      expect(await storage.charges.get('p1')).toEqual(charge)
      await storage.calls.answered(aRecord({ id: 'c1', ...live, answeredById: 'carol' }), [])
      // Carol has handed the call on to eve meanwhile: the time until the end is still on the account of who took it.
      await storage.calls.closed({ id: 'c1', ...hangUp, answeredById: 'eve', answeredStation: 'eve/phone' })
      expect(await storage.charges.get('p1')).toEqual({
        ...charge,
        ...{ state: 'closed', answeredAt: 2_000, endedAt: 9_000, reason: 'answered' },
      })
      expect(await storage.charges.get('p2')).toMatchObject({ state: 'void', answeredAt: null, endedAt: 9_000 })
      expect(await storage.records.get('c1')).toMatchObject({ state: 'ended', answeredById: 'eve' })
    })

    it('is void when its pickup failed or its call was never answered', async () => {
      await storage.charges.open(aCharge({ id: 'p1' }))
      await storage.charges.void('p1', 'taken', 1_700)
      await storage.charges.open(aCharge({ id: 'p2', callId: 'c2' }))
      await storage.calls.unanswered(aRecord({ id: 'c2', answeredAt: null, endedAt: 2_500, cause: 'cancelled' }))
      expect(await storage.charges.get('p1')).toMatchObject({ state: 'void', endedAt: 1_700, reason: 'taken' })
      expect(await storage.charges.get('p2')).toMatchObject({ state: 'void', endedAt: 2_500, reason: 'cancelled' })
    })

    it('ends once, and is opened once', async () => {
      await storage.charges.open(aCharge({ id: 'p1' }))
      await storage.charges.close({ id: 'p1', answeredAt: 2_000, endedAt: 3_000, reason: 'answered' })
      await storage.charges.void('p1', 'taken', 4_000)
      await storage.charges.open(aCharge({ id: 'p1' }))
      await storage.charges.close({ id: 'p1', answeredAt: 5_000, endedAt: 6_000, reason: 'error' })
      await storage.calls.unanswered(aRecord({ id: 'c1' }))
      expect(await storage.charges.get('p1')).toMatchObject({
        ...{ state: 'closed', answeredAt: 2_000, endedAt: 3_000, reason: 'answered' },
      })
    })

    it('keeps its place among writes that are made at once', async () => {
      // Another call ends in the same batch before this one's charge is opened.
      const writes = [storage.calls.unanswered(aRecord({ id: 'c0' }))]
      for (let i = 1; i <= 20; i++) {
        const callId = `c${i}`
        writes.push(storage.charges.open(aCharge({ id: `p${i}`, callId })))
        writes.push(storage.calls.answered(aRecord({ id: callId, ...live, answeredById: 'carol' }), []))
        if (i % 2 === 0) writes.push(storage.charges.void(`p${i}`, 'picker-gone', 1))
        writes.push(storage.calls.closed({ id: callId, ...hangUp }))
      }
      await Promise.all(writes)
      const { charges } = await storage.charges.list({ limit: 50 })
      expect(charges.filter(({ state }) => state === 'closed')).toHaveLength(10)
      expect(charges.filter(({ state }) => state === 'void')).toHaveLength(10)
    })

    it('is ended by the sweep: closed where the call was answered by pickup, void elsewhere', async () => {
      await storage.charges.open(aCharge({ id: 'talking', callId: 'c1' }))
      await storage.calls.answered(aRecord({ id: 'c1', ...live, answeredById: 'carol' }), [])
      await storage.charges.open(aCharge({ id: 'ringing', callId: 'c2' }))
      await storage.calls.ringing(aContext({ callId: 'c2' }))
      await storage.charges.open(aCharge({ id: 'loser', callId: 'c1', account: 'dave' }))
      await storage.charges.open(aCharge({ id: 'theirs', callId: 'c3', node: 'n2' }))
      await storage.calls.sweep('n1', 77_000)
      expect(await storage.charges.get('talking')).toMatchObject({
        ...{ state: 'closed', answeredAt: 2_000, endedAt: 77_000, reason: 'interrupted' },
      })
      for (const id of ['ringing', 'loser'])
        expect(await storage.charges.get(id)).toMatchObject({ state: 'void', answeredAt: null, reason: 'interrupted' })
      expect(await storage.charges.get('theirs')).toMatchObject({ state: 'open' })
    })

    it('is listed newest first, page by page, for one person, by state and time', async () => {
      for (let i = 1; i <= 5; i++)
        await storage.charges.open(
          aCharge({ id: `p${i}`, openedAt: i < 3 ? 1 : i, account: i === 4 ? 'dave' : 'carol' }),
        )
      await storage.charges.void('p5', 'taken', 9)
      expect(await ids({})).toEqual(['p5', 'p4', 'p3', 'p2', 'p1'])
      expect(await ids({ account: 'carol' })).toEqual(['p5', 'p3', 'p2', 'p1'])
      expect(await ids({ state: 'void' })).toEqual(['p5'])
      expect(await ids({ from: 3, to: 5 })).toEqual(['p4', 'p3'])
      const seen: string[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await storage.charges.list({ account: 'carol', limit: 1, ...(cursor ? { cursor } : {}) })
        seen.push(...page.charges.map(({ id }) => id))
        cursor = page.next
        if (cursor === undefined) break
      }
      expect(seen).toEqual(['p5', 'p3', 'p2', 'p1'])
      await expect(storage.charges.list({ limit: 0 })).rejects.toThrow(/1 to 1000/)
      await expect(storage.charges.list({ limit: 1, cursor: 'x' })).rejects.toThrow(/cursor/)
    })

    it('goes with the records of its time', async () => {
      for (let i = 0; i < 250; i++)
        void storage.charges.open(aCharge({ id: `p${i}`, openedAt: i, endedAt: 900, state: 'closed' }))
      await storage.charges.open(aCharge({ id: 'kept', openedAt: 1, endedAt: 5_000, state: 'closed' }))
      await storage.charges.open(aCharge({ id: 'open', openedAt: 1 }))
      expect(await storage.maintenance.retain({ records: 1_000 })).toMatchObject({
        records: 0,
        charges: 250,
        traces: 0,
      })
      expect(await ids({})).toEqual(['open', 'kept'])
    })

    it('is exported to and made anonymous for everybody it names', async () => {
      const rangMs = JSON.stringify([
        { station: 'bob/phone', personId: 'bob', ms: 1 },
        { station: 'eve/phone', personId: 'eve', ms: 2 },
      ])
      const caller = { callerId: 'alice', callerNumber: '101', callerName: 'Alice' }
      await storage.charges.open(aCharge({ id: 'p1', rangMs, ...caller }))
      await storage.charges.open(aCharge({ id: 'p2', account: 'dave', calledId: 'dave', rangMs: '[]' }))
      for (const person of ['alice', 'bob', 'carol', 'eve'])
        expect(((await storage.maintenance.exportPerson(person)) as { charges: unknown[] }).charges).toHaveLength(1)
      await storage.maintenance.erasePerson('carol')
      expect(await storage.charges.get('p1')).toEqual(
        aCharge({ id: 'p1', rangMs, ...caller, account: '', pickedUpBy: '' }),
      )
      for (const person of ['alice', 'bob']) await storage.maintenance.erasePerson(person)
      expect(await storage.charges.get('p1')).toMatchObject({
        ...{ callerId: '', callerNumber: '', callerName: '', calledId: '', calledNumber: '', calledName: '' },
        rangMs: '[{"station":"","personId":"","ms":1},{"station":"eve/phone","personId":"eve","ms":2}]',
      })
      expect(await storage.charges.get('p2')).toMatchObject({ account: 'dave', calledId: 'dave' })
    })
  })

  it('nodes give signs of life', async () => {
    await storage.nodes.seen({ node: 'b', address: 'udp 127.0.0.1:5062', seenAt: 1 })
    await storage.nodes.seen({ node: 'a', address: 'udp 127.0.0.1:5060', seenAt: 1 })
    await storage.nodes.seen({ node: 'b', address: 'udp 127.0.0.1:5064', seenAt: 4_102_444_800_000 })
    expect(await storage.nodes.list()).toEqual([
      { node: 'a', address: 'udp 127.0.0.1:5060', seenAt: 1 },
      { node: 'b', address: 'udp 127.0.0.1:5064', seenAt: 4_102_444_800_000 },
    ])
  })

  it('a value that is kept is the first one', async () => {
    const kept = await Promise.all(['a', 'b', 'c'].map((value) => storage.values.keep('key', value)))
    expect(kept).toEqual(['a', 'a', 'a'])
    expect(await storage.values.keep('key', 'd')).toBe('a')
  })
})
