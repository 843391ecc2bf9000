import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** What a run of the tests came to, as written for `scripts/test.mjs`. */
export interface TestReport {
  passed: number
  failed: number
  skipped: { name: string; reason: string }[]
  /** Passed, but only when tried again, and why they failed at first. */
  repeated: { name: string; reason: string }[]
}

/** Counts what ran and why the rest did not, into a JSON file. A file that cannot be loaded counts as one failure. */
export class ReportFile implements Reporter {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const report: TestReport = { passed: 0, failed: unhandled.length, skipped: [], repeated: [] }
    for (const module of modules) {
      report.failed += module.errors().length
      for (const suite of module.children.allSuites()) report.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const result = test.result()
        const name = `${module.relativeModuleId} > ${test.fullName}`
        if (test.diagnostic()?.flaky) {
          const reason = result.errors?.[0]?.message.split('\n')[0] ?? 'no reason given'
          report.repeated.push({ name, reason })
        }
        if (result.state === 'passed') report.passed++
        else if (result.state === 'failed') report.failed++
        else {
          const note = result.state === 'skipped' ? result.note : undefined
          const reason = note ?? /\[skipped: (.*?)\]/.exec(test.fullName)?.[1] ?? 'no reason given'
          report.skipped.push({ name, reason })
        }
      }
    }
    writeFileSync(this.#path, JSON.stringify(report))
  }
}
