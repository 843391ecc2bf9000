import { expect, test } from 'vitest'
import type { CallShape } from '#api/contract.ts'
import { isColleagues, pickupRefusal, ringingAt, takeable } from './pickup-model.ts'

const nobody = { number: '', name: '', personId: '' }

function call(id: string, rung: readonly string[], change: Partial<CallShape> = {}): CallShape {
  return {
    ...{ id, state: 'ringing', held: false, direction: 'in', trunk: '', answeredBy: '', startedAt: 1 },
    caller: { ...nobody, number: '+12025550147' },
    callee: { number: '102', name: 'Bob', personId: 'bob' },
    branches: rung.map((personId) => ({
      station: `${personId}/phone`,
      personId,
      state: 'ringing' as const,
      ringMs: 0,
    })),
    ...{ mayPickUp: true, callerHidden: false },
    ...change,
  }
}

test('what may be taken: the longest-ringing first, and neither my own calls nor what rings me', () => {
  const calls = [
    call('late', ['bob'], { startedAt: 9 }),
    call('early', ['bob'], { startedAt: 2 }),
    call('forbidden', ['bob'], { mayPickUp: false }),
    call('mine', ['bob'], { caller: { ...nobody, personId: 'carol' } }),
    call('rings me too', ['bob', 'carol']),
  ]
  expect(takeable(calls, 'carol').map(({ id }) => id)).toEqual(['early', 'late'])
})

test('what rings at a colleague', () => {
  const calls = [call('c2', ['bob'], { startedAt: 5 }), call('c1', ['bob'], { startedAt: 2 }), call('c3', ['dave'])]
  expect(ringingAt(calls, 'bob')?.id).toBe('c1')
  expect(ringingAt(calls, 'alice')).toBeUndefined()
})

test('a call of a colleague has no messages for me, one of mine has', () => {
  expect(isColleagues(call('c1', ['bob']), 'carol')).toBe(true)
  expect(isColleagues(call('c1', ['bob'], { mayPickUp: false, callerHidden: true }), 'carol')).toBe(true)
  expect(isColleagues(call('c1', ['bob', 'carol']), 'carol')).toBe(false)
  expect(isColleagues(call('c1', ['bob'], { state: 'answered', mayPickUp: false }), 'admin')).toBe(false)
})

test.each([
  [486, 'Already taken by bob', { code: 'taken', by: 'bob' }],
  [486, 'Already taken', { code: 'taken', by: '' }],
  [480, 'Nothing rings there', { code: 'nothing-rings', by: '' }],
  [480, 'The caller has hung up', { code: 'caller-gone', by: '' }],
  [403, 'Forbidden', { code: 'not-allowed', by: '' }],
  [404, 'Not Found', { code: 'nothing-rings', by: '' }],
  [500, 'Server Internal Error', { code: 'error', by: '' }],
  [0, '', { code: 'error', by: '' }],
])('%s %s', (status, reason, refusal) => {
  expect(pickupRefusal(status, reason)).toEqual(refusal)
})
