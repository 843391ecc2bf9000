/**
 * Runs the long suites one after another and writes what came of them into docs/soak.md:
 *   npm run soak -- [SUITE …] [--seed N] [--scale SHARE] [--no-report]
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemRandom } from '#lib'
import { killEveryProgram } from '../support/program.ts'
import { currentCommit, type SoakRow, writeReport } from './report.ts'
import { type SoakSuite, suites } from './suites.ts'

const root = resolve(import.meta.dirname, '../..')

class UsageError extends Error {}

type Asked = { chosen: readonly SoakSuite[]; seed: number; scale: number; report: boolean }

function usage(): string {
  const width = Math.max(...suites.map(({ name }) => name.length))
  const list = suites.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`)
  return ['usage: npm run soak -- [SUITE …] [--seed N] [--scale SHARE] [--no-report]', 'suites:', ...list].join('\n')
}

function readArguments(): Asked {
  const parse = () =>
    parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: {
        seed: { type: 'string' },
        scale: { type: 'string', default: '1' },
        report: { type: 'boolean', default: true },
        help: { type: 'boolean' },
      },
    })
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse()
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}\n${usage()}`)
  }
  const { values, positionals } = parsed
  if (values.help) throw new UsageError(usage())
  const unknown = positionals.find((name) => !suites.some((suite) => suite.name === name))
  if (unknown) throw new UsageError(`there is no suite ${unknown}\n${usage()}`)
  const seed = values.seed === undefined ? systemRandom.integer(1_000_000) : Number(values.seed)
  const scale = Number(values.scale)
  if (!Number.isInteger(seed) || seed < 0) throw new UsageError(`--seed: found ${values.seed}; allowed: a whole number`)
  if (!(scale > 0 && scale <= 1)) throw new UsageError(`--scale: found ${values.scale}; allowed: above 0, up to 1`)
  const chosen = positionals.length === 0 ? suites : suites.filter(({ name }) => positionals.includes(name))
  return { chosen, seed, scale, report: values.report }
}

async function runSuite(suite: SoakSuite, seed: number, scale: number): Promise<SoakRow> {
  const started = Date.now()
  console.log(`\n${suite.name}: ${suite.about} (seed ${seed}${scale === 1 ? '' : `, ${scale} of it`})`)
  const progress = (text: string) =>
    console.log(`  ${((Date.now() - started) / 1000).toFixed(0).padStart(5)} s  ${text}`)
  let passed = true
  let figures: string
  try {
    figures = await suite.run({ seed, scale, progress })
  } catch (error) {
    passed = false
    console.error(error)
    figures = (error as Error).message.split('\n')[0]!.slice(0, 300)
  }
  const seconds = Math.round((Date.now() - started) / 1000)
  console.log(`${passed ? 'passed' : 'FAILED'}: ${suite.name}, ${seconds} s: ${figures}`)
  if (!passed)
    console.log(`again: npm run soak -- ${suite.name} --seed ${seed}${scale === 1 ? '' : ` --scale ${scale}`}`)
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ')
  return { suite: suite.name, passed, date, commit: currentCommit(root), seed, scale, seconds, figures }
}

async function main(): Promise<void> {
  const { chosen, seed, scale, report } = readArguments()
  console.log(`seed ${seed}`)
  let failed = 0
  for (const suite of chosen) {
    const row = await runSuite(suite, seed, scale)
    if (!row.passed) failed++
    if (report)
      writeReport(
        resolve(root, 'docs/soak.md'),
        [row],
        suites.map(({ name }) => name),
      )
  }
  await killEveryProgram()
  console.log(`\n${chosen.length - failed} passed, ${failed} failed`)
  // A suite that failed half-way may have left sockets and timers.
  process.exit(failed > 0 ? 1 : 0)
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error)
  process.exit(1)
})
