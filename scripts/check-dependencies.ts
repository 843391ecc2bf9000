/**
 * Keeps the rooms apart: which folder of src/ may import which, as docs/architecture.md says.
 * `node scripts/check-dependencies.ts` prints every violation and exits 1 when there is one.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, posix, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The rooms that a room may import; it always may import itself. */
const allowed: Record<string, readonly string[]> = {
  lib: [],
  sip: ['lib'],
  sdp: ['lib'],
  media: ['lib', 'sdp'],
  storage: ['lib'],
  bus: ['lib'],
  directory: ['lib', 'storage'],
  call: ['lib', 'sip', 'sdp', 'media', 'directory', 'storage', 'bus'],
  conversation: ['lib', 'directory', 'storage', 'bus'],
  services: ['call', 'conversation', 'directory', 'media', 'storage', 'bus', 'lib', 'channels'],
  channels: ['lib'],
  demo: ['lib', 'sdp', 'sip'],
  api: ['lib', 'call', 'conversation', 'services', 'channels', 'directory', 'storage', 'bus', 'media', 'sip'],
}

/** Files of `services/` that are no service themselves. */
const sharedByServices = new Set(['index', 'service', 'types'])
/** What the pages may know of the server. */
const contract = /^(#api\/contract(\.ts|\/.*)|src\/api\/contract(\.ts|\/.*))$/
const importLine =
  /^\s*(?:import|export)\b[^'"`;]*?(?:from\s*|\(\s*)?['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/gm

/**
 * The violations in a set of sources, one line each; empty when every import is allowed.
 * @param files paths from the project's root with forward slashes (`src/sip/index.ts`) and their text
 */
export function findViolations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = []
  for (const [path, text] of files) {
    if (/^export default\b/m.test(text)) found.push(`${path}: has a default export; export it by name`)
    for (const match of text.matchAll(importLine)) {
      const fault = faultOf(path, (match[1] ?? match[2])!)
      if (fault) found.push(`${path}: ${fault}`)
    }
  }
  return found
}

function faultOf(path: string, specifier: string): string | undefined {
  const [top, room = ''] = path.split('/')
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier
  if (top === 'web') {
    const own = target.startsWith('web/') || !/^(#|\.|src\/)/.test(target)
    return own || contract.test(target) ? undefined : `imports '${specifier}'; web/ may import only the API's contract`
  }
  if (room.includes('.')) return rootFileFault(specifier) // src/main.ts and src/config.ts
  if (!(room in allowed)) return `src/${room} is no room; add it to scripts/check-dependencies.ts`
  if (specifier.startsWith('#')) return roomFault(room, specifier)
  if (!specifier.startsWith('.')) return undefined
  if (target.startsWith(`src/${room}/`)) return room === 'services' ? serviceFault(path, target, specifier) : undefined
  if (path.endsWith('.test.ts') && target.startsWith('test/')) return undefined
  return `imports '${specifier}' from outside its room; write '#${target.split('/')[1]}'`
}

function rootFileFault(specifier: string): string | undefined {
  const deep = /^(#[^/]+\/|\.\/[^/]+\/)/.test(specifier)
  return deep ? `imports '${specifier}' from inside a room; import the room's face ('#room')` : undefined
}

function roomFault(room: string, specifier: string): string | undefined {
  if (specifier === '#config.ts') return undefined
  const other = specifier.slice(1)
  if (other === room) return `imports its own room as '${specifier}'; import the file by './'`
  if (other.includes('/') || other.endsWith('.ts')) return `imports '${specifier}' from inside a room; import its face`
  if (allowed[room]!.includes(other)) return undefined
  return `imports '${specifier}'; ${room} may import ${allowed[room]!.join(', ') || 'no other room'}`
}

function serviceFault(path: string, target: string, specifier: string): string | undefined {
  const serviceOf = (file: string) => file.split('/')[2]!.replace(/(\.test)?\.ts$/, '')
  const [own, other] = [serviceOf(path), serviceOf(target)]
  if (own === other || own === 'index' || sharedByServices.has(other)) return undefined
  return `imports '${specifier}'; a service never imports another service`
}

/** Every TypeScript source below `folders`, by its path from `root`. */
export function readSources(root: string, folders: readonly string[]): Map<string, string> {
  const files = new Map<string, string>()
  for (const folder of folders) {
    let entries: string[] = []
    try {
      entries = readdirSync(resolve(root, folder), { recursive: true, encoding: 'utf8' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    for (const entry of entries) {
      const path = relative(root, resolve(root, folder, entry)).replaceAll('\\', '/')
      const source = /\.tsx?$/.test(path) && !/(^|\/)(node_modules|dist)\//.test(path) && !path.endsWith('.config.ts')
      if (source) files.set(path, readFileSync(resolve(root, path), 'utf8'))
    }
  }
  return files
}

if (import.meta.main) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
  const files = readSources(root, ['src', 'web'])
  const violations = findViolations(files)
  for (const violation of violations) console.error(violation)
  console.log(`${files.size} sources, ${violations.length} forbidden imports`)
  process.exitCode = violations.length > 0 ? 1 : 0
}
