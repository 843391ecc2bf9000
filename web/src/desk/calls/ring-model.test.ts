import { expect, test } from 'vitest'
import type { CallShape } from '#api/contract.ts'
import type { PhoneCall } from '../phone/types.ts'
import { activeCards, ringingCards } from './ring-model.ts'

const nobody = { number: '', name: '', personId: '' }

function call(id: string, change: Partial<CallShape>): CallShape {
  return {
    id,
    state: 'ringing',
    held: false,
    direction: 'in',
    caller: { ...nobody, number: '+1 202 555 0147' },
    callee: { number: '101', name: 'Alice', personId: 'alice' },
    trunk: '',
    answeredBy: '',
    startedAt: 1,
    branches: [{ station: 'alice/desk', personId: 'alice', state: 'ringing', ringMs: 0 }],
    ...change,
  }
}

function session(id: string, change: Partial<PhoneCall>): PhoneCall {
  return {
    id,
    direction: 'in',
    number: '+12025550147',
    name: '',
    state: 'ringing',
    held: false,
    heldByThem: false,
    muted: false,
    startedAt: 1,
    reconnecting: false,
    tones: '',
    sipCallId: id,
    ...change,
  }
}

test('a session and the call that the server tells of are one card, however the number is written', () => {
  const cards = ringingCards([call('c1', {})], [session('s1', {})], 'alice')
  expect(cards.map((card) => [card.call?.id, card.session?.id])).toEqual([['c1', 's1']])
})

test('calls of others, taken calls and my own calls are no cards', () => {
  const others = [
    call('bob', { branches: [{ station: 'bob/phone', personId: 'bob', state: 'ringing', ringMs: 0 }] }),
    call('taken', { state: 'answered' }),
    call('lost', { branches: [{ station: 'alice/desk', personId: 'alice', state: 'ended', ringMs: 0 }] }),
    call('mine', { caller: { number: '101', name: 'Alice', personId: 'alice' } }),
  ]
  expect(ringingCards(others, [], 'alice')).toEqual([])
})

test('two calls of one number keep their sessions in order', () => {
  const cards = ringingCards(
    [call('later', { startedAt: 2 }), call('first', {})],
    [session('s1', {}), session('s2', { startedAt: 2 })],
    'alice',
  )
  expect(cards.map((card) => [card.call?.id, card.session?.id])).toEqual([
    ['first', 's1'],
    ['later', 's2'],
  ])
})

test('a session shows before the server told of it, and an anonymous caller fits', () => {
  const early = ringingCards([], [session('s1', {})], 'alice')
  expect(early.map((card) => [card.call, card.session?.id])).toEqual([[undefined, 's1']])
  const anonymous = ringingCards([call('c1', { caller: nobody })], [session('s1', { number: 'anonymous' })], 'alice')
  expect(anonymous.map((card) => [card.call?.id, card.session?.id])).toEqual([['c1', 's1']])
})

test("a call that I dial finds the server's call by whom I called", () => {
  const out = call('c1', {
    state: 'answered',
    caller: { number: '101', name: 'Alice', personId: 'alice' },
    callee: { number: '102', name: 'Bob', personId: 'bob' },
  })
  const cards = activeCards([out], [session('s1', { direction: 'out', number: '102', state: 'talking' })], 'alice')
  expect(cards[0]?.call?.id).toBe('c1')
})
