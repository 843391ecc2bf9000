import { expect, test } from 'vitest'
import { type SoakRow, updateReport } from './report.ts'

const row: SoakRow = {
  ...{ suite: 'two', passed: true, date: '2026-01-01', commit: 'abc', seed: 7, scale: 1, seconds: 3 },
  figures: 'all | good',
}
const page =
  '# Soak\n\nText.\n\n<!-- Written by npm run soak: changes between these two lines are lost. -->\n<!-- end -->\n\nMore.\n'

test('the report keeps its text and the rows of suites that did not run', () => {
  const first = updateReport(page, [row, { ...row, suite: 'one', passed: false, scale: 0.1 }], ['one', 'two'])
  expect(first).toMatch(/^# Soak\n\nText\.\n/)
  expect(first).toMatch(/\n\nMore\.\n$/)
  expect(first).toMatch(
    /\| one \| FAILED \(0\.1 of the whole\) .*\n\| two \| passed \| 2026-01-01, abc \| 7 \| 3 s \| all \/ good \|\n/,
  )
  const second = updateReport(first, [{ ...row, suite: 'one', figures: 'now good' }], ['one', 'two'])
  expect(second.match(/^\| (one|two) /gm)).toHaveLength(2)
  expect(second).toMatch(/\| one \| passed \| .* now good \|/)
  expect(second).toContain('all / good')
})

test('a page without its two lines is refused', () => {
  expect(() => updateReport('# Soak\n', [row], ['two'])).toThrow(/lacks the lines/)
})
