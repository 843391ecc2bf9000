import { expect, test } from 'vitest'
import type { CallbackAttemptRow } from '#storage'
import { callbackRow } from '../../test/support/callbacks.ts'
import { callbackShape } from './callback-shape.ts'

test('what waits in a line says so, with its place; what is over does not', () => {
  const line = { place: 2, expectedWaitSeconds: 90 }
  const attempt = { detail: JSON.stringify({ confirmations: [], line }) } as CallbackAttemptRow
  const desk = { notices: {} as never, service: { underWay: () => ({ attempt, phase: 'waiting' as const }) } }
  const row = callbackRow('r', { dial: '600' }, { dial: '101' }, {}, 0)
  expect(callbackShape(desk, { ...row, state: 'ringing' })).toMatchObject({ phase: 'waiting', line })
  const over = callbackShape(desk, { ...row, state: 'connected' })
  expect([over.phase, over.line]).toEqual([undefined, undefined])
})
