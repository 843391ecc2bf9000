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
    callId: '',
    video: 'none',
    ...change,
  }
}

test('a session and the call that the server tells of are one card', () => {
  const cards = ringingCards([call('c1', {})], [session('s1', { callId: 'c1' })], 'alice')
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

test('two calls of one number at the same moment keep each its own session', () => {
  const cards = ringingCards(
    [call('c1', {}), call('c2', {})],
    [session('s2', { callId: 'c2' }), session('s1', { callId: 'c1' })],
    'alice',
  )
  expect(cards.map((card) => [card.call?.id, card.session?.id])).toEqual([
    ['c1', 's1'],
    ['c2', 's2'],
  ])
})

test('a session shows before the server told of its call, and its card stays the same afterwards', () => {
  const sessions = [session('s1', { callId: 'c1' })]
  const early = ringingCards([], sessions, 'alice')
  expect(early.map((card) => [card.call, card.session?.id])).toEqual([[undefined, 's1']])
  const late = ringingCards([call('c1', {})], sessions, 'alice')
  expect(late.map((card) => card.key)).toEqual(early.map((card) => card.key))
})

test('a call of mine from another device rings this browser with what the server knows of it', () => {
  const mine = call('c1', { caller: { number: '101', name: 'Alice', personId: 'alice' } })
  const cards = ringingCards([mine], [session('s1', { callId: 'c1' })], 'alice')
  expect(cards.map((card) => [card.call?.id, card.session?.id])).toEqual([['c1', 's1']])
})

test('a call that goes on has what the server knows of it', () => {
  const out = call('c1', { state: 'answered', caller: { number: '101', name: 'Alice', personId: 'alice' } })
  const calls = new Map([[out.id, out]])
  const [known, unknown] = activeCards(calls, [
    session('s1', { direction: 'out', state: 'talking', callId: 'c1' }),
    session('s2', { direction: 'out', state: 'calling' }),
  ])
  expect([known?.call?.id, unknown?.call]).toEqual(['c1', undefined])
})
