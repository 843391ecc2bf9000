import { expect, test } from 'vitest'
import { arrowLine, columnPlace, labelLines, layoutOf, reasonText, shortLabel } from './layout.ts'

const columns = ['udp 127.0.0.1:5080', 'Baton', 'udp 127.0.0.1:25060', 'ws 127.0.0.1:50412'].map((label) => ({ label }))
const arrows = [{ label: 'INVITE + SDP (sendonly)', from: 0, to: 1 }]

test('on a phone every column is in sight', () => {
  const layout = layoutOf({ columns, arrows }, 360)
  expect(layout.narrow).toBe(true)
  expect(layout.width).toBeLessThanOrEqual(360)
  expect(columnPlace(3, layout)).toBeLessThan(360)
})

test('on a desk labels fit their arrows, and a wide room is used', () => {
  const tight = layoutOf({ columns, arrows }, 660)
  expect(tight.gap).toBeGreaterThan('INVITE + SDP (sendonly)'.length * 7)
  expect(tight.width).toBeGreaterThan(660)
  expect(layoutOf({ columns, arrows }, 1300).width).toBeGreaterThan(1200)
})

test('an arrow ends at its line, and its label stays inside', () => {
  const layout = layoutOf({ columns, arrows }, 360)
  const line = arrowLine({ from: 3, to: 2, label: '487 Request Terminated (INVITE)' }, layout)
  expect(line.x1).toBe(columnPlace(3, layout))
  expect(line.head).toMatch(new RegExp(`^M${columnPlace(2, layout) + 1} `))
  expect(line.labelX).toBeLessThan((columnPlace(3, layout) + columnPlace(2, layout)) / 2)
})

test('short names and reasons', () => {
  expect(columns.map(({ label }) => shortLabel(label))).toEqual(['udp :5080', 'Baton', 'udp :25060', 'ws :50412'])
  expect(labelLines('+12025550147 · udp 127.0.0.1:5080', true)).toEqual(['…50147', 'udp :5080'])
  expect(shortLabel('tls [2001:db8::1]:5061')).toBe('tls :5061')
  expect(shortLabel("alice's phone at home")).toBe("alice's pho…")
  expect(reasonText('SIP;cause=200;text="Call completed elsewhere"')).toBe('Call completed elsewhere')
  expect(reasonText('Q.850;cause=16')).toBe('Q.850;cause=16')
})
