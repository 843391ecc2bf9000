import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A PostgreSQL server of the test's own. */
export interface TestPostgres {
  /** `postgres://…`, as BATON_DATABASE_URL takes it. */
  readonly url: string
  /** Makes a database beside the first one and returns its URL. */
  createDatabase(name: string): Promise<string>
  /** Stops the server as a crash would: at once, connections cut. */
  crash(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

/** Why PostgreSQL cannot run here, or undefined when it can. */
export function postgresMissing(): string | undefined {
  if (!programs()) return 'PostgreSQL is not installed (apt-get install postgresql)'
  if (process.getuid?.() === 0 && !existsSync('/usr/bin/setpriv'))
    return 'PostgreSQL does not run as root and setpriv is missing'
  return undefined
}

function programs(): string | undefined {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
}

/** What is committed is kept by the kernel, which outlives every crash of a test. */
const withoutDisk = '-c fsync=off -c full_page_writes=off'

/** Starts a server on a free loopback port, in a temporary folder. @throws when {@link postgresMissing} tells why */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs()
  if (!bin) throw new Error(postgresMissing())
  const folder = mkdtempSync(join(tmpdir(), 'baton-postgres-'))
  const asRoot = process.getuid?.() === 0
  if (asRoot) {
    const ids = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])])
    chownSync(folder, Number(ids[0].stdout), Number(ids[1].stdout))
  }
  const data = join(folder, 'data')
  const port = await freePort()
  /** Runs one of its programs as a user who may. */
  const program = async (name: string, args: readonly string[]): Promise<void> => {
    const command = [join(bin, name), ...args]
    if (asRoot) command.unshift('/usr/bin/setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups')
    await run(command[0] as string, command.slice(1), { cwd: folder })
  }
  const start = (): Promise<void> =>
    program('pg_ctl', [
      ...['-D', data, '-w', '-l', join(folder, 'log')],
      ...['-o', `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c max_connections=60 ${withoutDisk}`, 'start'],
    ])
  const crash = (): Promise<void> => program('pg_ctl', ['-D', data, '-w', '-m', 'immediate', 'stop'])
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`
  await program('initdb', ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8'])
  await start()
  return {
    url: url('postgres'),
    async createDatabase(name) {
      await program('createdb', ['-h', folder, '-p', String(port), '-U', 'postgres', name])
      return url(name)
    },
    crash,
    start,
    async stop() {
      await crash().catch(() => {})
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
