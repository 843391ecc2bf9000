import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made = new Set<string>()

/** A new empty folder; it is removed when this process ends, or by {@link removeFolder} before. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `baton-${name}-`))
  made.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  made.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}

process.on('exit', () => {
  for (const folder of made) removeFolder(folder)
})
