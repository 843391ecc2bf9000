import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'
import { ReportFile } from './test/support/report.ts'
import { runFolder } from './test/support/run-folder.ts'

const report = process.env.TEST_REPORT_FILE

/** What every suite below test/ has: it may start real programs, which end with its file. */
const system = {
  setupFiles: ['test/support/setup.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
}

/** Other people's phones and browsers fail now and then; what passes only when it is tried again is listed at the end of the run. */
const retry = 2

export default defineConfig({
  test: {
    pool: 'forks',
    env: runFolder(),
    sequence: { sequencer: LongestFirst },
    // What is waited for comes at once on a free machine; a busy one is given time.
    expect: { poll: { timeout: 45_000 } },
    reporters: report ? ['default', new ReportFile(report)] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole servers in virtual time.
        extends: true,
        test: {
          ...system,
          name: 'scenarios',
          include: ['test/scenarios/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real programs, which mostly wait for one another.
        extends: true,
        test: {
          ...system,
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/scenarios/**', 'test/browser/**'],
          retry,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Two browsers keep about one of two cores busy.
        extends: true,
        test: {
          ...system,
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/pages-built.ts'],
          retry,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
