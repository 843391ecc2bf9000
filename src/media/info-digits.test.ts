import { expect, it } from 'vitest'
import { digitsOfInfo } from './info-digits.ts'

it.each([
  ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n', '5', 160],
  ['application/dtmf-relay', 'Signal= 1\r\nDuration= 250', '1', 250],
  ['Application/DTMF-Relay;charset=utf-8', 'duration=90\nsignal=#', '#', 90],
  ['application/dtmf-relay', 'Signal=*\n', '*', 160],
  ['application/dtmf-relay', 'Signal=11\r\nDuration=0\r\n', '#', 160],
  ['application/dtmf-relay', 'Signal=a\r\nDuration=many\r\n', 'A', 160],
  ['application/dtmf', '7', '7', 160],
  ['application/dtmf', ' 10\r\n', '*', 160],
])('%s %j is key %s for %d ms', (type, body, digit, durationMs) => {
  expect(digitsOfInfo(type, body)).toEqual([{ digit, durationMs }])
})

it.each([
  ['application/dtmf-relay', ''],
  ['application/dtmf-relay', 'Signal=16\r\n'],
  ['application/dtmf-relay', 'Signals=5\r\n'],
  ['application/dtmf', '55'],
  ['application/media_control+xml', '<x/>'],
  ['', '5'],
])('%s %j is no key', (type, body) => expect(digitsOfInfo(type, body)).toBeUndefined())
