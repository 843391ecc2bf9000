import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openReadOnly } from './database.ts'
import { tracesFile } from './files.ts'

/** A call's trace straight from a data folder, for tools that run beside the server; empty when there is none. */
export function readTrace(folder: string, callId: string): readonly Buffer[] {
  const path = join(folder, tracesFile)
  if (!existsSync(path)) return []
  const database = openReadOnly(path)
  try {
    return database.prepare('SELECT chunk FROM traces WHERE call_id = ? ORDER BY seq').pluck().all(callId) as Buffer[]
  } finally {
    database.close()
  }
}
