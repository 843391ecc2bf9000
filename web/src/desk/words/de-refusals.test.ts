import { expect, test } from 'vitest'
import { deRefusalText } from './de-refusals.ts'

test('a refusal of a call is told in German by its code', () => {
  expect(deRefusalText('caller-gone', 'The caller has hung up.')).toBe('Der Anrufer hat aufgelegt.')
  expect(deRefusalText('taken', 'Already taken by bob/phone.')).toBe('Jemand anderes war schneller.')
})

test('what is wrong with a field is kept, with German words before it', () => {
  const sentence = 'extension: 101 is the extension of Alice'
  expect(deRefusalText('taken', sentence, 'extension')).toBe(`Schon vergeben: ${sentence}`)
  expect(deRefusalText('invalid', 'name must not be empty', 'name')).toBe(
    'Diese Angabe geht nicht: name must not be empty',
  )
})

test("codes without German words keep the server's sentence", () => {
  expect(deRefusalText('toString', 'Something new.')).toBe('Something new.')
})
