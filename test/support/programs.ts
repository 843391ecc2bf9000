import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A real program that suites start: its name, Debian's package, and the folders whose suites need it. */
export type RealProgram = { readonly name: string; readonly debian: string; readonly suites: readonly string[] }

export const programs: readonly RealProgram[] = [
  { name: 'sipp', debian: 'sip-tester', suites: ['test/sipp', 'test/support', 'test/torture', 'test/soak'] },
  { name: 'baresip', debian: 'baresip-core', suites: ['test/interop', 'test/support', 'test/browser'] },
  { name: 'kamailio', debian: 'kamailio', suites: ['test/support'] },
  { name: 'initdb', debian: 'postgresql', suites: ['src/storage', 'test/crash', 'test/soak'] },
  { name: 'openssl', debian: 'openssl', suites: ['src/sip/transport', 'src/api', 'test/interop'] },
  { name: 'chromium', debian: 'chromium', suites: ['test/browser', 'test/interop'] },
  { name: 'espeak-ng', debian: 'espeak-ng', suites: ['src/media'] },
  { name: 'turnserver', debian: 'coturn', suites: ['test/browser'] },
  { name: 'prosody', debian: 'prosody', suites: ['test/interop'] },
  { name: 'dovecot', debian: 'dovecot-imapd', suites: ['src/channels/mail'] },
]

/** The path of a program, in PATH or where Debian keeps servers' programs; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', ...postgresFolders()]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** Newest version first. */
function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(base).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(base, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
