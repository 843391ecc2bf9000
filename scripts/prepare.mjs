// Makes a clone ready to run: installs the packages, sees that Node 24 is there, builds the pages when they are stale.
// Runs before `npm start` and `npm test`, on whatever Node the machine has (20 or later), and needs nothing installed.
//   node scripts/prepare.mjs [--pages]     --pages: also build web/

import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../..')
const bin = join(root, 'node_modules', '.bin')
const oldestNode = 24

class Refusal extends Error {}

/** The versions that a lock file names, by folder; undefined when there is no such file. */
function locked(path) {
  if (!existsSync(path)) return undefined
  const { packages } = JSON.parse(readFileSync(path, 'utf8'))
  delete packages['']
  return packages
}

/** Whether node_modules differs from package-lock.json. Packages of other platforms (optional ones) may be absent. */
function packagesAreStale() {
  const installedFile = join(root, 'node_modules', '.package-lock.json')
  const lockFile = join(root, 'package-lock.json')
  const installed = locked(installedFile)
  if (!installed) return true
  if (statSync(installedFile).mtimeMs >= statSync(lockFile).mtimeMs && ownNode()) return false
  const wanted = locked(lockFile)
  const same = (folder) => installed[folder]?.version === wanted[folder]?.version
  const stale =
    Object.keys(installed).some((folder) => !same(folder)) ||
    Object.keys(wanted).some((folder) => !installed[folder] && !wanted[folder].optional) ||
    (nodePackageOf(wanted) !== undefined && !ownNode())
  if (!stale) utimesSync(installedFile, new Date(), new Date())
  return stale
}

/** The npm package that carries Node for this platform, when the lock file has one. */
function nodePackageOf(packages) {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  return packages[`node_modules/node-${platform}-${process.arch}`]
}

/** The Node that npm brought, by its real path; undefined when this platform has none. */
function ownNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const path = join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', file)
  return existsSync(path) ? realpathSync(path) : undefined
}

/** The machine's PATH without node_modules/.bin, so that npm does not delete the Node it runs on. */
function outerPath() {
  const parts = (process.env.PATH ?? '').split(delimiter)
  return parts.filter((part) => resolve(part) !== bin && !part.includes('node-gyp-bin')).join(delimiter)
}

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (done.error) throw new Refusal(`${command} could not be started: ${done.error.message}`)
  if (done.status !== 0)
    throw new Refusal(`${command} ${args.join(' ')} ended with code ${done.status ?? done.signal}.`)
}

/** Runs `work` while no other process does, for example two `npm start` in one clone. */
function alone(work) {
  const path = join(root, '.prepare.lock')
  let told = false
  for (;;) {
    try {
      const file = openSync(path, 'wx')
      writeSync(file, String(process.pid))
      closeSync(file)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (ownerIsGone(path)) {
      rmSync(path, { force: true })
      continue
    }
    if (!told) console.log(`Waiting for another npm command that is preparing this folder (${path}) …`)
    told = true
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  try {
    work()
  } finally {
    rmSync(path, { force: true })
  }
}

function ownerIsGone(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    // A file without a number is one that is being written just now, unless it stays so.
    if (!pid) return Date.now() - statSync(path).mtimeMs > 5_000
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function installPackages() {
  if (!packagesAreStale()) return
  console.log('Installing packages (npm ci) …')
  run('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'], {
    env: { ...process.env, PATH: outerPath() },
    shell: process.platform === 'win32',
  })
}

/** The Node that `node` means inside npm scripts, at least version 24. */
function requireNode() {
  const node = ownNode() ?? process.execPath
  const asked = spawnSync(node, ['--version'], { encoding: 'utf8' })
  const version = asked.stdout?.trim() || 'none that starts'
  if (Number.parseInt(version.slice(1), 10) >= oldestNode) return node
  throw new Refusal(
    `Baton needs Node ${oldestNode} or later; found ${version} (${node}). ` +
      `npm brings it on Linux and Windows (x64, and arm64 on Linux); elsewhere install it from nodejs.org and start again.`,
  )
}

/**
 * `npm start` is written with exec, so that a SIGTERM to npm reaches the server and not a shell before it.
 * Windows' shell has no exec and needs none: there it just runs what follows.
 */
function provideExec() {
  if (process.platform === 'win32') writeFileSync(join(bin, 'exec.cmd'), '@%*\r\n')
}

/** The newest modification below a folder, in ms since 1970; built files and packages do not count. */
function newestChange(folder) {
  let newest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules') continue
    const path = join(folder, entry.name)
    newest = Math.max(newest, entry.isDirectory() ? newestChange(path) : statSync(path).mtimeMs)
  }
  return newest
}

function buildPages(node) {
  const web = join(root, 'web')
  if (!existsSync(join(web, 'index.html'))) {
    console.log('No pages to build: web/ has no sources yet.')
    return
  }
  const mark = join(web, 'dist', '.built')
  const changed = Math.max(newestChange(web), statSync(join(root, 'package-lock.json')).mtimeMs)
  if (existsSync(mark) && statSync(mark).mtimeMs >= changed) return
  console.log('Building the pages …')
  run(node, [join('node_modules', 'vite', 'bin', 'vite.js'), 'build', 'web', '--logLevel', 'warn'])
  writeFileSync(mark, '')
}

try {
  const pages = process.argv.includes('--pages')
  alone(() => {
    installPackages()
    const node = requireNode()
    provideExec()
    if (pages) buildPages(node)
  })
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
