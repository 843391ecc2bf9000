import { join } from 'node:path'
import type { Clock, Log } from '#lib'
import type { Engine, Failures, TraceBatch, Unit } from '../engine.ts'
import { putValue } from '../statements.ts'
import { StorageError } from '../storage-error.ts'
import { openMain, openReadOnly, openTraces } from './database.ts'
import { lockFolder, mainFile, prepareFolder, tracesFile } from './files.ts'
import { Reader } from './reader.ts'
import { Thread } from './thread.ts'
import { TraceFile } from './trace-file.ts'
import type { WorkerData } from './worker.ts'
import { Writer } from './writer.ts'

/** How long /readyz waits for the writer before it calls the database unwell, in ms. */
const PING_MS = 2_000

/** SQLite in two threads of its own: one commits, the other reads and keeps traces. @throws StorageError `open` */
export async function openThreads(folder: string, clock: Clock, log: Log): Promise<Engine> {
  warnIfOpen(folder, log)
  const file = new URL('./worker.ts', import.meta.url)
  const fault = (error: string): void => log.error({ error }, 'a storage thread ended; the server has to be restarted')
  const writer = new Thread(file, { role: 'writer', folder } satisfies WorkerData, fault)
  const reader = new Thread(file, { role: 'reader', folder } satisfies WorkerData, fault)
  try {
    await writer.ask('open', null)
    warnIfDamaged(await reader.ask<string | undefined>('open', true), log)
  } catch (error) {
    await Promise.all([reader.close(), writer.close()])
    throw error
  }

  let broken = false
  async function commit(units: readonly Unit[]): Promise<Failures> {
    try {
      const failures = await writer.ask<[number, string][] | undefined>('write', JSON.stringify(units))
      broken = false
      return failures && new Map(failures)
    } catch (error) {
      broken = true
      throw error
    }
  }
  return {
    dialect: 'sqlite',
    grouped: true,
    commit,
    query: (sql, params) => reader.ask('query', [sql, params]),
    appendTraces({ index, bytes }: TraceBatch): Promise<void> {
      // The buffer was made for this batch alone, so its memory can move to the thread.
      const memory = bytes.buffer as ArrayBuffer
      return reader.ask('appendTraces', [index, memory], [memory])
    },
    traces: async (callId) => (await reader.ask<Uint8Array[]>('traces', callId)).map((chunk) => Buffer.from(chunk)),
    dropTraces: (callIds) => reader.ask('dropTraces', callIds),
    dropTracesBefore: (before, limit) => reader.ask('dropTracesBefore', [before, limit]),
    async backup(target) {
      // In a thread of its own, so that a long copy delays neither reports nor traces.
      const copier = new Thread(file, { role: 'reader', folder } satisfies WorkerData, fault)
      try {
        await copier.ask('open', false)
        await copier.ask('backup', target)
      } finally {
        await copier.close()
      }
    },
    healthy() {
      // After a failed commit only a commit that works is a sign of health.
      const probe = (): Promise<unknown> =>
        broken ? commit([[putValue, 'storage.probe', String(clock.now())]]) : writer.ask('ping', null)
      return new Promise((resolve) => {
        const timer = clock.setTimeout(() => resolve(false), PING_MS)
        const told = (well: boolean): void => {
          clock.clearTimeout(timer)
          resolve(well)
        }
        probe().then(
          () => told(true),
          () => told(false),
        )
      })
    },
    async close() {
      // The reader first: whoever closes the main database last folds its log back into the file.
      await reader.close()
      await writer.close()
    },
  }
}

/** SQLite in the calling thread; `:memory:` keeps nothing. For tests with virtual time. @throws StorageError `open` */
export function openInline(folder: string, log: Log): Engine {
  const inMemory = folder === ':memory:'
  let release = (): void => {}
  if (!inMemory) {
    warnIfOpen(folder, log)
    release = lockFolder(folder)
  }
  const main = openMain(inMemory ? folder : join(folder, mainFile))
  const tracesDatabase = openTraces(inMemory ? folder : join(folder, tracesFile), (path) => warnIfDamaged(path, log))
  const reading = inMemory ? main : openReadOnly(join(folder, mainFile))
  const writer = new Writer(main)
  const reader = new Reader(reading)
  const traces = new TraceFile(tracesDatabase)
  return {
    dialect: 'sqlite',
    grouped: false,
    commit: async (units) => writer.write(units),
    query: async (sql, params) => reader.query(sql, params),
    appendTraces: async (batch) => traces.append(batch),
    traces: async (callId) => traces.get(callId),
    dropTraces: async (callIds) => traces.drop(callIds),
    dropTracesBefore: async (before, limit) => traces.dropBefore(before, limit),
    backup: (file) => reader.backup(file),
    healthy: async () => main.open,
    async close() {
      if (reading !== main) reading.close()
      main.close()
      tracesDatabase.close()
      release()
    },
  }
}

function warnIfOpen(folder: string, log: Log): void {
  if (folder === ':memory:')
    throw new StorageError(
      'open',
      'a database in memory has no thread of its own: set thread to false, or name a data folder',
    )
  if (prepareFolder(folder).openToOthers)
    log.warn({ folder }, 'the data folder can be looked into by others on this machine: chmod 700 keeps them out')
}

function warnIfDamaged(path: string | undefined, log: Log): void {
  if (path) log.warn({ path }, 'the trace file was damaged and has been put aside; calls and records are not touched')
}
