import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder, temporaryFolder } from './folders.ts'
import { freePort } from './ports.ts'
import { type Program, startProgram } from './program.ts'

/** A running Prosody with the domain `people.example` and the component `calls.example`. */
export type Prosody = {
  /** Where accounts log in; no encryption, on loopback. */
  readonly port: number
  readonly componentPort: number
  /** Stops it, leaving the data. */
  halt(): Promise<void>
  /** Starts it again on the same ports. */
  start(): Promise<void>
  /** Stops it and removes its data. */
  stop(): Promise<void>
}

export const prosodySecret = 'component-secret'

/** Starts Prosody 0.12 on free ports. Each account's password is its name and `-secret`. */
export async function startProsody(accounts: readonly string[]): Promise<Prosody> {
  const folder = temporaryFolder('prosody')
  const port = await freePort()
  const componentPort = await freePort()
  const data = join(folder, 'data')
  const stored = join(data, 'people%2eexample', 'accounts')
  mkdirSync(stored, { recursive: true })
  for (const name of accounts)
    writeFileSync(join(stored, `${name}.dat`), `return {\n\t["password"] = "${name}-secret";\n};\n`)
  const settings = join(folder, 'prosody.cfg.lua')
  writeFileSync(settings, settingsFor(folder, port, componentPort))
  // As root it gives up its rights first.
  const root = process.getuid?.() === 0
  if (root) {
    const idOf = (flag: string) => Number(execFileSync('id', [flag, 'prosody'], { encoding: 'utf8' }))
    const owner = [idOf('-u'), idOf('-g')] as const
    for (const path of [folder, data, join(stored, '..'), stored]) chownSync(path, ...owner)
    for (const name of accounts) chownSync(join(stored, `${name}.dat`), ...owner)
    chmodSync(settings, statSync(settings).mode | 0o044)
  }
  const own = ['prosody', '--config', settings, '-F']
  const command = root ? ['setpriv', '--reuid=prosody', '--regid=prosody', '--clear-groups', ...own] : own
  let program: Program | undefined
  const start = async () => {
    program = await startProgram(command[0]!, command.slice(1), { cwd: folder })
    await program.printed(new RegExp(`Activated service 'component' on .*${componentPort}`))
    await program.printed(new RegExp(`Activated service 'c2s' on .*${port}`))
  }
  const halt = async () => {
    await program?.stop()
  }
  await start()
  return {
    ...{ port, componentPort, start, halt },
    stop: async () => {
      await halt()
      removeFolder(folder)
    },
  }
}

function settingsFor(folder: string, port: number, componentPort: number): string {
  return `
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
admins = { }
modules_enabled = { "roster"; "saslauth"; "disco"; "ping"; "posix"; "presence"; "message"; "iq"; "c2s"; "offline"; "smacks"; "carbons" }
modules_disabled = { "s2s"; "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
component_ports = { ${componentPort} }
component_interfaces = { "127.0.0.1" }
s2s_ports = { }
http_ports = { }
https_ports = { }
log = { { levels = { min = "info" }, to = "console" } }
VirtualHost "people.example"
Component "calls.example"
  component_secret = "${prosodySecret}"
`
}
