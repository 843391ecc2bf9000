import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A test run keeps well below this, in bytes. */
const room = 2 * 2 ** 30

/**
 * The environment with which a test run keeps its temporary files in a folder of its own, which goes with the run: in memory
 * where the machine has room for them there. Each server of a test synchronises its disk some hundred times, at 5 to 20 ms
 * each on a real one; what a killed program leaves behind is the same, since the kernel holds it either way.
 * `BATON_TEST_DISK=1` keeps the disk. Compiled sources are kept too: the same server starts some hundred times.
 */
export function runFolder(): { TMPDIR: string; NODE_COMPILE_CACHE: string } {
  const parent = process.env.BATON_TEST_DISK || !hasRoom('/dev/shm') ? tmpdir() : '/dev/shm'
  for (const name of readdirSync(parent)) if (isLeftBehind(name)) remove(join(parent, name))
  const folder = join(parent, `${prefix}${process.pid}`)
  mkdirSync(folder, { recursive: true, mode: 0o755 }) // PostgreSQL and Prosody run as users of their own
  process.once('exit', () => remove(folder))
  return { TMPDIR: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') }
}

const prefix = 'baton-tests-'

/** Whether programs may be written there and run, and many files kept. */
function hasRoom(folder: string): boolean {
  try {
    const mounted = readFileSync('/proc/mounts', 'utf8').split('\n')
    const options = mounted.map((line) => line.split(' ')).findLast(([, where]) => where === folder)?.[3] ?? 'ro'
    const { bavail, bsize } = statfsSync(folder)
    return !options.split(',').some((option) => option === 'ro' || option === 'noexec') && bavail * bsize > room
  } catch {
    return false
  }
}

/** Whether a run that was killed has left it. */
function isLeftBehind(name: string): boolean {
  if (!name.startsWith(prefix)) return false
  try {
    process.kill(Number(name.slice(prefix.length)), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
