import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made = new Set<string>()

/** A new empty folder; it is removed with its test file, or when this process ends, or by {@link removeFolder} before. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `baton-${name}-`))
  made.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  made.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}

/** Removes whatever was made here and is still there. */
export function removeEveryFolder(): void {
  for (const folder of made) removeFolder(folder)
}

process.on('exit', removeEveryFolder)
