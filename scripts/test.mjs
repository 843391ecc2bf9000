// Runs every check of the project: `npm test`. Ends with the line "N passed, N failed" and the exit code that goes with it.
//   npm test -- [vitest arguments]     for example: npm test -- src/sip

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, programs } from '../test/support/programs.ts'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const bin = join(root, 'node_modules', '.bin')
const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) }
const outcome = { passed: 0, failed: 0, skipped: [], repeated: [] }
const started = Date.now()

const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`

/** Runs a command with its output shown; no standard input, so nothing can wait for an answer. */
function run(command, args, more = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    ...more,
    env: { ...env, ...more.env },
  })
  if (done.error) console.error(`${command}: ${done.error.message}`)
  return done.status === 0
}

/** A check that counts as one test. */
function check(name, work) {
  const passed = work()
  outcome[passed ? 'passed' : 'failed']++
  console.log(`${passed ? 'passed' : 'FAILED'}: ${name} (${seconds()})`)
}

/** The programs that suites of this clone need and the machine has not. */
function missingPrograms() {
  const present = (suite) => existsSync(join(root, suite))
  return programs.filter(({ name, suites }) => suites.some(present) && !findProgram(name))
}

/** Debian's packages are installed as root on Debian, with no daemon started; elsewhere the suites are skipped. */
function installPrograms() {
  const missing = missingPrograms()
  if (missing.length === 0) return
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  if (/^ID=debian$/m.test(release) && process.getuid?.() === 0) {
    console.log(`Installing ${missing.map(({ name }) => name).join(', ')} …`)
    check('install the programs that the suites need', () => {
      aptInstall(missing.map(({ debian }) => debian))
      return missingPrograms().length === 0
    })
  }
  for (const { name, debian, suites } of missingPrograms())
    console.log(`${name} is missing: what needs it in ${suites.join(', ')} is skipped (Debian's package: ${debian}).`)
}

function aptInstall(packages) {
  const quiet = { env: { DEBIAN_FRONTEND: 'noninteractive' } }
  const wait = ['-o', 'DPkg::Lock::Timeout=550']
  // Debian asks this file whether a package may start its daemon; 101 means no.
  const policy = '/usr/sbin/policy-rc.d'
  const ours =
    !existsSync(policy) && run('sh', ['-c', `printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`])
  run('apt-get', [...wait, '-q', 'update'], quiet)
  run('apt-get', [...wait, '-q', 'install', '-y', '--no-install-recommends', ...packages], quiet)
  if (ours) rmSync(policy, { force: true })
}

function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-test-'))
  const report = join(folder, 'report.json')
  try {
    const ended = run('vitest', ['run', ...args], { env: { TEST_REPORT_FILE: report } })
    if (!existsSync(report)) throw new Error('the test runner ended without a report')
    const { passed, failed, skipped, repeated } = JSON.parse(readFileSync(report, 'utf8'))
    outcome.passed += passed
    outcome.failed += ended ? failed : Math.max(failed, 1)
    outcome.skipped.push(...skipped)
    outcome.repeated.push(...repeated)
  } catch (error) {
    outcome.failed++
    console.error(`FAILED: tests: ${error.message}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function printSkipped() {
  const reasons = Map.groupBy(outcome.skipped, ({ reason }) => reason)
  for (const [reason, tests] of reasons) {
    console.log(`\nskipped, ${reason}:`)
    for (const { name } of tests) console.log(`  ${name}`)
  }
}

function printRepeated() {
  if (outcome.repeated.length > 0) console.log('\npassed only when tried again; the first try said:')
  for (const { name, reason } of outcome.repeated) console.log(`  ${name}: ${reason}`)
}

try {
  installPrograms()
  check('types', () => run('tsc', ['--noEmit']))
  if (existsSync(join(root, 'web', 'tsconfig.json')))
    check('types of the pages', () => run('tsc', ['--noEmit', '-p', 'web']))
  check('style (biome)', () => run('biome', ['check']))
  check('rooms import only what they may', () => run('node', ['scripts/check-dependencies.ts']))
  runTests(process.argv.slice(2))
} catch (error) {
  outcome.failed++
  console.error(error)
}
printSkipped()
printRepeated()
console.log(`\nTook ${seconds()}.`)
console.log(`${outcome.passed} passed, ${outcome.failed} failed`)
process.exitCode = outcome.failed > 0 || outcome.passed === 0 ? 1 : 0
