import { describe, expect, it } from 'vitest'
import { callDigits } from './dial-string.ts'

describe('a dial string', () => {
  it('is keys, pauses of two seconds, and waits for a pause in speech', () => {
    expect(callDigits('1,,2w3#*aD')).toEqual([
      { kind: 'keys', keys: '1' },
      { kind: 'silence', ms: 4_000 },
      { kind: 'keys', keys: '2' },
      { kind: 'pause' },
      { kind: 'keys', keys: '3#*AD' },
    ])
    expect(callDigits('')).toEqual([])
  })

  it.each([
    ['1;2', "';' is not allowed in a dial string; allowed are 0 to 9, *, #, A to D, comma and w"],
    ['1\n2', 'is not allowed in a dial string'],
    ['1'.repeat(101), 'a dial string has at most 100 characters, not 101'],
  ])('%j is refused with what is allowed', (text, words) => {
    expect(() => callDigits(text)).toThrow(words)
  })
})
