import type { Callback, CallbackDetail } from '#api/contract.ts'

const hour = 3_600_000

/** Calls that were asked for: one in each state. */
export function fakeCallbacks(now: number): Callback[] {
  const alice = { dial: '101', name: 'Alice' }
  const sales = { dial: '210', name: 'Sales' }
  const plain: Callback = {
    ...{ id: 'b1', state: 'scheduled', called: { dial: '102', name: 'Bob' }, caller: alice, keys: '', note: '' },
    ...{ at: now + 2 * hour, nextAt: now + 2 * hour, timeZone: 'Europe/Berlin', language: 'en' },
    ...{ createdAt: now - hour, changedAt: now - hour, attempts: 0, outcome: '', channel: 'api' },
    personId: 'demo-alice',
  }
  const over = { nextAt: null, createdAt: now - 30 * hour }
  // In the middle of this week, whatever day it is.
  const wednesday = new Date(now)
  wednesday.setDate(wednesday.getDate() - ((wednesday.getDay() + 6) % 7) + 2)
  const at = wednesday.setHours(14, 30, 0, 0)
  const jane = { dial: '+12025550147', name: 'Northwind Logistics' }
  return [
    plain,
    { ...plain, id: 'b2', called: jane, caller: sales, at, nextAt: at, note: 'Wants the corrected invoice 4711.' },
    {
      ...{ ...plain, id: 'b3', state: 'asking', at: null, nextAt: null, channel: 'mail', personId: '' },
      ...{ called: { dial: '', name: 'Anna' }, caller: { dial: '+493090182000', name: '' } },
      question: {
        about: 'called',
        text: 'There is more than one "Anna". Who do you mean?\n1. Anna Berg (Billing)\n2. Anna Maler (Sales)',
        choices: ['Anna Berg (Billing)', 'Anna Maler (Sales)'],
      },
    },
    {
      ...{ ...plain, id: 'b4', called: sales, nextAt: now + hour / 4, attempts: 2, outcome: 'caller-busy' },
      ...{ channel: 'xmpp', personId: '' },
    },
    {
      ...{ ...plain, id: 'b8', state: 'ringing', at: null, nextAt: null, attempts: 1, createdAt: now - hour / 4 },
      ...{ called: { dial: '600', name: 'Support' }, caller: { dial: '+12025550163', name: 'Zoe Young' } },
      ...{ channel: 'web', personId: '', phase: 'waiting', line: { place: 2, expectedWaitSeconds: 240 } },
    },
    { ...plain, ...over, id: 'b5', state: 'connected', attempts: 1, outcome: 'connected', changedAt: now - 26 * hour },
    { ...plain, ...over, id: 'b6', state: 'failed', attempts: 4, outcome: 'called-no-key', changedAt: now - 27 * hour },
    { ...plain, ...over, id: 'b7', state: 'cancelled', outcome: 'cancelled', changedAt: now - 28 * hour },
  ]
}

/** The answer to `/callbacks/ID`: with two attempts. */
export function fakeAttempts(callbacks: readonly Callback[], path: string): CallbackDetail | undefined {
  const callback = callbacks.find(({ id }) => path === `/callbacks/${id}`)
  if (!callback) return undefined
  const startedAt = callback.createdAt
  const times = { startedAt, calledAt: startedAt + 9_000, callerAt: null, joinedAt: null, endedAt: startedAt + 40_000 }
  const leg = { station: 'bob/phone', gateway: '', status: 200, at: startedAt + 9_000 }
  const answered = { ...leg, role: 'called' as const, what: 'answered' }
  const busy = { ...leg, role: 'caller' as const, what: 'busy', station: '+12025550147', at: startedAt + 21_000 }
  return {
    ...callback,
    history: [
      { ...times, number: 1, callId: 'r1', outcome: 'called-no-answer', confirmations: [] },
      { ...times, number: 2, callId: 'r2', outcome: 'caller-busy', confirmations: [answered, busy] },
    ],
  }
}

/** What a name is refused with that two people have. */
export const unclearName = {
  code: 'ambiguous',
  field: 'called',
  message: 'There is more than one "Anna". Who do you mean?\n1. Anna Berg (Billing)\n2. Anna Maler (Sales)',
  choices: ['Anna Berg (Billing)', 'Anna Maler (Sales)'],
}
