import { defineConfig } from 'vitest/config'
import { ReportFile } from './test/support/report.ts'

const report = process.env.TEST_REPORT_FILE

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: report ? ['default', new ReportFile(report)] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Starts real programs: one file at a time, after the unit tests.
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          setupFiles: ['test/support/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
