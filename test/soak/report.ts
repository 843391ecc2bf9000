import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

/** The outcome of one suite, as a row of the report. */
export type SoakRow = {
  readonly suite: string
  readonly passed: boolean
  readonly date: string
  readonly commit: string
  readonly seed: number
  readonly scale: number
  readonly seconds: number
  readonly figures: string
}

const begin = '<!-- Written by npm run soak: changes between these two lines are lost. -->'
const end = '<!-- end -->'

/** Puts the rows in the place of earlier ones of the same suites; rows of other suites stay. */
export function updateReport(text: string, rows: readonly SoakRow[], order: readonly string[]): string {
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the report lacks the lines ${begin} and ${end}`)
  const kept = new Map<string, string>()
  for (const line of text.slice(from, to).split('\n')) {
    const suite = /^\| ([a-z-]+) \|/.exec(line)?.[1]
    if (suite && order.includes(suite)) kept.set(suite, line)
  }
  for (const row of rows) kept.set(row.suite, lineOf(row))
  const table = [
    '| suite | outcome | when, on which commit | seed | took | figures |',
    '| --- | --- | --- | --- | --- | --- |',
    ...order.flatMap((suite) => kept.get(suite) ?? []),
  ]
  return `${text.slice(0, from)}${begin}\n${machine()}\n\n${table.join('\n')}\n${text.slice(to)}`
}

function lineOf({ suite, passed, date, commit, seed, scale, seconds, figures }: SoakRow): string {
  const part = scale === 1 ? '' : ` (${scale} of the whole)`
  const safe = figures.replaceAll('|', '/').replaceAll('\n', ' ')
  return `| ${suite} | ${passed ? 'passed' : 'FAILED'}${part} | ${date}, ${commit} | ${seed} | ${seconds} s | ${safe} |`
}

function machine(): string {
  const processors = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  return `Machine: ${processors.length} × ${processors[0]?.model.trim()}, ${memory} GB, Linux ${release()}, Node ${process.versions.node}.`
}

/** The commit that is checked out, with `+` when files differ from it. */
export function currentCommit(root: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no', 'src') ? '+' : ''}`
  } catch {
    return 'no git'
  }
}

/** Writes the rows into the report's file. */
export function writeReport(path: string, rows: readonly SoakRow[], order: readonly string[]): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : `# Soak\n\n${begin}\n${end}\n`
  writeFileSync(path, updateReport(text, rows, order))
}
